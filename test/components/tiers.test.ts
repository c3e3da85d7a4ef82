import * as aws from "@pulumi/aws/provider";
import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import {
    AwsWindowsStorage,
    AwsAppPair,
    AwsDatabase,
    type AwsDatabaseArgs,
    AwsDeployment,
    AwsLoadBalancer,
    AwsNetwork,
    AwsSecrets,
    AwsSessionStore,
} from "../../components/aws";
import type { DeploymentArgs } from "../../components";
import { build, type Recorded } from "../support/mocks";

const deployment: DeploymentArgs = {
    hostname: "minusnow.example.com",
    dnsZone: "example.com",
    supportEmail: "support@example.com",
    mail: { host: "smtp.example.com", user: "noreply@example.com", passwordSecretId: "minusnow/smtp" },
    release: { version: "1.0.0", artifact: "s3://releases/minusnow/1.0.0.tar.gz", sha256: "0".repeat(64) },
};

const database: AwsDatabaseArgs = {
    subnetIds: ["subnet-1", "subnet-2"],
    zones: ["us-east-1a", "us-east-1b"],
    firewallGroupId: "sg-db",
    appSubnetIds: ["subnet-3"],
    appFirewallGroupId: "sg-app",
    keyId: "arn:aws:kms:us-east-1:111122223333:key/k",
};

const counts = ({ resources }: Recorded, prefix = "") => resources.filter(({ type }) => type.startsWith(prefix)).length;

describe("AwsDeployment", () => {
    it("with nothing but what it needs is the guide's recommended architecture", async () => {
        const built = await build(() => new AwsDeployment("minusnow", deployment));
        expect(built.cloud.refusals).toEqual([]);
        expect(built.all("ec2.Instance").map(({ inputs }) => inputs["instanceType"])).toEqual([
            "c7i.2xlarge",
            "c7i.2xlarge",
        ]);
        expect(built.one("rds.Instance", "-primary")).toMatchObject({
            multiAz: true,
            instanceClass: "db.m7g.2xlarge",
            allocatedStorage: 500,
            deletionProtection: true,
        });
        expect(built.all("rds.Instance")).toHaveLength(2);
        expect(built.all("elasticache.ReplicationGroup")).toHaveLength(1);
        expect(counts(built, "minusnow:index:")).toBe(12);
    });

    it("passes its provider to every child and every lookup", async () => {
        const { resources, calls } = await build(() => {
            const provider = new aws.Provider("elsewhere", { region: "eu-central-1" });
            return new AwsDeployment("minusnow", deployment, { provider });
        });
        const children = resources.filter(({ type }) => type.startsWith("aws:"));
        expect(children.length).toBeGreaterThan(120);
        expect(children.filter(({ provider }) => !provider.includes("::elsewhere::"))).toEqual([]);
        expect(calls.length).toBeGreaterThan(5);
        expect(calls.filter(({ provider }) => !provider.includes("::elsewhere::"))).toEqual([]);
    });

    it("names every child after itself", async () => {
        const { resources } = await build(() => new AwsDeployment("itsm", deployment));
        expect(resources.filter(({ name }) => !name.startsWith("itsm"))).toEqual([]);
    });

    it("uses an existing network and adds only security groups to it", async () => {
        const ids = (role: string) => [`subnet-${role}1`, `subnet-${role}2`];
        const subnetIds = { edge: ids("e"), app: ids("a"), database: ids("d"), storage: ids("s"), cache: ids("c") };
        const built = await build(
            () => new AwsDeployment("minusnow", { ...deployment, network: { networkId: "vpc-1", subnetIds } }),
        );
        for (const type of ["ec2.Vpc", "ec2.Subnet", "ec2.NatGateway", "ec2.VpcEndpoint", "ec2.FlowLog"]) {
            expect(built.all(type), type).toEqual([]);
        }
        expect(built.all("ec2.SecurityGroup")).toHaveLength(5);
        expect(built.all("ec2.Instance").map(({ inputs }) => inputs["subnetId"])).toEqual(["subnet-a1", "subnet-a2"]);
        expect(built.all("ec2.Instance").every(({ inputs }) => inputs["privateIp"] === undefined)).toBe(true);
    });

    it("lets servers reach HTTP package mirrors only where the system needs them", async () => {
        const outbound = async (os?: "ubuntu-24.04", kind?: "haproxy") => {
            const loadBalancer = kind && { kind };
            const built = await build(
                () => new AwsDeployment("minusnow", { ...deployment, loadBalancer, appPair: { os } }),
            );
            return built
                .all("vpc.SecurityGroupEgressRule")
                .filter(({ inputs }) => inputs["cidrIpv4"])
                .map(({ inputs }) => inputs["toPort"]);
        };
        expect(await outbound()).toEqual([587, 443]);
        expect(await outbound("ubuntu-24.04")).toEqual([587, 443, 80]);
        expect(await outbound("ubuntu-24.04", "haproxy")).toEqual([443, 80, 587, 443, 80]);
    });

    it("refuses what a machine of it cannot be", async () => {
        const two = ["subnet-1", "subnet-2"];
        const subnetIds = { edge: two, app: two, database: two, storage: two, cache: two };
        const network = { networkId: "vpc-1", subnetIds };
        await expect(
            build(() => new AwsDeployment("minusnow", { ...deployment, network, database: { kind: "vm" } })),
        ).rejects.toThrow("database.kind: found vm in an existing network, allowed is managed there");
        await expect(
            build(
                () =>
                    new AwsDeployment("minusnow", {
                        ...deployment,
                        database: { kind: "vm", version: "15", renew: ["db3"] },
                    }),
            ),
        ).rejects.toThrow(
            "version: found '15', allowed is 17 on debian-13; renew: found db3, allowed is one of db1, db2",
        );
    });
});

