import { databaseStorageGib, thresholds } from "../../components/reference";
import { shown } from "../rule";
import { aws, azure } from "../types";
import { isObject, type Resource, type Stack, texts } from "../stack";

/** An alarm on one of the guide's metrics. */
export interface MetricAlarm {
    alarm: Resource;
    /** Name of the guide's threshold. */
    metric: string;
    /** The value above which it is raised, in the guide's unit; undefined when it is raised below a value or unknown. */
    threshold: number | undefined;
}

/** Metrics that tell of the guide's, by name. */
const metricNames: {
    pattern: RegExp;
    metric: string;
    cloud: "aws" | "azure";
    convert?: (threshold: number) => number;
}[] = [
    { cloud: "aws", pattern: /^CPUUtilization$/, metric: "cpu" },
    { cloud: "aws", pattern: /^(mem_used_percent|Memory % Committed Bytes In Use)$/, metric: "memory" },
    { cloud: "aws", pattern: /^(disk_used_percent|LogicalDisk % Free Space|FreeStorageSpace)$/, metric: "disk" },
    { cloud: "aws", pattern: /^TargetResponseTime$/, metric: "response-time" },
    { cloud: "aws", pattern: /^HTTPCode_(Target|ELB)_5XX_Count$/, metric: "error-rate" },
    { cloud: "aws", pattern: /^(ReplicaLag|ReplicationLag)$/, metric: "replication-lag" },
    { cloud: "azure", pattern: /^(Percentage CPU|cpu_percent)$/i, metric: "cpu" },
    { cloud: "azure", pattern: /memory/i, metric: "memory" },
    { cloud: "azure", pattern: /(storage_percent|disk)/i, metric: "disk" },
    {
        cloud: "azure",
        pattern: /(ResponseTime|TotalTime|LatencyTime|LastByte)/i,
        metric: "response-time",
        convert: (milliseconds) => milliseconds / 1000,
    },
    {
        cloud: "azure",
        pattern: /^availabilityResults\/duration$/,
        metric: "response-time",
        convert: (milliseconds) => milliseconds / 1000,
    },
    { cloud: "azure", pattern: /(error|failed)|^availabilityResults\/availabilityPercentage$/i, metric: "error-rate" },
    { cloud: "azure", pattern: /replication/i, metric: "replication-lag" },
];

/** The alarms of a stack that watch the guide's metrics. */
export function metricAlarms(stack: Stack): MetricAlarm[] {
    return [
        ...stack.of(aws.alarm).flatMap(awsAlarm),
        ...stack.of(azure.metricAlert, azure.queryAlert).flatMap(azureAlarm),
    ];
}

function awsAlarm(alarm: Resource): MetricAlarm[] {
    const names = [alarm.text("metricName"), ...texts(alarm.get("metricQueries"))].filter((name) => name !== undefined);
    const known =
        ofProbes(alarm) ??
        metricNames.find(({ cloud, pattern }) => cloud === "aws" && names.some((name) => pattern.test(name)));
    if (!known) {
        return [];
    }
    const isLate = (alarm.number("period") ?? 60) * (alarm.number("evaluationPeriods") ?? 1) > LATEST_SECONDS;
    return isLate ? [] : [{ alarm, metric: known.metric, threshold: awsThreshold(alarm, names) }];
}

/** What probes from outside measure, where a balancer sees no requests: an alarm on an expression over all of them. */
function ofProbes(alarm: Resource): { metric: string } | undefined {
    const queries = texts(alarm.get("metricQueries"));
    if (!queries.includes(PROBES)) {
        return undefined;
    }
    return queries.includes("Latency") ? { metric: "response-time" } : { metric: "error-rate" };
}

/** Namespace of the probes' metrics. */
const PROBES = "MinusNow";

/** Whether an alarm is on what probes from outside measure. */
export const isOfProbes = (alarm: Resource) =>
    ofProbes(alarm) !== undefined ||
    alarm.objects("criteria.allOf").some(({ metricName }) => String(metricName).startsWith("availabilityResults/"));

/** An alarm that is raised later than this does not warn of anything. */
const LATEST_SECONDS = 3600;
const BYTES_PER_GIB = 1024 ** 3;

/** Free storage is told in bytes, and an alarm on it raised below a value: it counts against what the database was made with. */
function awsThreshold(alarm: Resource, names: string[]): number | undefined {
    const above = shown(alarm.get("comparisonOperator")).startsWith("GreaterThan");
    const threshold = alarm.number("threshold");
    const isFreeBytes = alarm.text("metricName") === "FreeStorageSpace";
    if (isFreeBytes) {
        return above || threshold === undefined
            ? undefined
            : 100 * (1 - threshold / (databaseStorageGib * BYTES_PER_GIB));
    }
    return above && names.length > 0 ? threshold : undefined;
}

function azureAlarm(alarm: Resource): MetricAlarm[] {
    const conditions = alarm.objects("criteria.allOf");
    return conditions.flatMap((condition) => {
        // What a log query measures is told by the query where its column's name does not; one that counts rows measures nothing.
        const measures = condition["metricName"] !== undefined || condition["metricMeasureColumn"] !== undefined;
        const names = ["metricName", "metricMeasureColumn", "query"].map((key) =>
            measures ? condition[key] : undefined,
        );
        const known = names
            .filter((name) => typeof name === "string")
            .map((name) => metricNames.find(({ cloud, pattern }) => cloud === "azure" && pattern.test(name)))
            .find((found) => found !== undefined);
        const value = condition["threshold"];
        if (!known || typeof value !== "number") {
            return [];
        }
        const above = /^(GreaterThan|gt)/i.test(String(condition["operator"]));
        const converted = known.convert?.(value) ?? value;
        // Azure tells the share of memory that is available and of probes that succeed, so alarms are raised below a value.
        const isShareLeft = names.some(
            (name) => typeof name === "string" && /available|availabilityPercentage/i.test(name),
        );
        const threshold = isShareLeft === above ? undefined : above ? converted : 100 - converted;
        return [{ alarm, metric: known.metric, threshold }];
    });
}

/** The guide's threshold of a metric. */
export function guideThreshold(metric: string) {
    return thresholds.find((threshold) => threshold.metric === metric)!;
}

/** What an alarm tells: topics on AWS, action groups on Azure. */
export function receiversOf(stack: Stack, alarm: Resource): Resource[] {
    return alarm.type === aws.alarm || alarm.type === aws.compositeAlarm
        ? stack.of(aws.topic).filter((topic) => alarm.refersTo("alarmActions", topic) === true)
        : stack.of(azure.actionGroup).filter((group) => alarm.refersTo("actions", group) === true);
}

/** Whether an alarm watches a resource; machines of a database publish what is theirs together under their tag. */
export function watches(alarm: Resource, resource: Resource): boolean {
    const tag = resource.get("tags.minusnow-servers");
    if (typeof tag === "string" && databaseDimension(alarm) === tag) {
        return true;
    }
    return ["metricQueries", "dimensions", "scopes", "criteria"].some(
        (property) => alarm.keys.includes(property) && alarm.refersTo(property, resource) === true,
    );
}

function databaseDimension(alarm: Resource): unknown {
    const queried = alarm.objects("metricQueries").map(({ metric }) => (isObject(metric) ? metric["dimensions"] : {}));
    return [alarm.get("dimensions"), ...queried]
        .map((dimensions) => (isObject(dimensions) ? dimensions["Database"] : undefined))
        .find((database) => database !== undefined);
}
