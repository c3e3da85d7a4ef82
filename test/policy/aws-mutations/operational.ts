import type { Resource } from "../../../plan/engine/resource";
import type { Values } from "../../../plan/engine/values";
import { find, hasName, type Mutation, removeEach, setEach } from "../change";

/** Defects of monitoring, alarms and backups. */
export function operational(all: Resource[]): Mutation[] {
    return [...monitoring(all), ...alarms(all), ...backups(all)];
}

function monitoring(all: Resource[]): Mutation[] {
    const agent = ["monitoring-agent"];
    const probes = ["monitoring-probes"];
    const targets = (find(all, "lambda.Function", "-probe").inputs["environment"] as { variables: { TARGETS: string } })
        .variables.TARGETS;
    const withoutTarget = (path: string) => ({ variables: { TARGETS: targets.replace(`${path}"`, '/other"') } });
    return [
        ...removeEach(all, "ssm.Association", agent),
        ...setEach(all, "ssm.Association", "targets", [{ key: "tag:other", values: ["x"] }], agent),
        ...setEach(all, "ssm.Association", "targets", [{ key: "InstanceIds", values: ["i-00000000000000000"] }], agent),
        ...setEach(all, "ssm.Association", "name", "AWS-RunPatchBaseline", agent),
        ...setEach(all, "ssm.Document", "content", '{"schemaVersion":"2.2","mainSteps":[]}', agent),
        ...setEach(all, "ec2.Instance", "tags.minusnow-servers", undefined, agent),
        ...removeEach(all, "iam.RolePolicy", ["monitoring-permission"], hasName("-agent")),
        ...removeEach(all, "cloudwatch.EventRule", probes),
        ...removeEach(all, "cloudwatch.EventTarget", probes),
        ...setEach(all, "cloudwatch.EventRule", "scheduleExpression", "rate(1 day)", probes),
        ...removeEach(all, "lambda.Function", probes, hasName("-probe")),
        ...["/health", "/api/telemetry/health", "/api/telemetry/overview"].flatMap((path) =>
            setEach(all, "lambda.Function", "environment", withoutTarget(path), probes, hasName("-probe")),
        ),
        ...removeEach(all, "cloudwatch.Dashboard", ["monitoring-dashboard"]),
    ];
}

function alarms(all: Resource[]): Mutation[] {
    const ofMetric = ({ inputs }: Resource) => "metric" in ((inputs["tags"] ?? {}) as Values);
    const isCritical = (resource: Resource) => ofMetric(resource) && resource.name.endsWith("-critical");
    const isWarning = (resource: Resource) => ofMetric(resource) && resource.name.endsWith("-warning");
    const topic = (level: string) => find(all, "sns.Topic", `-${level}`).id;
    const thresholds = ["alerting-thresholds"];
    const routes = ["alerting-routed"];
    const warningOf = (resource: Resource) =>
        find(all, "cloudwatch.MetricAlarm", resource.name.replace(/-critical$/, "-warning")).inputs["threshold"];
    return [
        ...removeEach(all, "cloudwatch.MetricAlarm", thresholds, ofMetric),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "threshold",
            ({ inputs }) => Number(inputs["threshold"]) * 10,
            thresholds,
            ofMetric,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "threshold", warningOf, thresholds, isCritical),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "threshold",
            (resource) => Number(warningOf(resource)) / 2,
            routes,
            isCritical,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "comparisonOperator", "LessThanThreshold", thresholds, ofMetric),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "metricQueries",
            [{ id: "m", returnData: true, metric: { metricName: "Other", namespace: "X" } }],
            thresholds,
            ofMetric,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [], routes, ofMetric),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", undefined, routes, ofMetric),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [topic("critical")], routes, isWarning),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [topic("warning")], routes, isCritical),
        ...setEach(all, "cloudwatch.MetricAlarm", "actionsEnabled", false, ["alerting-active"]),
        ...removeEach(all, "sns.TopicSubscription", ["alerting-heard"]),
        ...setEach(all, "sns.TopicSubscription", "topic", "arn:aws:sns:us-east-1:1:other", ["alerting-heard"]),
        ...setEach(all, "sns.Topic", "kmsMasterKeyId", undefined, ["alerting-encrypted"]),
        ...setEach(all, "sns.Topic", "kmsMasterKeyId", "alias/aws/sns", ["alerting-encrypted"]),
        ...setEach(
            all,
            "kms.Key",
            "policy",
            '{"Version":"2012-10-17","Statement":[]}',
            ["alerting-encrypted"],
            hasName("-topics"),
        ),
        ...removeEach(all, "cloudwatch.CompositeAlarm", ["alerting-service-down"]),
        ...setEach(all, "cloudwatch.CompositeAlarm", "alarmActions", [], ["alerting-service-down"]),
        ...setEach(all, "cloudwatch.CompositeAlarm", "actionsEnabled", false, ["alerting-active"]),
    ];
}

