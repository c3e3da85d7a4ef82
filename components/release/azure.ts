import * as pulumi from "@pulumi/pulumi";
import type { ReleaseArtifact } from "../app-pair/contract";
import { giveActions, giveActionsOn, type Scope } from "../azure-roles";
import { runOnMachine } from "../operations/azure-command";
import { BAKE_SECONDS, LONGEST_BAKE_SECONDS, type Release } from "./contract";

/** A machine as Azure knows it. */
export interface AzureMachineReference {
    /** Resource id. */
    id: pulumi.Input<string>;
    /** Changes when the machine is replaced. */
    identifier: pulumi.Input<string>;
}

/** An application server as those reach it who release to it. */
export interface AzureMemberReference extends AzureMachineReference {
    /** Private address, by which a gateway knows it. */
    address: pulumi.Input<string>;
}

/** A gateway with what it refers to: Azure lets nobody change it who may not use all of that. */
export interface AzureGatewayReference {
    /** Resource id of the gateway. */
    id: pulumi.Input<string>;
    /** Resource id of its subnet. */
    subnetId: pulumi.Input<string>;
    /** Resource id of its public address. */
    addressId: pulumi.Input<string>;
    /** Resource id of its identity. */
    identityId: pulumi.Input<string>;
    /** Resource id of its firewall policy. */
    firewallPolicyId: pulumi.Input<string>;
}

/** Arguments of {@link AzureRelease}. */
export interface AzureReleaseArgs {
    /** Name of the resource group of the operations machine. A change runs the release again, which finds it done. */
    resourceGroupName: pulumi.Input<string>;
    /**
     * What the servers are to run. A change takes one server after the other out of the balancer, the last one first,
     * installs, verifies and watches it; the update waits for all of it and fails when a server does not become healthy,
     * which then runs what it ran before. Servers before it are not touched.
     */
    release: ReleaseArtifact;
    /** app1, app2, …; a server that replaces another is waited for and verified. */
    members: AzureMemberReference[];
    /** The managed balancer. Exactly one of this and `balancers`. */
    gateway?: AzureGatewayReference;
    /** Balancers that run HAProxy or Nginx. */
    balancers?: AzureMachineReference[];
    /** True for servers that run Windows. Default false. */
    windows?: boolean;
    /** Name of the operations machine, which does it. */
    operationsMachineName: pulumi.Input<string>;
    /** Changes when the operations machine is replaced. */
    operationsMachineIdentifier: pulumi.Input<string>;
    /** Object id of the operations machine's identity. */
    operationsPrincipalId: pulumi.Input<string>;
    /** Resource id of the secret with the release that new servers install; it follows what all servers run. */
    releaseSecretId: pulumi.Input<string>;
    /** Seconds that a server is watched after it answers users again, up to 300. Default 60. */
    bakeSeconds?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Longest that Azure lets a command run, in seconds: a gateway that is being maintained changes within half an hour. */
const TIMEOUT_SECONDS = 5400;

const RUN = {
    actions: ["read", "runCommands/read", "runCommands/write", "runCommands/delete"].map(
        (action) => `Microsoft.Compute/virtualMachines/${action}`,
    ),
};
/** What a change of a gateway takes, each on its own resource. */
const CHANGE_GATEWAY = {
    actions: [
        "Microsoft.Network/applicationGateways/read",
        "Microsoft.Network/applicationGateways/write",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.Network/publicIPAddresses/join/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/join/action",
    ],
};
const WRITE_SECRET = { actions: [], dataActions: ["Microsoft.KeyVault/vaults/secrets/setSecret/action"] };

/**
 * Brings a release to the servers one by one without a failed request, within the update (guide, step 8), by commands on the
 * operations machine. Whoever runs the update needs `Microsoft.Compute/virtualMachines/runCommands/write` on that machine.
 */
export class AzureRelease extends pulumi.ComponentResource implements Release {
    /** Version that every server runs once the update has ended. */
    public readonly version: pulumi.Output<string>;

