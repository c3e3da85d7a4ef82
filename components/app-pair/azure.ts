import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveRole, type Identity, identityWithRoles } from "../azure-roles";
import { createMachine, type Machine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import { storeSecret, WRITTEN_BY_MACHINES } from "../secrets/azure-generated";
import type { Mount } from "../shared-storage/contract";
import type { AppPair, ReleaseArtifact, SecretVariable } from "./contract";
import { renderAppServer } from "./host/app-server";
import { memberNames, type PairDocuments, pairDocuments, pairProblems } from "./members";

/** Arguments of {@link AzureAppPair}. */
export interface AzureAppPairArgs {
    /** Name of the resource group. A change replaces the servers. */
    resourceGroupName: pulumi.Input<string>;
    /** How many servers. Default 2 (guide). A higher number adds servers; a lower one removes the last. */
    count?: number;
    /** Machine size. Default Standard_D8s_v5: 8 CPU and 32 GiB, the guide's recommended size or more. See `renew`. */
    size?: pulumi.Input<string>;
    /** Operating system of new servers. Default and only choice Ubuntu 24.04, for which Azure's mount helper is published. */
    os?: OperatingSystem;
    /** Id of the machine image of new servers. Default: the newest of `os` when a server is made. See `renew`. */
    image?: pulumi.Input<string>;
    /** Node.js major version of new servers. Default 20 (guide, step 2). See `renew`. */
    nodeVersion?: number;
    /**
     * Names of servers, for example `app2`, that this update replaces or restarts when their image, first-boot script,
     * size or disk differs from the present one. Default none: such a change waits until the server is named here, so no
     * update takes both servers by itself. Name one, update, check its health, then name the other.
     */
    renew?: string[];
    /** Public key of the servers' administrator `azureuser`: Azure wants one. Nothing lets anybody in but Azure Bastion. */
    sshPublicKey: pulumi.Input<string>;
    /** Ids of the application subnets, one per zone; servers are spread over them in turn. */
    subnetIds: pulumi.Input<string>[];
    /** Names of the zones, in the order of the subnets. */
    zones: pulumi.Input<string[]>;
    /** Private addresses in the order of the servers. Default: any free address of the subnet. A change is made in place. */
    privateAddresses?: string[];
    /** Network security group of the application servers. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Id of the set that encrypts disks. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Id of the key vault that holds the settings. */
    vaultId: pulumi.Input<string>;
    /** Mounts of the shared directories. */
    mounts: pulumi.Input<Mount[]>;
    /** Variables of the environment file that are no secret (guide, step 6). Servers read them when the service starts. */
    environment: { [name: string]: pulumi.Input<string> };
    /** Variables of the environment file that are secret (guide, step 6). Servers read them when the service starts. */
    secrets: SecretVariable[];
    /** Host that accepts writes. */
    databaseHost: pulumi.Input<string>;
    /** TCP port of PostgreSQL. */
    databasePort: pulumi.Input<number>;
    /** Name of the application's database. */
    databaseName: pulumi.Input<string>;
    /** PostgreSQL major version, for the client on the servers. Default 17. */
    databaseVersion?: string;
    /** Resource id of the application role's secret. */
    databaseSecretId: pulumi.Input<string>;
    /** Resource id of the secret with the certificate that the database is known by. Default: the system's authorities. See `renew`. */
    databaseCertificateSecretId?: pulumi.Input<string>;
    /** Host of the session store. Default: sessions stay in memory. */
    sessionHost?: pulumi.Input<string>;
    /** TCP port of the session store. */
    sessionPort?: pulumi.Input<number>;
    /** False for a session store without TLS. Default true. */
    sessionTls?: boolean;
    /** Resource id of the session store's password. */
    sessionSecretId?: pulumi.Input<string>;
    /** What new servers install at first. {@link AzureRelease} brings later releases to them, and tells new servers. */
    release: ReleaseArtifact;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: system, releases and logs. */
const DISK_GIB = 64;

/** Application servers in two or more zones, equal but for their names (guide, steps 2, 5, 6 and 8). */
export class AzureAppPair extends pulumi.ComponentResource implements AppPair {
    /** Resource ids of app1, app2, … */
    public readonly memberIds: pulumi.Output<string>[];
    /** Their availability zones. */
    public readonly memberZones: pulumi.Output<string>[];
    /** Their private addresses. */
    public readonly memberAddresses: pulumi.Output<string>[];
    /** What tells each from a machine that takes its place. */
    public readonly memberIdentifiers: pulumi.Output<string>[];
    /** Their names, by which extensions and commands find them. */
    public readonly memberNames: pulumi.Output<string>[];
    /** Documents that servers read, by file name; they name secrets and hold none. */
    public readonly configuration: { [file: string]: pulumi.Output<string> };
    /** Resource ids of the secrets that hold these documents, by file name. */
    public readonly configurationSecretIds: { [file: string]: pulumi.Output<string> };
    /** Resource id of the servers' identity. */
    public readonly identityId: pulumi.Output<string>;
    /** Object id of the servers' identity, to which roles are given. */
    public readonly principalId: pulumi.Output<string>;

    constructor(name: string, args: AzureAppPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureAppPair", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const identity = createIdentity(name, { resourceGroupName: args.resourceGroupName, tags: args.tags }, child);
        const documents = pairDocuments(args, args.databaseCertificateSecretId);
        const stored = publishSettings(name, documents, args, child);
        const rights = giveRights(name, identity, Object.values(stored), args, child);
        const identityId = identityWithRoles(identity, rights);
        const userData = renderUserData(name, identity, args);
        const servers = memberNames(args).map((member, place) =>
            createServer(`${name}-${member}`, { member, place, identityId, userData }, args, {
                ...child,
                dependsOn: opts?.dependsOn,
            }),
        );

        this.memberIds = servers.map(({ machine }) => machine.id);
        this.memberZones = servers.map(({ machine }) => machine.zones.apply((zones) => zones![0]!));
        this.memberAddresses = servers.map(({ privateAddress }) => privateAddress);
        this.memberIdentifiers = servers.map(({ machine }) => machine.vmId);
        this.memberNames = servers.map(({ machine }) => machine.name);
        this.configuration = { "settings.json": documents.settings, "release.json": documents.release };
        this.configurationSecretIds = stored;
        this.identityId = identity.id;
        this.principalId = identity.principalId;
        this.registerOutputs({
            memberIds: this.memberIds,
            memberZones: this.memberZones,
            memberAddresses: this.memberAddresses,
            memberIdentifiers: this.memberIdentifiers,
            memberNames: this.memberNames,
            configuration: this.configuration,
            configurationSecretIds: this.configurationSecretIds,
            identityId: this.identityId,
            principalId: this.principalId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments(args: AzureAppPairArgs): void {
    const { os = OperatingSystem.Ubuntu2404 } = args;
    const problems = pairProblems(args);
    if (os !== OperatingSystem.Ubuntu2404) {
        problems.push(`os: found ${os}, allowed on Azure is ${OperatingSystem.Ubuntu2404}`);
    }
    if (problems.length > 0) {
        throw new Error(`AzureAppPair: ${problems.join("; ")}`);
    }
}

/** What may change while servers run is in the key vault, where each start of the service reads it. */
function publishSettings(
    name: string,
    { settings, release }: PairDocuments,
    args: AzureAppPairArgs,
    child: Child,
): { [file: string]: pulumi.Output<string> } {
    const { vaultId, tags } = args;
    const place = { vaultId, tags };
    return {
        "settings.json": storeSecret(
            `${name}-settings`,
            "MinusNow: settings of the application servers",
            settings,
            place,
            child,
        ),
        // What all servers run is written there by the release, once it is so.
        "release.json": storeSecret(`${name}-release`, "MinusNow: release of the application servers", release, place, {
            ...child,
            ignoreChanges: WRITTEN_BY_MACHINES,
        }),
    };
}

/** Servers read what is their own and nothing else. */
function giveRights(
    name: string,
    { principalId }: Identity,
    configuration: pulumi.Output<string>[],
    args: AzureAppPairArgs,
    child: Child,
) {
    const { secrets, databaseSecretId, databaseCertificateSecretId: certificateId, sessionSecretId, release } = args;
    const readable = [
        ...configuration.map((secretId, place) => ({ name: ["settings", "release"][place]!, secretId })),
        ...secrets.map((secret) => ({
            name: secret.name.toLowerCase().replaceAll("_", "-"),
            secretId: secret.secretId,
        })),
        { name: "database", secretId: databaseSecretId },
        ...(certificateId === undefined ? [] : [{ name: "database-certificate", secretId: certificateId }]),
        ...(sessionSecretId === undefined ? [] : [{ name: "sessions", secretId: sessionSecretId }]),
    ];
    const mayRead = readable.map((secret) =>
        giveRole(`${name}-reads-${secret.name}`, "secretsUser", principalId, secret.secretId, child),
    );
    const { storageId } = release;
    return storageId === undefined
        ? mayRead
        : [...mayRead, giveRole(`${name}-reads-artifacts`, "blobReader", principalId, storageId, child)];
}

function renderUserData(name: string, identity: Identity, args: AzureAppPairArgs): pulumi.Output<string> {
    const { nodeVersion, databaseVersion = "17" } = args;
    return pulumi.all([identity.clientId, args.vaultId, args.mounts]).apply(([clientId, vaultId, mounts]) =>
        renderAppServer({
            cloud: azureHost(clientId, `${vaultId}/secrets/${name}`, nodeVersion),
            postgresMajor: databaseVersion,
            mounts,
        }),
    );
}

interface Server {
    member: string;
    place: number;
    identityId: pulumi.Output<string>;
    userData: pulumi.Output<string>;
}

function createServer(
    name: string,
    { member, place, identityId, userData }: Server,
    args: AzureAppPairArgs,
    child: pulumi.CustomResourceOptions,
): Machine {
    const { resourceGroupName, subnetIds, firewallGroupId, diskEncryptionSetId, sshPublicKey, image, tags } = args;
    return createMachine(
        name,
        {
            resourceGroupName,
            subnetId: subnetIds[place % subnetIds.length]!,
            privateAddress: args.privateAddresses?.[place],
            firewallGroupId,
            zone: pulumi.output(args.zones).apply((zones) => zones[place % zones.length]!),
            size: args.size ?? "Standard_D8s_v5",
            image,
            diskGib: DISK_GIB,
            diskEncryptionSetId,
            identityId,
            sshPublicKey,
            userData,
            renew: args.renew?.includes(member) ?? false,
            tags,
        },
        child,
    );
}
