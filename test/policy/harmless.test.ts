import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planned } from "../support/plans";
import { printScore, startPack, type TestPack } from "../support/policies";
import { judgeHere } from "../support/rules";
import { awsHarmless } from "./aws-harmless";
import { azureHarmless } from "./azure-harmless";
import { BY_THE_PACK } from "./planted";

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
        for (const [place, { name, change }] of variations.entries()) {
            const varied = change(compliant);
            const failures = [...judgeHere(varied)];
            flagged.push(...failures.map(([rule, messages]) => `${name}: ${rule}: ${messages.join("; ")}`));
            if (place % BY_THE_PACK === 0) {
                const { broken } = await pack.judge(varied);
                flagged.push(...broken.map((rule) => `${name}: the pack says ${rule}`));
            }
        }
        printScore(`Harmless variations of ${stack} flagged`, flagged.length, variations.length, flagged);
        expect(flagged).toEqual([]);
    }, 600_000);
});
