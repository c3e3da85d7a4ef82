import { afterAll, beforeAll, expect, it } from "vitest";
import { reveal } from "../../plan/engine/values";
import { plan } from "../../plan/plan";
import { startPack, type TestPack } from "../support/policies";
import { lookup, type PlannedStack } from "../support/plans";
import { shipped } from "../support/projects";
import { hasName, removeEach, rulePath, setEach } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

const LICENCE = `      - component: operating-system
        vendor: Microsoft
        product: Windows Server
        agreement: Pay-as-you-go by the hour of the machines
        keyLocation: none
        renewal: "2027-11-24"
        compliance: In the price of the machines; no user logs in.
        owner: procurement
        evidence: https://contracts.example.com/windows
        date: "2026-11-25"
        expires: "2027-11-24"
        example: true
`;

async function planned(unknowns: boolean, licence = LICENCE): Promise<PlannedStack> {
    const stack = "azure-prod";
    const directory = shipped(
        (text) =>
            text
                .replace("  minusnow:appPair:\n", "  minusnow:appPair:\n    os: windows-server-2025\n")
                .replace("    licences:\n", `    licences:\n${licence}`),
        stack,
    );
    return lookup(await plan({ directory, stack, unknowns }));
}

it.each([false, true])("azure-prod on Windows meets every item (unknown values: %s)", async (unknowns) => {
    const at = await planned(unknowns);
    expect(at.plan.refusals).toEqual([]);
    expect((await pack.judge(at.plan.resources)).broken).toEqual([]);
});

it("asks for Windows Server's licence, as the guide's table does", async () => {
    const { broken } = await pack.judge((await planned(false, "")).plan.resources);
    expect(broken.sort()).toEqual([
        "compliance-stated",
        "license-keys-secured",
        "licenses-procured",
        "renewal-dates-tracked",
    ]);
});

it("has every defect of servers on Windows caught by the rule that is there for it", async () => {
    const all = (await planned(false)).plan.resources;
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
