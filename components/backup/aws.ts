import * as backup from "@pulumi/aws/backup";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { awsManagedPolicy, trustService } from "../aws-account";
import { keepConfiguration } from "./aws-configuration";
import { type BackupRole, createVaults, type Vaults } from "./aws-vaults";
import type { Backup, BackupSettings } from "./contract";
import { withDefaults } from "./defaults";

/** Arguments of {@link AwsBackup}. */
export interface AwsBackupArgs extends BackupSettings {
    /** ARNs of what holds the database: an RDS instance, or the machines that PostgreSQL runs on. */
    databaseArns: pulumi.Input<string>[];
    /** ARN of the file system, or of the volume, with the shared directories, the audit logs among them. */
    filesArn: pulumi.Input<string>;
    /** False where AWS moves backups of the files to no cold storage within a month: on a volume, on FSx. Default true. */
    coldStorage?: boolean;
    /** Documents that describe the deployment, by file name; each version is kept. They must hold no secret. */
    configuration: { [file: string]: pulumi.Input<string> };
    /** ARN of the KMS key that encrypts backups in this region. A change replaces the vaults, which AWS refuses once they hold backups. */
    keyId: pulumi.Input<string>;
    /** ARN of the topic that is told when a backup fails. Default nobody. */
    alarmTopicId?: pulumi.Input<string>;
    /** Refuses deletion of what holds backups. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Backups of everything that holds data, kept as the guide says (guide, "Backup Strategy"). */
export class AwsBackup extends pulumi.ComponentResource implements Backup {
    /** Id of the backup plan for the database. */
    public readonly databasePlanId: pulumi.Output<string>;
    /** Id of the backup plan for files. */
    public readonly filesPlanId: pulumi.Output<string>;
    /** Id of the backup plan for audit logs. */
    public readonly auditLogsPlanId: pulumi.Output<string>;
    /** Name of the bucket with the configuration. */
    public readonly configurationStore: pulumi.Output<string>;
    /** Name of the vault in this region. */
    public readonly vaultName: pulumi.Output<string>;