describe("application servers on Windows", () => {
    const os = "windows-server-2025" as const;
    const onWindows = { ...deployment, appPair: { os } };

    it("share files by FSx in two zones, in a directory of its own, over SMB", async () => {
        const built = await build(() => new AwsDeployment("minusnow", onWindows));
        expect(built.cloud.refusals).toEqual([]);
        expect(built.all("efs.FileSystem")).toEqual([]);
        expect(built.one("fsx.WindowsFileSystem")).toMatchObject({
            deploymentType: "MULTI_AZ_1",
            storageCapacity: 500,
            throughputCapacity: 32,
            automaticBackupRetentionDays: 0,
        });
        expect(built.one("directoryservice.Directory")).toMatchObject({
            name: "minusnow.internal",
            shortName: "minusnow",
            type: "MicrosoftAD",
            edition: "Standard",
        });
        // Or its password would expire.
        expect(built.one("cloudwatch.EventRule", "-files-login")).toMatchObject({ scheduleExpression: "rate(7 days)" });
        const opened = built.all("vpc.SecurityGroupIngressRule").filter(({ name }) => name.includes("-storage-from-"));
        expect(opened.map(({ inputs }) => inputs["toPort"])).toEqual([445]);
    });

    it("run their script by EC2Launch, and read the login of the share", async () => {
        const built = await build(() => new AwsDeployment("minusnow", onWindows));
        const script = built.one("ec2.Instance", "-app1")["userData"] as string;
        expect(script).toContain("version: 1.1\n");
        expect(script).toContain("\\share\\uploads C:/MinusNow/uploads smb RequirePrivacy");
        const policy = JSON.parse(built.one("iam.RolePolicy", "-app")["policy"] as string) as {
            Statement: { Action: string[]; Resource: string[] }[];
        };
        const secrets = policy.Statement.find(({ Action }) => Action.includes("secretsmanager:GetSecretValue"))!;
        expect(secrets.Resource.some((arn) => arn.includes("minusnow-files-login"))).toBe(true);
        expect(JSON.stringify(policy)).not.toContain("elasticfilesystem");
    });

    it("have an agent and alarms of Windows, and releases by PowerShell", async () => {
        const built = await build(() => new AwsDeployment("minusnow", onWindows));
        // Parameters are kept as secrets by Pulumi, whatever is in them.
        const { value } = built.one("ssm.Parameter", "-agent-windows")["value"] as { value: string };
        expect(JSON.parse(value)).toMatchObject({
            metrics: { metrics_collected: { LogicalDisk: { resources: ["C:"] } } },
        });
        const disk = built.one("cloudwatch.MetricAlarm", "-disk-app1-critical")["metricQueries"];
        expect(JSON.stringify(disk)).toContain('"LogicalDisk % Free Space"');
        expect(JSON.stringify(disk)).toContain('"100 - free"');
        const releaser = built.one("iam.RolePolicy", "-release")["policy"] as string;
        expect(releaser).toContain("document/AWS-RunPowerShellScript");
        expect(JSON.stringify(built.one("lambda.Invocation", "-release-app2")["input"])).toContain("windows");
    });

    it("are refused without shares that Windows mounts, without their login, and in one zone", async () => {
        const sharedStorage = { kind: "nfs" as const };
        await expect(build(() => new AwsDeployment("minusnow", { ...onWindows, sharedStorage }))).rejects.toThrow(
            "sharedStorage.kind: found nfs with Windows, allowed is managed",
        );
        await expect(
            build(
                () =>
                    new AwsAppPair("app", { os, nameServers: ["10.0.0.2"] } as unknown as ConstructorParameters<
                        typeof AwsAppPair
                    >[1]),
            ),
        ).rejects.toThrow(/storageSecretId: found nothing.*storageDomain and nameServers: allowed are both or neither/);
        const place = { networkId: "vpc-1", firewallGroupId: "sg-1", appFirewallGroupId: "sg-2", keyId: "key" };
        await expect(
            build(() => new AwsWindowsStorage("f", { ...place, subnetIds: ["s"], domain: "minusnow", storageGib: 20 })),
        ).rejects.toThrow(/domain: found 'minusnow'.*storageGib: found 20.*subnetIds: found 1/);
    });
});

