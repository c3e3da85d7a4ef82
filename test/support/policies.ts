import { type Analyzer, connectAnalyzer, type Violation } from "../../plan/engine/analyzer";
import { startPack as startProcess } from "../../plan/engine/pack";
import type { PolicyConfigFile } from "../../plan/engine/policy-config";
import { policySettings } from "../../plan/engine/policy-settings";
import type { Resource } from "../../plan/engine/resource";
import type { ItemResult } from "../../policy/report";
import path from "node:path";
import { repository } from "./plans";

/** What the pack says of a list of resources. */
export interface Verdict {
    checklist: ItemResult[];
    violations: Violation[];
    /** Ids of the rules that block. */
    broken: string[];
    /** Status of each item, by id. */
    statuses: Record<string, string>;
}

/** The pack in a process of its own, spoken to over the Analyzer protocol. */
export interface TestPack {
    analyzer: Analyzer;
    judge: (resources: Resource[], config?: PolicyConfigFile) => Promise<Verdict>;
    stop: () => void;
}

/** Starts the checklist's pack; `dryRun` is false for what an update does. */
export async function startPack({ dryRun = true } = {}): Promise<TestPack> {
    const options = {
        folder: path.join(repository, "policy"),
        project: "minusnow",
        stack: "test",
        dryRun,
        configuration: { values: {}, secretKeys: [] },
        engine: "127.0.0.1:1",
    };
    const analyzer = await connectAnalyzer(startProcess(options), options);
    const judge = async (resources: Resource[], config: PolicyConfigFile = {}): Promise<Verdict> => {
        const settings = policySettings(analyzer.policies, config, "test");
        settings.set("checklist", { level: "advisory", properties: { format: "json" } });
        await analyzer.configure(settings);
        const all = await analyzer.analyzeStack(resources);
        const report = all.find(({ policy }) => policy === "checklist")!;
        const checklist = JSON.parse(report.message) as ItemResult[];
        const violations = all.filter((violation) => violation !== report);
        return {
            checklist,
            violations,
            broken: [...new Set(violations.filter(({ level }) => level === "mandatory").map(({ policy }) => policy))],
            statuses: Object.fromEntries(checklist.map(({ id, status }) => [id, status])),
        };
    };
    return { analyzer, judge, stop: analyzer.stop };
}

/** Prints the score of a suite, as `npm run test:policies` reports it. */
export function printScore(name: string, caught: number, total: number, survivors: string[]): void {
    const lines = survivors.map((survivor) => `  survived: ${survivor}`);
    process.stdout.write(`${[`${name}: ${caught} of ${total}`, ...lines].join("\n")}\n`);
}
