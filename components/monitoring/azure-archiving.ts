import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";
import { severities } from "./azure-alerts";
import { METRICS_QUERY } from "./azure-metrics";
import type { ActionGroups } from "./azure-receivers";
import { AlertLevel } from "./contract";

/**
 * Write-ahead log that cannot be archived is missing in every restore, and fills the disk of a database on machines; what
 * they back up by themselves is told by them.
 */
export function alertOnArchiving(
    name: string,
    workspaceId: pulumi.Input<string>,
    groups: ActionGroups,
    args: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const { resourceGroupName, databaseId, tags } = args;
    if (databaseId !== undefined) {
        return;
    }
    const rule = (ruleName: string, description: string, query: string, times: object, condition: object) =>
        new monitor.ScheduledQueryRule(
            ruleName,
            {
                resourceGroupName,
                ruleName,
                kind: "LogAlert",
                displayName: ruleName,
                description: `MinusNow: ${description}`,
                enabled: true,
                severity: severities[AlertLevel.Critical],
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
                actions: { actionGroups: [groups[AlertLevel.Critical]] },
                tags,
            },
            child,
        );
    rule(
        name,
        "the database's write-ahead log could not be archived for 15 minutes",
        `${METRICS_QUERY}\n| where toint(told.ArchiveFailing) == 0`,
        { evaluationFrequency: "PT5M", windowSize: "PT15M" },
        { operator: "LessThan", threshold: 1 },
    );
    rule(
        `${name}-absent`,
        "a day without a backup of the database by its machines",
        `${METRICS_QUERY}\n| where isnotnull(told.BackupsMade)`,
        { evaluationFrequency: "PT1H", windowSize: "P1D" },
        { operator: "LessThan", threshold: 1 },
    );
}
