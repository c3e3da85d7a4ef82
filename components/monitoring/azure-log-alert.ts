import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import { AlertLevel } from "./contract";

/** Azure counts from 0, critical, to 4. */
export const severities: { [level in AlertLevel]: number } = { warning: 2, critical: 0 };

/** What is asked of logs, and which answer calls for whom. */
export interface LogAlert {
    resourceGroupName: pulumi.Input<string>;
    workspaceId: pulumi.Input<string>;
    description: string;
    level: AlertLevel;
    query: pulumi.Input<string>;
    /** Column whose average is compared. Default: the number of rows is. */
    column?: string;
    operator: "GreaterThan" | "LessThan";
    threshold: number;
    /** Default: a quarter of an hour, asked every five minutes. */
    over?: keyof typeof frequencies;
    actionGroupId: pulumi.Input<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** How often logs of a length are asked, both as ISO 8601 writes durations. */
const frequencies = { PT15M: "PT5M", P1D: "PT1H" };

/** An alert by a query of logs. */
export function createLogAlert(
    ruleName: string,
    { resourceGroupName, workspaceId, level, query, column, operator, threshold, over = "PT15M", ...alert }: LogAlert,
    child: pulumi.CustomResourceOptions,
): monitor.ScheduledQueryRule {
    return new monitor.ScheduledQueryRule(
        ruleName,
        {
            resourceGroupName,
            ruleName,
            kind: "LogAlert",
            displayName: ruleName,
            description: `MinusNow: ${alert.description}`,
            enabled: true,
            severity: severities[level],
            scopes: [workspaceId],
            evaluationFrequency: frequencies[over],
            windowSize: over,
            autoMitigate: true,
            // A new workspace has no table yet that the query could be checked against.
            skipQueryValidation: true,
            criteria: {
                allOf: [
                    {
                        query,
                        timeAggregation: column === undefined ? "Count" : "Average",
                        metricMeasureColumn: column,
                        operator,
                        threshold,
                        failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
                    },
                ],
            },
            actions: { actionGroups: [alert.actionGroupId] },
            tags: alert.tags,
        },
        child,
    );
}
