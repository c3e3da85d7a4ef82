import { createRequire } from "node:module";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AwsDeployment } from "../../components/aws";
import type * as azure from "../../components/azure";
import type { StackConfig } from "../../stacks/config";
import { ConfigurationError } from "../../stacks/configuration-error";
import { deploymentArgs } from "../../stacks/deployment-args";
import { readConfig } from "../../stacks/read-config";
import { build } from "../support/mocks";
import { repository } from "../support/plans";

// As it is built: the operations machine carries a bundle.
const { AzureDeployment } = createRequire(import.meta.url)(
    path.join(repository, "dist/components/azure.js"),
) as typeof azure;

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const subnets = (role: string, zones: number) => Array.from({ length: zones }, (_, zone) => `subnet-${role}${zone}`);

/** Configurations for AWS as a person might write them, right and wrong ones. */
const onAws = fc.record({
    cloud: fc.constant("aws"),
    environment: fc.constantFrom("dev", "staging", "prod"),
    region: fc.constantFrom("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2"),
    hostname: fc.constantFrom("minusnow.example.com", "itsm.corp.example.org", "example.com"),
    dnsZone: optional(fc.constantFrom("example.com", "corp.example.org", "example.net")),
    certificateId: optional(fc.constant("arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d")),
    supportEmail: fc.constant("support@example.com"),
    mail: fc.record({
        host: fc.constant("smtp.example.com"),
        user: fc.constant("noreply@example.com"),
        port: optional(fc.integer({ min: 1, max: 65535 })),
        passwordSecretId: fc.constantFrom(
            "minusnow/smtp",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:smtp-AbCdEf",
        ),
    }),
    release: fc.record({
        version: fc.constantFrom("1.0.0", "2026.11.25-rc.1"),
        artifact: fc.constantFrom("s3://releases/minusnow.tar.gz", "s3://releases/a/b/c.tar.gz"),
        sha256: fc.constant("0".repeat(64)),
    }),
    network: optional(
        fc.oneof(
            fc.record(
                {
                    addressSpace: fc
                        .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 14, max: 25 }))
                        .map(([second, prefix]) => `10.${second & (prefix < 16 ? 0xfc : 0xff)}.0.0/${prefix}`),
                    zoneCount: fc.integer({ min: 2, max: 3 }),
                    nat: fc.constantFrom("per-zone", "single"),
                    reservedNetworks: fc.constantFrom(["10.0.0.0/8"], ["172.16.0.0/12"], []),
                },
                { requiredKeys: [] },
            ),
            fc.integer({ min: 2, max: 3 }).map((zones) => ({
                networkId: "vpc-0a1b2c3d",
                subnetIds: Object.fromEntries(
                    ["edge", "app", "database", "storage", "cache"].map((role) => [role, subnets(role, zones)]),
                ),
            })),
        ),
    ),
    loadBalancer: optional(fc.record({ rateLimitPerMinute: fc.integer({ min: 10, max: 2_000_000_000 }) })),
    appPair: optional(
        fc.record(
            {
                count: fc.integer({ min: 1, max: 12 }),
                os: fc.constantFrom("amazon-linux-2023", "ubuntu-24.04", "debian-13", "windows-server-2025", "rhel-9"),
                image: fc.constantFrom("ami-0123456789abcdef0", "ami-01234567"),
                nodeVersion: fc.constantFrom(20, 22, 24, 26),
                renew: fc.constantFrom(["app1"], ["app2", "app1"], ["app9"]),
            },
            { requiredKeys: [] },
        ),
    ),
    database: optional(
        fc.record(
            {
                version: fc.integer({ min: 15, max: 18 }),
                storageGib: fc.integer({ min: 20, max: 32768 }),
                standby: fc.boolean(),
                replica: fc.boolean(),
                backupRetentionDays: fc.integer({ min: 1, max: 35 }),
            },
            { requiredKeys: [] },
        ),
    ),
    sessionStore: optional(
        fc.record({
            kind: fc.constantFrom("managed", "none"),
            memoryPolicy: fc.constantFrom("allkeys-lru", "volatile-lru", "noeviction"),
        }),
    ),
    backup: fc.record(
        {
            copyRegion: fc.constantFrom("us-west-2", "eu-west-1", "us-gov-east-1"),
            databaseEveryHours: fc.integer({ min: 6, max: 12 }),
            retentionDays: fc.integer({ min: 1, max: 400 }),
            auditRetentionDays: fc.integer({ min: 91, max: 4000 }),
            lock: fc.constantFrom("none", "governance", "compliance"),
        },
        { requiredKeys: ["copyRegion"] },
    ),
    rotation: optional(fc.integer({ min: 1, max: 99 })),
    deletionProtection: optional(fc.boolean()),
});

const GROUP = "/subscriptions/s/resourceGroups/shared/providers";
const azureSubnets = (zones: number) =>
    Object.fromEntries(
        ["edge", "app", "database", "storage", "cache"].map((role) => [
            role,
            Array.from(
                { length: role === "app" ? zones : 1 },
                (_, zone) => `${GROUP}/Microsoft.Network/virtualNetworks/net/subnets/${role}${zone}`,
            ),
        ]),
    );

