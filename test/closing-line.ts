import { readFileSync } from "node:fs";
import path from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

interface AllowedSkip {
    test: string;
    reason: string;
}

/** Prints the closing line last; in CI a skip that `test/allowed-skips.json` does not list is a failure. */
export default class ClosingLine implements Reporter {
    public onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
        const tests = modules.flatMap((module) => [...module.children.allTests()]);
        const inState = (state: string) => tests.filter((test) => test.result().state === state);
        const skipped = inState("skipped");
        const broken = modules.filter(
            (module) => module.state() === "failed" && [...module.children.allTests()].length === 0,
        );
        const refused = process.env["CI"] ? skipped.filter((test) => !isAllowed(test)) : [];
        const ranNothing = tests.length === 0 ? 1 : 0;
        const failures = inState("failed").length + broken.length + errors.length + refused.length + ranNothing;
        for (const test of skipped) {
            console.log(`skipped: ${test.fullName}`);
        }
        for (const test of refused) {
            console.log(`error: not listed in test/allowed-skips.json: ${test.fullName}`);
            process.exitCode = 1;
        }
        console.log(
            `${inState("passed").length} passed, ${failures} failed, ${skipped.length - refused.length} skipped`,
        );
    }
}

function isAllowed(test: TestCase): boolean {
    const file = path.join(import.meta.dirname, "allowed-skips.json");
    const allowed = JSON.parse(readFileSync(file, "utf8")) as AllowedSkip[];
    return allowed.some((entry) => test.fullName.includes(entry.test));
}
