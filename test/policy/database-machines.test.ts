import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { plan } from "../../plan/plan";
import { lookup, type PlannedStack } from "../support/plans";
import { startPack, type TestPack } from "../support/policies";
import { shipped } from "../support/projects";
import { hasName, type Mutation, removeEach, setEach, textOf } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const planned = async (unknowns: boolean): Promise<PlannedStack> => {
    const directory = shipped((text) => `${text}  minusnow:database:\n    kind: vm\n`);
    return lookup(await plan({ directory, stack: "aws-prod", unknowns }));
};

it.each([false, true])(
    "a stack with PostgreSQL on machines meets every item, and says who promotes its standby (unknown values: %s)",
    async (unknowns) => {
        const at = await planned(unknowns);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken).toEqual([]);
        expect(violations.map(({ message }) => message).join("\n")).toContain("an administrator promotes the standby");
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

function booting(all: Resource[], machine: string): Mutation[] {
    return edits.flatMap(([find, replacement, by]) =>
        setEach(
            all,
            "ec2.Instance",
            "userDataBase64",
            (resource) => {
                const text = gunzipSync(Buffer.from(textOf(resource, "userDataBase64"), "base64")).toString();
                const edited = text.replace(find, replacement);
                if (edited === text) {
                    throw new Error(`${String(find)} is not in the script of ${machine}`);
                }
                return gzipSync(edited).toString("base64");
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
        ];
        expect(await survivorsOf("PostgreSQL on machines", [pack], all, mutations)).toEqual([]);
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
