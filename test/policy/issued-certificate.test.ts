import { afterAll, beforeAll, expect, it } from "vitest";
import { reveal } from "../../plan/engine/values";
import { startPack, type TestPack } from "../support/policies";
import { plannedFrom } from "../support/projects";
import { hasName, removeEach, setEach } from "./change";
import { survivorsOf } from "./planted";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

/** Production without a certificate of its own: Let's Encrypt issues one. */
const planned = (unknowns: boolean) =>
    plannedFrom((text) => text.replace(/^ *minusnow:certificateId: .*\n/m, ""), "azure-prod", unknowns);

it.each([false, true])("azure-prod with Let's Encrypt meets every item (unknown values: %s)", async (unknowns) => {
    const at = await planned(unknowns);
    expect(at.plan.refusals).toEqual([]);
    const { checklist } = await pack.judge(at.plan.resources);
    expect(checklist.filter(({ status }) => status !== "pass")).toEqual([]);
    expect(at.one("dns.RecordSet", "-certificate").inputs).toMatchObject({
        recordType: "TXT",
        relativeRecordSetName: "_acme-challenge.minusnow",
        zoneName: "example.com",
    });
});

it("lets the machine that asks write this record and this secret, and nothing else in zone and vault", async () => {
    const at = await planned(false);
    const assigned = at
        .all("authorization.RoleAssignment")
        .filter(({ name }) => /-certificate-(proves|keeps)$/.test(name));
    expect(assigned.map(({ inputs }) => (inputs["scope"] as string).replace(/^.*\/providers\//, ""))).toEqual([
        "Microsoft.Network/dnsZones/example.com/TXT/_acme-challenge.minusnow",
        expect.stringMatching(/^Microsoft.KeyVault\/vaults\/\w+\/secrets\/minusnow-prod-certificate$/),
    ]);
    const allowed = at.all("authorization.RoleDefinition").filter(({ name }) => name.includes("-certificate-"));
    expect(allowed.map(({ inputs }) => inputs["permissions"])).toEqual([
        [
            {
                actions: ["Microsoft.Network/dnsZones/TXT/read", "Microsoft.Network/dnsZones/TXT/write"],
                notActions: [],
                dataActions: [],
            },
        ],
        [
            {
                actions: [],
                notActions: [],
                dataActions: [
                    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
                    "Microsoft.KeyVault/vaults/secrets/setSecret/action",
                ],
            },
        ],
    ]);
});

it("has every defect of it caught by the rule that is there for it", async () => {
    const all = (await planned(false)).plan.resources;
    const command = "compute.VirtualMachineRunCommandByVirtualMachine";
    const isIssuing = hasName("-prod-certificate");
    const edited = (find: string, replacement: string) =>
        setEach(
            all,
            command,
            "source.script",
            (resource) => {
                const { script: text } = reveal(resource.inputs["source"]) as { script: string };
                expect(text).toContain(find);
                return text.replaceAll(find, replacement);
            },
            ["certificates-installed"],
            isIssuing,
        );
    const mutations = [
        ...removeEach(all, command, ["certificates-installed"], isIssuing),
        ...setEach(all, command, "parameters", [], ["certificates-installed"], isIssuing),
        ...edited("OnCalendar=*-*-* 00/12:00", "OnCalendar=Sun *-*-* 00:00"),
        ...edited("minusnow-issue-certificate.timer", "minusnow-other.timer"),
    ];
    expect(mutations).toHaveLength(4);
    expect(await survivorsOf("A certificate of Let's Encrypt", pack, all, mutations)).toEqual([]);
});
