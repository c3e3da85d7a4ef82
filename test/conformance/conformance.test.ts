import { beforeAll, describe, expect, it } from "vitest";
import { planned } from "../support/plans";
import { awsFacts } from "./aws-facts";
import { azureFacts } from "./azure-facts";
import type { Facts } from "./facts";
import { invariants } from "./invariants";

const clouds = ["aws", "azure"] as const;

describe("both clouds keep one contract", () => {
    let facts: Record<(typeof clouds)[number], Facts>;
    beforeAll(async () => {
        facts = { aws: awsFacts(await planned("aws-prod")), azure: azureFacts(await planned("azure-prod")) };
        const rows = invariants.map(({ step, title, holds, except }) => [
            step,
            title,
            ...clouds.map((cloud) => holds(facts[cloud]) ?? (except?.[cloud] ? "cannot" : "BROKEN")),
        ]);
        console.log(`\n${table([["step", "invariant", "aws-prod", "azure-prod"], ...rows])}\n`);
    });

    describe.each(invariants)("step $step: $title", ({ holds, except }) => {
        it.each(clouds)("%s", (cloud) => {
            const reason = except?.[cloud];
            const found = holds(facts[cloud]);
            // A reason that has become untrue must go as well.
            expect(found === undefined, reason ?? "the plan does not hold it").toBe(reason !== undefined);
        });
    });

    it("gives a reason for everything that a cloud cannot keep", () => {
        const reasons = invariants.flatMap(({ except = {} }) => Object.values(except));
        expect(reasons.every((reason) => reason.length > 20)).toBe(true);
    });
});

function table(rows: string[][]): string {
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    return rows
        .map((row) =>
            row
                .map((cell, column) => cell.padEnd(widths[column]!))
                .join("  ")
                .trimEnd(),
        )
        .join("\n");
}
