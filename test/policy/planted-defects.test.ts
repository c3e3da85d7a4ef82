import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { planned } from "../support/plans";
import { printScore, startPack, type TestPack } from "../support/policies";
import { awsMutations } from "./aws-mutations";
import type { Mutation } from "./change";

describe("defects planted into aws-prod", () => {
    let packs: TestPack[];
    let compliant: Resource[];
    beforeAll(async () => {
        packs = await Promise.all([startPack(), startPack()]);
        compliant = (await planned("aws-prod")).plan.resources;
    });
    afterAll(() => packs.forEach((pack) => pack.stop()));

    it("are caught by the rule that is there for it, every one, and none crashes the pack", async () => {
        const mutations = awsMutations(compliant);
        expect(mutations.length).toBeGreaterThanOrEqual(200);
        const survivors: Mutation[] = [];
        const waiting = [...mutations];
        const work = async (pack: TestPack) => {
            for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
                const { broken } = await pack.judge(mutation.change(compliant));
                if (!mutation.by.some((rule) => broken.includes(rule))) {
                    survivors.push(mutation);
                }
            }
        };
        await Promise.all(packs.map(work));
        printScore(
            "Planted defects caught",
            mutations.length - survivors.length,
            mutations.length,
            survivors.map(({ name }) => name),
        );
        expect(survivors.map(({ name, by }) => `${name} [${by.join(", ")}]`)).toEqual([]);
    }, 900_000);

    it("cover every rule that decides on AWS", () => {
        const covered = new Set(awsMutations(compliant).flatMap(({ by }) => by));
        const rules = packs[0]!.analyzer.policies
            .map(({ name }) => name)
            .filter((name) => !["checklist", "readiness-no-examples"].includes(name));
        expect(rules.filter((rule) => !covered.has(rule))).toEqual([]);
    });
});
