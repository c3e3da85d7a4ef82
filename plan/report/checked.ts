import { readFileSync } from "node:fs";
import type { ReportedFinding, RuleResult, Status } from "../../policy/evaluate";
import type { ItemResult } from "../../policy/report";
import type { Violation } from "../engine/analyzer";
import type { PolicyLevel } from "../engine/policy-config";
import type { PolicyOutcome } from "../policies";

/** What was checked, for reports on policies. */
export interface Checked {
    project: string;
    stack: string;
    /** What was checked, for headings: `plan`, `plan with unknown values` or the name of a state file. */
    subject: string;
    /** Path of the stack's configuration from the project's folder, with `/` between its parts. */
    stackFile: string;
    /** Its full path; absent where there is none. */
    stackFilePath?: string;
    resources: { urn: string; type: string; name: string; parent: string }[];
    policies: PolicyOutcome;
}

/** A finding of a rule that a reader should act on or know of. */
export interface Notice {
    item: ItemResult;
    rule: RuleResult;
    finding: ReportedFinding;
    /** What a failure of the rule does. */
    level: PolicyLevel;
    severity: string;
    title: string;
    fix: string;
    tags: string[];
}

/** How a status is written. */
export const statusLabels: Record<Status, string> = {
    pass: "PASS",
    fail: "FAIL",
    unknown: "UNKNOWN",
    "not-applicable": "NOT APPLICABLE",
    exempt: "EXEMPT",
};

/** Findings other than what passed, in the checklist's order. */
export function notices({ policies }: Checked): Notice[] {
    const known = new Map(policies.packs.flatMap((pack) => pack.policies).map((policy) => [policy.name, policy]));
    return (policies.checklist ?? []).flatMap((item) =>
        item.rules.flatMap((rule) =>
            rule.findings
                .filter(({ status }) => status !== "pass")
                .map((finding) => {
                    const policy = known.get(rule.id);
                    return {
                        item,
                        rule,
                        finding,
                        level: policy?.effective ?? "mandatory",
                        severity: policy?.severity ?? "unspecified",
                        title: policy?.description ?? rule.id,
                        fix: policy?.remediation ?? "",
                        tags: policy?.tags ?? [],
                    };
                }),
        ),
    );
}

/** Violations of packs other than the checklist's. */
export function otherViolations({ policies }: Checked): Violation[] {
    const own = new Set((policies.checklist ?? []).flatMap(({ rules }) => rules.map(({ id }) => id)));
    return policies.violations.filter(({ policy }) => !own.has(policy));
}

/** How many items have each status. */
export function tally(checklist: ItemResult[]): Record<Status, number> {
    const count = (status: Status) => checklist.filter((item) => item.status === status).length;
    return {
        pass: count("pass"),
        fail: count("fail"),
        unknown: count("unknown"),
        "not-applicable": count("not-applicable"),
        exempt: count("exempt"),
    };
}

/** The last part of a URN. */
export function nameOf(urn: string | undefined): string {
    return urn?.split("::").at(-1) ?? "";
}

/** A message with the name of the resource that it is about. */
export function named({ urn, message }: { urn?: string; message: string }): string {
    return urn ? `${nameOf(urn)}: ${message}` : message;
}

/** Components that a stack file configures, with the key that does. */
const configurationKeys: Record<string, string | undefined> = {
    AwsNetwork: "network",
    AwsLoadBalancer: "loadBalancer",
    AwsAppPair: "appPair",
    AwsDatabase: "database",
    AwsSharedStorage: "sharedStorage",
    AwsSessionStore: "sessionStore",
    AwsMonitoring: "alertReceivers",
    AwsBackup: "backup",
    Readiness: "readiness",
};

/** The components around a resource, the outermost first, and the resource itself. */
export function pathTo({ resources }: Checked, urn: string): string[] {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const path: string[] = [];
    for (let at = byUrn.get(urn); at; at = byUrn.get(at.parent)) {
        path.unshift(at.name);
    }
    return path;
}

/** The line of the stack file that configures a resource's tier, or the first. */
export function lineFor(checked: Checked, urn: string | undefined): number {
    const lines = stackFileLines(checked);
    const key = urn === undefined ? undefined : configurationKey(checked, urn);
    const place = key === undefined ? -1 : lines.findIndex((line) => line.trimStart().startsWith(`minusnow:${key}:`));
    return place === -1 ? 1 : place + 1;
}

function configurationKey({ resources }: Checked, urn: string): string | undefined {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    for (let at = byUrn.get(urn); at; at = byUrn.get(at.parent)) {
        const key = configurationKeys[at.type.split(":").at(-1) ?? ""];
        if (key !== undefined) {
            return key;
        }
    }
    return undefined;
}

function stackFileLines({ stackFilePath }: Checked): string[] {
    try {
        return stackFilePath === undefined ? [] : readFileSync(stackFilePath, "utf8").split("\n");
    } catch {
        return [];
    }
}

/** Groups in the order in which their first member comes. */
export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
    const groups = new Map<Key, Item[]>();
    for (const item of items) {
        const key = keyOf(item);
        groups.set(key, [...(groups.get(key) ?? []), item]);
    }
    return groups;
}
