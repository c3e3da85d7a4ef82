import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { reveal } from "../../plan/engine/values";
import { environmentVariables, sharedDirectories } from "../../components/reference";
import { dependencyTypes, everythingBefore, planned, type PlannedStack, repository } from "../support/plans";

const cases = ["aws-dev", "aws-staging", "aws-prod"].flatMap((stack) => [
    { stack, mode: "resolved", unknowns: false },
    { stack, mode: "with unknown values", unknowns: true },
]);

describe.each(cases)("$stack, $mode", ({ stack, unknowns }) => {
    let at: PlannedStack;
    beforeAll(async () => {
        at = await planned(stack, unknowns);
    });
    /** A requirement that only some environments or modes have. */
    const itWhen = (applies: boolean, name: string, check: () => void) => {
        if (applies) {
            it(name, check);
        }
    };
    const isProduction = stack === "aws-prod";
    const isDevelopment = stack === "aws-dev";

    it("is planned: the cloud refuses nothing, no output is left unsimulated, nothing is logged as an error", () => {
        expect(at.plan.outcome).toBe("planned");
        expect(at.plan.refusals).toEqual([]);
        expect(at.plan.unknownTypes).toEqual([]);
        expect(at.plan.logs.filter(({ severity }) => severity === "error" || severity === "warning")).toEqual([]);
    });

    itWhen(!unknowns, "leaves no value unknown when outputs are simulated", () => {
        expect(JSON.stringify(at.resources.map(({ inputs }) => inputs))).not.toContain("[unknown]");
    });

    it("step 1: the balancer listens on 443 with TLS 1.2 or newer and redirects 80 by 301", () => {
        const https = at.one("lb.Listener", "-https").inputs;
        expect(https).toMatchObject({
            port: 443,
            protocol: "HTTPS",
            sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        });
        expect(at.one("lb.Listener", "-http").inputs).toMatchObject({
            port: 80,
            protocol: "HTTP",
            defaultActions: [
                { type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } },
            ],
        });
    });

    it("step 1: the balancer adds the three security headers", () => {
        expect(at.one("lb.Listener", "-https").inputs).toMatchObject({
            routingHttpResponseStrictTransportSecurityHeaderValue: "max-age=31536000; includeSubDomains",
            routingHttpResponseXContentTypeOptionsHeaderValue: "nosniff",
            routingHttpResponseXFrameOptionsHeaderValue: "SAMEORIGIN",
        });
    });

    it("steps 1 and 8: /health is expected to answer 200 every 5 s, fall 3, rise 2, with sticky sessions and draining", () => {
        expect(at.one("lb.TargetGroup").inputs).toMatchObject({
            port: 5000,
            healthCheck: {
                path: "/health",
                matcher: "200",
                interval: 5,
                timeout: 4,
                unhealthyThreshold: 3,
                healthyThreshold: 2,
            },
            stickiness: { enabled: true, type: "lb_cookie" },
            deregistrationDelay: 50,
            loadBalancingAlgorithmType: "round_robin",
        });
    });

    it("step 1: the balancer drops invalid headers, writes access logs and is protected in production", () => {
        expect(at.one("lb.LoadBalancer").inputs).toMatchObject({
            dropInvalidHeaderFields: true,
            accessLogs: { enabled: true },
            enableDeletionProtection: isProduction,
            internal: false,
            idleTimeout: 50,
        });
        expect(at.all("s3.BucketPublicAccessBlock")).toHaveLength(at.all("s3.Bucket").length);
        for (const { inputs } of at.all("s3.BucketPublicAccessBlock")) {
            expect(inputs).toMatchObject({
                blockPublicAcls: true,
                blockPublicPolicy: true,
                ignorePublicAcls: true,
                restrictPublicBuckets: true,
            });
        }
    });

    it("step 1: a certificate is issued by DNS and the host name points to the balancer", () => {
        expect(at.one("acm.Certificate").inputs).toMatchObject({ validationMethod: "DNS" });
        expect(at.all("acm.CertificateValidation")).toHaveLength(1);
        expect(at.one("route53.Record", "-lb").inputs).toMatchObject({
            type: "A",
            aliases: [{ evaluateTargetHealth: true }],
        });
        expect(dependencyTypes(at, at.one("lb.Listener", "-https"), "certificateArn")).toContain(
            "acm.CertificateValidation",
        );
    });

    it("checklist, WAF and rate limit: managed groups and 429 above a rate per address, logged, on this balancer", () => {
        const { rules } = at.one("wafv2.WebAcl").inputs as { rules: Record<string, unknown>[] };
        expect(rules[0]).toMatchObject({
            statement: { rateBasedStatement: { aggregateKeyType: "IP", limit: 2000, evaluationWindowSec: 60 } },
            action: { block: { customResponse: { responseCode: 429 } } },
        });
        expect(JSON.stringify(rules)).toContain("AWSManagedRulesCommonRuleSet");
        expect(dependencyTypes(at, at.one("wafv2.WebAclAssociation"), "resourceArn")).toContain("lb.LoadBalancer");
        expect(at.all("wafv2.WebAclLoggingConfiguration")).toHaveLength(1);
        expect(at.one("cloudwatch.LogGroup", "-firewall").inputs["namePrefix"]).toMatch(/^aws-waf-logs-/);
    });

    it("step 2: two servers in two zones without a public address, with encrypted disks and version 2 metadata", () => {
        const servers = at.all("ec2.Instance");
        expect(servers).toHaveLength(2);
        for (const server of servers) {
            expect(server.inputs).toMatchObject({
                associatePublicIpAddress: false,
                metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
                rootBlockDevice: { encrypted: true },
            });
            expect(server.inputs).not.toHaveProperty("keyName");
        }
        const subnets = servers.map((server) => server.propertyDependencies["subnetId"]);
        expect(new Set(subnets.flat()).size).toBe(2);
        const reserved = at.all("ec2.SubnetCidrReservation").map(({ inputs }) => inputs["cidrBlock"]);
        expect(reserved).toEqual(["10.0.1.8/29", "10.0.17.8/29"]);
    });

    it("step 2: a newer image or first-boot script replaces no server by itself", () => {
        for (const server of at.all("ec2.Instance")) {
            expect(server.options.ignoreChanges).toEqual(["ami", "userData", "instanceType", "rootBlockDevice"]);
        }
    });

    it("step 2: servers have the guide's size for the environment", () => {
        const size = { "aws-dev": "t3.large", "aws-staging": "c7i.xlarge", "aws-prod": "c7i.2xlarge" }[stack];
        expect(at.all("ec2.Instance").map(({ inputs }) => inputs["instanceType"])).toEqual([size, size]);
    });

    it("step 2: a server's role can read its own secrets, mounts and artifacts and nothing else", () => {
        const policy = at.plan.resources.find(
            ({ type, name }) => type === "aws:iam/rolePolicy:RolePolicy" && name.endsWith("-app"),
        )!.inputs["policy"];
        if (typeof policy !== "string") {
            expect(unknowns).toBe(true);
            return;
        }
        const { Statement: statements } = JSON.parse(policy) as {
            Statement: { Action: string[]; Resource: string[] }[];
        };
        const open = statements.filter(({ Resource }) => Resource.includes("*")).flatMap(({ Action }) => Action);
        expect(open.every((action) => /^(ssm|ssmmessages|ec2messages):/.test(action))).toBe(true);
        // Without these there is no session, and there is no SSH either.
        const channels = ["Control", "Data"].flatMap((kind) => [`Create${kind}Channel`, `Open${kind}Channel`]);
        const session = [...channels.map((action) => `ssmmessages:${action}`), "ssm:UpdateInstanceInformation"];
        expect(open).toEqual(expect.arrayContaining(session));
        expect(open).not.toContain("ssm:GetParameter");
        const secretIds = statements.find(({ Action }) => Action.includes("secretsmanager:GetSecretValue"))!.Resource;
        expect(secretIds.some((id) => id.includes("-db-admin"))).toBe(false);
        expect(secretIds).toHaveLength(isDevelopment ? 3 : 4);
        expect(statements.find(({ Action }) => Action.includes("s3:GetObject"))!.Resource).toEqual([
            "arn:aws:s3:::example-minusnow-releases/minusnow/*",
        ]);
    });

    it("step 3: PostgreSQL 15 or newer, 500 GB SSD in staging and production, encrypted, private, TLS only", () => {
        const primary = at.one("rds.Instance", "-primary").inputs;
        expect(primary).toMatchObject({
            engine: "postgres",
            engineVersion: "17",
            storageType: "gp3",
            storageEncrypted: true,
            publiclyAccessible: false,
            port: 5432,
            allocatedStorage: isDevelopment ? 50 : 500,
        });
        expect(primary["multiAz"] ?? false).toBe(!isDevelopment);
        const size = { "aws-dev": "db.t4g.large", "aws-staging": "db.m7g.xlarge", "aws-prod": "db.m7g.2xlarge" }[stack];
        expect(primary["instanceClass"]).toBe(size);
    });

    it("step 3: the guide's settings in RDS's units, static ones applied at reboot", () => {
        const { family, parameters } = at.one("rds.ParameterGroup").inputs as {
            family: string;
            parameters: { name: string; value: string; applyMethod: string }[];
        };
        expect(family).toBe("postgres17");
        expect(Object.fromEntries(parameters.map(({ name, value }) => [name, value]))).toMatchObject({
            max_connections: "200",
            shared_buffers: "{DBInstanceClassMemory/32768}",
            effective_cache_size: "{DBInstanceClassMemory*3/32768}",
            maintenance_work_mem: "1048576",
            work_mem: "65536",
            wal_keep_size: "1024",
            random_page_cost: "1.1",
            effective_io_concurrency: "200",
            "rds.force_ssl": "1",
        });
        const atReboot = parameters
            .filter(({ applyMethod }) => applyMethod === "pending-reboot")
            .map(({ name }) => name);
        expect(atReboot).toEqual(["max_connections", "shared_buffers", "rds.force_ssl", "password_encryption"]);
    });

    it("step 3: role, database and grants come from a function that alone reads the administrator's secret", () => {
        const invocation = at.one("lambda.Invocation", "-bootstrap");
        expect(dependencyTypes(at, invocation, "input")).toEqual(
            expect.arrayContaining(["rds.Instance", "secretsmanager.Secret"]),
        );
        expect(invocation.dependencies.filter((urn) => urn.includes("secretVersion"))).toHaveLength(2);
    });

    it("step 8: an update with a release takes one server after the other, the first one last", () => {
        const [first, second] = ["-release-app1", "-release-app2"].map((name) => at.one("lambda.Invocation", name));
        expect(everythingBefore(at, first!.urn).has(second!.urn)).toBe(true);
        for (const invocation of [first!, second!]) {
            expect(dependencyTypes(at, invocation, "input")).toEqual(
                expect.arrayContaining(["ec2.Instance", "lb.TargetGroup"]),
            );
        }
        expect(at.one("ssm.Parameter", "-app-release").options.ignoreChanges).toEqual(["value"]);
        const policy = at.one("iam.RolePolicy", "-release");
        if (!unknowns) {
            const { Statement } = JSON.parse(policy.inputs["policy"] as string) as {
                Statement: { Action: string[]; Resource: string[]; Condition?: object }[];
            };
            const everywhere = Statement.filter(({ Resource }) => Resource.includes("*")).flatMap(
                ({ Action }) => Action,
            );
            expect(everywhere).toEqual([
                "ssm:GetCommandInvocation",
                "ssm:CancelCommand",
                "elasticloadbalancing:DescribeTargetHealth",
            ]);
            const onMachines = Statement.find(({ Resource }) => Resource.some((arn) => arn.endsWith(":instance/*")))!;
            expect(onMachines.Condition).toEqual({
                StringEquals: { "ssm:resourceTag/minusnow-servers": [expect.stringMatching(/-app$/)] },
            });
        }
    });

    itWhen(
        !isDevelopment,
        "step 4: a streaming replica of this primary in another zone, which a failover does not replace",
        () => {
            const replica = at.one("rds.Instance", "-replica");
            expect(dependencyTypes(at, replica, "replicateSourceDb")).toContain("rds.Instance");
            expect(replica.options.ignoreChanges).toEqual(["availabilityZone"]);
            expect(replica.inputs).not.toHaveProperty("username");
            if (!unknowns) {
                expect(replica.inputs["availabilityZone"]).toBe("us-east-1b");
            }
        },
    );

    itWhen(isProduction, "steps 3 to 5 in production: what holds data is protected and leaves a final copy", () => {
        expect(at.one("rds.Instance", "-primary").inputs).toMatchObject({
            deletionProtection: true,
            skipFinalSnapshot: false,
            backupRetentionPeriod: 30,
        });
        expect(at.one("rds.Instance", "-primary").options.protect).toBe(true);
        expect(at.one("efs.FileSystem").options.protect).toBe(true);
    });

    it("step 5: shared storage with elastic throughput, encrypted at rest and in transit, a target per zone, backups", () => {
        expect(at.one("efs.FileSystem").inputs).toMatchObject({ encrypted: true, throughputMode: "elastic" });
        expect(at.all("efs.MountTarget")).toHaveLength(2);
        // The deployment's own plan backs the files up, so EFS does not do it a second time.
        expect(at.one("efs.BackupPolicy").inputs).toMatchObject({ backupPolicy: { status: "DISABLED" } });
        expect(at.one("backup.Selection", "-files").propertyDependencies["resources"]).toContain(
            at.one("efs.FileSystem").urn,
        );
        const policy = at.one("efs.FileSystemPolicy").inputs["policy"];
        if (typeof policy === "string" && !unknowns) {
            expect(policy).toContain('"aws:SecureTransport":"false"');
        }
    });

    it("step 8: an access point for each of the five shared directories, as the application's user", () => {
        const points = at
            .all("efs.AccessPoint")
            .map(({ inputs }) => inputs as { rootDirectory: { path: string }; posixUser: { uid: number } });
        expect(points.map(({ rootDirectory }) => rootDirectory.path)).toEqual(
            sharedDirectories.map((directory) => `/${directory}`),
        );
        expect(new Set(points.map(({ posixUser }) => posixUser.uid))).toEqual(new Set([5000]));
    });

    it("step 6: every variable of the guide's environment file is set or assembled from the secret store", () => {
        const value = reveal(at.plan.resources.find(({ name }) => name.endsWith("-app-settings"))!.inputs["value"]);
        if (typeof value !== "string") {
            expect(unknowns).toBe(true);
            return;
        }
        const settings = JSON.parse(value) as { environment: object; secrets: object; sessionStore?: object };
        const assembled = ["DATABASE_URL", ...(settings.sessionStore ? ["REDIS_URL"] : [])];
        const given = [...Object.keys(settings.environment), ...Object.keys(settings.secrets), ...assembled];
        const wanted = environmentVariables.filter(
            ({ name, required }) => required || (!isDevelopment && /REDIS|SESSION/.test(name)),
        );
        expect(given.sort()).toEqual(wanted.map(({ name }) => name).sort());
    });

    itWhen(!isDevelopment, "step 8: sessions in two nodes in two zones with failover, TLS and a password", () => {
        expect(at.one("elasticache.ReplicationGroup").inputs).toMatchObject({
            numCacheClusters: 2,
            automaticFailoverEnabled: true,
            multiAzEnabled: true,
            transitEncryptionEnabled: true,
            transitEncryptionMode: "required",
            atRestEncryptionEnabled: true,
            authToken: "[secret]",
        });
        expect(at.one("elasticache.ParameterGroup").inputs).toMatchObject({
            parameters: [{ name: "maxmemory-policy", value: "allkeys-lru" }],
        });
    });

    it("step 7: security groups open the guide's connections and nothing else", () => {
        const ingress = at
            .all("vpc.SecurityGroupIngressRule")
            .map(
                ({ name, inputs }) =>
                    `${name.replace(/^minusnow-\w+-net-/, "")} ${JSON.stringify(inputs["fromPort"])}-${JSON.stringify(inputs["toPort"])}`,
            );
        expect(ingress.sort()).toEqual(
            [
                "app-from-edge-5000 5000-5000",
                "cache-from-app-6379 6379-6379",
                "database-from-app-5432 5432-5432",
                "edge-from-internet-443 443-443",
                "edge-from-internet-80 80-80",
                "endpoints-from-app-443 443-443",
                "storage-from-app-2049 2049-2049",
            ].sort(),
        );
        const egress = at
            .all("vpc.SecurityGroupEgressRule")
            .map(({ name, inputs }) => `${name.replace(/^minusnow-\w+-net-/, "")} ${JSON.stringify(inputs["toPort"])}`);
        expect(egress.sort()).toEqual(
            [
                "app-to-cache-6379 6379",
                "app-to-database-5432 5432",
                "app-to-endpoints-443 443",
                "app-to-internet-443 443",
                "app-to-internet-587 587",
                "app-to-storage-2049 2049",
                "edge-to-app-5000 5000",
            ].sort(),
        );
        if (!unknowns) {
            const groupOf = (role: string) =>
                at.plan.resources.find(
                    ({ type, name }) => type === "aws:ec2/securityGroup:SecurityGroup" && name.endsWith(`-net-${role}`),
                )!.id;
            for (const { name, inputs } of at.all("vpc.SecurityGroupEgressRule")) {
                const [, from = "", to = ""] = /-net-(\w+)-to-(\w+)-\d+$/.exec(name)!;
                expect(inputs["securityGroupId"], name).toBe(groupOf(from));
                expect(inputs["referencedSecurityGroupId"], name).toBe(to === "internet" ? undefined : groupOf(to));
            }
        }
        const open = at.all("vpc.SecurityGroupIngressRule").filter(({ inputs }) => inputs["cidrIpv4"] !== undefined);
        expect(open.map(({ inputs }) => inputs["toPort"]).sort()).toEqual([443, 80]);
        expect(at.all("ec2.SecurityGroup").every(({ inputs }) => !("ingress" in inputs) && !("egress" in inputs))).toBe(
            true,
        );
        expect(at.one("ec2.DefaultSecurityGroup").inputs).toMatchObject({ ingress: [], egress: [] });
    });

    it("step 7: the guide's network in two zones, data tiers without a route out, flow logs and endpoints", () => {
        expect(at.one("ec2.Vpc").inputs["cidrBlock"]).toBe("10.0.0.0/16");
        expect(at.all("ec2.Subnet")).toHaveLength(10);
        expect(at.all("ec2.NatGateway")).toHaveLength(isProduction ? 2 : 1);
        expect(
            at
                .all("ec2.Route")
                .map(({ name }) => name.replace(/^minusnow-\w+-net-/, ""))
                .sort(),
        ).toEqual(["app-1-outbound", "app-2-outbound", "edge-outbound"]);
        // Each zone's servers go out by their own gateway in production; data tiers are on a table without a route out.
        const sources = (urn: string, property: string) =>
            at.plan.resources.find((resource) => resource.urn === urn)!.propertyDependencies[property] ?? [];
        const gateways = at
            .all("ec2.Route")
            .filter(({ name }) => name.includes("-app-"))
            .map(({ urn }) => sources(urn, "natGatewayId").join());
        expect(new Set(gateways).size).toBe(isProduction ? 2 : 1);
        const routed = new Set(at.all("ec2.Route").flatMap(({ urn }) => sources(urn, "routeTableId")));
        for (const { name, urn } of at.all("ec2.RouteTableAssociation")) {
            const leadsOut = sources(urn, "routeTableId").some((table) => routed.has(table));
            expect(leadsOut, name).toBe(/-(edge|app)-\d$/.test(name));
        }
        expect(at.all("ec2.RouteTableAssociation")).toHaveLength(10);
        expect(at.all("ec2.FlowLog")).toHaveLength(1);
        const services = at
            .all("ec2.VpcEndpoint")
            .map(({ inputs }) => (inputs["serviceName"] as string).split(".").at(-1));
        expect(services.sort()).toEqual(["ec2messages", "logs", "s3", "secretsmanager", "ssm", "ssmmessages"]);
    });

    it("what AWS refuses before its network reaches the Internet waits for it", () => {
        const internetRoute = at.one("ec2.Route", "-edge-outbound").urn;
        for (const type of ["ec2.NatGateway", "lb.LoadBalancer", "ec2.Instance", "lambda.Invocation"]) {
            for (const resource of at.all(type)) {
                expect(everythingBefore(at, resource.urn), resource.name).toContain(internetRoute);
            }
        }
    });

    it("secrets: generated with the stated complexity, a rotated key, written only", () => {
        for (const { inputs } of at.all("kms.Key")) {
            expect(inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30 });
        }
        for (const { inputs } of at.plan.resources.filter(({ type }) => type.endsWith(":RandomPassword"))) {
            expect(inputs).toMatchObject({ minLower: 2, minUpper: 2, minNumeric: 2, minSpecial: 2 });
            expect(Number(inputs["length"])).toBeGreaterThanOrEqual(32);
        }
        for (const { inputs } of at.all("secretsmanager.SecretVersion")) {
            expect(inputs).toMatchObject({ secretStringWo: "[secret]" });
        }
    });

    it("secrets: no generated value stands in clear anywhere in the plan", () => {
        const values = at.plan.resources
            .filter(({ type }) => type.endsWith(":RandomPassword"))
            .map(({ outputs }) => reveal(outputs["result"]));
        const clear = JSON.stringify(at.resources.map(({ inputs }) => inputs)) + JSON.stringify(at.plan.outputs);
        for (const value of values.filter((text) => typeof text === "string")) {
            expect(clear).not.toContain(value);
        }
    });

    it("tags reach everything that takes tags", () => {
        const untagged = at.resources.filter(
            ({ type, inputs }) =>
                takesTags(type) &&
                (inputs["tags"] as Record<string, string> | undefined)?.["application"] !== "minusnow",
        );
        expect(untagged.map(({ name }) => name)).toEqual([]);
    });

    it("every resource has the deployment as an ancestor and the stack's own provider", () => {
        for (const { type, urn, provider } of at.resources.filter(({ type: token }) => token.startsWith("aws:"))) {
            expect(urn).toContain("minusnow:index:AwsDeployment$");
            expect(provider, type).toContain("pulumi:providers:aws::aws::");
        }
    });

    itWhen(
        !unknowns,
        "steps 2, 5 and 8: user data mounts the five directories, runs the guide's unit and holds no secret",
        () => {
            const [app1, app2] = at.plan.resources.filter(({ type }) => type === "aws:ec2/instance:Instance");
            const userData = app1!.inputs["userData"] as string;
            expect(app2!.inputs["userData"]).toBe(userData);
            const { write_files: files, ssh_pwauth: passwords } = load(userData) as {
                write_files: { path: string; content: string }[];
                ssh_pwauth: boolean;
            };
            expect(passwords).toBe(false);
            const content = (path: string) => files.find((file) => file.path === path)!.content;
            expect(content("/etc/minusnow/fstab").trim().split("\n")).toHaveLength(5);
            for (const directory of sharedDirectories) {
                expect(content("/etc/minusnow/fstab")).toMatch(
                    new RegExp(`^fs-[0-9a-f]+:/ /opt/minusnow/${directory} efs \\S*tls,iam,accesspoint=fsap-`, "m"),
                );
                expect(content("/etc/systemd/system/minusnow.service")).toMatch(
                    new RegExp(`^ReadWritePaths=.*/opt/minusnow/${directory}\\b`, "m"),
                );
            }
        },
    );
});

/** Whether the provider's own types let a resource have tags; an object of S3 takes ten at most, and has none. */
function takesTags(type: string): boolean {
    const [, module, file, name] = /^aws:(\w+)\/(\w+):(\w+)$/.exec(type) ?? [];
    if (module === undefined || type === "aws:s3/bucketObjectv2:BucketObjectv2") {
        return false;
    }
    const types = readFileSync(path.join(repository, `node_modules/@pulumi/aws/${module}/${file}.d.ts`), "utf8");
    const args = types.slice(types.indexOf(`export interface ${name}Args `));
    return /^ {4}tags\?:/m.test(args);
}
