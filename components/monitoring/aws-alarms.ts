import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as pulumi from "@pulumi/pulumi";
import { thresholds } from "../reference";
import type { AwsMonitoringArgs } from "./aws";
import { probeName, type Query, watchedMetrics, type WatchedMetric } from "./aws-metrics";
import type { Topics } from "./aws-topics";
import { AlertLevel } from "./contract";

/** An alarm with what it is about. */
export interface CreatedAlarm {
    metric: string;
    level: AlertLevel;
    resource: string;
    alarm: cloudwatch.MetricAlarm;
}

const levels = Object.values(AlertLevel);

/** Minutes that a value must be above its threshold, of the last five. */
const MINUTES_ABOVE = 3;

/** A warning and a critical alarm for each of the guide's metrics on each resource (guide, "Alerting Thresholds"). */
export function createAlarms(
    name: string,
    topics: Topics,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): CreatedAlarm[] {
    return watchedMetrics(probeName(name), args).flatMap((watched) =>
        levels.map((level) => ({
            metric: watched.metric,
            level,
            resource: watched.resource,
            alarm: createAlarm(name, watched, level, topics[level], args, child),
        })),
    );
}

function createAlarm(
    name: string,
    { metric, resource, queries, missing }: WatchedMetric,
    level: AlertLevel,
    topic: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): cloudwatch.MetricAlarm {
    const { unit, ...limits } = thresholds.find((threshold) => threshold.metric === metric)!;
    return new cloudwatch.MetricAlarm(
        `${name}-${metric}-${resource}-${level}`,
        {
            alarmDescription: `MinusNow: ${metric} of ${resource} is above ${limits[level]} ${unit}`,
            metricQueries: queries.map(alarmQuery),
            comparisonOperator: "GreaterThanThreshold",
            threshold: limits[level],
            evaluationPeriods: 5,
            datapointsToAlarm: MINUTES_ABOVE,
            treatMissingData: missing,
            alarmActions: [topic],
            okActions: [topic],
            // An agent that falls silent is a warning.
            insufficientDataActions: missing === "missing" && level === AlertLevel.Warning ? [topic] : [],
            tags: { ...args.tags, metric, level },
        },
        child,
    );
}

/** The last query is the one that counts; those before it feed it. */
function alarmQuery(query: Query, place: number, all: Query[]) {
    const { id, expression, namespace, metricName, stat, dimensions } = query;
    const returnData = place === all.length - 1;
    return expression === undefined
        ? {
              id,
              returnData,
              metric: { namespace: namespace!, metricName: metricName!, dimensions, stat: stat!, period: 60 },
          }
        : { id, returnData, expression, label: id };
}