function backups(all: Resource[]): Mutation[] {
    const part = (name: string) => hasName(`-backup-${name}`);
    const every = ["backups-every-resource", "backups-database", "backups-files", "backups-audit-logs"];
    const isFailure = ({ name }: Resource) => /-backup-(audit-logs-)?failed$/.test(name);
    return [
        ...removeEach(all, "backup.Plan", every),
        ...removeEach(all, "backup.Selection", every),
        ...setEach(all, "backup.Selection", "resources", ["arn:aws:rds:us-east-1:1:db:other"], every),
        ...setEach(all, "backup.Selection", "planId", "00000000-0000-0000-0000-000000000000", every),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].schedule",
            "cron(0 5 * * ? *)",
            ["backups-database"],
            part("database"),
        ),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].schedule",
            "cron(0 0/8 * * ? *)",
            ["backups-database"],
            part("database"),
        ),
        ...setEach(all, "backup.Plan", "rules[0].schedule", "cron(0 5 ? * SUN *)", ["backups-files"], part("files")),
        ...setEach(all, "backup.Plan", "rules[0].schedule", "cron(0 5 1 * ? *)", every),
        ...setEach(all, "backup.Plan", "rules[0].lifecycle.deleteAfter", 7, every),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].lifecycle.coldStorageAfter",
            undefined,
            ["backups-audit-logs"],
            part("audit-logs"),
        ),
        ...setEach(all, "backup.Plan", "rules[0].copyActions", [], ["backups-copied"]),
        ...setEach(all, "backup.Plan", "rules[0].copyActions", undefined, ["backups-copied"]),
        ...setEach(all, "backup.Vault", "region", "us-east-1", ["backups-copied"], hasName("-copy")),
        ...removeEach(all, "backup.VaultLockConfiguration", ["backups-locked"]),
        ...setEach(all, "backup.VaultLockConfiguration", "backupVaultName", "other", ["backups-locked"]),
        ...setEach(all, "backup.VaultLockConfiguration", "minRetentionDays", 0, ["backups-locked"]),
        ...setEach(
            all,
            "backup.VaultLockConfiguration",
            "minRetentionDays",
            7,
            ["backups-audit-logs"],
            hasName("-audit-logs"),
        ),
        ...setEach(all, "backup.Vault", "kmsKeyArn", undefined, ["backups-encrypted"]),
        ...setEach(
            all,
            "s3.BucketVersioning",
            "versioningConfiguration.status",
            "Suspended",
            ["backups-configuration"],
            hasName("-configuration"),
        ),
        ...removeEach(all, "s3.BucketVersioning", ["backups-configuration"], hasName("-configuration")),
        ...setEach(
            all,
            "s3.BucketLifecycleConfiguration",
            "rules[0].noncurrentVersionExpiration.noncurrentDays",
            7,
            ["backups-configuration"],
            hasName("-configuration"),
        ),
        ...removeEach(all, "cloudwatch.MetricAlarm", ["backups-failure"], isFailure),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [], ["backups-failure"], isFailure),
        ...setEach(all, "cloudwatch.MetricAlarm", "threshold", 5, ["backups-failure"], isFailure),
    ];
}
