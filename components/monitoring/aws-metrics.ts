import type * as pulumi from "@pulumi/pulumi";
import { DATABASE_NAMESPACE } from "../database/host/settings";
import { AGENT_NAMESPACE } from "./aws-agent";
import { LoadBalancerKind } from "../load-balancer/contract";
import { healthEndpoints } from "../reference";
import type { AwsMonitoringArgs } from "./aws";
import { PROBE_NAMESPACE } from "./probe/handler";

/** One line of a CloudWatch metric query: a metric, or an expression over the lines before it. */
export interface Query {
    id: string;
    expression?: string;
    namespace?: string;
    metricName?: string;
    stat?: string;
    dimensions?: { [name: string]: pulumi.Input<string> };
}

/** One of the guide's metrics on one resource. */
export interface WatchedMetric {
    /** Name of the guide's threshold. */
    metric: string;
    /** What is watched, for example `app1`. */
    resource: string;
    /** The last one gives the value. */
    queries: Query[];
    /** What no data means. */
    missing: "missing" | "breaching" | "notBreaching";
}

const BYTES_PER_GIB = 1024 ** 3;

/** Name of a deployment's probes, which is a dimension of their metrics. */
export const probeName = (name: string) => `${name}-probe`;

/** Whether the load balancer tells metrics of requests. */
export function seesRequests({ loadBalancerKind = LoadBalancerKind.Managed }: AwsMonitoringArgs): boolean {
    return loadBalancerKind === LoadBalancerKind.Managed;
}

/** The guide's six metrics on everything that has them; `probe` is the name of the probes. */
export function watchedMetrics(probe: string, args: AwsMonitoringArgs): WatchedMetric[] {
    const { replicaId } = args;
    return [
        ...args.memberIds.flatMap((id, place) =>
            args.membersRunWindows ? windowsMetrics(`app${place + 1}`, id) : serverMetrics(`app${place + 1}`, id),
        ),
        ...(args.otherMachines ?? []).flatMap(({ names, ids, dataPath }) =>
            ids.flatMap((id, place) => serverMetrics(names[place]!, id, dataPath)),
        ),
        ...(args.databaseId === undefined ? [] : databaseMetrics("primary", args.databaseId, args.databaseStorageGib)),
        ...(replicaId === undefined ? [] : databaseMetrics("replica", replicaId, args.databaseStorageGib)),
        ...(seesRequests(args) ? [responseTime(args), errorRate(args)] : [probedTime(probe), probedErrors(probe)]),
        ...(replicaId === undefined ? [] : [replicationLag(replicaId)]),
        ...(args.databaseMetrics === undefined ? [] : [standbyLag(args.databaseMetrics)]),
    ];
}

const cpuOf = (resource: string, id: pulumi.Input<string>): WatchedMetric => ({
    metric: "cpu",
    resource,
    queries: [query("AWS/EC2", "CPUUtilization", "Average", { InstanceId: id })],
    missing: "missing",
});

function serverMetrics(resource: string, id: pulumi.Input<string>, dataPath?: string): WatchedMetric[] {
    const dimensions = { InstanceId: id };
    const agent = (metric: string, metricName: string, more = {}): WatchedMetric => ({
        metric,
        resource,
        queries: [query(AGENT_NAMESPACE, metricName, "Average", { ...dimensions, ...more })],
        missing: "missing",
    });
    return [
        cpuOf(resource, id),
        agent("memory", "mem_used_percent"),
        agent("disk", "disk_used_percent", { path: "/" }),
        ...(dataPath === undefined
            ? []
            : [{ ...agent("disk", "disk_used_percent", { path: dataPath }), resource: `${resource}-data` }]),
    ];
}

/** The agent of Windows has other names, and tells what is free of a disk. */
function windowsMetrics(resource: string, id: pulumi.Input<string>): WatchedMetric[] {
    const dimensions = { InstanceId: id };
    return [
        cpuOf(resource, id),
        {
            metric: "memory",
            resource,
            queries: [query(AGENT_NAMESPACE, "Memory % Committed Bytes In Use", "Average", dimensions)],
            missing: "missing",
        },
        {
            metric: "disk",
            resource,
            queries: [
                query(
                    AGENT_NAMESPACE,
                    "LogicalDisk % Free Space",
                    "Average",
                    { ...dimensions, instance: "C:" },
                    "free",
                ),
                { id: "used", expression: "100 - free" },
            ],
            missing: "missing",
        },
    ];
}

