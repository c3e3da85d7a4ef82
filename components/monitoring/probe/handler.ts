/** Namespace of the metrics that the probe writes. */
export const PROBE_NAMESPACE = "MinusNow";

/** Seconds after which an answer counts as none: the guide's critical response time. */
const TIMEOUT_SECONDS = 5;

/** A health endpoint to ask. */
export interface Target {
    endpoint: string;
    url: string;
}

/** How an endpoint answered. */
export interface ProbeResult {
    endpoint: string;
    healthy: boolean;
    milliseconds: number;
    /** Why it is not healthy. */
    reason?: string;
}

/** Runs in AWS Lambda: asks every endpoint and writes the answers as metrics in CloudWatch's embedded format. */
export async function handler(): Promise<void> {
    const targets = JSON.parse(process.env["TARGETS"] ?? "[]") as Target[];
    const results = await Promise.all(targets.map(probe));
    for (const result of results) {
        // The console would put a prefix before it, and CloudWatch would find no metric.
        process.stdout.write(`${JSON.stringify(asMetric(result, process.env["DEPLOYMENT"] ?? ""))}\n`);
    }
}

/** Asks one endpoint; healthy is status 200 in time, without following a redirect. */
export async function probe({ endpoint, url }: Target): Promise<ProbeResult> {
    const started = Date.now();
    const result = (healthy: boolean, reason?: string) => ({
        endpoint,
        healthy,
        milliseconds: Date.now() - started,
        ...(reason !== undefined && { reason }),
    });
    try {
        const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
        const response = await fetch(url, { redirect: "manual", signal });
        await response.arrayBuffer();
        return response.status === 200 ? result(true) : result(false, `status ${response.status}`);
    } catch (error) {
        const { cause } = error as { cause?: Error };
        return result(false, (cause ?? (error as Error)).message);
    }
}

/** A log entry from which CloudWatch takes the metrics `Healthy` (0 or 1) and `Latency`. */
export function asMetric({ endpoint, healthy, milliseconds, reason }: ProbeResult, deployment: string) {
    return {
        _aws: {
            Timestamp: Date.now(),
            CloudWatchMetrics: [
                {
                    Namespace: PROBE_NAMESPACE,
                    Dimensions: [["Deployment", "Endpoint"]],
                    Metrics: [{ Name: "Healthy" }, { Name: "Latency", Unit: "Milliseconds" }],
                },
            ],
        },
        Deployment: deployment,
        Endpoint: endpoint,
        Healthy: healthy ? 1 : 0,
        Latency: milliseconds,
        ...(reason !== undefined && { reason }),
    };
}
