import type { Resource } from "../../plan/engine/resource";
import { printScore, type TestPack } from "../support/policies";
import type { Mutation } from "./change";

/** Plants each defect into a compliant plan, tells how many are caught, and gives those that no rule of theirs noticed. */
export async function survivorsOf(
    suite: string,
    packs: TestPack[],
    compliant: Resource[],
    mutations: Mutation[],
): Promise<string[]> {
    const survivors: string[] = [];
    const waiting = [...mutations];
    const work = async (pack: TestPack) => {
        for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
            const { name, by, change } = mutation;
            const { broken } = await pack.judge(change(compliant));
            if (!by.some((rule) => broken.includes(rule))) {
                survivors.push(`${name} [${by.join(", ")}], broken: ${broken.join(", ")}`);
            }
        }
    };
    await Promise.all(packs.map(work));
    printScore(suite, mutations.length - survivors.length, mutations.length, survivors);
    return survivors;
}
