import { apiModel, at, form, isSet, listAt, numberAt, oneOf, range, textAt, type Trap, type Value, when } from "./trap";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const EVENT_RULE = "aws:cloudwatch/eventRule:EventRule";
const SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription";
const VAULT = "aws:backup/vault:Vault";
const LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration";
const PLAN = "aws:backup/plan:Plan";
const ASSOCIATION = "aws:ssm/association:Association";
const alarmModel = (shape: string) => apiModel("cloudwatch/2010-08-01", shape);
const backupModel = (shape: string) => apiModel("backup/2018-11-15", shape);

/** Days that AWS keeps a backup in cold storage at least. */
const COLD_STORAGE_DAYS = 90;
const SECONDS_PER_WEEK = 604_800;

const rulesOf = (inputs: Value) => listAt(inputs, "rules");
const queriesOf = (inputs: Value) => listAt(inputs, "metricQueries");

/** The longest a rule keeps a backup too short for the vault's lock, when both are known. */
function tooShortFor(lock: Value, rule: Value): boolean {
    const [least, kept] = [numberAt(lock, "minRetentionDays"), numberAt(rule, "lifecycle.deleteAfter")];
    return least !== undefined && kept !== undefined && kept < least;
}

export const operationsTraps: readonly Trap[] = [
    oneOf(
        "alarm-comparison",
        ALARM,
        "comparisonOperator",
        [
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "GreaterThanUpperThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanThreshold",
        ],
        alarmModel("ComparisonOperator"),
    ),
    oneOf(
        "alarm-missing-data",
        ALARM,
        "treatMissingData",
        ["breaching", "notBreaching", "ignore", "missing"],
        alarmModel("TreatMissingData"),
    ),
    when(
        "alarm-metric-or-queries",
        ALARM,
        (inputs) => isSet(inputs, "metricName") === isSet(inputs, "metricQueries"),
        "InvalidParameterCombination: exactly one of MetricName and Metrics must be given",
        alarmModel("PutMetricAlarmInput"),
    ),
    when(
        "alarm-statistics",
        ALARM,
        (inputs) => isSet(inputs, "statistic") && isSet(inputs, "extendedStatistic"),
        "InvalidParameterCombination: Statistic and ExtendedStatistic are mutually exclusive",
        alarmModel("PutMetricAlarmInput"),
    ),
    when(
        "alarm-datapoints",
        ALARM,
        (inputs) => (numberAt(inputs, "datapointsToAlarm") ?? 0) > (numberAt(inputs, "evaluationPeriods") ?? Infinity),
        "ValidationError: DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        alarmModel("DatapointsToAlarm"),
    ),
    when(
        "alarm-span",
        ALARM,
        (inputs) => (numberAt(inputs, "period") ?? 0) * (numberAt(inputs, "evaluationPeriods") ?? 0) > SECONDS_PER_WEEK,
        "ValidationError: Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800)",
        alarmModel("EvaluationPeriods"),
    ),
    when(
        "alarm-one-result",
        ALARM,
        (inputs) =>
            isSet(inputs, "metricQueries") &&
            queriesOf(inputs).filter((query) => at(query, "returnData") === true).length !== 1,
        "ValidationError: Exactly one element of the metrics list should return data",
        alarmModel("MetricDataQuery"),
    ),
    when(
        "alarm-query-id",
        ALARM,
        (inputs) => queriesOf(inputs).some((query) => !/^[a-z][a-zA-Z0-9_]*$/.test(textAt(query, "id") ?? "a")),
        "ValidationError: The value for field id must start with a lowercase letter and hold letters, digits and underscores",
        alarmModel("MetricId"),
    ),
    form(
        "dashboard-name",
        "aws:cloudwatch/dashboard:Dashboard",
        "dashboardName",
        /^[A-Za-z0-9_-]{1,255}$/,
        (name) => `InvalidParameterValue: dashboard name '${name}' may hold only letters, digits, - and _`,
        alarmModel("PutDashboardInput"),
    ),
    when(
        "event-rule-trigger",
        EVENT_RULE,
        (inputs) => !isSet(inputs, "scheduleExpression") && !isSet(inputs, "eventPattern"),
        "ValidationException: At least one of EventPattern or ScheduleExpression must be provided",
        apiModel("events/2015-10-07", "PutRuleRequest"),
    ),
    form(
        "event-rule-rate",
        EVENT_RULE,
        "scheduleExpression",
        /^(cron\(.+\)|rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\))$/,
        () => "ValidationException: Parameter ScheduleExpression is not valid.",
        apiModel("events/2015-10-07", "ScheduleExpression"),
    ),
    oneOf(
        "sns-protocol",
        SUBSCRIPTION,
        "protocol",
        ["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"],
        apiModel("sns/2010-03-31", "SubscribeInput"),
    ),
    when(
        "sns-email-endpoint",
        SUBSCRIPTION,
        (inputs) =>
            at(inputs, "protocol") === "email" && !/^[^\s@]+@[^\s@]+$/.test(textAt(inputs, "endpoint") ?? "a@b"),
        "InvalidParameter: Invalid parameter: Email address",
        apiModel("sns/2010-03-31", "SubscribeInput"),
    ),
    form(
        "backup-vault-name",
        VAULT,
        "name",
        /^[a-zA-Z0-9\-_]{2,50}$/,
        (name) => `InvalidParameterValueException: backup vault name '${name}' must match [a-zA-Z0-9-_]{2,50}`,
        backupModel("BackupVaultName"),
    ),
    when(
        "backup-cold-storage",
        PLAN,
        (inputs) =>
            rulesOf(inputs).some(
                (rule) =>
                    (numberAt(rule, "lifecycle.deleteAfter") ?? Infinity) <
                    (numberAt(rule, "lifecycle.coldStorageAfter") ?? -Infinity) + COLD_STORAGE_DAYS,
            ),
        "InvalidParameterValueException: Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays",
        backupModel("Lifecycle"),
    ),
    when(
        "backup-windows",
        PLAN,
        (inputs) =>
            rulesOf(inputs).some((rule) => {
                const [start, completion] = [numberAt(rule, "startWindow"), numberAt(rule, "completionWindow")];
                return start !== undefined && (start < 60 || (completion !== undefined && completion < start + 60));
            }),
        "InvalidParameterValueException: the start window must be at least 60 minutes, and completion at least 60 minutes more",
        backupModel("BackupRuleInput"),
    ),
    {
        id: "backup-shorter-than-lock",
        type: PLAN,
        source: backupModel("PutBackupVaultLockConfigurationInput"),
        check: (inputs, world) => {
            const short = rulesOf(inputs).some((rule) => {
                const lock = world.find(LOCK, textAt(rule, "targetVaultName"));
                return lock !== undefined && tooShortFor(lock.values, rule);
            });
            return short
                ? "the plan is made, but every job fails: the vault's lock demands a longer retention than the rule's"
                : undefined;
        },
    },
    when(
        "backup-lock-grace",
        LOCK,
        (inputs) => (numberAt(inputs, "changeableForDays") ?? 3) < 3,
        "InvalidParameterValueException: ChangeableForDays must be at least 3 days",
        backupModel("PutBackupVaultLockConfigurationInput"),
    ),
    when(
        "backup-lock-order",
        LOCK,
        (inputs) => (numberAt(inputs, "minRetentionDays") ?? 1) > (numberAt(inputs, "maxRetentionDays") ?? Infinity),
        "InvalidParameterValueException: MinRetentionDays must not be greater than MaxRetentionDays",
        backupModel("PutBackupVaultLockConfigurationInput"),
    ),
    range("backup-lock-minimum", LOCK, "minRetentionDays", [1, 36_500], backupModel("Long")),
    when(
        "association-targets",
        ASSOCIATION,
        (inputs) => listAt(inputs, "targets").some((target) => listAt(target, "values").length > 50),
        "ValidationException: a target may have at most 50 values",
        apiModel("ssm/2014-11-06", "TargetValues"),
    ),
    form(
        "association-name",
        ASSOCIATION,
        "associationName",
        /^[a-zA-Z0-9_\-.]{3,128}$/,
        (name) => `ValidationException: associationName '${name}' must match [a-zA-Z0-9_-.]{3,128}`,
        apiModel("ssm/2014-11-06", "AssociationName"),
    ),
];
