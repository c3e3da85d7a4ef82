/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument */
import { load } from "js-yaml";
import { hoursBetween } from "../../policy/model/schedule";
import type { Planned, PlannedStack } from "../support/plans";
import type { Facts } from "./facts";

/** Inputs of a planned resource are JSON of many shapes. */
type Fields = Record<string, any>;
const text = (value: unknown) => JSON.stringify(value);

/** The facts of a plan on AWS. */
export function awsFacts(at: PlannedStack): Facts {
    const https = at.one("lb.Listener", "-https").inputs as Fields;
    const http = at.one("lb.Listener", "-http").inputs as Fields;
    const balancer = at.one("lb.LoadBalancer").inputs as Fields;
    const group = at.one("lb.TargetGroup").inputs as Fields;
    const check = group["healthCheck"] as Fields;
    const acl = at.one("wafv2.WebAcl").inputs;
    const rules = acl["rules"] as Fields[];
    const rate = rules[0]!["statement"]["rateBasedStatement"] as Fields;
    const servers = at.all("ec2.Instance");
    const server = servers[0]!.inputs as Fields;
    const primary = at.one("rds.Instance", "-primary").inputs as Fields;
    const replica = at.one("rds.Instance", "-replica");
    const primaryPlanned = at.one("rds.Instance", "-primary");
    const parameters = at.one("rds.ParameterGroup").inputs["parameters"] as Fields[];
    const admin = at.one("secretsmanager.Secret", "-db-admin");
    const files = at.one("efs.FileSystem");
    const cache = at.one("elasticache.ReplicationGroup").inputs as Fields;
    const cacheGroup = at.one("elasticache.ParameterGroup").inputs["parameters"] as Fields[];
    const secrets = at.all("secretsmanager.Secret");
    const policyOf = (planned: Planned) => planned.inputs["policy"] as string;
    const readers = at.all("iam.RolePolicy").filter((policy) => policyOf(policy).includes(idOf(at, admin)));
    const memberPolicy = policyOf(at.one("iam.RolePolicy", "-app"));
    const alarms = at.all("cloudwatch.MetricAlarm").filter(({ inputs }) => text(inputs["tags"]).includes('"metric"'));
    const topic = (level: string) =>
        (alarms.find(({ name }) => name.endsWith(`-${level}`))!.inputs["alarmActions"] as string[])[0]!;
    const plan = (part: string) => (at.one("backup.Plan", `-backup-${part}`).inputs["rules"] as Fields[])[0]!;
    const backup = (part: string) => ({
        everyHours: hoursBetween(plan(part)["schedule"]),
        days: plan(part)["lifecycle"]["deleteAfter"] as number,
    });
    const locks = at.all("backup.VaultLockConfiguration");
    const expiry = at.one("s3.BucketLifecycleConfiguration", "-configuration").inputs["rules"] as Fields[];
    const probe = at.one("lambda.Function", "-watch-probe").inputs as Fields;
    return {
        outputs: Object.keys(at.plan.outputs),
        entry: {
            publicPorts: at
                .all("vpc.SecurityGroupIngressRule")
                .filter(({ inputs }) => inputs["cidrIpv4"] === "0.0.0.0/0")
                .map(({ inputs }) => inputs["toPort"] as number),
            redirect: http["defaultActions"][0]["redirect"]["statusCode"] === "HTTP_301" ? "permanent" : "other",
            tls: /TLS13-1-2/.test(https["sslPolicy"]) ? "1.2" : "other",
            headers: {
                "Strict-Transport-Security": https["routingHttpResponseStrictTransportSecurityHeaderValue"],
                "X-Content-Type-Options": https["routingHttpResponseXContentTypeOptionsHeaderValue"],
                "X-Frame-Options": https["routingHttpResponseXFrameOptionsHeaderValue"],
            },
            check: {
                path: check["path"],
                interval: check["interval"],
                timeout: check["timeout"],
                fall: check["unhealthyThreshold"],
                rise: check["healthyThreshold"],
                status: check["matcher"],
            },
            sticky: group["stickiness"]["enabled"],
            drainSeconds: group["deregistrationDelay"],
            timeoutSeconds: balancer["idleTimeout"],
            zones: (balancer["subnets"] as unknown[]).length,
            protected: balancer["enableDeletionProtection"],
            logged: balancer["accessLogs"]["enabled"],
        },
        firewall: {
            managedRules: rules.filter((rule) => text(rule).includes("managedRuleGroupStatement")).length >= 3,
            perMinute: rate["limit"],
            status: rules[0]!["action"]["block"]["customResponse"]["responseCode"],
            logged: at.all("wafv2.WebAclLoggingConfiguration").length === 1,
        },
        servers: {
            zones: servers.map(({ inputs }) => zoneOf(at, inputs["subnetId"] as string)),
            addresses: servers.map(({ inputs }) => inputs["privateIp"] as string),
            size: server["instanceType"],
            publicAddress: servers.some(({ inputs }) => (inputs["associatePublicIpAddress"] as unknown) === true),
            diskKey: server["rootBlockDevice"]["encrypted"] === true && "kmsKeyId" in server["rootBlockDevice"],
            passwordLogin: false,
            kept: servers.every(({ options }) => options.ignoreChanges?.includes("userData") === true),
            files: filesOf(server["userData"]),
            readable: secrets.filter((secret) => memberPolicy.includes(idOf(at, secret))).map(({ name }) => name),
        },
        database: {
            version: primary["engineVersion"],
            standby: primary["multiAz"],
            replicaElsewhere:
                outputOf(at, primaryPlanned, "availabilityZone") !== outputOf(at, replica, "availabilityZone"),
            storageGib: primary["allocatedStorage"],
            customerKey: primary["storageEncrypted"] === true && "kmsKeyId" in primary,
            public: primary["publiclyAccessible"],
            tls: parameters.some(({ name, value }) => name === "rds.force_ssl" && value === "1"),
            recoveryDays: primary["backupRetentionPeriod"],
            protected: primary["deletionProtection"],
            settings: Object.fromEntries(parameters.map(({ name, value }) => [name, awsUnits(name, value)])),
            adminSecret: admin.name,
            adminSecretReaders: readers.map(({ name }) => name),
        },
        storage: {
            directories: at
                .all("efs.AccessPoint")
                .map(({ inputs }) => (inputs["rootDirectory"] as Fields)["path"] as string)
                .map((path) => path.slice(1)),
            tls: text(at.one("efs.FileSystemPolicy").inputs).includes("aws:SecureTransport"),
            customerKey: "kmsKeyId" in files.inputs,
            zones: at.all("efs.MountTarget").length > 1,
            protected: files.options.protect === true,
        },
        sessions: {
            failover: cache["automaticFailoverEnabled"] && cache["multiAzEnabled"],
            tls: cache["transitEncryptionMode"] === "required",
            policy: cacheGroup[0]!["value"],
            private: true,
        },
        secrets: {
            lengths: at.all("index.RandomPassword").map(({ inputs }) => inputs["length"] as number),
            keyRotates: at.all("kms.Key").every(({ inputs }) => (inputs["enableKeyRotation"] as unknown) === true),
            recoverableDays: Math.min(...secrets.map(({ inputs }) => inputs["recoveryWindowInDays"] as number)),
        },
        network: {
            space: at.one("ec2.Vpc").inputs["cidrBlock"] as string,
            subnets: Object.fromEntries(
                at
                    .all("ec2.Subnet")
                    .map(({ name, inputs }) => [name.replace(/^.*-net-/, ""), inputs["cidrBlock"] as string]),
            ),
            openings: at
                .all("vpc.SecurityGroupIngressRule")
                .map(({ name }) => /-net-(\w+)-from-(\w+)-(\d+)$/.exec(name))
                .filter((match) => match !== null)
                .map(([, to, from, port]) => `${from} -> ${to} ${port}`),
            outbound: at
                .all("vpc.SecurityGroupEgressRule")
                .filter(({ inputs }) => inputs["cidrIpv4"] === "0.0.0.0/0")
                .map(({ inputs }) => inputs["toPort"] as number),
            flowLogs: at.all("ec2.FlowLog").length === 1,
            translation: at.all("ec2.NatGateway").length,
            privateServices: at
                .all("ec2.VpcEndpoint")
                .map(({ inputs }) => (inputs["serviceName"] as string).split(".").at(-1)!),
        },
        alerts: alarms.map(({ inputs }) => ({
            metric: (inputs["tags"] as Fields)["metric"],
            level: (inputs["tags"] as Fields)["level"],
            above: inputs["threshold"] as number,
        })),
        receivers: { warning: topic("warning"), critical: topic("critical") },
        probes: ["/health", "/api/telemetry/health", "/api/telemetry/overview"].filter((path) =>
            text(probe["environment"]).includes(`minusnow.example.com${path}\\`),
        ),
        dashboard: at.all("cloudwatch.Dashboard").length === 1,
        serviceDown: at.all("cloudwatch.CompositeAlarm").length === 1,
        backups: {
            database: backup("database"),
            files: backup("files"),
            "audit-logs": backup("audit-logs"),
            configuration: { days: expiry[0]!["noncurrentVersionExpiration"]["noncurrentDays"] },
        },
        backupsLocked: locks.length >= at.all("backup.Vault").length,
        backupsCopied: ["database", "files", "audit-logs"].every(
            (part) => (plan(part)["copyActions"] as unknown[]).length > 0,
        ),
        backupFailureTold: at.all("cloudwatch.MetricAlarm").some(({ name }) => name.endsWith("-backup-failed")),
        archiveIsCold: "coldStorageAfter" in plan("audit-logs")["lifecycle"],
        tagged: { missing: untagged(at.resources.filter(({ inputs }) => "tags" in inputs)) },
        readinessFirst: readinessFirst(at),
    };
}

