import { afterAll, beforeAll, expect, it } from "vitest";
import { startPack, type TestPack } from "../support/policies";
import { plannedFrom, plannedWith } from "../support/projects";

let pack: TestPack;
beforeAll(async () => {
    pack = await startPack();
});
afterAll(() => pack.stop());

/** What machines of one's own cannot meet, whichever balances; the checklist says why at each. */
const unmet: Record<string, string[]> = {
    "aws-prod": [
        "app-servers-sessions",
        "backups-audit-logs",
        "shared-storage-transport",
        "shared-storage-zones",
        "waf-attached",
    ],
    "azure-prod": ["app-servers-sessions", "shared-storage-transport", "shared-storage-zones", "waf-attached"],
};

/** What a system that is paid for breaks until there is a record of its licence. */
const LICENCE = ["compliance-stated", "license-keys-secured", "licenses-procured", "renewal-dates-tracked"];

const cases = Object.keys(unmet).flatMap((stack) =>
    ["haproxy", "nginx"].flatMap((kind) => ["active-active", "active-passive"].map((mode) => ({ stack, kind, mode }))),
);

const kindsOf = (kind: string, mode: string, database = "") =>
    [
        `  minusnow:loadBalancer:\n    kind: ${kind}\n    mode: ${mode}\n`,
        `  minusnow:database:\n    kind: vm\n${database}`,
        "  minusnow:sharedStorage:\n    kind: nfs\n",
        "  minusnow:sessionStore:\n    kind: redis\n",
    ].join("");

it.each(cases)("$stack of machines alone, $kind $mode, says which items those cannot meet", async (wanted) => {
    const { stack, kind, mode } = wanted;
    const { plan } = await plannedWith(kindsOf(kind, mode), stack, false);
    expect(plan.refusals).toEqual([]);
    const { broken, violations } = await pack.judge(plan.resources);
    expect(broken.sort()).toEqual(unmet[stack]);
    for (const policy of broken) {
        expect(violations.find((violation) => violation.policy === policy)!.message.length).toBeGreaterThan(20);
    }
});

it.each([false, true])(
    "azure-prod of machines with Red Hat's system meets the same, and needs its licence (unknown values: %s)",
    async (unknowns) => {
        const { plan } = await plannedFrom(
            (text) =>
                text
                    .replace("  minusnow:appPair:\n", "$&    os: rhel-9\n")
                    .concat(kindsOf("haproxy", "active-active", "    os: rhel-9\n")),
            "azure-prod",
            unknowns,
        );
        expect(plan.refusals).toEqual([]);
        const machines = plan.resources.filter(({ type }) => type === "azure-native:compute:VirtualMachine");
        const offers = machines.map(({ name, inputs }) => [
            name.replace(/^.*-/, ""),
            (inputs["storageProfile"] as { imageReference: { offer: string } }).imageReference.offer,
        ]);
        expect(Object.fromEntries(offers)).toEqual({
            ...Object.fromEntries(
                ["app1", "app2", "db1", "db2", "files", "lb1", "lb2", "sessions"].map((name) => [name, "RHEL"]),
            ),
            ops: "ubuntu-24_04-lts",
        });
        const { broken } = await pack.judge(plan.resources);
        expect(broken.filter((policy) => !unmet["azure-prod"]!.includes(policy)).sort()).toEqual(LICENCE);
    },
);
