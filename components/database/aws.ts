import * as iam from "@pulumi/aws/iam";
import * as rds from "@pulumi/aws/rds";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId";
import { awsManagedPolicy, trustService } from "../aws-account";
import { applicationDatabase, databaseStorageGib, ports } from "../reference";
import { type GeneratedSecret, generateSecret } from "../secrets/aws-generated";
import { bootstrapDatabase } from "./aws-bootstrap";
import { rdsParameters } from "./aws-parameters";
import type { Database } from "./contract";
import { applicationLogin, DEFAULT_VERSION, majorOf, versionProblems } from "./defaults";

/** Arguments of {@link AwsDatabase}. */
export interface AwsDatabaseArgs {
    /**
     * PostgreSQL major version, 15 or newer (guide). Default 17; RDS chooses and updates the minor version. A higher
     * number upgrades primary and replica in place, with minutes of downtime; it needs `applyImmediately`.
     */
    version?: string;
    /**
     * Instance class. Default db.m7g.2xlarge: 8 CPU and 32 GiB, the guide's recommended size. A change restarts, in the
     * next maintenance window or with `applyImmediately` at once.
     */
    size?: pulumi.Input<string>;
    /** Storage in GiB. Default 500 (guide); it grows by itself up to twice that. It cannot shrink. */
    storageGib?: number;
    /** A synchronous standby in another zone that takes over within 60 to 120 s. Default true. A change is made in place. */
    standby?: boolean;
    /** A readable streaming replica in another zone (guide, step 4). Default true. */
    replica?: boolean;
    /** Days of point-in-time recovery, 1 to 35. Default 30 (guide, "Backup Strategy"). A change is made in place. */
    backupRetentionDays?: number;
    /** Makes changes that interrupt now, not in the maintenance window. Default false. A change is made in place. */
    applyImmediately?: boolean;
    /** Refuses deletion. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Takes a snapshot before the primary is deleted. Default true. A change is made in place. */
    finalSnapshot?: boolean;
    /** Ids of the database subnets in two or more zones. A change replaces the subnet group. */
    subnetIds: pulumi.Input<string>[];
    /** Names of the zones, in the order of the subnets. */
    zones: pulumi.Input<string[]>;
    /** Security group that lets application servers in on 5432. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Ids of the application subnets, where the function that creates role and database runs. */
    appSubnetIds: pulumi.Input<string>[];
    /** Security group of the application servers. */
    appFirewallGroupId: pulumi.Input<string>;
    /** ARN of the KMS key that encrypts the data. A change replaces the database. */
    keyId: pulumi.Input<string>;
    /**
     * A higher number makes new passwords. Default 1. The application's moves to its other login, so servers keep
     * working with the one they know until their service starts again; restart them before the next rotation.
     */
    rotation?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * PostgreSQL on RDS: a primary with a standby in another zone, a streaming replica, the guide's settings, and the
 * application's role and database in it (guide, steps 3 and 4).
 */
export class AwsDatabase extends pulumi.ComponentResource implements Database {
    /** Host that accepts writes; the name stays when the standby takes over. */
    public readonly writerHost: pulumi.Output<string>;
    /** Host of the replica; the writer where there is none. */
    public readonly readerHost: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Name of the application's database; resolves when role, database and grants exist. */
    public readonly databaseName: pulumi.Output<string>;
    /** ARN of the application role's secret: a JSON document with `username` and `password`. */
    public readonly secretId: pulumi.Output<string>;
    /** ARN of the administrator's secret, of the same form; application servers cannot read it. */
    public readonly adminSecretId: pulumi.Output<string>;
    /** ARN of the primary. */
    public readonly primaryArn: pulumi.Output<string>;
    /** Identifier of the primary. */
    public readonly primaryId: pulumi.Output<string>;
    /** Identifier of the replica; absent where there is none. */
    public readonly replicaId?: pulumi.Output<string>;

