import { afterAll, beforeAll, expect, it } from "vitest";
import { startPack, type TestPack } from "../support/policies";
import { plannedWith } from "../support/projects";

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

const cases = Object.keys(unmet).flatMap((stack) =>
    ["haproxy", "nginx"].flatMap((kind) => ["active-active", "active-passive"].map((mode) => ({ stack, kind, mode }))),
);

it.each(cases)("$stack of machines alone, $kind $mode, says which items those cannot meet", async (wanted) => {
    const { stack, kind, mode } = wanted;
    const kinds = [
        `  minusnow:loadBalancer:\n    kind: ${kind}\n    mode: ${mode}\n`,
        "  minusnow:database:\n    kind: vm\n",
        "  minusnow:sharedStorage:\n    kind: nfs\n",
        "  minusnow:sessionStore:\n    kind: redis\n",
    ];
    const { plan } = await plannedWith(kinds.join(""), stack, false);
    expect(plan.refusals).toEqual([]);
    const { broken, violations } = await pack.judge(plan.resources);
    expect(broken.sort()).toEqual(unmet[stack]);
    for (const policy of broken) {
        expect(violations.find((violation) => violation.policy === policy)!.message.length).toBeGreaterThan(20);
    }
});
