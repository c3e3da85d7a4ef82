import * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoredMachine, AzureMonitoringArgs } from "./azure";

/** One of the guide's metrics on one resource, as Azure measures it. */
export interface WatchedMetric {
    /** Name of the guide's threshold. */
    metric: string;
    /** What is watched, for example `app1`. */
    resource: string;
    /** Id of the resource that has the metric; the workspace where a query tells it. */
    scope: pulumi.Input<string>;
    /** Name and namespace of a metric; absent where a query tells it. */
    source?: MetricSource;
    /** A log query that gives one number, in a column named as the guide's metric. */
    query?: pulumi.Input<string>;
}

/** A metric of the platform. */
export interface MetricSource {
    namespace: string;
    name: string;
    aggregation: "Average" | "Maximum";
    /** Turns the guide's threshold into the metric's unit. */
    threshold: (value: number) => number;
    /** Memory is told as what is available, so its alert is raised below a value. */
    below?: boolean;
    /** Which part of the metric, by its dimension. Default: all of it. */
    only?: { dimension: string; value: string };
    /** How much time is looked at. Default five minutes. */
    window?: string;
}

/** Where metrics are found that belong to no watched resource. */
export interface Sources {
    /** Id of the workspace with the logs. */
    workspaceId: pulumi.Input<string>;
    /** Id of the component with the probes' results. */
    probesId: pulumi.Input<string>;
    /** Name of the probe of the basic endpoint. */
    probe: string;
}

const same = (value: number) => value;
const MACHINE = "Microsoft.Compute/virtualMachines";
const DATABASE = "Microsoft.DBforPostgreSQL/flexibleServers";
const GATEWAY = "Microsoft.Network/applicationGateways";
const PROBES = "microsoft.insights/components";

/** The guide's six metrics on everything that has them. */
export function watchedMetrics(sources: Sources, args: AzureMonitoringArgs): WatchedMetric[] {
    const { workspaceId } = sources;
    const { databaseId, replicaId } = args;
    return [
        ...args.memberIds.flatMap((id, place) =>
            serverMetrics(`app${place + 1}`, id, workspaceId, args.membersRunWindows),
        ),
        ...(args.otherMachines ?? []).flatMap((machine) => otherMetrics(machine, workspaceId)),
        ...(databaseId === undefined ? [standbyLag(workspaceId)] : databaseMetrics("primary", databaseId)),
        ...(replicaId === undefined ? [] : databaseMetrics("replica", replicaId)),
        ...serviceMetrics(sources, args),
        ...(replicaId === undefined ? [] : [replicationLag(replicaId)]),
    ];
}

function otherMetrics(
    { part, id, dataPath }: AzureMonitoredMachine,
    workspaceId: pulumi.Input<string>,
): WatchedMetric[] {
    const data = { metric: "disk", resource: `${part}-data`, scope: workspaceId, query: diskQuery(id, dataPath) };
    return [...serverMetrics(part, id, workspaceId), ...(dataPath === undefined ? [] : [data])];
}

/** Azure has no metric of a machine's disk, so the agent's counter is asked for. */
function serverMetrics(
    resource: string,
    id: pulumi.Input<string>,
    workspaceId: pulumi.Input<string>,
    runsWindows = false,
): WatchedMetric[] {
    return [
        {
            metric: "cpu",
            resource,
            scope: id,
            source: { namespace: MACHINE, name: "Percentage CPU", aggregation: "Average", threshold: same },
        },
        {
            metric: "memory",
            resource,
            scope: id,
            source: {
                namespace: MACHINE,
                name: "Available Memory Percentage",
                aggregation: "Average",
                threshold: (used) => 100 - used,
                below: true,
            },
        },
        { metric: "disk", resource, scope: workspaceId, query: runsWindows ? windowsDiskQuery(id) : diskQuery(id) },
    ];
}

function diskQuery(id: pulumi.Input<string>, place = "/"): pulumi.Output<string> {
    return pulumi
        .output(id)
        .apply((machine) =>
            [
                "Perf",
                `| where _ResourceId =~ '${machine}'`,
                `| where ObjectName == 'Logical Disk' and CounterName == '% Used Space' and InstanceName == '${place}'`,
                "| summarize disk = avg(CounterValue) by bin(TimeGenerated, 5m), _ResourceId",
            ].join("\n"),
        );
}

