import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { reveal } from "../../plan/engine/values";
import { startPack, type TestPack } from "../support/policies";
import { plannedWith } from "../support/projects";
import { hasName, type Mutation, removeEach, rulePath, setEach, textOf } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const planned = (unknowns: boolean, stack = "aws-prod", more = "") =>
    plannedWith(`  minusnow:database:\n    kind: vm\n${more}`, stack, unknowns);
const onAmazonLinux = "    os: amazon-linux-2023\n";

it.each([
    ["aws-prod", false, ""],
    ["aws-prod", true, ""],
    ["aws-prod", false, onAmazonLinux],
    ["azure-prod", false, ""],
    ["azure-prod", true, ""],
])(
    "%s with PostgreSQL on machines meets every item, and says who promotes its standby (unknown values: %s) %s",
    async (stack, unknowns, more) => {
        const at = await planned(unknowns, stack, more);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken).toEqual([]);
        expect(violations.map(({ message }) => message).join("\n")).toContain("an administrator promotes the standby");
    },
);

const withWitness = (stack: string, unknowns = false) =>
    plannedWith(
        "  minusnow:database:\n    kind: vm\n    automaticFailover: true\n  minusnow:network:\n    zoneCount: 3\n",
        stack,
        unknowns,
    );

it.each([
    ["aws-prod", false],
    ["aws-prod", true],
    ["azure-prod", false],
    ["azure-prod", true],
])(
    "%s with a witness in a third zone meets every item without a person (unknown values: %s)",
    async (stack, unknowns) => {
        const at = await withWitness(stack, unknowns);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken).toEqual([]);
        expect(violations.map(({ message }) => message).join("\n")).not.toContain("an administrator promotes");
    },
);

/** One edit of a machine's first-boot script, and the rule that must notice. */
const edits: [find: string | RegExp, replacement: string, by: string][] = [
    ["max_connections = 200", "max_connections = 20", "database-settings"],
    [/^ *work_mem = .*$/m, "", "database-settings"],
    ["wal_level = replica", "wal_level = minimal", "database-settings"],
    ["wal_keep_size = 1GB", "wal_keep_size = 1MB", "database-settings"],
    ["shared_buffers=25", "shared_buffers=2", "database-settings"],
    ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/14/bin", "database-version"],
    ["hostssl minusnow_db", "host minusnow_db", "database-access-tls"],
    [/(hostssl minusnow_db .*)scram-sha-256$/m, "$1trust", "database-access-tls"],
    ["ssl = on", "ssl = off", "database-access-tls"],
    ["archive_mode = on", "archive_mode = off", "backups-point-in-time"],
    [/^ *archive_command = .*$/m, "archive_command = '/bin/true'", "backups-point-in-time"],
    ["repo1-retention-full=30", "repo1-retention-full=3", "backups-point-in-time"],
];

/** Where each cloud's machines have their script. */
const scripts = {
    "ec2.Instance": {
        property: "userDataBase64",
        read: (resource: Resource) => gunzipSync(Buffer.from(textOf(resource, "userDataBase64"), "base64")).toString(),
        write: (text: string) => gzipSync(text).toString("base64"),
    },
    "compute.VirtualMachine": {
        property: "osProfile.customData",
        read: (resource: Resource) => {
            const { customData } = reveal(resource.inputs["osProfile"]) as { customData: string };
            return Buffer.from(customData, "base64").toString();
        },
        write: (text: string) => Buffer.from(text).toString("base64"),
    },
};

function booting(all: Resource[], machine: string, type: keyof typeof scripts = "ec2.Instance"): Mutation[] {
    const { property, read, write } = scripts[type];
    return edits.flatMap(([find, replacement, by]) =>
        setEach(
            all,
            type,
            property,
            (resource) => {
                const text = read(resource);
                const edited = text.replace(find, replacement);
                if (edited === text) {
                    throw new Error(`${String(find)} is not in the script of ${machine}`);
                }
                return write(edited);
            },
            [by],
            hasName(`-db-${machine}`),
        ).map((mutation) => ({ ...mutation, name: `${machine}: ${String(find)} becomes '${replacement}'` })),
    );
}

