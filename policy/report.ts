import type { CheckedItem } from "./checklist";
import { type RuleResult, type Status, worst } from "./evaluate";

/** Name of the policy that reports the whole checklist; it is off unless its level is set. */
export const REPORT_POLICY = "checklist";

/** Name of the policy that stops an update with examples before it makes anything. */
export const EXAMPLES_POLICY = "readiness-no-examples";

/** One line of the checklist as it stands. */
export interface ItemResult {
    id: string;
    section: string;
    title: string;
    status: Status;
    rules: RuleResult[];
    /** URNs of the resources that decided. */
    resources: string[];
}

/** The 22 lines of the checklist from the results of its rules; a rule that is turned off has none. */
export function itemResults(checklist: readonly CheckedItem[], results: Map<string, RuleResult>): ItemResult[] {
    return checklist.map(({ id, section, title, rules }) => {
        const own = rules.flatMap((rule) => results.get(rule.id) ?? []);
        const status = worst(own.map((result) => result.status));
        return { id, section, title, status, rules: own, resources: decidingResources(own, status) };
    });
}

/** Those of the findings that made the status what it is. */
function decidingResources(rules: RuleResult[], status: Status): string[] {
    const findings = rules.flatMap((rule) => rule.findings).filter((finding) => finding.status === status);
    return [...new Set(findings.flatMap(({ urn }) => urn ?? []))];
}