    constructor(name: string, args: AwsBackupArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsBackup", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const role = createRole(name, args, child);
        const vaults = createVaults(name, role, args, child);
        const plan = (part: string, rule: backup.PlanArgs["rules"], arns: pulumi.Input<string>[]) =>
            createPlan(`${name}-${part}`, rule, arns, role.arn, args, child);
        this.databasePlanId = plan("database", [databaseRule(vaults, args)], args.databaseArns);
        this.filesPlanId = plan("files", [filesRule(vaults, args)], [args.filesArn]);
        this.auditLogsPlanId = plan("audit-logs", [auditLogsRule(vaults, args)], [args.filesArn]);
        this.configurationStore = keepConfiguration(`${name}-configuration`, vaults.copyKeyId, args, child);
        this.vaultName = vaults.main;
        alarmOnFailure(name, vaults, args, child);
        this.registerOutputs({
            databasePlanId: this.databasePlanId,
            filesPlanId: this.filesPlanId,
            auditLogsPlanId: this.auditLogsPlanId,
            configurationStore: this.configurationStore,
            vaultName: this.vaultName,
        });
    }
}

type Child = { parent: pulumi.Resource };

/** AWS keeps what it moved to cold storage for at least this long. */
const COLD_STORAGE_DAYS = 90;
/** More often would meet the hours in which RDS lets no backup begin: 1 to 3 each day, and 2 to 4 on Sunday. */
const EVERY_HOURS = [6, 8, 12, 24];

function checkArguments(args: AwsBackupArgs): void {
    const { databaseEveryHours, retentionDays, auditRetentionDays, configurationRetentionDays } = withDefaults(args);
    const problems = [];
    if (!EVERY_HOURS.includes(databaseEveryHours)) {
        problems.push(`databaseEveryHours: found ${databaseEveryHours}, allowed are ${EVERY_HOURS.join(", ")}`);
    }
    const days = [
        { path: "retentionDays", found: retentionDays, least: 1 },
        { path: "auditRetentionDays", found: auditRetentionDays, least: COLD_STORAGE_DAYS + 1 },
        { path: "configurationRetentionDays", found: configurationRetentionDays, least: 1 },
    ];
    for (const { path, found, least } of days.filter((day) => !Number.isInteger(day.found) || day.found < day.least)) {
        problems.push(`${path}: found ${found}, allowed is a whole number of days from ${least}`);
    }
    if (problems.length > 0) {
        throw new Error(`AwsBackup: ${problems.join("; ")}`);
    }
}

/** The service's own role: it reads what is to be backed up and writes to the vaults. */
function createRole(name: string, args: AwsBackupArgs, parent: Child): BackupRole {
    const child = { ...parent, retainOnDelete: !(args.deleteWithStack ?? false) };
    const { tags } = args;
    const role = new iam.Role(name, { assumeRolePolicy: trustService("backup.amazonaws.com"), tags }, child);
    const policies = ["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"];
    const attachments = policies.map((policy, place) => {
        const policyArn = awsManagedPolicy(`service-role/${policy}`, parent);
        return new iam.RolePolicyAttachment(`${name}-${place + 1}`, { role: role.name, policyArn }, child);
    });
    return { arn: role.arn, resources: [role, ...attachments] };
}

/** Minutes in which a backup must begin and end. */
const windows = { startWindow: 60, completionWindow: 720 };

function databaseRule(vaults: Vaults, args: AwsBackupArgs) {
    const { databaseEveryHours: hours, retentionDays: deleteAfter } = withDefaults(args);
    return {
        ruleName: "database",
        schedule: hours === 24 ? "cron(0 5 * * ? *)" : `cron(0 5/${hours} * * ? *)`,
        ...into(vaults.main, { deleteAfter }, vaults),
    };
}

function filesRule(vaults: Vaults, args: AwsBackupArgs) {
    const { retentionDays: deleteAfter } = withDefaults(args);
    return { ruleName: "files", schedule: "cron(0 7 * * ? *)", ...into(vaults.main, { deleteAfter }, vaults) };
}

/** The audit logs are on the file system; one copy a week goes to cold storage and cannot be deleted before its time. */
function auditLogsRule(vaults: Vaults, args: AwsBackupArgs) {
    const { auditRetentionDays: deleteAfter } = withDefaults(args);
    const lifecycle = { ...((args.coldStorage ?? true) && { coldStorageAfter: 1 }), deleteAfter };
    return { ruleName: "audit-logs", schedule: "cron(0 9 ? * SUN *)", ...into(vaults.audit, lifecycle, vaults) };
}

function into(
    targetVaultName: pulumi.Output<string>,
    lifecycle: { coldStorageAfter?: number; deleteAfter: number },
    { copy }: Vaults,
) {
    const copyActions = copy === undefined ? [] : [{ destinationVaultArn: copy, lifecycle }];
    return { targetVaultName, ...windows, lifecycle, copyActions };
}

function createPlan(
    name: string,
    rules: backup.PlanArgs["rules"],
    resources: pulumi.Input<string>[],
    iamRoleArn: pulumi.Output<string>,
    args: AwsBackupArgs,
    child: Child,
): pulumi.Output<string> {
    const plan = new backup.Plan(name, { rules, tags: args.tags }, child);
    new backup.Selection(name, { planId: plan.id, iamRoleArn, resources }, child);
    return plan.id;
}

/** How a job ends that made no backup. */
const FAILURES = ["NumberOfBackupJobsFailed", "NumberOfBackupJobsExpired", "NumberOfBackupJobsAborted"];

/** Told of every job that made no backup, and of a day without a finished one; AWS reports none of these as zero. */
function alarmOnFailure(name: string, vaults: Vaults, args: AwsBackupArgs, child: Child): void {
    const alarmActions = args.alarmTopicId === undefined ? [] : [args.alarmTopicId];
    const common = { evaluationPeriods: 1, alarmActions, tags: args.tags };
    const count = (id: string, metricName: string, vault: pulumi.Output<string>, period: number) => ({
        id,
        returnData: false,
        metric: { namespace: "AWS/Backup", metricName, stat: "Sum", period, dimensions: { BackupVaultName: vault } },
    });
    for (const [vaultName, vault] of [["main", vaults.main] as const, ["audit-logs", vaults.audit] as const]) {
        const sum = FAILURES.map((_, place) => `FILL(m${place}, 0)`).join(" + ");
        new cloudwatch.MetricAlarm(
            vaultName === "main" ? `${name}-failed` : `${name}-${vaultName}-failed`,
            {
                ...common,
                alarmDescription: `MinusNow: a backup job of the vault ${vaultName} failed or did not begin in time`,
                metricQueries: [
                    ...FAILURES.map((metricName, place) => count(`m${place}`, metricName, vault, 3600)),
                    { id: "failures", expression: sum, label: "failures", returnData: true },
                ],
                comparisonOperator: "GreaterThanThreshold",
                threshold: 0,
                treatMissingData: "notBreaching",
            },
            child,
        );
    }
    new cloudwatch.MetricAlarm(
        `${name}-absent`,
        {
            ...common,
            alarmDescription: "MinusNow: no backup job was completed in a day",
            metricQueries: [
                count("m", "NumberOfBackupJobsCompleted", vaults.main, 86400),
                { id: "completed", expression: "FILL(m, 0)", label: "completed", returnData: true },
            ],
            comparisonOperator: "LessThanThreshold",
            threshold: 1,
            treatMissingData: "breaching",
        },
        child,
    );
}
