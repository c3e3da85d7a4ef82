import { afterAll, beforeAll, expect, it } from "vitest";
import { reveal } from "../../plan/engine/values";
import { startPack, type TestPack } from "../support/policies";
import type { PlannedStack } from "../support/plans";
import { plannedFrom } from "../support/projects";
import { hasName, removeEach, rulePath, setEach, textOf } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const licence = (component: string, product: string) => `      - component: ${component}
        vendor: Microsoft
        product: ${product}
        agreement: In the price of what is billed by the hour
        keyLocation: none
        renewal: "2027-11-24"
        compliance: Nobody logs in but administrators.
        owner: procurement
        evidence: https://contracts.example.com/windows
        date: "2026-11-25"
        expires: "2027-11-24"
        example: true
`;
const LICENCES: Record<string, string> = {
    "aws-prod": licence("operating-system", "Windows Server") + licence("directory", "Microsoft Active Directory"),
    "azure-prod": licence("operating-system", "Windows Server"),
};

function planned(stack: string, unknowns: boolean, licences = LICENCES[stack]!): Promise<PlannedStack> {
    const os = "    os: windows-server-2025\n";
    const change = (text: string) => {
        const withSystem = text.includes("  minusnow:appPair:\n")
            ? text.replace("  minusnow:appPair:\n", `  minusnow:appPair:\n${os}`)
            : `${text}  minusnow:appPair:\n${os}`;
        return withSystem.replace("    licences:\n", `    licences:\n${licences}`);
    };
    return plannedFrom(change, stack, unknowns);
}

/** AWS Backup has no cold storage for FSx. */
const unmet: Record<string, string[]> = { "aws-prod": ["backups-audit-logs"], "azure-prod": [] };

it.each([
    ["aws-prod", false],
    ["aws-prod", true],
    ["azure-prod", false],
    ["azure-prod", true],
])("%s on Windows meets every item but what it cannot (unknown values: %s)", async (stack, unknowns) => {
    const at = await planned(stack, unknowns);
    expect(at.plan.refusals).toEqual([]);
    expect((await pack.judge(at.plan.resources)).broken).toEqual(unmet[stack]);
});

it("asks for Windows Server's licence, as the guide's table does", async () => {
    const { broken } = await pack.judge((await planned("azure-prod", false, "")).plan.resources);
    expect(broken.sort()).toEqual([
        "compliance-stated",
        "license-keys-secured",
        "licenses-procured",
        "renewal-dates-tracked",
    ]);
});

it("has every defect of servers on Windows on AWS caught by the rule that is there for it", async () => {
    const all = (await planned("aws-prod", false)).plan.resources;
    const isServer = hasName("-app-app1");
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
    const files = (property: string, value: string | undefined, by: string) =>
        setEach(all, "fsx.WindowsFileSystem", property, value, [by]);
    const into = ({ name }: { name: string }) => name.endsWith("-net-storage-from-app-445");
    const mutations = [
        ...boot(" smb RequirePrivacy", " smb none", "shared-storage-transport"),
        ...boot("C:/MinusNow/uploads smb", "C:/MinusNow/other smb", "shared-storage-mounted"),
        ...files("deploymentType", "SINGLE_AZ_2", "shared-storage-zones"),
        ...files("kmsKeyId", undefined, "shared-storage-encrypted"),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "toPort", 65535, ["firewall-tiers"], into),
        ...removeEach(all, "vpc.SecurityGroupIngressRule", ["firewall-connected"], into),
        ...removeEach(all, "backup.Selection", ["backups-files"], hasName("-backup-files")),
        ...removeEach(all, "ssm.Association", ["monitoring-agent"], hasName("-watch-agent-windows")),
        ...removeEach(all, "cloudwatch.MetricAlarm", ["alerting-thresholds"], hasName("-memory-app1-warning")),
    ];
    expect(mutations).toHaveLength(9);
    expect(await survivorsOf("Windows on AWS", pack, all, mutations)).toEqual([]);
});

it("has every defect of servers on Windows on Azure caught by the rule that is there for it", async () => {
    const all = (await planned("azure-prod", false)).plan.resources;
    const machine = "compute.VirtualMachine";
    const isServer = hasName("-app-app1");
    const boot = (where: ReturnType<typeof hasName>, find: string, replacement: string, by: string) =>
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
            [by],
            where,
        );
    const smb = rulePath(all, "storage", "from-app-445");
    const storage = (path: string, value: string, by: string) =>
        setEach(all, "network.NetworkSecurityGroup", `${smb}.${path}`, value, [by], hasName("-net-storage"));
    const service = (path: string, value: string | undefined) =>
        setEach(all, "storage.FileServiceProperties", `protocolSettings.smb.${path}`, value, [
            "shared-storage-transport",
        ]);
    const listeners = [{ protocol: "Http" }];
    const mutations = [
        ...boot(isServer, " smb RequirePrivacy", " smb none", "shared-storage-transport"),
        ...boot(isServer, "C:/MinusNow/uploads smb", "C:/MinusNow/other smb", "shared-storage-mounted"),
        ...boot(hasName("-ops"), ",seal,", ",", "shared-storage-transport"),
        ...service("versions", "SMB2.1;SMB3.0;SMB3.1.1;"),
        ...service("channelEncryption", "AES-128-CCM;"),
        ...service("channelEncryption", undefined),
        ...setEach(
            all,
            "storage.StorageAccount",
            "enableHttpsTrafficOnly",
            false,
            ["shared-storage-transport"],
            hasName("-files"),
        ),
        ...setEach(all, machine, "osProfile.windowsConfiguration.winRM", { listeners }, ["ssh-no-password"], isServer),
        ...setEach(all, machine, "securityProfile.encryptionAtHost", false, ["app-servers-encrypted"], isServer),
        ...storage("destinationPortRange", "1-65535", "firewall-tiers"),
        ...storage("destinationPortRange", "2049", "firewall-connected"),
        ...removeEach(all, "compute.VirtualMachineExtension", ["monitoring-agent"], hasName("-watch-agent-app1")),
        ...removeEach(all, "compute.VirtualMachineExtension", ["shared-storage-mounted"], hasName("-app-app1-boot")),
    ];
    expect(mutations).toHaveLength(13);
    expect(await survivorsOf("Windows on Azure", pack, all, mutations)).toEqual([]);
});