/** Windows counts what is free. */
function windowsDiskQuery(id: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi
        .output(id)
        .apply((machine) =>
            [
                "Perf",
                `| where _ResourceId =~ '${machine}'`,
                "| where ObjectName == 'LogicalDisk' and CounterName == '% Free Space' and InstanceName == 'C:'",
                "| summarize disk = 100.0 - avg(CounterValue) by bin(TimeGenerated, 5m), _ResourceId",
            ].join("\n"),
        );
}

function databaseMetrics(resource: string, scope: pulumi.Input<string>): WatchedMetric[] {
    const metric = (name: string, source: string): WatchedMetric => ({
        metric: name,
        resource,
        scope,
        source: { namespace: DATABASE, name: source, aggregation: "Average", threshold: same },
    });
    return [metric("cpu", "cpu_percent"), metric("memory", "memory_percent"), metric("disk", "storage_percent")];
}

/** A gateway sees every request. What hands connections on sees none: then it is what probes from outside find. */
function serviceMetrics({ workspaceId, ...probes }: Sources, { gatewayId }: AzureMonitoringArgs): WatchedMetric[] {
    return gatewayId === undefined
        ? [probedTime(probes), probedErrors(probes)]
        : [responseTime(gatewayId), errorRate(workspaceId, gatewayId)];
}

type Probes = Omit<Sources, "workspaceId">;
const PROBE = "availabilityResult/name";

/** Milliseconds that probes take, from places all over the world. */
function probedTime({ probesId: scope, probe }: Probes): WatchedMetric {
    return {
        metric: "response-time",
        resource: "service",
        scope,
        source: {
            namespace: PROBES,
            name: "availabilityResults/duration",
            only: { dimension: PROBE, value: probe },
            aggregation: "Average",
            threshold: (seconds) => seconds * 1000,
        },
    };
}

/**
 * The share of probes that fail; Azure tells that of those that do not. Five places ask in five minutes, so that one that has
 * trouble of its own is far below a critical share only in half an hour.
 */
function probedErrors({ probesId: scope, probe }: Probes): WatchedMetric {
    return {
        metric: "error-rate",
        resource: "service",
        scope,
        source: {
            namespace: PROBES,
            name: "availabilityResults/availabilityPercentage",
            only: { dimension: PROBE, value: probe },
            window: "PT30M",
            aggregation: "Average",
            threshold: (failed) => 100 - failed,
            below: true,
        },
    };
}

/** Milliseconds from the first byte of a request to the last of the answer. */
function responseTime(gatewayId: pulumi.Input<string>): WatchedMetric {
    return {
        metric: "response-time",
        resource: "service",
        scope: gatewayId,
        source: {
            namespace: GATEWAY,
            name: "ApplicationGatewayTotalTime",
            aggregation: "Average",
            threshold: (seconds) => seconds * 1000,
        },
    };
}

/** A share of requests is no metric of the gateway, so its access log is counted. */
function errorRate(scope: pulumi.Input<string>, gatewayId: pulumi.Input<string>): WatchedMetric {
    const query = pulumi
        .output(gatewayId)
        .apply((gateway) =>
            [
                "AGWAccessLogs",
                `| where _ResourceId =~ '${gateway}'`,
                "| summarize requests = count(), failed = countif(HttpStatus >= 500) by bin(TimeGenerated, 5m), _ResourceId",
                "| extend errorRate = 100.0 * failed / requests",
            ].join("\n"),
        );
    return { metric: "error-rate", resource: "service", scope, query };
}

/** What machines of a database tell in their log, as a column `told`. */
export const METRICS_QUERY = [
    "Syslog",
    "| where SyslogMessage startswith 'minusnow-metrics '",
    "| extend told = parse_json(substring(SyslogMessage, 17))",
].join("\n");

/** The primary tells a day where there is no standby; the same where nobody tells anything. */
function standbyLag(scope: pulumi.Input<string>): WatchedMetric {
    const query = `${METRICS_QUERY}\n| summarize replicationLag = coalesce(max(toreal(told.ReplicationLag)), 86400.0)`;
    return { metric: "replication-lag", resource: "standby", scope, query };
}

function replicationLag(scope: pulumi.Input<string>): WatchedMetric {
    return {
        metric: "replication-lag",
        resource: "replica",
        scope,
        source: {
            namespace: DATABASE,
            name: "physical_replication_delay_in_seconds",
            aggregation: "Maximum",
            threshold: same,
        },
    };
}