describe("AwsAppPair", () => {
    it("spreads more servers over the zones in turn, each with an address of its own", async () => {
        const built = await build(() => new AwsDeployment("minusnow", { ...deployment, appPair: { count: 5 } }));
        expect(built.all("ec2.Instance").map(({ inputs }) => inputs["privateIp"])).toEqual([
            "10.0.1.10",
            "10.0.17.11",
            "10.0.1.12",
            "10.0.17.13",
            "10.0.1.14",
        ]);
        expect(built.all("lb.TargetGroupAttachment")).toHaveLength(5);
        expect(built.cloud.refusals).toEqual([]);
    });

    it("refuses a count, a server or addresses that do not fit, all at once", async () => {
        const args = {
            count: 0,
            renew: ["app9"],
            privateAddresses: ["10.0.1.10"],
            sessionHost: "h",
        } as unknown as ConstructorParameters<typeof AwsAppPair>[1];
        await expect(build(() => new AwsAppPair("app", args))).rejects.toThrow(
            /count: found 0.*renew: found 'app9'.*privateAddresses: found 1.*sessionHost/,
        );
    });
});

describe("AwsDatabase", () => {
    it("translates a version into the parameter group's family", async () => {
        const built = await build(() => new AwsDatabase("db", { ...database, version: "16" }));
        expect(built.one("rds.ParameterGroup")).toMatchObject({ family: "postgres16" });
        expect(built.cloud.refusals).toEqual([]);
    });

    it("stands alone without standby and replica", async () => {
        const built = await build(
            () => new AwsDatabase("db", { ...database, standby: false, replica: false, finalSnapshot: false }),
        );
        expect(built.one("rds.Instance")).toMatchObject({ multiAz: false, skipFinalSnapshot: true });
    });

    it("takes a final snapshot unless told otherwise, also when deletion is not refused", async () => {
        const built = await build(() => new AwsDatabase("db", { ...database, deletionProtection: false }));
        expect(built.one("rds.Instance", "-primary")).toMatchObject({ skipFinalSnapshot: false });
        expect(built.one("rds.Instance", "-primary")["finalSnapshotIdentifier"]).toMatch(/^db-final-/);
    });

    it("rotates to the other login by a function of its own", async () => {
        const loginOf = async (rotation: number) => {
            const built = await build(() => new AwsDatabase("db", { ...database, rotation }));
            const document = built.one("secretsmanager.SecretVersion", "-app")["secretStringWo"];
            expect(built.one("lambda.Function", `-bootstrap-${rotation}`)).toBeDefined();
            return JSON.stringify(document);
        };
        expect(await loginOf(1)).toContain("minusnow");
        expect(await loginOf(2)).toContain("minusnow_2");
        expect(await loginOf(3)).not.toContain("minusnow_2");
    });

    it("gives the bootstrap function names of secrets and no secret", async () => {
        const built = await build(() => new AwsDatabase("db", database));
        const input = JSON.parse(built.one("lambda.Invocation")["input"] as string) as Record<string, unknown>;
        expect(Object.keys(input).sort()).toEqual(["adminSecretId", "database", "host", "owner", "port", "secretId"]);
        const policy = built.one("iam.RolePolicy", "-bootstrap")["policy"] as string;
        expect(policy).toContain("db-admin");
    });

    it.each([
        [{ version: "14" }, "PostgreSQL 15 or newer"],
        [{ version: "latest" }, "found 'latest'"],
        [{ backupRetentionDays: 0 }, "allowed are 1 to 35"],
    ])("refuses %j", async (changes, message) => {
        await expect(build(() => new AwsDatabase("db", { ...database, ...changes }))).rejects.toThrow(message);
    });
});

