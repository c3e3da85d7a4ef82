import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError, type ConfigurationProblem } from "../../stacks/configuration-error";
import { deploymentArgs } from "../../stacks/deployment-args";
import { readConfig } from "../../stacks/read-config";

const release = {
    version: "1.0.0",
    artifact: "s3://releases/minusnow/1.0.0.tar.gz",
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
};

/** A configuration that is right. */
const valid: Record<string, unknown> = {
    cloud: "aws",
    environment: "prod",
    region: "eu-central-1",
    hostname: "minusnow.example.com",
    dnsZone: "example.com",
    supportEmail: "support@example.com",
    mail: { host: "smtp.example.com", user: "noreply@example.com", passwordSecretId: "minusnow/smtp" },
    backup: { copyRegion: "eu-west-1" },
    release,
};

function read(changes: Record<string, unknown>, secretKeys: string[] = [], others: Record<string, string> = {}) {
    const input = { ...valid, ...changes };
    const entries = Object.entries(input)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [`minusnow:${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
    return readConfig({
        stack: "test",
        values: { "other:key": "value", ...others, ...(Object.fromEntries(entries) as Record<string, string>) },
        isSecret: (key) => secretKeys.includes(key),
    });
}

const CERTIFICATE_SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:certificate-AbCdEf";
const VAULT = "/subscriptions/s/resourceGroups/shared/providers/Microsoft.KeyVault/vaults/shared/secrets";
/** What turns it into one that is right on Azure. */
const onAzure = {
    cloud: "azure",
    region: "westeurope",
    dnsResourceGroup: "dns",
    certificateId: `${VAULT}/minusnow`,
    mail: { host: "smtp.example.com", user: "noreply@example.com", passwordSecretId: `${VAULT}/smtp` },
    backup: undefined,
    appPair: { sshPublicKey: `ssh-ed25519 ${"A".repeat(68)} administrator` },
    release: {
        ...release,
        artifact: "https://releases.blob.core.windows.net/minusnow/1.0.0.tar.gz",
        storageId: "/subscriptions/s/resourceGroups/shared/providers/Microsoft.Storage/storageAccounts/releases",
    },
};

function problemsOf(changes: Record<string, unknown>, others: Record<string, string> = {}): ConfigurationProblem[] {
    try {
        read(changes, [], others);
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems;
        }
        throw error;
    }
    return [];
}

describe("a key that would have no effect", () => {
    it.each([
        ["minusnw:deletionProtection", "a namespace that does not exist", "minusnow:deletionProtection"],
        ["aws:profile", "a setting of a provider", "AWS_PROFILE"],
        ["azure-native:subscriptionId", "a setting of a provider", "ARM_SUBSCRIPTION_ID"],
    ])("%s is refused, with what to do instead", (key, found, allowed) => {
        const problems = problemsOf({}, { [key]: "true" });
        expect(problems).toHaveLength(1);
        expect(problems[0]).toMatchObject({ path: key, fix: `pulumi config rm ${key}` });
        expect(problems[0]!.found).toContain(found);
        expect(problems[0]!.allowed).toContain(allowed);
    });

    it("of another package is none of this program's business", () => {
        expect(problemsOf({}, { "pulumi:disable-default-providers": "[]", "random:x": "1" })).toEqual([]);
    });
});

describe("the version of Node.js", () => {
    it.each([19, 21, 99])("%i has no long-term support", (nodeVersion) => {
        const problems = problemsOf({ appPair: { nodeVersion } });
        expect(problems).toHaveLength(1);
        expect(problems[0]!.allowed).toContain("an even number from 20");
    });
});

describe("configuration", () => {
    it("accepts what is right, with keys of other namespaces beside it", () => {
        expect(read({})).toMatchObject({ environment: "prod", release });
    });

    it("reads numbers and flags that Pulumi passes as text", () => {
        expect(read({ rotation: "2", deletionProtection: "false" })).toMatchObject({
            rotation: 2,
            deletionProtection: false,
        });
    });

    it("reports every mistake at once, each with path, found, allowed and a fix", () => {
        const problems = problemsOf({
            region: "Virginia",
            supportEmail: undefined,
            appPair: { count: "two", sise: "c7i.xlarge" },
            network: { addressSpace: "10.0.0.0/26" },
            loadBalancer: { mode: "active-passive" },
            hostnme: "x",
        });
        expect(problems.map(({ path }) => path).sort()).toEqual(
            [
                "minusnow:region",
                "minusnow:supportEmail",
                "minusnow:appPair.count",
                "minusnow:appPair.sise",
                "minusnow:network.addressSpace",
                "minusnow:loadBalancer.mode",
                "minusnow:hostnme",
            ].sort(),
        );
        for (const problem of problems) {
            expect(Object.values(problem).every((text: string) => text.length > 0)).toBe(true);
        }
        const by = (path: string) => problems.find((problem) => problem.path === path)!;
        expect(by("minusnow:appPair.count")).toEqual({
            path: "minusnow:appPair.count",
            found: '"two"',
            allowed: "a whole number from 1 to 200",
            fix: "pulumi config set --path minusnow:appPair.count 2",
        });
        expect(by("minusnow:appPair.sise").fix).toContain("did you mean 'size'?");
        expect(by("minusnow:hostnme").fix).toContain("did you mean 'hostname'?");
        expect(by("minusnow:supportEmail").fix).toBe("pulumi config set minusnow:supportEmail support@example.com");
    });

    it("finds what contradicts another key beside a mistake in the same group", () => {
        const problems = problemsOf({ network: { addressSpace: "10.0.0.0/24", zoneCount: 3, nat: "sometimes" } });
        expect(problems.map(({ path }) => path)).toEqual(["minusnow:network.nat", "minusnow:network.addressSpace"]);
    });

    it("names each missing field of a missing group", () => {
        expect(problemsOf({ mail: undefined }).map(({ path }) => path)).toEqual([
            "minusnow:mail.host",
            "minusnow:mail.user",
        ]);
    });

    it.each([
        [
            { mail: { ...(valid["mail"] as object), password: "hunter2", passwordSecretId: undefined } },
            "minusnow:mail.password",
            "an encrypted value",
        ],
        [{ mail: { host: "smtp.example.com", user: "u" } }, "minusnow:mail.password", "exactly one of the two"],
        [{ mail: { ...(valid["mail"] as object), password: "x" } }, "minusnow:mail.password", "exactly one of the two"],
        [{ dnsZone: undefined }, "minusnow:dnsZone", "the zone to issue a certificate in"],
        [{ dnsZone: "example.org" }, "minusnow:dnsZone", "a zone that holds minusnow.example.com"],
        [{ sharedStorage: { size: "m7i.large" } }, "minusnow:sharedStorage.size", "or kind nfs"],
        [
            { appPair: { os: "windows-server-2025" }, sharedStorage: { kind: "nfs" } },
            "minusnow:sharedStorage.kind",
            "managed there: Windows mounts shares of SMB",
        ],
        [{ sharedStorage: { kind: "nfs", size: "db.m7i.large" } }, "minusnow:sharedStorage.size", "m7i.large"],
        [{ database: { renew: ["db2"] } }, "minusnow:database.renew", "only kind vm"],
        [{ database: { automaticFailover: true } }, "minusnow:database.automaticFailover", "takes over by itself"],
        [
            { database: { kind: "vm", automaticFailover: true } },
            "minusnow:database.automaticFailover",
            "network.zoneCount 3: of two voters none can tell a dead machine from a cut cable",
        ],
        [
            { database: { kind: "managed", automaticFailover: true } },
            "minusnow:database.automaticFailover",
            "database.standby",
        ],
        [{ database: { kind: "vm", renew: ["witness"] } }, "minusnow:database.renew", "there is no witness"],
        [{ database: { kind: "vm", renew: ["db1", "db2"] } }, "minusnow:database.renew", "one machine at a time"],
        [{ database: { kind: "vm", standby: true } }, "minusnow:database.standby", "the replica is the standby"],
        [{ database: { kind: "vm", replica: false } }, "minusnow:database.replica", "there are always two"],
        [{ database: { kind: "vm", size: "db.m7g.large" } }, "minusnow:database.size", "a machine size"],
        [{ database: { kind: "vm", version: 16 } }, "minusnow:database.version", "17, which debian-13 packages"],
        [
            { database: { kind: "vm", version: 17, os: "ubuntu-24.04" } },
            "minusnow:database.version",
            "16, which ubuntu-24.04 packages",
        ],
        [{ database: { kind: "vm", os: "windows-server-2025" } }, "minusnow:database.os", "amazon-linux-2023"],
        [{ database: { os: "debian-13" } }, "minusnow:database.os", "only kind vm"],
        [{ database: { kind: "vm" }, network: { networkId: "vpc-1" } }, "minusnow:database.kind", "managed there"],
        [{ database: { version: 14 } }, "minusnow:database.version", "from 15 to 99"],
        [{ database: { size: "m7g.xlarge" } }, "minusnow:database.size", "db.m7g.2xlarge"],
        [{ sessionStore: { size: "db.t4g.small" } }, "minusnow:sessionStore.size", "cache.t4g.small"],
        [{ appPair: { size: "db.m7g.large" } }, "minusnow:appPair.size", "c7i.2xlarge"],
        [{ appPair: { renew: ["app3"] } }, "minusnow:appPair.renew[0]", "app1 to app2"],
        [
            { network: { addressSpace: "10.0.0.0/22" }, appPair: { count: 60 } },
            "minusnow:appPair.count",
            "as many as an application subnet has numbers for",
        ],
        [{ network: { addressSpace: "10.0.0.0/8" } }, "minusnow:network.addressSpace", "larger than a VPC can be"],
        [{ network: { addressSpace: "10.0.0.1/16" } }, "minusnow:network.addressSpace", "did you mean 10.0.0.0/16?"],
        [{ network: { addressSpace: "10.0.0.0/24" } }, "minusnow:network.addressSpace", "has no room"],
        [
            { network: { addressSpace: "10.1.0.0/16", reservedNetworks: ["10.0.0.0/8"] } },
            "minusnow:network.addressSpace",
            "apart from every reserved network",
        ],
        [
            { network: { reservedNetworks: ["300.0.0.0/8"] } },
            "minusnow:network.reservedNetworks[0]",
            "is not an IPv4 network",
        ],
        [{ backup: undefined }, "minusnow:backup.copyRegion", "a second region"],
        [{ backup: { copyRegion: "eu-central-1" } }, "minusnow:backup.copyRegion", "a second region"],
        [
            { backup: { copyRegion: "eu-west-1", databaseEveryHours: 7 } },
            "minusnow:backup.databaseEveryHours",
            "6, 8, 12 or 24",
        ],
        [
            { readiness: { attestations: [{ item: "runbooks", owner: "x", evidence: "https://x", date: "soon" }] } },
            "minusnow:readiness.attestations[0].date",
            "a day as 2026-11-25",
        ],
        [{ network: { networkId: "vpc-1" } }, "minusnow:network.subnetIds", "subnet ids for edge"],
        [{ certificateId: "minusnow" }, "minusnow:certificateId", "the ARN of a certificate in ACM"],
        [{ certificateId: CERTIFICATE_SECRET }, "minusnow:certificateId", "with a managed balancer"],
    ])("refuses %j", (changes, path, allowed) => {
        const problem = problemsOf(changes).find((found) => found.path === path);
        expect(problem, JSON.stringify(problemsOf(changes))).toBeDefined();
        expect(problem!.allowed).toContain(allowed);
    });

    it("accepts a certificate from a secret where machines of the deployment read it", () => {
        expect(problemsOf({ certificateId: CERTIFICATE_SECRET, loadBalancer: { kind: "haproxy" } })).toEqual([]);
    });

    it("accepts what is right on Azure", () => {
        expect(problemsOf(onAzure)).toEqual([]);
        expect(problemsOf({ ...onAzure, certificateId: undefined })).toEqual([]);
    });

    it.each<{ given: string; changes: Record<string, unknown>; path: string; allowed: string }>([
        {
            given: "no certificate, nor a zone to have one issued in,",
            changes: { certificateId: undefined, dnsZone: undefined, dnsResourceGroup: undefined },
            path: "dnsZone",
            allowed: "the zone to issue a certificate in",
        },
        {
            given: "an ARN",
            changes: { certificateId: "arn:aws:acm:us-east-1:1:certificate/2" },
            path: "certificateId",
            allowed: "resource id of a secret",
        },
        {
            given: "no public key",
            changes: { appPair: {} },
            path: "appPair.sshPublicKey",
            allowed: "public key of an administrator",
        },
        {
            given: "an archive in S3",
            changes: { release: { ...onAzure.release, artifact: release.artifact } },
            path: "release.artifact",
            allowed: "blob.core.windows.net",
        },
        {
            given: "no account of the archive",
            changes: { release: { ...onAzure.release, storageId: undefined } },
            path: "release.storageId",
            allowed: "storage account or container",
        },
        { given: "a region of AWS", changes: { region: "us-east-1" }, path: "region", allowed: "a region of Azure" },
        {
            given: "a size of AWS",
            changes: { database: { size: "db.m7g.2xlarge" } },
            path: "database.size",
            allowed: "Standard_D8ds_v5",
        },
        {
            given: "500 GiB",
            changes: { database: { storageGib: 500 } },
            path: "database.storageGib",
            allowed: "256, 512",
        },
        {
            given: "3 days",
            changes: { database: { backupRetentionDays: 3 } },
            path: "database.backupRetentionDays",
            allowed: "7 to 35",
        },
        {
            given: "a burstable size",
            changes: { database: { size: "Standard_B2ms" } },
            path: "database.size",
            allowed: "another kind than B",
        },
        {
            given: "a second region",
            changes: { backup: { copyRegion: "northeurope" } },
            path: "backup.copyRegion",
            allowed: "region's pair",
        },
        {
            given: "a final snapshot",
            changes: { database: { finalSnapshot: true } },
            path: "database.finalSnapshot",
            allowed: "five days",
        },
        {
            given: "a compliance lock",
            changes: { backup: { lock: "compliance" } },
            path: "backup.lock",
            allowed: "none or governance",
        },
        {
            given: "200 days of files",
            changes: { backup: { retentionDays: 200 } },
            path: "backup.retentionDays",
            allowed: "1 to 190",
        },
        {
            given: "Windows with a file server for Linux",
            changes: {
                appPair: { ...onAzure.appPair, os: "windows-server-2025" },
                sharedStorage: { kind: "nfs" },
            },
            path: "sharedStorage.kind",
            allowed: "managed there: Windows mounts shares of SMB",
        },
        {
            given: "Debian",
            changes: { appPair: { ...onAzure.appPair, os: "debian-13" } },
            path: "appPair.os",
            allowed: "ubuntu-24.04",
        },
        {
            given: "a zone without its group",
            changes: { dnsResourceGroup: undefined },
            path: "dnsResourceGroup",
            allowed: "dnsZone and dnsResourceGroup",
        },
        {
            given: "Bastion in a small network",
            changes: { network: { bastion: true, addressSpace: "10.0.0.0/20" } },
            path: "network.bastion",
            allowed: "/18 or larger",
        },
        {
            given: "active-passive",
            changes: { loadBalancer: { mode: "active-passive" } },
            path: "loadBalancer.mode",
            allowed: "active-active",
        },
        {
            given: "a balancer's size of AWS",
            changes: { loadBalancer: { kind: "haproxy", size: "c7i.xlarge" } },
            path: "loadBalancer.size",
            allowed: "Standard_D4s_v5",
        },
        {
            given: "a file server's size of AWS",
            changes: { sharedStorage: { kind: "nfs", size: "m7i.large" } },
            path: "sharedStorage.size",
            allowed: "Standard_D2s_v5",
        },
        {
            given: "a cache's size for a machine",
            changes: { sessionStore: { kind: "redis", size: "Balanced_B1" } },
            path: "sessionStore.size",
            allowed: "a machine size such as Standard_B2s_v2",
        },
        {
            given: "Debian for a database machine",
            changes: { database: { kind: "vm", os: "debian-13" } },
            path: "database.os",
            allowed: "ubuntu-24.04",
        },
        {
            given: "automatic failover with one way out",
            changes: {
                database: { kind: "vm", automaticFailover: true },
                network: { zoneCount: 3, nat: "single" },
            },
            path: "network.nat",
            allowed: "per-zone",
        },
        {
            given: "a system disk of 8 TiB",
            changes: { database: { kind: "vm", storageGib: 8192 } },
            path: "database.storageGib",
            allowed: "30 to 4095",
        },
    ])("refuses $given on Azure", ({ changes, path, allowed }) => {
        const problems = problemsOf({ ...onAzure, ...changes });
        expect(problems.map((each) => each.path)).toEqual([`minusnow:${path}`]);
        expect(problems[0]!.allowed).toContain(allowed);
        expect(problems[0]!.fix).toContain(path.split(".")[0]);
    });

    it("asks of machines on Azure only what holds for machines", () => {
        const database = { kind: "vm", size: "Standard_B4s_v2", storageGib: 500, backupRetentionDays: 3, version: 16 };
        expect(problemsOf({ ...onAzure, database })).toEqual([]);
    });

    it("finds what else is wrong beside a system that Azure's machines do not have", () => {
        const database = { kind: "vm", os: "debian-13", standby: true, renew: ["db1", "db2"] };
        expect(problemsOf({ ...onAzure, database }).map(({ path }) => path)).toEqual([
            "minusnow:database.standby",
            "minusnow:database.os",
            "minusnow:database.renew",
        ]);
    });

    it("refuses on AWS what only Azure has", () => {
        const { sshPublicKey } = onAzure.appPair;
        expect(
            problemsOf({ dnsResourceGroup: "dns", network: { bastion: true }, appPair: { sshPublicKey } }).map(
                ({ path }) => path,
            ),
        ).toEqual(["minusnow:dnsResourceGroup", "minusnow:network.bastion", "minusnow:appPair.sshPublicKey"]);
    });

    it("accepts an encrypted password and keeps it secret", async () => {
        const mail = { host: "smtp.example.com", user: "u", password: "opened" };
        const { password } = deploymentArgs(read({ mail }, ["minusnow:mail"])).mail;
        expect(await (password as unknown as { isSecret: Promise<boolean> }).isSecret).toBe(true);
    });

    it("lays the stack's configuration over its profile's defaults", () => {
        const args = deploymentArgs(
            read({ environment: "staging", database: { storageGib: 800 }, tags: { team: "x" } }),
        );
        expect(args.database).toMatchObject({ storageGib: 800, size: "db.m7g.xlarge", replica: true });
        expect(args.tags).toMatchObject({ team: "x", application: "minusnow", environment: "staging" });
    });

    it.each([
        ["aws", "dev", "t3.medium", "t3.large"],
        ["aws", "staging", "c7i.large", "m7i.xlarge"],
        ["azure", "dev", "Standard_B2s_v2", "Standard_B2s_v2"],
        ["azure", "staging", "Standard_D2s_v5", "Standard_D4s_v5"],
    ])(
        "gives machines on %s in %s their profile's sizes, and a managed balancer none",
        (cloud, environment, lb, db) => {
            const base = { ...(cloud === "azure" ? onAzure : {}), environment };
            const onMachines = { loadBalancer: { kind: "haproxy" }, database: { kind: "vm" } };
            const args = deploymentArgs(read({ ...base, ...onMachines }));
            expect([args.loadBalancer?.size, args.database?.size]).toEqual([lb, db]);
            expect(deploymentArgs(read(base)).loadBalancer?.size).toBeUndefined();
        },
    );

    it("never fails in any other way, whatever it is given", () => {
        const anything = fc.oneof(fc.jsonValue(), fc.constantFrom("10.0.0.0/16", "managed", "", "vpc-1"));
        const group = (keys: string[]) => fc.dictionary(fc.constantFrom(...keys, "unknown"), anything, { maxKeys: 4 });
        const configurations = fc.record(
            {
                cloud: anything,
                hostname: anything,
                dnsZone: anything,
                rotation: anything,
                tags: anything,
                mail: fc.oneof(anything, group(["host", "port", "user", "password", "passwordSecretId"])),
                network: fc.oneof(
                    anything,
                    group(["addressSpace", "zoneCount", "nat", "reservedNetworks", "networkId", "subnetIds"]),
                ),
                appPair: fc.oneof(anything, group(["count", "size", "os", "renew"])),
                database: fc.oneof(anything, group(["kind", "version", "size", "storageGib"])),
            },
            { requiredKeys: [] },
        );
        fc.assert(
            fc.property(configurations, (changes) => {
                for (const { path, found, allowed, fix } of problemsOf(changes)) {
                    expect([path, found, allowed, fix].every((text) => typeof text === "string" && text !== "")).toBe(
                        true,
                    );
                }
            }),
            { numRuns: 3000 },
        );
    });
});
