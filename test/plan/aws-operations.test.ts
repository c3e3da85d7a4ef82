import { beforeAll, describe, expect, it } from "vitest";
import { backupStrategy, thresholds } from "../../components/reference";
import { planned, type PlannedStack } from "../support/plans";

const cases = ["aws-dev", "aws-staging", "aws-prod"].flatMap((stack) => [
    { stack, mode: "resolved", unknowns: false },
    { stack, mode: "with unknown values", unknowns: true },
]);

describe.each(cases)("operations of $stack, $mode", ({ stack, unknowns }) => {
    let at: PlannedStack;
    beforeAll(async () => {
        at = await planned(stack, unknowns);
    });
    const hasReplica = stack !== "aws-dev";
    const isProduction = stack === "aws-prod";

    it("alerting thresholds: a warning and a critical alarm for each of the guide's metrics, to different topics", () => {
        for (const { metric, warning, critical } of thresholds) {
            const alarms = at
                .all("cloudwatch.MetricAlarm")
                .map(({ inputs, propertyDependencies }) => ({ inputs, propertyDependencies }))
                .filter(({ inputs }) => (inputs["tags"] as Record<string, string>)["metric"] === metric);
            const expected = metric === "replication-lag" && !hasReplica ? [] : [warning, critical];
            expect([...new Set(alarms.map(({ inputs }) => inputs["threshold"]))], metric).toEqual(expected);
            for (const { inputs, propertyDependencies } of alarms) {
                const level = inputs["threshold"] === warning ? "warning" : "critical";
                const topics = propertyDependencies["alarmActions"]!.filter((urn) => urn.includes("sns/topic"));
                expect(topics.map((urn) => urn.split("::").at(-1))).toEqual([
                    `minusnow-${stack.slice(4)}-watch-${level}`,
                ]);
            }
        }
    });

    it("monitoring: topics are encrypted by a key that alarms may use", () => {
        const key = at.one("kms.Key", "-topics");
        expect(key.inputs["enableKeyRotation"]).toBe(true);
        const policy = unknowns ? "" : (key.inputs["policy"] as string);
        if (!unknowns) {
            expect(policy).toContain("cloudwatch.amazonaws.com");
            expect(policy).toContain("kms:GenerateDataKey*");
        }
        for (const topic of at.all("sns.Topic")) {
            expect(topic.propertyDependencies["kmsMasterKeyId"]).toContain(key.urn);
        }
    });

    it("monitoring: the agent comes to every server by the tag that all of them carry", () => {
        const association = at.one("ssm.Association");
        expect(association.inputs["targets"]).toEqual([
            { key: "tag:minusnow-servers", values: [`minusnow-${stack.slice(4)}-app`] },
        ]);
        for (const { inputs } of at.all("ec2.Instance")) {
            expect(inputs["tags"]).toMatchObject({ "minusnow-servers": `minusnow-${stack.slice(4)}-app` });
        }
    });

    it("health endpoints: all three are probed every minute, and service down is a composite", () => {
        expect(at.one("cloudwatch.EventRule").inputs["scheduleExpression"]).toBe("rate(1 minute)");
        const variables = (
            at.one("lambda.Function", "-probe").inputs["environment"] as { variables: { TARGETS: string } }
        ).variables;
        for (const path of ["/health", "/api/telemetry/health", "/api/telemetry/overview"]) {
            expect(variables.TARGETS).toContain(`.example.com${path}"`);
        }
        const composite = at.one("cloudwatch.CompositeAlarm");
        expect(composite.dependencies.filter((urn) => urn.includes("metricAlarm")).length).toBe(2);
    });

    it("backup strategy: database, files and audit logs, each as often and as long as the guide says", () => {
        const rule = (part: string) =>
            (at.one("backup.Plan", `-${part}`).inputs["rules"] as [{ schedule: string; lifecycle: object }])[0];
        const days = Object.fromEntries(backupStrategy.map(({ data, retentionDays }) => [data, retentionDays]));
        if (stack === "aws-dev") {
            expect(rule("database")).toMatchObject({ schedule: "cron(0 5 * * ? *)", lifecycle: { deleteAfter: 7 } });
        } else {
            expect(rule("database")).toMatchObject({
                schedule: "cron(0 5/6 * * ? *)",
                lifecycle: { deleteAfter: days["database"] },
            });
            expect(rule("files").lifecycle).toEqual({ deleteAfter: days["files"] });
            expect(rule("audit-logs")).toMatchObject({
                schedule: "cron(0 9 ? * SUN *)",
                lifecycle: { coldStorageAfter: 1, deleteAfter: days["audit-logs"] },
            });
        }
        const expire = at.one("s3.BucketLifecycleConfiguration", "-configuration").inputs["rules"];
        expect(expire).toMatchObject([{ noncurrentVersionExpiration: { noncurrentDays: days["configuration"] } }]);
    });

    it("backup strategy: locked vaults and a copy in a second region in production", () => {
        const locks = at.all("backup.VaultLockConfiguration").map(({ inputs }) => inputs["minRetentionDays"]);
        expect(locks.sort()).toEqual({ "aws-dev": [], "aws-staging": [30, 365], "aws-prod": [30, 30, 365] }[stack]);
        const copy = at.all("backup.Vault").filter(({ inputs }) => inputs["region"] === "us-west-2");
        expect(copy).toHaveLength(isProduction ? 1 : 0);
        for (const plan of isProduction ? at.all("backup.Plan") : []) {
            expect(plan.propertyDependencies["rules"]).toContain(copy[0]!.urn);
        }
    });

    it("backup strategy: a failed job raises an alarm", () => {
        expect(at.one("cloudwatch.MetricAlarm", "-backup-failed").inputs).toMatchObject({
            threshold: 0,
        });
        for (const vault of ["-backup-failed", "-backup-audit-logs-failed"]) {
            const queries = at.one("cloudwatch.MetricAlarm", vault).inputs["metricQueries"] as {
                metric?: { metricName: string };
            }[];
            expect(queries.map(({ metric }) => metric?.metricName)).toEqual([
                "NumberOfBackupJobsFailed",
                "NumberOfBackupJobsExpired",
                "NumberOfBackupJobsAborted",
                undefined,
            ]);
        }
    });

    it("backups outlive the stack, with the key and the role that read them, unless they are to go with it", () => {
        const kept = stack !== "aws-dev";
        for (const { options, inputs } of [...at.all("backup.Vault"), ...at.all("backup.VaultLockConfiguration")]) {
            expect(options.retainOnDelete ?? false).toBe(kept);
            expect(inputs["forceDestroy"] ?? false).toBe(kept ? false : (inputs["forceDestroy"] ?? false));
        }
        for (const { options } of at.all("backup.VaultLockConfiguration")) {
            expect(options.deleteBeforeReplace).toBe(true);
        }
        expect(at.one("kms.Key", "-secrets").options.retainOnDelete ?? false).toBe(kept);
        expect(at.one("iam.Role", "-backup").options.retainOnDelete ?? false).toBe(kept);
    });

    it("dashboard: every metric with its thresholds drawn", () => {
        if (unknowns) {
            return;
        }
        const { widgets } = JSON.parse(at.one("cloudwatch.Dashboard").inputs["dashboardBody"] as string) as {
            widgets: { properties: { title: string; annotations: { horizontal: { value: number }[] } } }[];
        };
        const drawn = thresholds.filter(({ metric }) => hasReplica || metric !== "replication-lag");
        expect(
            widgets.map(({ properties }) => [
                properties.title.split(" ")[0],
                ...properties.annotations.horizontal.map(({ value }) => value),
            ]),
        ).toEqual(drawn.map(({ metric, warning, critical }) => [metric, warning, critical]));
    });

    it("dashboard: ids are unique in a graph, and expressions name ids of their own line only", () => {
        if (unknowns) {
            return;
        }
        const { widgets } = JSON.parse(at.one("cloudwatch.Dashboard").inputs["dashboardBody"] as string) as {
            widgets: { properties: { metrics: unknown[][] } }[];
        };
        for (const { properties } of widgets) {
            const lines = properties.metrics.map((line) => line.at(-1) as { id: string; expression?: string });
            const ids = lines.map(({ id }) => id);
            expect(new Set(ids).size).toBe(ids.length);
            for (const { id, expression = "" } of lines) {
                const named = expression.match(/\b[a-z]\w*/g) ?? [];
                expect(named.filter((other) => !ids.includes(other))).toEqual([]);
                expect(named.filter((other) => !other.startsWith(/^l\d+/.exec(id)![0]))).toEqual([]);
            }
        }
    });
});