    constructor(name: string, args: AwsDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsDatabase", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const admin = createLogin(`${name}-admin`, "minusnow_admin", args, child);
        const login = createLogin(`${name}-app`, applicationLogin(args), args, child);
        const shared = sharedSettings(name, args, child);
        const primary = createPrimary(name, admin, shared, args, child);
        const replica = (args.replica ?? true) ? createReplica(name, primary, shared, args, child) : undefined;
        const bootstrap = bootstrapDatabase(
            `${name}-bootstrap`,
            { ...bootstrapArgs(primary, admin, login, args), dependsOn: opts?.dependsOn },
            child,
        );

        this.writerHost = primary.address;
        this.readerHost = replica?.address ?? primary.address;
        this.port = pulumi.output(ports.postgres);
        this.databaseName = bootstrap.id.apply(() => applicationDatabase.name);
        this.secretId = login.id;
        this.adminSecretId = admin.id;
        this.primaryArn = primary.arn;
        this.primaryId = primary.identifier;
        if (replica) {
            this.replicaId = replica.identifier;
        }
        this.registerOutputs({
            writerHost: this.writerHost,
            readerHost: this.readerHost,
            port: this.port,
            databaseName: this.databaseName,
            secretId: this.secretId,
            adminSecretId: this.adminSecretId,
            primaryArn: this.primaryArn,
            primaryId: this.primaryId,
            replicaId: this.replicaId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments(args: AwsDatabaseArgs): void {
    const { backupRetentionDays = 30 } = args;
    const problems = versionProblems(args, /^\d+(\.\d+)?$/);
    if (!Number.isInteger(backupRetentionDays) || backupRetentionDays < 1 || backupRetentionDays > 35) {
        problems.push(
            `backupRetentionDays: found ${backupRetentionDays}, allowed are 1 to 35; a replica needs at least 1`,
        );
    }
    if (problems.length > 0) {
        throw new Error(`AwsDatabase: ${problems.join("; ")}`);
    }
}

/** RDS refuses `/`, `@`, `"` and spaces in a password; these special characters also need no escape in a URL. */
function createLogin(name: string, username: string, args: AwsDatabaseArgs, child: Child): GeneratedSecret {
    return generateSecret(
        name,
        {
            description: `MinusNow: login of ${username} to PostgreSQL`,
            keyId: args.keyId,
            specialCharacters: "-_.!~",
            rotation: args.rotation ?? 1,
            document: (password) => pulumi.jsonStringify({ username, password }),
            tags: args.tags,
        },
        child,
    );
}

/** What the primary and its replica have in common. */
function sharedSettings(name: string, args: AwsDatabaseArgs, child: Child) {
    const { tags } = args;
    const parameters = new rds.ParameterGroup(
        `${name}-pg${majorOf(args)}`,
        {
            family: `postgres${majorOf(args)}`,
            description: "MinusNow: the deployment guide's PostgreSQL settings",
            parameters: rdsParameters.map((parameter) => ({ ...parameter })),
            tags,
        },
        // After an upgrade the former group is in use until the restart, and AWS refuses to delete it.
        { ...child, retainOnDelete: true },
    );
    const storageGib = args.storageGib ?? databaseStorageGib;
    return {
        instanceClass: args.size ?? "db.m7g.2xlarge",
        storageType: "gp3",
        storageEncrypted: true,
        maxAllocatedStorage: storageGib * 2,
        parameterGroupName: parameters.name,
        vpcSecurityGroupIds: [args.firewallGroupId],
        publiclyAccessible: false,
        port: ports.postgres,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        autoMinorVersionUpgrade: true,
        applyImmediately: args.applyImmediately ?? false,
        copyTagsToSnapshot: true,
        deletionProtection: args.deletionProtection ?? true,
        enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
        databaseInsightsMode: "standard",
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: args.keyId,
        performanceInsightsRetentionPeriod: 7,
        monitoringInterval: 60,
        monitoringRoleArn: createMonitoringRole(name, args, child),
        tags,
    };
}

function createMonitoringRole(name: string, args: AwsDatabaseArgs, child: Child): pulumi.Output<string> {
    const assumeRolePolicy = trustService("monitoring.rds.amazonaws.com");
    const role = new iam.Role(`${name}-monitoring`, { assumeRolePolicy, tags: args.tags }, child);
    const policyArn = awsManagedPolicy("service-role/AmazonRDSEnhancedMonitoringRole", child);
    const attachment = new iam.RolePolicyAttachment(`${name}-monitoring`, { role: role.name, policyArn }, child);
    return pulumi.all([role.arn, attachment.id]).apply(([arn]) => arn);
}

function createPrimary(
    name: string,
    admin: GeneratedSecret,
    shared: ReturnType<typeof sharedSettings>,
    args: AwsDatabaseArgs,
    child: Child,
): rds.Instance {
    const { tags, standby = true, deletionProtection = true, finalSnapshot = true } = args;
    const subnets = new rds.SubnetGroup(
        name,
        { description: "MinusNow database", subnetIds: args.subnetIds, tags },
        child,
    );
    return new rds.Instance(
        `${name}-primary`,
        {
            ...shared,
            engine: "postgres",
            engineVersion: args.version ?? DEFAULT_VERSION,
            allowMajorVersionUpgrade: true,
            allocatedStorage: args.storageGib ?? databaseStorageGib,
            kmsKeyId: args.keyId,
            username: "minusnow_admin",
            passwordWo: admin.value,
            passwordWoVersion: args.rotation ?? 1,
            dbSubnetGroupName: subnets.name,
            multiAz: standby,
            backupRetentionPeriod: args.backupRetentionDays ?? 30,
            backupWindow: "02:00-03:00",
            maintenanceWindow: "sun:03:00-sun:04:00",
            deleteAutomatedBackups: false,
            skipFinalSnapshot: !finalSnapshot,
            finalSnapshotIdentifier: finalSnapshot ? snapshotName(name, child) : undefined,
        },
        { ...child, protect: deletionProtection },
    );
}

/** A second deployment of the same name must not find its snapshot's name taken. */
function snapshotName(name: string, child: Child): pulumi.Output<string> {
    const suffix = new RandomId(`${name}-final-snapshot`, { byteLength: 4 }, child).hex;
    return pulumi.interpolate`${name}-final-${suffix}`;
}

/** The replica keeps its zone when a failover moves the primary, so it is not replaced for that. */
function createReplica(
    name: string,
    primary: rds.Instance,
    shared: ReturnType<typeof sharedSettings>,
    args: AwsDatabaseArgs,
    child: Child,
): rds.Instance {
    const otherZone = pulumi.all([primary.availabilityZone, args.zones]).apply(([taken, zones]) => {
        const other = zones.find((zone) => zone !== taken);
        if (other === undefined) {
            throw new Error(`AwsDatabase: zones: found only ${taken}, allowed are two or more for a replica`);
        }
        return other;
    });
    return new rds.Instance(
        `${name}-replica`,
        {
            ...shared,
            replicateSourceDb: primary.identifier,
            availabilityZone: otherZone,
            maintenanceWindow: "sun:05:00-sun:06:00",
            deletionProtection: false,
            skipFinalSnapshot: true,
        },
        { ...child, ignoreChanges: ["availabilityZone"] },
    );
}

function bootstrapArgs(primary: rds.Instance, admin: GeneratedSecret, login: GeneratedSecret, args: AwsDatabaseArgs) {
    return {
        host: primary.address,
        port: ports.postgres,
        database: applicationDatabase.name,
        owner: applicationDatabase.role,
        adminSecretId: admin.id,
        secretId: login.id,
        secretVersions: [admin.version, login.version],
        rotation: args.rotation ?? 1,
        keyId: args.keyId,
        subnetIds: args.appSubnetIds,
        firewallGroupId: args.appFirewallGroupId,
        tags: args.tags,
    };
}