describe("planted defects", () => {
    it("has every defect of these machines caught by the rule that is there for it", async () => {
        const all = (await planned(false)).plan.resources;
        const isMachine = ({ name }: Resource) => /-db-db\d$/.test(name);
        const subnetOf = (end: string) =>
            textOf(
                all.find((one) => hasName(end)(one) && isMachine(one))!,
                "subnetId",
            );
        const isUncopied = ({ name }: Resource) => /-archiving-uncopied$/.test(name);
        const among = ({ name }: Resource) => name.endsWith("-among-5432-in");
        const mutations = [
            // What is told of a version is told of the first machine.
            ...booting(all, "db1"),
            ...booting(all, "db2").filter(({ by }) => !by.includes("database-version")),
            ...setEach(all, "ec2.Instance", "instanceType", "m7i.large", ["database-size"], isMachine),
            ...setEach(all, "ec2.Instance", "rootBlockDevice.volumeSize", 50, ["database-size"], isMachine),
            ...setEach(all, "ec2.Instance", "rootBlockDevice.encrypted", false, ["database-encrypted"], isMachine),
            ...setEach(all, "ec2.Instance", "rootBlockDevice.kmsKeyId", undefined, ["database-encrypted"], isMachine),
            ...setEach(all, "ec2.Instance", "disableApiTermination", false, ["database-protected"], isMachine),
            ...setEach(all, "ec2.Instance", "associatePublicIpAddress", true, ["database-access-private"], isMachine),
            ...setEach(
                all,
                "ec2.Instance",
                "subnetId",
                subnetOf("-db-db1"),
                ["database-replica-zone"],
                hasName("-db-db2"),
            ),
            ...removeEach(all, "ec2.Instance", ["database-standby"], hasName("-db-db2")),
            ...removeEach(all, "ec2.Instance", ["database-replica-linked"], hasName("-db-db2")),
            ...setEach(all, "vpc.SecurityGroupIngressRule", "toPort", 65535, ["database-access-app-only"], among),
            ...setEach(
                all,
                "vpc.SecurityGroupIngressRule",
                "cidrIpv4",
                "10.0.0.0/8",
                ["database-access-app-only"],
                hasName("-database-from-app-5432"),
            ),
            ...setEach(all, "lb.LoadBalancer", "internal", false, ["database-access-app-only"], hasName("-db-writer")),
            ...removeEach(all, "cloudwatch.MetricAlarm", ["alerting-thresholds"], ({ name }) =>
                /-(replication-lag-standby|cpu-db1|disk-db2)-/.test(name),
            ),
            ...removeEach(all, "backup.Selection", ["backups-every-resource"], hasName("-backup-database")),
            ...removeEach(all, "s3.BucketReplicationConfig", ["backups-copied"], hasName("-db-archive")),
            ...setEach(
                all,
                "s3.BucketReplicationConfig",
                "rules[0].status",
                "Disabled",
                ["backups-copied"],
                hasName("-db-archive"),
            ),
            ...setEach(all, "s3.Bucket", "region", undefined, ["backups-copied"], hasName("-db-archive-copy")),
            ...removeEach(all, "cloudwatch.MetricAlarm", ["backups-failure"], isUncopied),
            ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [], ["backups-failure"], isUncopied),
        ];
        expect(await survivorsOf("PostgreSQL on machines", pack, all, mutations)).toEqual([]);
    });

    it("knows the version where Amazon Linux has it too", async () => {
        const all = (await planned(false, "aws-prod", onAmazonLinux)).plan.resources;
        const { property, read, write } = scripts["ec2.Instance"];
        const older = setEach(
            all,
            "ec2.Instance",
            property,
            (resource) => write(read(resource).replace("/usr/pgsql-17/", "/usr/pgsql-14/")),
            ["database-version"],
            hasName("-db-db1"),
        );
        expect(older).toHaveLength(1);
        expect(await survivorsOf("PostgreSQL on Amazon Linux", pack, all, older)).toEqual([]);
    });

    it("has every defect of a witness caught", async () => {
        const isWitness = hasName("-db-witness");
        const aws = (await withWitness("aws-prod")).plan.resources;
        // EC2 takes 16 KB; longer names and more networks need some of it.
        const script = textOf(aws.find(hasName("-db-db1"))!, "userDataBase64");
        expect(Buffer.from(script, "base64").length).toBeLessThan(16 * 1024 - 400);
        const subnetId = textOf(aws.find(hasName("-db-db2"))!, "subnetId");
        const onAws = [
            ...setEach(aws, "ec2.Instance", "subnetId", subnetId, ["database-standby"], isWitness),
            ...setEach(aws, "ec2.Instance", "rootBlockDevice.encrypted", false, ["app-servers-encrypted"], isWitness),
            ...setEach(aws, "ec2.Instance", "associatePublicIpAddress", true, ["app-servers-private"], isWitness),
            ...removeEach(aws, "cloudwatch.MetricAlarm", ["alerting-thresholds"], ({ name }) =>
                name.includes("-cpu-witness-"),
            ),
        ];
        expect(onAws).toHaveLength(5);
        expect(await survivorsOf("Witness on AWS", pack, aws, onAws)).toEqual([]);
        const azure = (await withWitness("azure-prod")).plan.resources;
        const type = "compute.VirtualMachine";
        const onAzure = [
            ...setEach(azure, type, "zones", ["2"], ["database-standby"], isWitness),
            ...setEach(azure, type, "securityProfile.encryptionAtHost", false, ["app-servers-encrypted"], isWitness),
            ...removeEach(azure, "monitor.MetricAlert", ["alerting-thresholds"], ({ name }) =>
                name.includes("-cpu-witness-"),
            ),
        ];
        expect(onAzure).toHaveLength(4);
        expect(await survivorsOf("Witness on Azure", pack, azure, onAzure)).toEqual([]);
    });

    it("has the same on Azure", async () => {
        const all = (await planned(false, "azure-prod")).plan.resources;
        const type = "compute.VirtualMachine";
        const isMachine = ({ name }: Resource) => /-db-db\d$/.test(name);
        const opened = (role: string, name: string, property: string, value: string, by: string) =>
            setEach(
                all,
                "network.NetworkSecurityGroup",
                `${rulePath(all, role, name)}.${property}`,
                value,
                [by],
                hasName(`-net-${role}`),
            );
        const access = "database-access-app-only";
        const mutations = [
            ...booting(all, "db1", type),
            ...booting(all, "db2", type).filter(({ by }) => !by.includes("database-version")),
            ...setEach(all, type, "hardwareProfile.vmSize", "Standard_D2s_v5", ["database-size"], isMachine),
            ...setEach(all, type, "storageProfile.osDisk.diskSizeGB", 50, ["database-size"], isMachine),
            ...setEach(all, type, "securityProfile.encryptionAtHost", false, ["database-encrypted"], isMachine),
            ...setEach(
                all,
                type,
                "storageProfile.osDisk.managedDisk.diskEncryptionSet",
                undefined,
                ["database-encrypted"],
                isMachine,
            ),
            ...removeEach(all, "authorization.ManagementLockByScope", ["database-protected"], hasName("-db-archive")),
            ...setEach(
                all,
                "network.NetworkInterface",
                "ipConfigurations[0].publicIPAddress",
                { id: "/subscriptions/x/publicIPAddresses/y" },
                ["database-access-private"],
                isMachine,
            ),
            ...setEach(all, type, "zones", ["1"], ["database-replica-zone"], hasName("-db-db2")),
            ...removeEach(all, type, ["database-standby"], hasName("-db-db2")),
            ...opened("database", "from-database-5432", "destinationPortRange", "1-65535", access),
            ...opened("database", "from-database-8008", "sourceAddressPrefix", "10.0.0.0/8", access),
            ...opened("database", "from-database-5432", "sourceAddressPrefix", "10.0.0.0/8", "firewall-tiers"),
            ...opened("storage", "from-database-443", "destinationPortRange", "2049", "firewall-tiers"),
            ...removeEach(all, "monitor.ScheduledQueryRule", ["alerting-thresholds"], ({ name }) =>
                /-(replication-lag-standby|disk-db2)-/.test(name),
            ),
            ...removeEach(all, "monitor.MetricAlert", ["alerting-thresholds"], ({ name }) => /-cpu-db1-/.test(name)),
            ...removeEach(
                all,
                "compute.VirtualMachineRunCommandByVirtualMachine",
                ["backups-every-resource"],
                hasName("-backup-database"),
            ),
        ];
        expect(await survivorsOf("PostgreSQL on machines on Azure", pack, all, mutations)).toEqual([]);
    });
});

it("reaches mirrors and backups from the database subnets by address translation", async () => {
    const at = await planned(false);
    const associations = at.all("ec2.RouteTableAssociation").filter(({ name }) => /-net-database-\d$/.test(name));
    const apps = at.all("ec2.RouteTableAssociation").filter(({ name }) => /-net-app-\d$/.test(name));
    const tables = (all: typeof apps) => all.map(({ inputs }) => inputs["routeTableId"]);
    expect(tables(associations)).toEqual(tables(apps));
    const outbound = at
        .all("vpc.SecurityGroupEgressRule")
        .filter(({ name, inputs }) => name.includes("-net-database-to-internet") && inputs["cidrIpv4"]);
    expect(outbound.map(({ inputs }) => inputs["toPort"])).toEqual([443, 80]);
});
