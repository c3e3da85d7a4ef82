import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planned } from "../support/plans";
import { printScore, startPack, type TestPack } from "../support/policies";
import { awsHarmless } from "./aws-harmless";
import { azureHarmless } from "./azure-harmless";

const clouds = [
    { stack: "aws-prod", variationsOf: awsHarmless },
    { stack: "azure-prod", variationsOf: azureHarmless },
];

describe.each(clouds)("harmless variations of $stack", ({ stack, variationsOf }) => {
    let pack: TestPack;
    beforeAll(async () => {
        pack = await startPack();
    });
    afterAll(() => pack.stop());

    it("are flagged by no rule", async () => {
        const compliant = (await planned(stack)).plan.resources;
        const variations = variationsOf(compliant);
        const flagged: string[] = [];
        for (const { name, change } of variations) {
            const { broken, violations } = await pack.judge(change(compliant));
            if (broken.length > 0) {
                const first = violations.find(({ policy }) => policy === broken[0])!;
                flagged.push(`${name}: ${broken.join(", ")}: ${first.message.split("\n").at(-1)}`);
            }
        }
        printScore(`Harmless variations of ${stack} flagged`, flagged.length, variations.length, flagged);
        expect(flagged).toEqual([]);
    }, 600_000);
});
