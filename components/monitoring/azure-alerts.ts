import * as monitor from "@pulumi/azure-native/monitor";
import * as pulumi from "@pulumi/pulumi";
import { thresholds } from "../reference";
import type { AzureMonitoringArgs } from "./azure";
import { createLogAlert, severities } from "./azure-log-alert";
import { type MetricSource, type Sources, watchedMetrics, type WatchedMetric } from "./azure-metrics";
import type { ActionGroups } from "./azure-receivers";
import { type Alert, AlertLevel } from "./contract";

const levels = Object.values(AlertLevel);

type Child = { parent: pulumi.Resource };

/** A warning and a critical alert for each of the guide's metrics on each resource (guide, "Alerting Thresholds"). */
export function createAlerts(
    name: string,
    sources: Sources,
    groups: ActionGroups,
    args: AzureMonitoringArgs,
    child: Child,
): pulumi.Output<Alert>[] {
    return watchedMetrics(sources, args).flatMap((watched) =>
        levels.map((level) => {
            const { metric, resource } = watched;
            const alertName = `${name}-${metric}-${resource}-${level}`;
            const rule = watched.source
                ? metricAlert(alertName, watched, watched.source, level, groups, args, child)
                : queryAlert(alertName, watched, level, groups, args, child);
            return rule.id.apply((id) => ({ metric, level, resource, id }));
        }),
    );
}

function limit(metric: string, level: AlertLevel): number {
    return thresholds.find((threshold) => threshold.metric === metric)![level];
}

function describe({ metric, resource }: WatchedMetric, level: AlertLevel): string {
    const { unit } = thresholds.find((threshold) => threshold.metric === metric)!;
    return `${metric} of ${resource} is above ${limit(metric, level)} ${unit}`;
}

function metricAlert(
    ruleName: string,
    watched: WatchedMetric,
    source: MetricSource,
    level: AlertLevel,
    groups: ActionGroups,
    { resourceGroupName, tags }: AzureMonitoringArgs,
    child: Child,
): monitor.MetricAlert {
    return new monitor.MetricAlert(
        ruleName,
        {
            resourceGroupName,
            ruleName,
            location: "global",
            description: `MinusNow: ${describe(watched, level)}`,
            enabled: true,
            severity: severities[level],
            scopes: [watched.scope],
            evaluationFrequency: "PT1M",
            windowSize: source.window ?? "PT5M",
            autoMitigate: true,
            criteria: {
                odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                allOf: [
                    {
                        criterionType: "StaticThresholdCriterion",
                        name: watched.metric,
                        metricNamespace: source.namespace,
                        metricName: source.name,
                        ...(source.only && {
                            dimensions: [
                                { name: source.only.dimension, operator: "Include", values: [source.only.value] },
                            ],
                        }),
                        timeAggregation: source.aggregation,
                        operator: source.below ? "LessThan" : "GreaterThan",
                        threshold: source.threshold(limit(watched.metric, level)),
                    },
                ],
            },
            actions: [{ actionGroupId: groups[level] }],
            tags: { ...tags, metric: watched.metric, level },
        },
        child,
    );
}

/** Columns of the queries by the guide's metric: a column's name has no dash. */
const columns: Record<string, string> = {
    disk: "disk",
    "error-rate": "errorRate",
    "replication-lag": "replicationLag",
};

function queryAlert(
    ruleName: string,
    watched: WatchedMetric,
    level: AlertLevel,
    groups: ActionGroups,
    { resourceGroupName, tags }: AzureMonitoringArgs,
    child: Child,
): monitor.ScheduledQueryRule {
    const { metric, scope: workspaceId, query } = watched;
    return createLogAlert(
        ruleName,
        {
            resourceGroupName,
            workspaceId,
            description: describe(watched, level),
            level,
            query: query!,
            column: columns[metric]!,
            operator: "GreaterThan",
            threshold: limit(metric, level),
            actionGroupId: groups[level],
            tags: { ...tags, metric, level },
        },
        child,
    );
}
