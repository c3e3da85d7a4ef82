import { afterAll, beforeAll, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { plan } from "../../plan/plan";
import { lookup, type PlannedStack } from "../support/plans";
import { startPack, type TestPack } from "../support/policies";
import { shipped } from "../support/projects";
import { hasName, removeEach, setEach, textOf } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const planned = async (unknowns: boolean): Promise<PlannedStack> => {
    const directory = shipped((text) => `${text}  minusnow:sharedStorage:\n    kind: nfs\n`);
    return lookup(await plan({ directory, stack: "aws-prod", unknowns }));
};

/** What a file server of one's own cannot meet. */
const unmet = ["backups-audit-logs", "shared-storage-transport", "shared-storage-zones"];

it.each([false, true])(
    "a stack with an NFS server meets every item but those that it cannot, and says which (unknown values: %s)",
    async (unknowns) => {
        const at = await planned(unknowns);
        expect(at.plan.refusals).toEqual([]);
        const { broken, violations } = await pack.judge(at.plan.resources);
        expect(broken.sort()).toEqual(unmet);
        const told = violations.map(({ message }) => message).join("\n");
        expect(told).toContain("NFS on one machine: its failure takes the files away");
        expect(told).toContain("NFS is not encrypted on its way");
        expect(told).toContain("nothing archives the audit logs weekly in cold storage");
    },
);

it("has every defect of that machine caught by the rule that is there for it", async () => {
    const all = (await planned(false)).plan.resources;
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
    expect(await survivorsOf("NFS on a machine", [pack], all, mutations)).toEqual([]);
});
