import { expectValue, fail, type Finding, pass, shown } from "../rule";
import { type Resource, type Stack, texts } from "../stack";
import { aws, azure } from "../types";
import { receiversOf } from "./alarms";
import { archives, replicationOf } from "./backup-copies";
import { azureRules, backupRules } from "./backups";

const FAILED_JOBS = "NumberOfBackupJobsFailed";
const FAILED_COPIES = "OperationsFailedReplication";

/** Each vault that a plan writes to has an alarm of its own: AWS counts jobs by vault. */
export function failureTold(stack: Stack): Finding[] {
    const vaults = [...new Set(backupRules(stack).flatMap(({ vault }) => vault ?? []))].filter(
        ({ type }) => type === aws.vault,
    );
    const alarms = stack
        .of(aws.alarm)
        .filter((alarm) => [alarm.get("metricName"), ...texts(alarm.get("metricQueries"))].includes(FAILED_JOBS));
    const onAzure = azureRules(stack).length > 0 ? azureFailureTold(stack) : [];
    const onAws = vaults.flatMap((vault) => {
        const alarm = alarms.find((other) =>
            ["metricQueries", "dimensions"].some(
                (property) => other.keys.includes(property) && other.refersTo(property, vault) === true,
            ),
        );
        return alarm ? tellsOfFailure(alarm) : [fail(vault, "no alarm tells of its failed backup jobs")];
    });
    const ofArchives = archives(stack)
        .filter((bucket) => replicationOf(stack, bucket) !== undefined)
        .flatMap((bucket) => copyFailureTold(stack, bucket));
    return [...onAws, ...ofArchives, ...onAzure];
}

/** S3 copies objects after they were written, and counts those that it could not. */
function copyFailureTold(stack: Stack, bucket: Resource): Finding[] {
    const alarm = stack
        .of(aws.alarm)
        .find((one) => one.get("metricName") === FAILED_COPIES && one.refersTo("dimensions", bucket) === true);
    return alarm ? tellsOfFailure(alarm) : [fail(bucket, "no alarm tells of backups in it that could not be copied")];
}

/** Jobs of machines write to the system log, which a log query can watch. */
function azureFailureTold(stack: Stack): Finding[] {
    const alerts = stack.of(azure.queryAlert).filter((alert) =>
        alert.objects("criteria.allOf").some(({ query, operator, threshold }) => {
            const watches = /backup/i.test(String(query)) && /fail/i.test(String(query));
            const from = operator === "GreaterThan" ? 0 : operator === "GreaterThanOrEqual" ? 1 : -1;
            return watches && threshold === from;
        }),
    );
    const [alert] = alerts.filter((each) => each.get("enabled") !== false);
    if (!alert) {
        return [fail(undefined, "no alert tells of failed backup jobs")];
    }
    return receiversOf(stack, alert).length > 0 || alert.list("actions.actionGroups").length > 0
        ? [pass(alert, "tells of failed jobs")]
        : [fail(alert, "actions: it tells nobody")];
}

function tellsOfFailure(alarm: Resource): Finding[] {
    const told = alarm.sourcesOf("alarmActions").length > 0 || alarm.list("alarmActions").length > 0;
    return [
        told ? pass(alarm, "tells of failed jobs") : fail(alarm, "alarmActions: it tells nobody"),
        expectValue(
            alarm,
            "threshold",
            (value) =>
                value === 0 || (value === 1 && alarm.get("comparisonOperator") === "GreaterThanOrEqualToThreshold"),
            "above 0",
        ),
        expectValue(
            alarm,
            "comparisonOperator",
            (value) => shown(value).startsWith("GreaterThan"),
            "GreaterThanThreshold",
        ),
    ];
}
