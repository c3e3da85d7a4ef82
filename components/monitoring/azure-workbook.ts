import * as applicationinsights from "@pulumi/azure-native/applicationinsights";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { type Threshold, thresholds } from "../reference";
import type { AzureMonitoringArgs } from "./azure";
import { type MetricSource, type Sources, watchedMetrics, type WatchedMetric } from "./azure-metrics";

/** Azure Monitor's numbers for how values of a minute become one. */
const aggregations = { Average: 4, Maximum: 3 } as const;
const HOUR_MS = 3_600_000;

/** One graph for each of the guide's metrics, with its thresholds in the title. */
export function createWorkbook(
    name: string,
    sources: Sources,
    args: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { workspaceId } = sources;
    const watched = watchedMetrics(sources, args);
    const items = thresholds.flatMap((threshold) => {
        const lines = watched.filter(({ metric }) => metric === threshold.metric);
        const measured = lines.filter(({ source }) => source !== undefined);
        const asked = lines.filter(({ query }) => query !== undefined);
        const kinds = [...new Set(measured.map(({ source }) => source!.name))];
        return [
            ...kinds.map((kind) =>
                graph(
                    threshold,
                    measured.filter(({ source }) => source!.name === kind),
                ),
            ),
            ...asked.map((line) => queryGraph(threshold, line, workspaceId)),
        ];
    });
    const serializedData = pulumi.jsonStringify({
        version: "Notebook/1.0",
        items: items.map((content, place) => ({ ...content, name: `graph-${place + 1}`, customWidth: "50" })),
        isLocked: false,
        fallbackResourceIds: ["Azure Monitor"],
    });
    return new applicationinsights.Workbook(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            resourceName: new RandomUuid(name, {}, child).result,
            displayName: name,
            kind: "shared",
            category: "workbook",
            sourceId: workspaceId,
            serializedData,
            tags: args.tags,
        },
        child,
    ).id;
}

function title({ metric, unit, warning, critical }: Threshold): string {
    return `${metric} (${unit}): warning above ${warning}, critical above ${critical}`;
}

function graph(threshold: Threshold, lines: WatchedMetric[]) {
    const { namespace, name, aggregation } = lines[0]!.source as MetricSource;
    const resourceType = namespace.toLowerCase();
    return {
        type: 10,
        content: {
            version: "MetricsItem/2.0",
            size: 0,
            chartType: 2,
            resourceType,
            metricScope: 0,
            resourceIds: lines.map(({ scope }) => scope),
            timeContext: { durationMs: HOUR_MS },
            metrics: [
                {
                    namespace: resourceType,
                    metric: `${resourceType}--${name}`,
                    aggregation: aggregations[aggregation],
                    splitBy: null,
                },
            ],
            title: title(threshold),
        },
    };
}

function queryGraph(threshold: Threshold, { resource, query }: WatchedMetric, workspaceId: pulumi.Input<string>) {
    return {
        type: 3,
        content: {
            version: "KqlItem/1.0",
            query,
            size: 0,
            title: `${title(threshold)} – ${resource}`,
            timeContext: { durationMs: HOUR_MS },
            queryType: 0,
            resourceType: "microsoft.operationalinsights/workspaces",
            crossComponentResources: [workspaceId],
            visualization: "timechart",
        },
    };
}