describe("AwsLoadBalancer", () => {
    const args = {
        hostname: "m.example.com",
        networkId: "vpc-1",
        subnetIds: ["subnet-1", "subnet-2"],
        firewallGroupId: "sg-1",
        memberIds: ["i-1"],
    };

    it("takes an issued certificate and then makes no record of its own", async () => {
        const built = await build(
            () => new AwsLoadBalancer("lb", { ...args, certificateId: "arn:aws:acm:us-east-1:1:certificate/c" }),
        );
        expect(built.one("lb.Listener", "-https")).toMatchObject({
            certificateArn: "arn:aws:acm:us-east-1:1:certificate/c",
        });
        expect(built.all("route53.Record")).toEqual([]);
        expect(built.all("acm.Certificate")).toEqual([]);
    });

    it("refuses active-passive and names what can do it", async () => {
        await expect(
            build(() => new AwsLoadBalancer("lb", { ...args, dnsZone: "example.com", mode: "active-passive" })),
        ).rejects.toThrow("Use kind haproxy or nginx");
    });

    it("refuses to serve without a certificate", async () => {
        await expect(build(() => new AwsLoadBalancer("lb", args))).rejects.toThrow(
            "found neither dnsZone nor certificateId",
        );
    });
});

describe("AwsNetwork", () => {
    it("refuses a single zone and half of an existing network", async () => {
        await expect(build(() => new AwsNetwork("net", { zoneCount: 1 }))).rejects.toThrow(
            "high availability needs a second zone",
        );
        await expect(build(() => new AwsNetwork("net", { networkId: "vpc-1" }))).rejects.toThrow(
            "needs both networkId and subnetIds",
        );
    });

    it("sets aside the address of every server", async () => {
        const built = await build(() => new AwsNetwork("net", { serverCount: 30 }));
        const blocks = built.all("ec2.SubnetCidrReservation").map(({ inputs }) => inputs["cidrBlock"]);
        expect(blocks.slice(0, 3)).toEqual(["10.0.1.8/29", "10.0.1.16/28", "10.0.1.32/27"]);
    });

    it("covers three named zones with address translation in each", async () => {
        const built = await build(() => new AwsNetwork("net", { zones: ["us-east-1b", "us-east-1c", "us-east-1d"] }));
        expect(built.all("ec2.Subnet")).toHaveLength(15);
        expect(built.all("ec2.NatGateway")).toHaveLength(3);
        expect(built.cloud.refusals).toEqual([]);
    });
});

describe("AwsSecrets", () => {
    it("uses an existing key and secret and creates neither", async () => {
        const keyId = "arn:aws:kms:us-east-1:111122223333:key/k";
        const built = await build(() => new AwsSecrets("s", { keyId, smtpPasswordSecretId: "minusnow/smtp" }));
        expect(built.all("kms.Key")).toEqual([]);
        expect(built.all("secretsmanager.Secret").map(({ name }) => name)).toEqual(["s-session"]);
    });

    it("refuses both or neither of password and secret", async () => {
        await expect(build(() => new AwsSecrets("s", {}))).rejects.toThrow(
            "found neither of smtpPassword and smtpPasswordSecretId",
        );
        await expect(
            build(() => new AwsSecrets("s", { smtpPassword: "a", smtpPasswordSecretId: "b" })),
        ).rejects.toThrow("found both");
    });
});

describe("AwsSessionStore", () => {
    it("takes the memory policy by configuration", async () => {
        const args = {
            subnetIds: ["subnet-1", "subnet-2"],
            firewallGroupId: "sg-1",
            keyId: "k",
            memoryPolicy: "noeviction" as const,
        };
        const built = await build((): pulumi.Resource => new AwsSessionStore("sessions", args));
        expect(built.one("elasticache.ParameterGroup")).toMatchObject({
            parameters: [{ name: "maxmemory-policy", value: "noeviction" }],
        });
        expect(built.cloud.refusals).toEqual([]);
    });
});
