import * as dbforpostgresql from "@pulumi/azure-native/dbforpostgresql";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";
import { worldwideName } from "../azure-names";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import { applicationDatabase, databaseStorageGib, ports } from "../reference";
import { type GeneratedSecret, generateSecret } from "../secrets/azure-generated";
import { bootstrapDatabase } from "./azure-bootstrap";
import { type AzureDatabaseSize, azureDatabaseSize, azureParameters, azureStorageGib } from "./azure-parameters";
import type { Database } from "./contract";
import { applicationLogin, DEFAULT_VERSION, versionProblems } from "./defaults";

/** Arguments of {@link AzureDatabase}. */
export interface AzureDatabaseArgs {
    /** Name of the resource group. A change replaces the database. */
    resourceGroupName: pulumi.Input<string>;
    /**
     * PostgreSQL major version, 15 or newer (guide). Default 17; Azure chooses and updates the minor version. A higher number
     * upgrades the primary in place, with minutes of downtime; Azure refuses it while there is a replica.
     */
    version?: string;
    /**
     * Compute size. Default Standard_D8ds_v5: 8 CPU and 32 GiB, the guide's recommended size. A change restarts the server at
     * once. A replica must never be smaller than its primary, and no update changes one: enlarge it first, by
     * `az postgres flexible-server update`.
     */
    size?: string;
    /** Storage in GiB, one of Azure's sizes: 32, 64, 128, … Default 512 (guide: 500). It grows by itself; not compared again. */
    storageGib?: number;
    /** A synchronous standby in another zone, which Azure chooses, that takes over within 60 to 120 s. Default true. A change is made in place. */
    standby?: boolean;
    /**
     * A readable streaming replica in another zone (guide, step 4). Default true. To remove it, set `deletionProtection` to
     * false in an update before. Nothing of it is changed in place; make it anew by `pulumi up --replace` with its URN.
     */
    replica?: boolean;
    /** Days of point-in-time recovery, 7 to 35. Default 30 (guide, "Backup Strategy"). A change is made in place. */
    backupRetentionDays?: number;
    /** Restarts the primary now when a setting needs it. Default false: at its next restart. A change is made in place. */
    applyImmediately?: boolean;
    /** Refuses deletion, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Names of the zones; the primary is in the first, the replica in the second. Not compared again. */
    zones: pulumi.Input<string[]>;
    /** Subnet of the private addresses. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.postgres.database.azure.com`. */
    dnsZoneId: pulumi.Input<string>;
    /** Address of the key that encrypts the data, without a version. A change replaces the database. */
    keyUri: pulumi.Input<string>;
    /** Id of the identity that may use the key. A change replaces the database. */
    keyIdentityId: pulumi.Input<string>;
    /** Resource id of the key vault for the logins. */
    vaultId: pulumi.Input<string>;
    /** Name of the operations machine, which creates role and database. */
    operationsMachineName: pulumi.Input<string>;
    /** Unique identifier of that machine. */
    operationsMachineIdentifier: pulumi.Input<string>;
    /** Object id of that machine's identity. */
    operationsPrincipalId: pulumi.Input<string>;
    /**
     * A higher number makes new passwords. Default 1. The application's moves to its other login, so servers keep
     * working with the one they know until their service starts again; restart them before the next rotation.
     */
    rotation?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * PostgreSQL Flexible Server: a primary with a standby in another zone, a streaming replica, the guide's settings, and the
 * application's role and database in it (guide, steps 3 and 4).
 */
export class AzureDatabase extends pulumi.ComponentResource implements Database {
    /**
     * Host that accepts writes; the name stays when the standby takes over or the replica is promoted. After a promotion
     * restart the application servers, which know the server behind it.
     */
    public readonly writerHost: pulumi.Output<string>;
    /** Host of the replica; the writer where there is none. */
    public readonly readerHost: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Name of the application's database; resolves when role, database and grants exist. */
    public readonly databaseName: pulumi.Output<string>;
    /** Resource id of the application role's secret: a JSON document with `username` and `password`. */
    public readonly secretId: pulumi.Output<string>;
    /** Resource id of the administrator's secret, of the same form; application servers cannot read it. */
    public readonly adminSecretId: pulumi.Output<string>;
    /** Resource id of the primary. */
    public readonly primaryId: pulumi.Output<string>;
    /** Resource id of the replica; absent where there is none. */
    public readonly replicaId?: pulumi.Output<string>;

