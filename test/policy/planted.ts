import type { Resource } from "../../plan/engine/resource";
import { WENT_WRONG } from "../../policy/evaluate";
import { printScore, type TestPack } from "../support/policies";
import { judgeHere } from "../support/rules";
import type { Mutation } from "./change";

/** Of so many defects the pack judges one too. */
export const BY_THE_PACK = 25;

/**
 * Plants each defect into a compliant plan, tells how many are caught, and gives those that no rule of theirs noticed, that
 * made a rule fail by itself, or on which the pack says something else than its rules.
 */
export async function survivorsOf(
    suite: string,
    pack: TestPack,
    compliant: Resource[],
    mutations: Mutation[],
): Promise<string[]> {
    const survivors: string[] = [];
    for (const [place, { name, by, change }] of mutations.entries()) {
        const defective = change(compliant);
        const failures = judgeHere(defective);
        const broken = [...failures.keys()];
        if (!by.some((rule) => failures.has(rule))) {
            survivors.push(`${name} [${by.join(", ")}], broken: ${broken.join(", ")}`);
        }
        for (const [rule, messages] of failures) {
            const wrong = messages.filter((message) => message.includes(WENT_WRONG));
            survivors.push(...wrong.map((message) => `${name}: ${rule}: ${message}`));
        }
        if (place % BY_THE_PACK === 0) {
            const verdict = await pack.judge(defective);
            if (verdict.broken.join() !== broken.join()) {
                survivors.push(`${name}: the pack says ${verdict.broken.join(", ")}, its rules ${broken.join(", ")}`);
            }
        }
    }
    printScore(suite, mutations.length - survivors.length, mutations.length, survivors);
    return survivors;
}
