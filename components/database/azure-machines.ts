import { getBlobContainerOutput } from "@pulumi/azure-native/storage/getBlobContainer";
import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveActions, giveActionsOn, giveRole, type Identity, identityWithRoles } from "../azure-roles";
import { createMachine, type Machine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { azureUserDataLimit } from "../host/cloud-init";
import { azureSystems, OperatingSystem, systemProblems } from "../host/operating-system";
import { applicationDatabase, databaseStorageGib, ports } from "../reference";
import { type GeneratedSecret, generateSecret, storeSecret, WRITTEN_BY_MACHINES } from "../secrets/azure-generated";
import { type Archive, ARCHIVING, BACKUPS, createArchive } from "./azure-archive";
import { createFront } from "./azure-machines-front";
import { createWitness, tooFewZones } from "./azure-witness";
import type { Database } from "./contract";
import { applicationLogin, majorOf, versionProblems } from "./defaults";
import { renderDatabaseMachine } from "./host/machine";
import { containerRepository, databaseMachines } from "./host/settings";
import { BACKUP_RETENTION_DAYS, machineAt, machineProblems, refusePrimary } from "./machines";

/** Arguments of {@link AzureMachineDatabase}. */
export interface AzureMachineDatabaseArgs {
    /** Name of the resource group. A change replaces the machines and leaves their data behind. */
    resourceGroupName: pulumi.Input<string>;
    /** Name of the resource group of backups, and of what the machines agree on; it must outlive the stack. */
    archiveResourceGroupName: pulumi.Input<string>;
    /**
     * PostgreSQL major version, 15 or newer, of PostgreSQL's own packages. Default 17. Another version needs new machines, and
     * a dump of these.
     */
    version?: string;
    /** Operating system, Ubuntu 24.04 or Red Hat Enterprise Linux 9. Default Ubuntu 24.04. Any has every `version`. See `renew`. */
    os?: OperatingSystem;
    /** Machine size. Default Standard_D8s_v5: 8 CPU and 32 GiB, the guide's recommended size. See `renew`. */
    size?: pulumi.Input<string>;
    /** Disk of each machine in GiB. Default 500 (guide). See `renew`. */
    storageGib?: number;
    /** Days that a moment can be restored. Default 30 (guide, "Backup Strategy"). See `renew`. */
    backupRetentionDays?: number;
    /**
     * Lets the standby take over by itself when neither it nor a witness in a third zone has seen the primary for about a
     * minute. The other machine is turned off first, and nothing is done where it had gone on alone. Default false: an
     * administrator promotes it. Refused without a third zone. A change makes or deletes the witness in place; the machines
     * learn of it by `renew`.
     */
    automaticFailover?: boolean;
    /**
     * Names of machines, `db1`, `db2` or `witness`, that this update replaces or restarts when their image, first-boot
     * script, size or disk differs from the present one. Default none; the primary is refused. Name the standby, wait until
     * it is in sync again, switch over, then name the other: a machine that is replaced loses its disk and copies the other's.
     */
    renew?: string[];
    /** Subnet of the machines, with a way out for packages and Azure's management. A change is made in place, with an interruption. */
    subnetId: pulumi.Input<string>;
    /** Private addresses of db1 and db2, and of the witness where there is one. A change is made in place, with an interruption. */
    privateAddresses: string[];
    /** Private address that accepts writes, whichever machine is primary. See `renew`. */
    writerAddress: string;
    /** Private address of the standby, whichever machine it is. See `renew`. */
    readerAddress: string;
    /** Network security group that lets application servers in on 5432. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: nobody else is let in. See `renew`. */
    appNetworks: string[];
    /** Names of the zones that the machines are spread over. See `renew`. */
    zones: pulumi.Input<string[]>;
    /** Subnet of the private address of the account with backups. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.blob.core.windows.net`. */
    dnsZoneId: pulumi.Input<string>;
    /** Id of the set that encrypts disks. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Address of the key vault with the key that encrypts backups. A change is made in place. */
    keyVaultUri: pulumi.Input<string>;
    /** Name of the key in it. */
    keyName: pulumi.Input<string>;
    /** Id of the identity that may use the key. */
    keyIdentityId: pulumi.Input<string>;
    /** Resource id of the key vault for passwords and certificates. */
    vaultId: pulumi.Input<string>;
    /** Public key of the machines' administrator `azureuser`. See `renew`. */
    sshPublicKey: pulumi.Input<string>;
    /** A higher number makes new passwords. Default 1. The application's moves to its other login, as on managed PostgreSQL. */
    rotation?: number;
    /** Refuses deletion of machines and backups, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Address from which Azure's load balancers ask machines, on every network. */
const PROBES = "168.63.129.16/32";

/**
 * PostgreSQL on two machines in two zones: a primary, a standby that acknowledges every commit while it is there, write-ahead
 * log and backups in an account of blobs (guide, steps 3 and 4). Which machine is primary is written down there, and both
 * obey; an administrator changes it by a program on them, and with a witness in a third zone the standby itself
 * (`automaticFailover`): of two voters none can tell a dead machine from a cut cable.
 */
export class AzureMachineDatabase extends pulumi.ComponentResource implements Database {
    /** Address that accepts writes; it stays when the standby is promoted. */
    public readonly writerHost: pulumi.Output<string>;
    /** Address of the standby. */
    public readonly readerHost: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Name of the application's database. */
    public readonly databaseName: pulumi.Output<string>;
    /** Resource id of the application role's secret: a JSON document with `username` and `password`. */
    public readonly secretId: pulumi.Output<string>;
    /** Resource id of the secret with the certificate that clients are to trust. */
    public readonly certificateSecretId: pulumi.Output<string>;
    /** Resource ids of db1 and db2. */
    public readonly machineIds: pulumi.Output<string>[];
    /** Their names. */
    public readonly machineNames: pulumi.Output<string>[];
    /** Resource id of their identity. */
    public readonly identityId: pulumi.Output<string>;
    /** Resource id of the witness; absent where there is none. */
    public readonly witnessId?: pulumi.Output<string>;
    /** Its name. */
    public readonly witnessName?: pulumi.Output<string>;
    /** Resource id of its identity. */
    public readonly witnessIdentityId?: pulumi.Output<string>;

    constructor(name: string, args: AzureMachineDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureMachineDatabase", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const secrets = createSecrets(name, args, child);
        const archive = createOwnArchive(name, args, child);
        const identity = createIdentity(name, args, child);
        const rights = giveRights(name, identity, { secrets, archive }, child);
        const front = createFront(name, args, child);
        const parts = {
            secrets,
            archive,
            identity,
            identityId: identityWithRoles(identity, rights),
            poolId: front.poolId,
        };
        const machines = createMachines(name, parts, args, { ...child, dependsOn: opts?.dependsOn });
        mayPowerEachOther(name, identity, machines, child);
        const witness = createWitness(name, args, { ...child, dependsOn: opts?.dependsOn });

        this.writerHost = front.id.apply(() => args.writerAddress);
        this.readerHost = front.id.apply(() => args.readerAddress);
        this.port = pulumi.output(ports.postgres);
        this.databaseName = pulumi.output(applicationDatabase.name);
        this.secretId = secrets.login.id;
        this.certificateSecretId = secrets.certificateId;
        this.machineIds = machines.map(({ machine }) => machine.id);
        this.machineNames = machines.map(({ machine }) => machine.name);
        this.identityId = identity.id;
        if (witness) {
            this.witnessId = witness.id;
            this.witnessName = witness.name;
            this.witnessIdentityId = witness.identityId;
        }
        this.registerOutputs({
            writerHost: this.writerHost,
            readerHost: this.readerHost,
            port: this.port,
            databaseName: this.databaseName,
            secretId: this.secretId,
            certificateSecretId: this.certificateSecretId,
            machineIds: this.machineIds,
            machineNames: this.machineNames,
            identityId: this.identityId,
            witnessId: this.witnessId,
            witnessName: this.witnessName,
            witnessIdentityId: this.witnessIdentityId,
        });
    }
}

type Child = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

function checkArguments(args: AzureMachineDatabaseArgs): void {
    const { os = OperatingSystem.Ubuntu2404, zones, automaticFailover = false } = args;
    const problems = [...systemProblems(os, azureSystems), ...versionProblems(args, /^\d+$/), ...machineProblems(args)];
    if (automaticFailover && Array.isArray(zones) && zones.length < 3) {
        problems.push(tooFewZones(zones));
    }
    if (problems.length > 0) {
        throw new Error(`AzureMachineDatabase: ${problems.join("; ")}`);
    }
}

interface Secrets {
    login: GeneratedSecret;
    replicator: GeneratedSecret;
    /** Key and certificate, which the first primary makes and puts there. */
    tlsId: pulumi.Output<string>;
    /** The certificate alone, for clients. */
    certificateId: pulumi.Output<string>;
}

function createSecrets(name: string, args: AzureMachineDatabaseArgs, child: Child): Secrets {
    const { vaultId, rotation = 1, tags } = args;
    const username = applicationLogin(args);
    const common = { vaultId, specialCharacters: "-_.!~", rotation, tags };
    // The first primary writes it; made anew, it would be forgotten.
    const written = { ...child, ignoreChanges: WRITTEN_BY_MACHINES };
    const place = { vaultId, tags };
    return {
        login: generateSecret(
            `${name}-app`,
            {
                ...common,
                description: `MinusNow: login of ${username} to PostgreSQL`,
                document: (password) => pulumi.jsonStringify({ username, password }),
            },
            child,
        ),
        replicator: generateSecret(
            `${name}-replicator`,
            { ...common, description: "MinusNow: password of the role that replicates" },
            child,
        ),
        tlsId: storeSecret(
            `${name}-tls`,
            "MinusNow: certificate and key of the database machines",
            "none",
            place,
            written,
        ),
        certificateId: storeSecret(
            `${name}-certificate`,
            "MinusNow: certificate of the database machines",
            JSON.stringify("none"),
            place,
            written,
        ),
    };
}

function createOwnArchive(name: string, args: AzureMachineDatabaseArgs, child: Child): Archive {
    const { keyVaultUri: vaultUri, keyName, keyIdentityId: identityId, deletionProtection = true, tags } = args;
    return createArchive(
        `${name}-archive`,
        {
            resourceGroupName: args.archiveResourceGroupName,
            endpointSubnetId: args.endpointSubnetId,
            dnsZoneId: args.dnsZoneId,
            key: { vaultUri, keyName, identityId },
            deletionProtection,
            tags,
        },
        child,
    );
}

const WRITE_SECRET = { actions: [], dataActions: ["Microsoft.KeyVault/vaults/secrets/setSecret/action"] };

/** A machine reads its secrets, keeps what both agree on, and writes backups, and nothing else. */
function giveRights(
    name: string,
    { principalId }: Identity,
    { secrets, archive }: { secrets: Secrets; archive: Archive },
    child: Child,
) {
    const read = (what: string, id: pulumi.Input<string>) =>
        giveRole(`${name}-reads-${what}`, "secretsUser", principalId, id, child);
    return [
        read("login", secrets.login.id),
        read("replicator", secrets.replicator.id),
        read("tls", secrets.tlsId),
        ...giveActionsOn(
            `${name}-writes`,
            WRITE_SECRET,
            principalId,
            [
                { part: "tls", id: secrets.tlsId },
                { part: "certificate", id: secrets.certificateId },
            ],
            child,
        ),
        giveActions(`${name}-archives`, ARCHIVING, principalId, archive.accountId, child),
    ];
}

const POWER = {
    actions: ["read", "instanceView/read", "powerOff/action", "start/action"].map(
        (action) => `Microsoft.Compute/virtualMachines/${action}`,
    ),
};

/**
 * Only what is off writes nothing: a standby that is promoted turns the other machine off first, and on again where that one
 * must stay the primary.
 */
function mayPowerEachOther(name: string, { principalId }: Identity, machines: Machine[], child: Child): void {
    const scopes = machines.map(({ machine }, place) => ({
        part: databaseMachines[place]!,
        id: machine.id,
        identifier: machine.vmId,
    }));
    giveActionsOn(`${name}-stops`, POWER, principalId, scopes, child);
}

interface Parts {
    secrets: Secrets;
    archive: Archive;
    identity: Identity;
    identityId: pulumi.Output<string>;
    poolId: pulumi.Output<string>;
}

function createMachines(name: string, parts: Parts, args: AzureMachineDatabaseArgs, child: Child): Machine[] {
    const { renew = [], deletionProtection = true, tags } = args;
    return databaseMachines.map((machine, place) => {
        const isRenewed = renew.includes(machine);
        const userData = renderUserData(name, place, parts, args);
        return createMachine(
            `${name}-${machine}`,
            {
                resourceGroupName: args.resourceGroupName,
                // The other one is told it before either is made.
                machineName: `${name}-${machine}`,
                subnetId: args.subnetId,
                privateAddress: args.privateAddresses[place],
                firewallGroupId: args.firewallGroupId,
                poolId: parts.poolId,
                zone: pulumi.output(args.zones).apply((zones) => zones[place % zones.length]!),
                size: args.size ?? "Standard_D8s_v5",
                os: args.os,
                diskGib: args.storageGib ?? databaseStorageGib,
                diskEncryptionSetId: args.diskEncryptionSetId,
                identityId: parts.identityId,
                sshPublicKey: args.sshPublicKey,
                // Who restarts the primary switches over first.
                reboots: "Never",
                userData: isRenewed ? unlessPrimary(machine, userData, parts.archive, args, child) : userData,
                renew: isRenewed,
                tags: { ...tags, "minusnow-servers": name, "minusnow-role": "database" },
            },
            // Its disk goes with it.
            { ...child, protect: deletionProtection && !isRenewed },
        );
    });
}

/** A first-boot script for a machine that is to be renewed, which the primary must not be. */
function unlessPrimary(
    machine: string,
    userData: pulumi.Output<string>,
    { accountName, primary }: Archive,
    { archiveResourceGroupName: resourceGroupName }: AzureMachineDatabaseArgs,
    { parent }: Child,
): pulumi.Output<string> {
    const { metadata } = getBlobContainerOutput(
        { resourceGroupName, accountName, containerName: primary.name },
        { parent },
    );
    return pulumi.all([userData, metadata]).apply(([text, { value = "nothing" } = {}]) => {
        refusePrimary("AzureMachineDatabase", machine, value);
        return text;
    });
}

function renderUserData(
    name: string,
    place: number,
    { secrets, archive, identity }: Parts,
    args: AzureMachineDatabaseArgs,
): pulumi.Output<string> {
    const { privateAddresses, writerAddress, readerAddress, backupRetentionDays = BACKUP_RETENTION_DAYS } = args;
    const other = 1 - place;
    return pulumi
        .output({
            clientId: identity.clientId,
            accountName: archive.accountName,
            group: archive.accountId.apply((id) => id.split("/resourceGroups/")[0]!),
            resourceGroupName: args.resourceGroupName,
            secretIds: { login: secrets.login.id, replicator: secrets.replicator.id, tls: secrets.tlsId },
            certificateId: secrets.certificateId,
        })
        .apply(({ clientId, accountName, group, resourceGroupName, secretIds, certificateId }) =>
            renderDatabaseMachine({
                cloud: azureHost(
                    args.os ?? OperatingSystem.Ubuntu2404,
                    clientId,
                    `https://${accountName}.blob.core.windows.net`,
                ),
                ...machineAt(place, args),
                major: majorOf(args),
                balancerNetworks: [PROBES, `${privateAddresses[other]!}/32`],
                tlsNames: [writerAddress, readerAddress],
                secrets: secretIds,
                backup: {
                    repository: containerRepository(accountName, BACKUPS),
                    retentionDays: backupRetentionDays,
                },
                accountOn: "azure",
                account: {
                    LOOPBACK_ADDRESS: readerAddress,
                    CERTIFICATE_SECRET_ID: certificateId,
                    PEER_ID: `${group}/resourceGroups/${resourceGroupName}/providers/Microsoft.Compute/virtualMachines/${name}-${databaseMachines[other]!}`,
                },
                limit: azureUserDataLimit,
            }),
        );
}