/** The same for Azure. */
const onAzure = fc.record({
    cloud: fc.constant("azure"),
    environment: fc.constantFrom("dev", "staging", "prod"),
    region: fc.constantFrom("eastus2", "westeurope", "swedencentral", "germanywestcentral"),
    hostname: fc.constantFrom("minusnow.example.com", "itsm.corp.example.com", "example.com"),
    dnsZone: fc.constantFrom("example.com", "example.com", "example.net"),
    dnsResourceGroup: fc.option(fc.constant("dns"), { nil: undefined, freq: 8 }),
    certificateId: fc.constant(`${GROUP}/Microsoft.KeyVault/vaults/shared/secrets/minusnow`),
    keyId: optional(fc.constant(`${GROUP}/Microsoft.KeyVault/vaults/shared/keys/minusnow`)),
    supportEmail: fc.constant("support@example.com"),
    mail: fc.record({
        host: fc.constant("smtp.example.com"),
        user: fc.constant("noreply@example.com"),
        port: optional(fc.integer({ min: 1, max: 65535 })),
        passwordSecretId: fc.constant(`${GROUP}/Microsoft.KeyVault/vaults/shared/secrets/smtp`),
    }),
    release: fc.record({
        version: fc.constantFrom("1.0.0", "2026.11.25-rc.1"),
        artifact: fc.constant("https://releases.blob.core.windows.net/minusnow/1.0.0.tar.gz"),
        storageId: fc.constant(`${GROUP}/Microsoft.Storage/storageAccounts/releases`),
        sha256: fc.constant("0".repeat(64)),
    }),
    network: optional(
        fc.oneof(
            fc.record(
                {
                    addressSpace: fc
                        .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 15, max: 23 }))
                        .map(([second, prefix]) => `10.${second & (prefix < 16 ? 0xfe : 0xff)}.0.0/${prefix}`),
                    zoneCount: fc.integer({ min: 2, max: 3 }),
                    nat: fc.constantFrom("per-zone", "single"),
                    bastion: fc.constantFrom(false, false, true),
                },
                { requiredKeys: [] },
            ),
            fc.integer({ min: 2, max: 3 }).map((zones) => ({
                networkId: `${GROUP}/Microsoft.Network/virtualNetworks/net`,
                subnetIds: azureSubnets(zones),
            })),
        ),
    ),
    loadBalancer: optional(fc.record({ rateLimitPerMinute: fc.integer({ min: 10, max: 5000 }) })),
    appPair: fc.record(
        {
            sshPublicKey: fc.constant(`ssh-ed25519 ${"A".repeat(68)} administrator`),
            count: fc.integer({ min: 2, max: 12 }),
            os: fc.constantFrom("ubuntu-24.04", "rhel-9", "windows-server-2025", "debian-13"),
            nodeVersion: fc.constantFrom(20, 22, 24, 26),
            renew: fc.constantFrom(["app1"], ["app1"], [], ["app9"]),
        },
        { requiredKeys: ["sshPublicKey"] },
    ),
    database: optional(
        fc.record(
            {
                version: fc.integer({ min: 15, max: 18 }),
                size: fc.constantFrom("Standard_B2ms", "Standard_D4ds_v5", "Standard_D8ds_v5", "Standard_E8ds_v5"),
                storageGib: fc.constantFrom(32, 64, 512, 1024, 32767, 500),
                standby: fc.boolean(),
                replica: fc.boolean(),
                backupRetentionDays: fc.integer({ min: 5, max: 35 }),
            },
            { requiredKeys: [] },
        ),
    ),
    sessionStore: optional(
        fc.record({
            kind: fc.constantFrom("managed", "none"),
            memoryPolicy: fc.constantFrom("allkeys-lru", "volatile-lru", "noeviction"),
        }),
    ),
    backup: optional(
        fc.record(
            {
                databaseEveryHours: fc.constantFrom(6, 8, 12, 24, 6, 7),
                retentionDays: fc.integer({ min: 1, max: 200 }),
                auditRetentionDays: fc.integer({ min: 91, max: 4000 }),
                lock: fc.constantFrom("none", "governance"),
                deleteWithStack: fc.boolean(),
            },
            { requiredKeys: [] },
        ),
    ),
    rotation: optional(fc.integer({ min: 1, max: 99 })),
    deletionProtection: optional(fc.boolean()),
});

const clouds = [
    { cloud: "AWS", configurations: onAws, Deployment: AwsDeployment, runs: 200 },
    { cloud: "Azure", configurations: onAzure, Deployment: AzureDeployment, runs: 150 },
];

function rawValues(configuration: Record<string, unknown>): Record<string, string> {
    const entries = Object.entries(JSON.parse(JSON.stringify(configuration)) as Record<string, unknown>);
    return Object.fromEntries(
        entries.map(([key, value]) => [`minusnow:${key}`, typeof value === "string" ? value : JSON.stringify(value)]),
    );
}

describe.each(clouds)("any configuration for $cloud", ({ configurations, Deployment, runs }) => {
    it("is refused with a clear error or gives a deployment that the cloud would not refuse", async () => {
        const outcomes = { refused: 0, planned: 0 };
        await fc.assert(
            fc.asyncProperty(configurations as fc.Arbitrary<Record<string, unknown>>, async (configuration) => {
                let config: StackConfig;
                try {
                    config = readConfig({ stack: "random", values: rawValues(configuration), isSecret: () => false });
                } catch (error) {
                    expect(error).toBeInstanceOf(ConfigurationError);
                    outcomes.refused++;
                    return;
                }
                const built = await build(
                    () => new Deployment(`minusnow-${config.environment}`, deploymentArgs(config)),
                );
                expect(built.cloud.refusals).toEqual([]);
                expect([...built.cloud.unknownTypes]).toEqual([]);
                outcomes.planned++;
            }),
            { numRuns: runs },
        );
        expect(outcomes.planned).toBeGreaterThan(20);
        expect(outcomes.refused).toBeGreaterThan(20);
    }, 900_000);
});
