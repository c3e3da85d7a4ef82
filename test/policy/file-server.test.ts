import { afterAll, beforeAll, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { reveal } from "../../plan/engine/values";
import { startPack, type TestPack } from "../support/policies";
import { plannedWith } from "../support/projects";
import { hasName, removeEach, rulePath, setEach, textOf } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const planned = (stack: string, unknowns: boolean) =>
    plannedWith("  minusnow:sharedStorage:\n    kind: nfs\n", stack, unknowns);

/** What a file server of one's own cannot meet; on Azure the operations machine archives the audit logs in any case. */
const unmet: Record<string, string[]> = {
    "aws-prod": ["backups-audit-logs", "shared-storage-transport", "shared-storage-zones"],
    "azure-prod": ["shared-storage-transport", "shared-storage-zones"],
};

it.each([
    ["aws-prod", false],
    ["aws-prod", true],
    ["azure-prod", false],
    ["azure-prod", true],
])(
    "%s with an NFS server meets every item but those that it cannot, and says which (unknown values: %s)",
    async (stack, unknowns) => {
        const at = await planned(stack, unknowns);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken.sort()).toEqual(unmet[stack]);
        const told = violations.map(({ message }) => message).join("\n");
        expect(told).toContain("NFS on one machine: its failure takes the files away");
        expect(told).toContain("NFS is not encrypted on its way");
        expect(told.includes("nothing archives the audit logs weekly in cold storage")).toBe(stack === "aws-prod");
    },
);

it("has every defect of that machine caught by the rule that is there for it", async () => {
    const all = (await planned("aws-prod", false)).plan.resources;
    const isServer = hasName("-files");
    const boot = (find: string, replacement: string, by: string) =>
        setEach(
            all,
            "ec2.Instance",
            "userData",
            (resource) => {
                const text = textOf(resource, "userData");
                const edited = text.replaceAll(find, replacement);
                if (edited === text) {
                    throw new Error(`${find} is not in the script`);
                }
                return edited;
            },
            [by],
            isServer,
        );
    const into = ({ name }: Resource) => name.includes("-net-storage-from-");
    const mutations = [
        ...boot("root_squash", "no_root_squash", "shared-storage-directories"),
        ...boot("/exports/minusnow/uploads 10", "/exports/minusnow/other 10", "shared-storage-directories"),
        ...boot("10.0.17.0/24(", "0.0.0.0/0(", "shared-storage-directories"),
        ...setEach(all, "ebs.Volume", "encrypted", false, ["shared-storage-encrypted"]),
        ...setEach(all, "ebs.Volume", "kmsKeyId", undefined, ["shared-storage-encrypted"]),
        ...setEach(all, "ec2.Instance", "associatePublicIpAddress", true, ["app-servers-private"], isServer),
        ...setEach(all, "ec2.Instance", "rootBlockDevice.encrypted", false, ["app-servers-encrypted"], isServer),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "toPort", 65535, ["firewall-tiers"], into),
        ...removeEach(all, "backup.Selection", ["backups-files"], hasName("-backup-files")),
    ];
    expect(mutations).toHaveLength(9);
    expect(await survivorsOf("NFS on a machine", pack, all, mutations)).toEqual([]);
});

it("has every defect of that machine on Azure caught by the rule that is there for it", async () => {
    const all = (await planned("azure-prod", false)).plan.resources;
    const isServer = hasName("-files");
    const machine = "compute.VirtualMachine";
    const boot = (find: string, replacement: string) =>
        setEach(
            all,
            machine,
            "osProfile.customData",
            (resource) => {
                const { customData } = reveal(resource.inputs["osProfile"]) as { customData: string };
                const text = Buffer.from(customData, "base64").toString();
                const edited = text.replaceAll(find, replacement);
                if (edited === text) {
                    throw new Error(`${find} is not in the script`);
                }
                return Buffer.from(edited).toString("base64");
            },
            ["shared-storage-directories"],
            isServer,
        );
    const nfs = rulePath(all, "storage", "from-app-2049");
    const storage = (path: string, value: string, by: string) =>
        setEach(all, "network.NetworkSecurityGroup", `${nfs}.${path}`, value, [by], hasName("-net-storage"));
    const mutations = [
        ...boot("root_squash", "no_root_squash"),
        ...boot("/exports/minusnow/uploads 10", "/exports/minusnow/other 10"),
        ...boot("10.0.17.0/24(", "0.0.0.0/0("),
        ...setEach(all, "compute.Disk", "encryption", undefined, ["shared-storage-encrypted"]),
        ...setEach(all, machine, "securityProfile.encryptionAtHost", false, ["app-servers-encrypted"], isServer),
        ...setEach(
            all,
            "network.NetworkInterface",
            "ipConfigurations[0].publicIPAddress",
            { id: "/subscriptions/x/publicIPAddresses/y" },
            ["app-servers-private"],
            isServer,
        ),
        ...storage("destinationPortRange", "1-65535", "firewall-tiers"),
        ...storage("destinationPortRange", "2050", "firewall-connected"),
        ...removeEach(
            all,
            "compute.VirtualMachineRunCommandByVirtualMachine",
            ["backups-files"],
            hasName("-backup-files"),
        ),
    ];
    expect(mutations).toHaveLength(9);
    expect(await survivorsOf("NFS on a machine on Azure", pack, all, mutations)).toEqual([]);
});