/** RDS tells free bytes; what counts against them is the storage that the database was made with. */
function databaseMetrics(resource: string, id: pulumi.Input<string>, storageGib: number): WatchedMetric[] {
    const dimensions = { DBInstanceIdentifier: id };
    const used = `100 * (1 - free / ${storageGib * BYTES_PER_GIB})`;
    return [
        {
            metric: "cpu",
            resource,
            queries: [query("AWS/RDS", "CPUUtilization", "Average", dimensions)],
            missing: "missing",
        },
        {
            metric: "disk",
            resource,
            queries: [
                query("AWS/RDS", "FreeStorageSpace", "Average", dimensions, "free"),
                { id: "used", expression: used },
            ],
            missing: "missing",
        },
    ];
}

/** The time that the slowest twentieth of requests takes at least: an average hides it. */
function responseTime({ loadBalancerSuffix }: AwsMonitoringArgs): WatchedMetric {
    const dimensions = { LoadBalancer: loadBalancerSuffix };
    return {
        metric: "response-time",
        resource: "service",
        queries: [query("AWS/ApplicationELB", "TargetResponseTime", "p95", dimensions)],
        missing: "notBreaching",
    };
}

/** Failures of the servers and of the balancer; what it answers itself because no server can is not among the requests. */
function errorRate({ loadBalancerSuffix }: AwsMonitoringArgs): WatchedMetric {
    const count = (id: string, metricName: string) =>
        query("AWS/ApplicationELB", metricName, "Sum", { LoadBalancer: loadBalancerSuffix }, id);
    return {
        metric: "error-rate",
        resource: "service",
        queries: [
            count("requests", "RequestCount"),
            count("target", "HTTPCode_Target_5XX_Count"),
            count("balancer", "HTTPCode_ELB_5XX_Count"),
            {
                id: "rate",
                expression:
                    "IF(FILL(requests, 0) + FILL(balancer, 0) > 0, 100 * (FILL(target, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(balancer, 0)), 0)",
            },
        ],
        missing: "notBreaching",
    };
}

/** The time that the slowest endpoint takes, as users outside see it. */
function probedTime(probe: string): WatchedMetric {
    const endpoints = Object.keys(healthEndpoints);
    return {
        metric: "response-time",
        resource: "service",
        queries: [
            ...endpoints.map((endpoint) => probeQuery(probe, endpoint, "Latency", "Maximum")),
            { id: "seconds", expression: `MAX([${endpoints.join(", ")}]) / 1000` },
        ],
        missing: "notBreaching",
    };
}

/** The share of probes that fail within five minutes. */
function probedErrors(probe: string): WatchedMetric {
    const endpoints = Object.keys(healthEndpoints);
    return {
        metric: "error-rate",
        resource: "service",
        queries: [
            ...endpoints.map((endpoint) => probeQuery(probe, endpoint, "Healthy", "Average")),
            { id: "rate", expression: `100 * (1 - AVG([${endpoints.join(", ")}]))` },
        ],
        missing: "notBreaching",
    };
}

const probeQuery = (probe: string, endpoint: string, metricName: string, stat: string) =>
    query(PROBE_NAMESPACE, metricName, stat, { Deployment: probe, Endpoint: endpoint }, endpoint);

/** RDS reports -1 when replication has stopped and nothing when the replica is gone: both are worse than any lag. */
function replicationLag(replicaId: pulumi.Input<string>): WatchedMetric {
    const dimensions = { DBInstanceIdentifier: replicaId };
    return {
        metric: "replication-lag",
        resource: "replica",
        queries: [
            query("AWS/RDS", "ReplicaLag", "Maximum", dimensions, "lag"),
            { id: "seconds", expression: "IF(lag < 0, 86400, lag)" },
        ],
        missing: "breaching",
    };
}

/** The primary tells a day where there is no standby; nobody tells anything where there is no primary. */
function standbyLag(database: pulumi.Input<string>): WatchedMetric {
    return {
        metric: "replication-lag",
        resource: "standby",
        queries: [query(DATABASE_NAMESPACE, "ReplicationLag", "Maximum", { Database: database })],
        missing: "breaching",
    };
}

function query(
    namespace: string,
    metricName: string,
    stat: string,
    dimensions: { [name: string]: pulumi.Input<string> },
    id = "value",
): Query {
    return { id, namespace, metricName, stat, dimensions };
}
