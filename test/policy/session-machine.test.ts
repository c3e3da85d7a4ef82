import { afterAll, beforeAll, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { startPack, type TestPack } from "../support/policies";
import { plannedWith } from "../support/projects";
import { hasName, rulePath, setEach } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const planned = (unknowns: boolean, stack = "aws-prod") =>
    plannedWith("  minusnow:sessionStore:\n    kind: redis\n", stack, unknowns);

it.each([
    ["aws-prod", false],
    ["aws-prod", true],
    ["azure-prod", false],
    ["azure-prod", true],
] as const)(
    "%s with Redis on a machine meets every item but the one that it cannot, and says so (unknown values: %s)",
    async (stack, unknowns) => {
        const at = await planned(unknowns, stack);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken).toEqual(["app-servers-sessions"]);
        expect(violations.find(({ policy }) => policy === "app-servers-sessions")!.message).toContain(
            "its failure ends all sessions; allowed: two nodes with failover (kind managed)",
        );
    },
);

it("has every defect of that machine caught by the rule that is there for it", async () => {
    const all = (await planned(false)).plan.resources;
    const into = ({ name }: Resource) => name.includes("-net-cache-from-");
    const mutations = [
        ...setEach(
            all,
            "ec2.Instance",
            "rootBlockDevice.encrypted",
            false,
            ["app-servers-encrypted"],
            hasName("-sessions"),
        ),
        ...setEach(
            all,
            "ec2.Instance",
            "associatePublicIpAddress",
            true,
            ["app-servers-private"],
            hasName("-sessions"),
        ),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "toPort", 65535, ["firewall-tiers"], into),
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "referencedSecurityGroupId",
            undefined,
            ["firewall-tiers"],
            into,
        ),
    ];
    expect(mutations).toHaveLength(4);
    expect(await survivorsOf("Redis on a machine on AWS", pack, all, mutations)).toEqual([]);
});

it("has every defect of that machine on Azure caught by the rule that is there for it", async () => {
    const all = (await planned(false, "azure-prod")).plan.resources;
    const isMachine = hasName("-sessions");
    const mutations = [
        ...setEach(
            all,
            "network.NetworkSecurityGroup",
            `${rulePath(all, "cache", "from-app-6379")}.destinationPortRange`,
            "1-65535",
            ["firewall-tiers"],
            hasName("-net-cache"),
        ),
        ...setEach(
            all,
            "network.NetworkSecurityGroup",
            `${rulePath(all, "storage", "from-cache-443")}.destinationPortRange`,
            "2049",
            ["firewall-tiers"],
            hasName("-net-storage"),
        ),
        ...setEach(
            all,
            "compute.VirtualMachine",
            "securityProfile.encryptionAtHost",
            false,
            ["app-servers-encrypted"],
            isMachine,
        ),
        ...setEach(
            all,
            "network.NetworkInterface",
            "ipConfigurations[0].publicIPAddress",
            { id: "/subscriptions/x/publicIPAddresses/y" },
            ["app-servers-private"],
            isMachine,
        ),
    ];
    expect(mutations).toHaveLength(4);
    expect(await survivorsOf("Redis on a machine on Azure", pack, all, mutations)).toEqual([]);
});

it("reaches mirrors from the cache subnets by address translation, and nothing else does from there", async () => {
    const at = await planned(false);
    const associations = at.all("ec2.RouteTableAssociation").filter(({ name }) => /-net-cache-\d$/.test(name));
    const tables = associations.map(({ inputs }) => inputs["routeTableId"]);
    const apps = at.all("ec2.RouteTableAssociation").filter(({ name }) => /-net-app-\d$/.test(name));
    expect(tables).toEqual(apps.map(({ inputs }) => inputs["routeTableId"]));
    const outbound = at
        .all("vpc.SecurityGroupEgressRule")
        .filter(({ name, inputs }) => name.includes("-net-cache-to-internet") && inputs["cidrIpv4"]);
    expect(outbound.map(({ inputs }) => inputs["toPort"])).toEqual([443]);
});
