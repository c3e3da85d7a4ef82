import * as dns from "@pulumi/azure-native/dns";
import * as pulumi from "@pulumi/pulumi";
import { giveActions } from "../azure-roles";
import { runOnMachine } from "../operations/azure-command";
import { storeSecret, WRITTEN_BY_MACHINES } from "../secrets/azure-generated";
import { nameInZone } from "./azure-entry";
import { notIssued } from "./contract";

/** What to issue, and who does. */
export interface CertificateArgs {
    /** Host name that the certificate is for. A change issues another one. */
    hostname: string;
    /** DNS zone that holds the host name; the Internet must ask its name servers. */
    dnsZone: string;
    /** Resource group of the DNS zone. Whoever runs the update must be allowed to give roles in it. */
    dnsResourceGroup: string;
    /** Resource id of the key vault for key and chain. */
    vaultId: pulumi.Input<string>;
    /** Name of the resource group of the operations machine. */
    resourceGroupName: pulumi.Input<string>;
    /** Name of the operations machine, which asks Let's Encrypt. */
    operationsMachineName: pulumi.Input<string>;
    /** Changes when the operations machine is replaced. */
    operationsMachineIdentifier: pulumi.Input<string>;
    /** Object id of the operations machine's identity. */
    operationsPrincipalId: pulumi.Input<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A certificate, and what to wait for until it is there. */
export interface IssuedCertificate {
    /** Resource id of its secret in the key vault. */
    secretId: pulumi.Output<string>;
    /** Has it issued. Balancers depend on this and not their rights: those must stay while the machine is replaced. */
    issued: pulumi.Resource;
}

/** Longest that issuing may take: roles and name servers must have been told. */
const TIMEOUT_SECONDS = 1800;
const WRITE_RECORD = { actions: ["read", "write"].map((action) => `Microsoft.Network/dnsZones/TXT/${action}`) };
const KEEP_SECRET = {
    actions: [],
    dataActions: ["getSecret", "setSecret"].map((action) => `Microsoft.KeyVault/vaults/secrets/${action}/action`),
};

/**
 * A certificate from Let's Encrypt, proven by a DNS record that the operations machine may write, and nothing else in the zone.
 * It is looked at twice a day and renewed when a third of its time is left; balancers take the new one up by themselves.
 */
export function issueCertificate(
    name: string,
    args: CertificateArgs,
    child: { parent: pulumi.Resource },
): IssuedCertificate {
    const { hostname, dnsZone, dnsResourceGroup, operationsPrincipalId, vaultId, tags } = args;
    const record = new dns.RecordSet(
        name,
        {
            resourceGroupName: dnsResourceGroup,
            zoneName: dnsZone,
            relativeRecordSetName: ["_acme-challenge", nameInZone(hostname, dnsZone)]
                .filter((part) => part !== "@")
                .join("."),
            recordType: "TXT",
            ttl: 60,
            txtRecords: [{ value: ["minusnow"] }],
        },
        { ...child, ignoreChanges: ["txtRecords"] },
    );
    const secretId = storeSecret(
        name,
        "application/x-pkcs12",
        notIssued,
        { vaultId, tags },
        {
            ...child,
            ignoreChanges: WRITTEN_BY_MACHINES,
        },
    );
    const given = [
        giveActions(`${name}-proves`, WRITE_RECORD, operationsPrincipalId, record.id, child),
        giveActions(`${name}-keeps`, KEEP_SECRET, operationsPrincipalId, secretId, child),
    ];
    const issued = runOnMachine(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            machineName: args.operationsMachineName,
            machineIdentifier: args.operationsMachineIdentifier,
            script,
            variables: { PLAN: pulumi.jsonStringify({ hostname, secretId, recordId: record.id }) },
            timeoutSeconds: TIMEOUT_SECONDS,
            tags,
        },
        { ...child, dependsOn: given },
    );
    return { secretId, issued };
}

const UNIT = "minusnow-issue-certificate";

/** Parameters of a command are variables of its script. */
const script = `#!/bin/bash
set -euo pipefail
cloud-init status --wait >/dev/null || true
program=/usr/local/lib/minusnow/issue.cjs
[ -e $program ] || { echo "this operations machine is older than its certificates: name a server in appPair.renew" >&2; exit 1; }

printf '%s\\n' "$PLAN" >/etc/minusnow/certificate.json

cat >/etc/systemd/system/${UNIT}@.service <<'UNIT'
[Unit]
Description=MinusNow certificate from Let's Encrypt: %i
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
EnvironmentFile=/etc/minusnow/host.env
Environment=PLAN=/etc/minusnow/certificate.json
ExecStart=/usr/bin/node /usr/local/lib/minusnow/issue.cjs %i
StateDirectory=minusnow-certificate
StateDirectoryMode=0700
TimeoutStartSec=${TIMEOUT_SECONDS - 120}
UMask=0077
UNIT

cat >/etc/systemd/system/${UNIT}.timer <<'UNIT'
[Unit]
Description=MinusNow certificate from Let's Encrypt

[Timer]
OnCalendar=*-*-* 00/12:00
RandomizedDelaySec=6h
Persistent=true
Unit=${UNIT}@keep.service

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable --now ${UNIT}.timer
# One that is under way may have begun with another plan.
systemctl restart ${UNIT}@keep || { journalctl --unit ${UNIT}@keep --output cat --lines 20 --no-pager >&2; exit 1; }
`;