    constructor(name: string, args: AzureDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureDatabase", name, args, opts);
        const child = { parent: this };
        const size = checkArguments(args);

        const admin = createLogin(`${name}-admin`, ADMINISTRATOR, args, child);
        const login = createLogin(`${name}-app`, applicationLogin(args), args, child);
        const primary = createPrimary(name, admin, size, args, child, opts?.dependsOn);
        const settings = configure(`${name}-primary`, primary, size, args, child);
        const address = giveAddress(`${name}-primary`, primary, args, { ...child, dependsOn: settings });
        const command = bootstrapDatabase(`${name}-bootstrap`, bootstrapArgs(primary, admin, login, args), {
            ...child,
            dependsOn: [address, ...settings],
        });
        const replica = (args.replica ?? true) ? createReplica(name, primary, command, size, args, child) : undefined;
        const hosts = replica?.hosts ?? onlyHost(primary, address);

        this.writerHost = hosts.writer;
        this.readerHost = hosts.reader;
        this.port = pulumi.output(ports.postgres);
        this.databaseName = command.id.apply(() => applicationDatabase.name);
        this.secretId = login.id;
        this.adminSecretId = admin.id;
        this.primaryId = primary.id;
        if (replica) {
            this.replicaId = replica.id;
        }
        this.registerOutputs({
            writerHost: this.writerHost,
            readerHost: this.readerHost,
            port: this.port,
            databaseName: this.databaseName,
            secretId: this.secretId,
            adminSecretId: this.adminSecretId,
            primaryId: this.primaryId,
            replicaId: this.replicaId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

const ADMINISTRATOR = "minusnow_admin";
const DEFAULT_SIZE = "Standard_D8ds_v5";
const DOMAIN = "postgres.database.azure.com";

function checkArguments(args: AzureDatabaseArgs): AzureDatabaseSize {
    const { size: sizeName = DEFAULT_SIZE, backupRetentionDays = 30 } = args;
    const { standby = true, replica = true } = args;
    const size = azureDatabaseSize(sizeName);
    const problems = versionProblems(args, /^\d+$/);
    if (!size) {
        problems.push(`size: found '${sizeName}', allowed is a size such as ${DEFAULT_SIZE} or Standard_B2ms`);
    }
    if (size?.tier === "Burstable" && (standby || replica)) {
        problems.push(`size: found '${sizeName}' with standby or replica, which Azure gives to no burstable size`);
    }
    if (args.storageGib !== undefined && !azureStorageGib.includes(args.storageGib)) {
        problems.push(`storageGib: found ${args.storageGib}, allowed are ${azureStorageGib.join(", ")}`);
    }
    if (!Number.isInteger(backupRetentionDays) || backupRetentionDays < 7 || backupRetentionDays > 35) {
        problems.push(`backupRetentionDays: found ${backupRetentionDays}, allowed are 7 to 35`);
    }
    if (!size || problems.length > 0) {
        throw new Error(`AzureDatabase: ${problems.join("; ")}`);
    }
    return size;
}

/** These special characters need no escape in a URL. */
function createLogin(name: string, username: string, args: AzureDatabaseArgs, child: Child): GeneratedSecret {
    const { vaultId, rotation = 1, tags } = args;
    return generateSecret(
        name,
        {
            vaultId,
            description: `MinusNow: login of ${username} to PostgreSQL`,
            specialCharacters: "-_.!~",
            rotation,
            document: (password) => pulumi.jsonStringify({ username, password }),
            tags,
        },
        child,
    );
}

/** What the primary and its replica have in common. */
function sharedSettings(size: AzureDatabaseSize, args: AzureDatabaseArgs) {
    const { keyUri, keyIdentityId, tags } = args;
    return {
        resourceGroupName: args.resourceGroupName,
        sku: { name: args.size ?? DEFAULT_SIZE, tier: size.tier },
        network: { publicNetworkAccess: "Disabled" },
        identity: {
            type: "UserAssigned",
            userAssignedIdentities: pulumi.output(keyIdentityId).apply((id) => ({ [id]: {} })),
        },
        dataEncryption: {
            type: "AzureKeyVault",
            primaryKeyURI: keyUri,
            primaryUserAssignedIdentityId: keyIdentityId,
        },
        tags,
    };
}

function zone(args: AzureDatabaseArgs, place: number): pulumi.Output<string> {
    return pulumi.output(args.zones).apply((zones) => {
        const name = zones[place];
        if (name === undefined) {
            throw new Error(`AzureDatabase: zones: found ${zones.join(", ")}, allowed are two or more`);
        }
        return name;
    });
}

/** What a failover, a promotion or growth changes is not compared again; an update sends it as `pulumi refresh` read it last. */
const ownProperties = ["availabilityZone", "storage.storageSizeGB", "createMode", "sourceServerResourceId"];

function createPrimary(
    name: string,
    admin: GeneratedSecret,
    size: AzureDatabaseSize,
    args: AzureDatabaseArgs,
    child: Child,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
): dbforpostgresql.Server {
    const { standby = true, deletionProtection = true, backupRetentionDays = 30, storageGib } = args;
    const primary = new dbforpostgresql.Server(
        `${name}-primary`,
        {
            ...sharedSettings(size, args),
            // A new server, and later on the same one: "Create" would say that it is another.
            createMode: "Default",
            version: args.version ?? DEFAULT_VERSION,
            administratorLogin: ADMINISTRATOR,
            administratorLoginPassword: pulumi.secret(admin.value),
            authConfig: { passwordAuth: "Enabled", activeDirectoryAuth: "Disabled" },
            availabilityZone: zone(args, 0),
            // In which other zone the standby is, Azure chooses, and exchanges at a failover.
            highAvailability: { mode: standby ? "ZoneRedundant" : "Disabled" },
            storage: { storageSizeGB: storageGib ?? smallestStorage(databaseStorageGib), autoGrow: "Enabled" },
            backup: { backupRetentionDays, geoRedundantBackup: "Disabled" },
        },
        { ...child, dependsOn, protect: deletionProtection, ignoreChanges: ownProperties },
    );
    if (deletionProtection) {
        refuseDeletion(`${name}-primary`, primary.id, child);
    }
    return primary;
}

/** The smallest of Azure's sizes that holds so much. */
function smallestStorage(gib: number): number {
    return azureStorageGib.find((size) => size >= gib)!;
}

/** One setting after the other: Azure changes a server by one at a time. */
function configure(
    name: string,
    server: dbforpostgresql.Server,
    size: AzureDatabaseSize,
    args: AzureDatabaseArgs,
    child: Child,
): dbforpostgresql.Configuration[] {
    const made: dbforpostgresql.Configuration[] = [];
    for (const { name: configurationName, value } of azureParameters(size.memoryGib)) {
        const setting = new dbforpostgresql.Configuration(
            `${name}-${configurationName}`,
            {
                resourceGroupName: args.resourceGroupName,
                serverName: server.name,
                configurationName,
                value,
                source: "user-override",
            },
            { ...child, dependsOn: made.slice(-1) },
        );
        made.push(setting);
    }
    return made;
}

/** The replica with the names that follow its promotion. */
interface Replica {
    id: pulumi.Output<string>;
    hosts: { writer: pulumi.Output<string>; reader: pulumi.Output<string> };
}

/**
 * Made when the primary has been restarted for its settings, so that it begins with them. What is changed later is not
 * passed on to it; it takes such changes up at its own next restart.
 */
function createReplica(
    name: string,
    primary: dbforpostgresql.Server,
    bootstrapped: pulumi.Resource,
    size: AzureDatabaseSize,
    args: AzureDatabaseArgs,
    child: Child,
): Replica {
    const { deletionProtection = true } = args;
    const { resourceGroupName, ...fixed } = {
        ...sharedSettings(size, args),
        createMode: "Replica",
        sourceServerResourceId: primary.id,
        availabilityZone: zone(args, 1),
    };
    const server = new dbforpostgresql.Server(
        `${name}-replica`,
        { resourceGroupName, ...fixed },
        // Azure refuses every change that names it a replica, as an update would, once it is one.
        {
            ...child,
            dependsOn: bootstrapped,
            protect: deletionProtection,
            ignoreChanges: [...Object.keys(fixed), "storage"],
        },
    );
    if (deletionProtection) {
        refuseDeletion(`${name}-replica`, server.id, child);
    }
    const settings = configure(`${name}-replica`, server, size, args, child);
    const address = giveAddress(`${name}-replica`, server, args, { ...child, dependsOn: settings });
    return { id: server.id, hosts: nameRoles(name, primary, server, address, args, child) };
}

/** Names for the writer and the reader that follow a promotion of the replica. */
function nameRoles(
    name: string,
    primary: dbforpostgresql.Server,
    replica: dbforpostgresql.Server,
    address: pulumi.Resource,
    args: AzureDatabaseArgs,
    child: Child,
): Replica["hosts"] {
    const endpoint = new dbforpostgresql.VirtualEndpoint(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            serverName: primary.name,
            virtualEndpointName: worldwideName(name, child),
            endpointType: "ReadWrite",
            members: [replica.name],
        },
        { ...child, dependsOn: address },
    );
    return {
        writer: pulumi.interpolate`${endpoint.name}.writer.${DOMAIN}`,
        reader: pulumi.interpolate`${endpoint.name}.reader.${DOMAIN}`,
    };
}

/** Reader and writer are one; the name resolves when the server has its address. */
function onlyHost(primary: dbforpostgresql.Server, address: pulumi.Resource): Replica["hosts"] {
    const host = pulumi.all([primary.fullyQualifiedDomainName, address.urn]).apply(([name]) => name);
    return { writer: host, reader: host };
}

function giveAddress(
    name: string,
    server: dbforpostgresql.Server,
    args: AzureDatabaseArgs,
    child: pulumi.CustomResourceOptions,
) {
    const { resourceGroupName, endpointSubnetId: subnetId, dnsZoneId: zoneId, tags } = args;
    const place = { resourceGroupName, subnetId, serviceId: server.id, groupId: "postgresqlServer", zoneId, tags };
    return createPrivateEndpoint(name, place, child);
}

function bootstrapArgs(
    primary: dbforpostgresql.Server,
    admin: GeneratedSecret,
    login: GeneratedSecret,
    args: AzureDatabaseArgs,
) {
    return {
        resourceGroupName: args.resourceGroupName,
        machineName: args.operationsMachineName,
        machineIdentifier: args.operationsMachineIdentifier,
        principalId: args.operationsPrincipalId,
        host: primary.fullyQualifiedDomainName,
        port: ports.postgres,
        database: applicationDatabase.name,
        owner: applicationDatabase.role,
        adminSecretId: admin.id,
        secretId: login.id,
        serverId: primary.id,
        mayRestart: args.applyImmediately ?? false,
        rotation: args.rotation ?? 1,
        tags: args.tags,
    };
}
