import * as cloudwatch from "@pulumi/aws/cloudwatch";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { type Threshold, thresholds } from "../reference";
import type { AwsMonitoringArgs } from "./aws";
import { probeName, type Query, watchedMetrics, type WatchedMetric } from "./aws-metrics";

const COLUMNS = 2;
const WIDTH = 12;
const HEIGHT = 6;

/** One graph for each of the guide's metrics, with its thresholds drawn as lines. */
export function createDashboard(
    name: string,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const region = getRegionOutput({}, child).region;
    const watched = watchedMetrics(probeName(name), args);
    const widgets = thresholds
        .filter(({ metric }) => watched.some((other) => other.metric === metric))
        .map((threshold, place) => ({
            type: "metric",
            x: (place % COLUMNS) * WIDTH,
            y: Math.floor(place / COLUMNS) * HEIGHT,
            width: WIDTH,
            height: HEIGHT,
            properties: graph(threshold, watched, region),
        }));
    const dashboard = new cloudwatch.Dashboard(
        name,
        { dashboardName: pulumi.interpolate`${name}-${region}`, dashboardBody: pulumi.jsonStringify({ widgets }) },
        child,
    );
    return dashboard.dashboardName;
}

function graph({ metric, unit, warning, critical }: Threshold, all: WatchedMetric[], region: pulumi.Output<string>) {
    const lines = all.filter((watched) => watched.metric === metric);
    return {
        title: `${metric} (${unit})`,
        region,
        period: 60,
        view: "timeSeries",
        metrics: lines.flatMap(({ resource, queries }, line) => graphLine(queries, `l${line}`, resource)),
        annotations: {
            horizontal: [
                { label: "warning", value: warning, color: "#ff7f0e" },
                { label: "critical", value: critical, color: "#d62728" },
            ],
        },
        yAxis: { left: { min: 0 } },
    };
}

/** Ids are unique within a graph, so each line's queries carry the line's prefix, also where an expression names them. */
function graphLine(queries: Query[], prefix: string, label: string): unknown[][] {
    const ids = new RegExp(`\\b(${queries.map(({ id }) => id).join("|")})\\b`, "g");
    return queries.map(({ id, expression, namespace, metricName, stat, dimensions = {} }, place) => {
        const line = { id: `${prefix}${id}`, label, visible: place === queries.length - 1 };
        return expression !== undefined
            ? [{ ...line, expression: expression.replace(ids, `${prefix}$1`) }]
            : [namespace, metricName, ...Object.entries(dimensions).flat(), { ...line, stat }];
    });
}
