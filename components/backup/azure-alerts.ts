import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureBackupArgs } from "./azure";

/** Told of every job that failed, and of a day without a dump of the database. */
export function alertOnFailure(name: string, args: AzureBackupArgs, child: { parent: pulumi.Resource }): void {
    if (args.alarmTopicId === undefined || args.workspaceId === undefined) {
        return;
    }
    const { resourceGroupName, workspaceId, alarmTopicId, tags } = args;
    const rule = (part: string, description: string, query: string, times: object, condition: object) =>
        new monitor.ScheduledQueryRule(
            `${name}-${part}`,
            {
                resourceGroupName,
                ruleName: `${name}-${part}`,
                kind: "LogAlert",
                displayName: `${name}-${part}`,
                description: `MinusNow: ${description}`,
                enabled: true,
                severity: 0,
                scopes: [workspaceId],
                autoMitigate: true,
                skipQueryValidation: true,
                ...times,
                criteria: {
                    allOf: [
                        {
                            query,
                            timeAggregation: "Count",
                            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
                            ...condition,
                        },
                    ],
                },
                actions: { actionGroups: [alarmTopicId] },
                tags,
            },
            child,
        );
    rule(
        "failed",
        "a backup job failed",
        "Syslog | where SyslogMessage has 'minusnow-backup-' and SyslogMessage has 'Failed with result'",
        { evaluationFrequency: "PT5M", windowSize: "PT15M" },
        { operator: "GreaterThan", threshold: 0 },
    );
    rule(
        "absent",
        "no dump of the database was completed in a day",
        "Syslog | where SyslogMessage has 'backup of database is complete'",
        { evaluationFrequency: "PT1H", windowSize: "P1D" },
        { operator: "LessThan", threshold: 1 },
    );
}