    constructor(name: string, args: AzureReleaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureRelease", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const given = giveRights(name, args, child);
        // One output for all, since each of the servers' releases needs it.
        const servers = pulumi.output(args.members.map(({ id, address }) => ({ id, address })));
        let last: pulumi.CustomResource | undefined;
        for (let place = args.members.length - 1; place >= 0; place--) {
            last = releaseTo(name, place, servers, args, { ...child, dependsOn: last ?? given });
        }

        const ended = last?.id;
        this.version = pulumi.all([pulumi.output(args.release.version), ended]).apply(([version]) => version);
        this.registerOutputs({ version: this.version });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments({ members, gateway, balancers, bakeSeconds = BAKE_SECONDS }: AzureReleaseArgs): void {
    const problems = [];
    if (members.length === 0) {
        problems.push("members: found none, allowed is one or more");
    }
    if ((gateway === undefined) === (balancers === undefined)) {
        problems.push("gateway and balancers: allowed is exactly one of them");
    }
    if (!Number.isInteger(bakeSeconds) || bakeSeconds < 0 || bakeSeconds > LONGEST_BAKE_SECONDS) {
        problems.push(`bakeSeconds: found ${bakeSeconds}, allowed are 0 to ${LONGEST_BAKE_SECONDS}`);
    }
    if (problems.length > 0) {
        throw new Error(`AzureRelease: ${problems.join("; ")}`);
    }
}

/** The operations machine runs commands on servers and balancers, changes the gateway, and tells new servers. */
function giveRights(
    name: string,
    { members, balancers = [], gateway, operationsPrincipalId, releaseSecretId }: AzureReleaseArgs,
    child: Child,
): pulumi.Resource[] {
    const machine =
        (prefix: string) =>
        ({ id, identifier }: AzureMachineReference, place: number): Scope => ({
            part: `${prefix}${place + 1}`,
            id,
            identifier,
        });
    const machines = [...members.map(machine("app")), ...balancers.map(machine("lb"))];
    const parts: Scope[] =
        gateway === undefined
            ? []
            : [
                  { part: "gateway", id: gateway.id },
                  { part: "subnet", id: gateway.subnetId },
                  { part: "address", id: gateway.addressId },
                  { part: "identity", id: gateway.identityId },
                  { part: "firewall", id: gateway.firewallPolicyId },
              ];
    return [
        ...giveActionsOn(`${name}-runs`, RUN, operationsPrincipalId, machines, child),
        ...(gateway === undefined
            ? []
            : giveActionsOn(`${name}-changes`, CHANGE_GATEWAY, operationsPrincipalId, parts, child)),
        giveActions(`${name}-tells`, WRITE_SECRET, operationsPrincipalId, releaseSecretId, child),
    ];
}

const script = `#!/bin/bash
set -euo pipefail
cloud-init status --wait >/dev/null || true
. /etc/minusnow/host.env
export IDENTITY
program=/usr/local/lib/minusnow/release.cjs
[ -e $program ] || { echo "this operations machine is older than its releases: name a server in appPair.renew" >&2; exit 1; }
exec node $program
`;

/** The last server to get the release is the first one, and the one that tells new servers of it. */
function releaseTo(
    name: string,
    place: number,
    servers: pulumi.Output<object[]>,
    args: AzureReleaseArgs,
    child: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
    const { release, members, gateway, balancers, bakeSeconds = BAKE_SECONDS, tags } = args;
    const { version, artifact, sha256 } = release;
    const member = `app${place + 1}`;
    const named = pulumi.all([servers, members[place]!.identifier]).apply(([known, identifier]) => {
        const entries = known.map((server, other) => [
            `app${other + 1}`,
            { ...server, ...(other === place && { identifier }) },
        ]);
        return Object.fromEntries(entries) as object;
    });
    const request = pulumi.jsonStringify({
        member,
        members: named,
        ...(args.windows && { windows: true }),
        ...(gateway && { gatewayId: gateway.id }),
        ...(balancers && { balancerIds: balancers.map(({ id }) => id) }),
        version,
        artifact,
        sha256,
        bakeSeconds,
        ...(place === 0 && { releaseSecretId: args.releaseSecretId }),
    });
    return runOnMachine(
        `${name}-${member}`,
        {
            resourceGroupName: args.resourceGroupName,
            machineName: args.operationsMachineName,
            machineIdentifier: args.operationsMachineIdentifier,
            script,
            variables: { REQUEST: request },
            timeoutSeconds: TIMEOUT_SECONDS,
            tags,
        },
        { ...child, customTimeouts: { create: "2h", update: "2h" } },
    );
}
