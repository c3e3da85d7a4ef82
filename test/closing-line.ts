import { readFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

interface AllowedSkip {
    test: string;
    reason: string;
}

/**
 * Says last what a log's reader looks for: what was skipped, what failed and why, and the closing line. In CI a skip that
 * `test/allowed-skips.json` does not list is a failure.
 */
export default class ClosingLine implements Reporter {
    public onTestRunEnd(modules: readonly TestModule[], errors: readonly ErrorLike[]): void {
        const tests = modules.flatMap((module) => [...module.children.allTests()]);
        const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
        const inState = (state: string) => tests.filter((test) => test.result().state === state);
        const failed = inState("failed");
        const broken = suites.filter((suite) => suite.errors().length > 0);
        const skipped = inState("skipped").filter((test) => !broken.some((suite) => isWithin(test, suite)));
        const lost = inState("skipped").length - skipped.length;
        const refused = process.env["CI"] ? skipped.filter((test) => !isAllowed(test)) : [];
        const ranNothing = tests.length === 0 ? 1 : 0;
        for (const test of skipped) {
            console.log(`skipped: ${test.fullName}`);
        }
        for (const test of refused) {
            console.log(`error: not listed in test/allowed-skips.json: ${test.fullName}`);
            process.exitCode = 1;
        }
        for (const suite of broken) {
            console.log(`failed: ${nameOf(suite)}: ${summary(suite.errors())}`);
        }
        for (const test of failed) {
            console.log(`failed: ${test.fullName}: ${summary(test.result().errors ?? [])}`);
        }
        for (const error of errors) {
            console.log(`failed: outside tests: ${summary([error])}`);
        }
        const failures = failed.length + broken.length + lost + errors.length + refused.length + ranNothing;
        console.log(
            `${inState("passed").length} passed, ${failures} failed, ${skipped.length - refused.length} skipped`,
        );
    }
}

interface ErrorLike {
    message?: string;
}

const nameOf = (suite: TestModule | TestSuite) => (suite.type === "suite" ? suite.fullName : suite.relativeModuleId);

function isWithin(test: TestCase, suite: TestModule | TestSuite): boolean {
    for (let parent: TestModule | TestSuite = test.parent; ; parent = parent.parent) {
        if (parent === suite) {
            return true;
        }
        if (parent.type === "module") {
            return false;
        }
    }
}

const LONGEST_SUMMARY = 300;

function summary(errors: readonly ErrorLike[]): string {
    const [line = ""] = stripVTControlCharacters(errors[0]?.message ?? "").split("\n");
    return line.slice(0, LONGEST_SUMMARY);
}

function isAllowed(test: TestCase): boolean {
    const file = path.join(import.meta.dirname, "allowed-skips.json");
    const allowed = JSON.parse(readFileSync(file, "utf8")) as AllowedSkip[];
    return allowed.some((entry) => test.fullName.includes(entry.test));
}
