import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { giveActions, giveRole } from "../azure-roles";
import { application, sharedDirectories } from "../reference";
import { alertOnFailure } from "./azure-alerts";
import { type Job, scheduleJob } from "./azure-schedule";
import { type BackupStore, createStore } from "./azure-store";
import { type Backup, BackupLock, type BackupSettings } from "./contract";
import { withDefaults } from "./defaults";

/** Arguments of {@link AzureBackup}. */
export interface AzureBackupArgs extends BackupSettings {
    /** Name of the operations machine's resource group. */
    resourceGroupName: pulumi.Input<string>;
    /**
     * Name of the store's resource group. It must outlive the stack: Azure deletes all that is in a group with it. A change
     * leaves the backups behind.
     */
    storeResourceGroupName: pulumi.Input<string>;
    /** Subnet of the store's private address. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.blob.core.windows.net`. */
    dnsZoneId: pulumi.Input<string>;
    /** Address of the key vault with the key that encrypts backups. A change is made in place. */
    keyVaultUri: pulumi.Input<string>;
    /** Name of the key in it. */
    keyName: pulumi.Input<string>;
    /** Id of the identity that may use the key. */
    keyIdentityId: pulumi.Input<string>;
    /** Name of the operations machine, which makes the backups. */
    operationsMachineName: pulumi.Input<string>;
    /** Unique identifier of that machine. */
    operationsMachineIdentifier: pulumi.Input<string>;
    /** Object id of that machine's identity. */
    operationsPrincipalId: pulumi.Input<string>;
    /** Host that accepts writes. */
    databaseHost: pulumi.Input<string>;
    /** TCP port of PostgreSQL. */
    databasePort: pulumi.Input<number>;
    /** Name of the application's database. */
    databaseName: pulumi.Input<string>;
    /** Resource id of the application role's secret, which the operations machine may read. */
    databaseSecretId: pulumi.Input<string>;
    /**
     * Resource id of the secret with the certificate that the database is known by. Default: the system's authorities have
     * signed it, and the machine may read the login already.
     */
    databaseCertificateSecretId?: pulumi.Input<string>;
    /**
     * Resource id of the storage account with the shared directories, whose shares get snapshots beside the copies. Default:
     * a file server has them, which lets root read nothing; the application's user then makes the copies.
     */
    filesAccountId?: pulumi.Input<string>;
    /** Resource ids of the secrets that hold documents which describe the deployment, by file name; each version is kept. */
    configurationSecretIds: { [file: string]: pulumi.Input<string> };
    /** What those documents depend on: another text makes a copy at once. */
    configurationVersion?: pulumi.Input<string>;
    /** Id of the Log Analytics workspace with the operations machine's log. Default: nothing watches the jobs. */
    workspaceId?: pulumi.Input<string>;
    /** Id of the action group that is told when a backup fails. Default nobody. */
    alarmTopicId?: pulumi.Input<string>;
    /** Refuses deletion of what holds backups, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * Backups of everything that holds data, kept as the guide says (guide, "Backup Strategy"). The operations machine makes
 * them: Azure's own backup of PostgreSQL is daily at best, and it protects no NFS shares.
 */
export class AzureBackup extends pulumi.ComponentResource implements Backup {
    /** Resource id of the command that schedules dumps of the database. */
    public readonly databasePlanId: pulumi.Output<string>;
    /** Resource id of the command that schedules snapshots and copies of the files. */
    public readonly filesPlanId: pulumi.Output<string>;
    /** Resource id of the command that schedules archives of the audit logs. */
    public readonly auditLogsPlanId: pulumi.Output<string>;
    /** Address of the container with configurations. */
    public readonly configurationStore: pulumi.Output<string>;