/** Identifier by which other resources name a secret. */
function idOf(at: PlannedStack, planned: Planned): string {
    return at.plan.resources.find(({ urn }) => urn === planned.urn)!.outputs["arn"] as string;
}

function outputOf(at: PlannedStack, planned: Planned, property: string): unknown {
    return at.plan.resources.find(({ urn }) => urn === planned.urn)!.outputs[property];
}

function zoneOf(at: PlannedStack, subnetId: string): string {
    const subnet = at.plan.resources.find(({ id }) => id === subnetId)!;
    return subnet.outputs["availabilityZone"] as string;
}

/** A value in the guide's unit. */
function awsUnits(name: string, value: string): string {
    const shares: Record<string, string | undefined> = {
        "{DBInstanceClassMemory/32768}": "25 % of memory",
        "{DBInstanceClassMemory*3/32768}": "75 % of memory",
    };
    const kilobytes = ["maintenance_work_mem", "work_mem"].includes(name) ? `${Number(value) / 1024}MB` : value;
    return shares[value] ?? kilobytes;
}

/** Files of a first-boot script by path. */
export function filesOf(userData: string): Record<string, string> {
    const { write_files: files } = load(userData) as { write_files: { path: string; content: string }[] };
    return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

/** Resources that take tags and lack the deployment's own. */
export function untagged(resources: Planned[]): string[] {
    return resources
        .filter(({ inputs }) => (inputs["tags"] as Record<string, unknown>)["application"] !== "minusnow")
        .map(({ name }) => name);
}

/** True when nothing is made before what people attest is registered. */
export function readinessFirst(at: PlannedStack): boolean {
    const place = at.resources.findIndex(({ type }) => type === "minusnow:index:Readiness");
    return place > 0 && at.resources.slice(0, place).every(({ type }) => /^(pulumi|minusnow):/.test(type));
}
