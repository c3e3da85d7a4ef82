import builder from "junit-report-builder";
import type { RuleResult } from "../../policy/evaluate";
import { type Checked, groupBy, named, nameOf, notices, otherViolations } from "./checked";

/** What the policies found as JUnit writes test results: a suite for each section, a case for each rule. */
export function renderJunit(checked: Checked): string {
    const report = builder.newBuilder();
    const known = new Map(
        checked.policies.packs.flatMap((pack) => pack.policies).map((policy) => [policy.name, policy]),
    );
    const bySection = groupBy(checked.policies.checklist ?? [], ({ section }) => section);
    for (const [section, items] of bySection) {
        const suite = report.testSuite().name(`${checked.stack} ${section}`);
        for (const { item, rule } of items.flatMap((entry) => entry.rules.map((own) => ({ item: entry, rule: own })))) {
            const policy = known.get(rule.id);
            const test = suite
                .testCase()
                .className(item.title)
                .name(policy?.description ?? rule.id);
            const text = messages(checked, rule);
            if (rule.status === "fail" && policy?.effective === "mandatory") {
                test.failure(text, policy.severity);
            } else if (rule.status !== "pass") {
                test.skipped().standardOutput(`${rule.status === "fail" ? "advisory" : rule.status}: ${text}`);
            }
        }
    }
    const others = otherViolations(checked);
    if (others.length > 0) {
        const suite = report.testSuite().name(`${checked.stack} other policies`);
        for (const { policy, message, level, urn } of others) {
            const test = suite
                .testCase()
                .className(policy)
                .name(nameOf(urn) || checked.stack);
            if (level === "mandatory") {
                test.failure(message);
            } else {
                test.skipped().standardOutput(message);
            }
        }
    }
    return report.build();
}

function messages(checked: Checked, rule: RuleResult): string {
    return notices(checked)
        .filter((notice) => notice.rule.id === rule.id)
        .map(({ finding }) => named(finding))
        .join("\n");
}