    constructor(name: string, args: AzureBackupArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureBackup", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const store = createStore(name, args, child);
        const rights = giveRights(name, store, args, child);
        const schedule = (job: Job) => scheduleJob(`${name}-${job.job}`, job, args, { ...child, dependsOn: rights });
        this.databasePlanId = schedule(databaseJob(store, args));
        this.filesPlanId = schedule(filesJob(store, args));
        this.auditLogsPlanId = schedule(auditLogsJob(store, args));
        schedule(configurationJob(store, args));
        this.configurationStore = store.configurationUrl;
        alertOnFailure(name, args, child);
        this.registerOutputs({
            databasePlanId: this.databasePlanId,
            filesPlanId: this.filesPlanId,
            auditLogsPlanId: this.auditLogsPlanId,
            configurationStore: this.configurationStore,
        });
    }
}

type Child = { parent: pulumi.Resource };

const EVERY_HOURS = [6, 8, 12, 24];
/** As on AWS; Azure charges 180 days of its archive tier in any case. */
const ARCHIVE_DAYS = 91;
/** Azure keeps 200 snapshots of a share at most, and one is made each day. */
const MOST_SNAPSHOTS = 190;

function checkArguments(args: AzureBackupArgs): void {
    const { databaseEveryHours, retentionDays, auditRetentionDays, configurationRetentionDays } = withDefaults(args);
    const problems = [];
    if (!EVERY_HOURS.includes(databaseEveryHours)) {
        problems.push(`databaseEveryHours: found ${databaseEveryHours}, allowed are ${EVERY_HOURS.join(", ")}`);
    }
    const days = [
        { path: "retentionDays", found: retentionDays, least: 1, most: MOST_SNAPSHOTS },
        { path: "auditRetentionDays", found: auditRetentionDays, least: ARCHIVE_DAYS, most: 36500 },
        { path: "configurationRetentionDays", found: configurationRetentionDays, least: 1, most: 36500 },
    ];
    for (const { path, found, least, most } of days) {
        if (!Number.isInteger(found) || found < least || found > most) {
            problems.push(`${path}: found ${found}, allowed is a whole number of days from ${least} to ${most}`);
        }
    }
    if (args.copyRegion !== undefined) {
        problems.push(
            `copyRegion: found ${args.copyRegion}, allowed on Azure is nothing: it copies to the region's pair`,
        );
    }
    if (args.lock === BackupLock.Compliance) {
        problems.push(
            "lock: found compliance, allowed on Azure are none and governance; to make a container's policy final, run " +
                "'az storage container immutability-policy lock' once",
        );
    }
    if (problems.length > 0) {
        throw new Error(`AzureBackup: ${problems.join("; ")}`);
    }
}

/**
 * A snapshot is made by a write to its share and removed by a deletion, which the same right would allow of the share: soft
 * delete and the copies in the store stand against that.
 */
const SNAPSHOTS = {
    actions: ["read", "write", "delete"].map(
        (action) => `Microsoft.Storage/storageAccounts/fileServices/shares/${action}`,
    ),
};

/** The machine that writes backups deletes none: that is the store's own doing, when their time is over. */
const CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers";
const WRITE_BLOBS = {
    actions: [`${CONTAINERS}/read`],
    dataActions: ["read", "write", "add/action"].map((action) => `${CONTAINERS}/blobs/${action}`),
};

function giveRights(name: string, store: BackupStore, args: AzureBackupArgs, child: Child): pulumi.Resource[] {
    const { operationsPrincipalId, filesAccountId, configurationSecretIds } = args;
    const { databaseSecretId, databaseCertificateSecretId: certificateId } = args;
    const ofDatabase: { [what: string]: pulumi.Input<string> } =
        certificateId === undefined ? {} : { login: databaseSecretId, certificate: certificateId };
    return [
        ...Object.entries(ofDatabase).map(([what, id]) =>
            giveRole(`${name}-reads-${what}`, "secretsUser", operationsPrincipalId, id, child),
        ),
        giveActions(`${name}-writes`, WRITE_BLOBS, operationsPrincipalId, store.accountId, child),
        ...(filesAccountId === undefined
            ? []
            : [giveActions(`${name}-snapshots`, SNAPSHOTS, operationsPrincipalId, filesAccountId, child)]),
        ...Object.entries(configurationSecretIds).map(([file, id]) =>
            giveRole(`${name}-reads-${file.replace(/\..*$/, "")}`, "secretsUser", operationsPrincipalId, id, child),
        ),
    ];
}

function databaseJob(store: BackupStore, args: AzureBackupArgs): Job {
    const { databaseHost: host, databasePort: port, databaseName: name, databaseSecretId: secretId } = args;
    const { databaseCertificateSecretId: certificateId } = args;
    const { databaseEveryHours: hours } = withDefaults(args);
    return {
        job: "database",
        calendar: hours === 24 ? "*-*-* 00:05:00 UTC" : `*-*-* 00/${hours}:05:00 UTC`,
        plan: {
            store: store.url,
            database: { host, port, name, secretId, ...(certificateId !== undefined && { certificateId }) },
        },
    };
}

function filesJob(store: BackupStore, args: AzureBackupArgs): Job {
    const { retentionDays } = withDefaults(args);
    return {
        job: "files",
        calendar: "*-*-* 01:15:00 UTC",
        plan: {
            store: store.url,
            ...readerOf(args),
            directories: [...sharedDirectories],
            retentionDays,
        },
    };
}

/** One archive a week of the directory as a whole. */
function auditLogsJob(store: BackupStore, args: AzureBackupArgs): Job {
    const plan = { store: store.url, ...(args.filesAccountId === undefined && readerOf(args)) };
    return { job: "audit-logs", calendar: "Sun *-*-* 04:15:00 UTC", tier: "Archive", plan };
}

/** Who may read the files: root in an account, on a file server the application's user alone. */
const readerOf = ({ filesAccountId }: AzureBackupArgs) =>
    filesAccountId === undefined ? { reader: { uid: application.uid, gid: application.gid } } : { filesAccountId };

function configurationJob(store: BackupStore, args: AzureBackupArgs): Job {
    const { configurationSecretIds: configuration, configurationVersion } = args;
    return {
        job: "configuration",
        calendar: "*-*-* *:35:00 UTC",
        plan: { store: store.url, configuration },
        ...(configurationVersion !== undefined && {
            onChangeOf: pulumi.output(configurationVersion).apply(fingerprint),
        }),
    };
}

function fingerprint(text: string): string {
    return createHash("sha256").update(text).digest("hex");
}
