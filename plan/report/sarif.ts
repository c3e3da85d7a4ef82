import type { Log, ReportingDescriptor, Result } from "sarif";
import { type Checked, lineFor, named, nameOf, type Notice, notices, otherViolations, pathTo } from "./checked";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** GitHub orders security alerts by this number. */
const SECURITY_SEVERITY: Record<string, string | undefined> = {
    critical: "9.5",
    high: "8.0",
    medium: "5.5",
    low: "2.5",
};

/** What the policies found in SARIF 2.1.0, as code scanners read it. */
export function renderSarif(checked: Checked): string {
    const policies = checked.policies.packs.flatMap((pack) => pack.policies);
    const rules = policies.map(({ name, description, remediation, severity, tags }): ReportingDescriptor => {
        const securitySeverity = SECURITY_SEVERITY[severity];
        return {
            id: name,
            shortDescription: { text: description },
            help: { text: remediation || description },
            properties: { tags, ...(securitySeverity && { "security-severity": securitySeverity }) },
        };
    });
    const [pack] = checked.policies.packs;
    const log: Log = {
        version: "2.1.0",
        $schema: SCHEMA,
        runs: [
            {
                tool: {
                    driver: { name: pack?.name ?? "policies", semanticVersion: pack?.version ?? "0.0.0", rules },
                },
                automationDetails: { id: `${checked.project}/${checked.stack}/` },
                results: [
                    ...notices(checked).map((notice) => result(checked, notice)),
                    ...otherViolations(checked).map(({ policy, message, level, urn }): Result => ({
                        ruleId: policy,
                        level: level === "mandatory" ? "error" : "warning",
                        message: { text: message },
                        locations: [location(checked, urn)],
                    })),
                ],
            },
        ],
    };
    return `${JSON.stringify(log, null, 2)}\n`;
}

function result(checked: Checked, { rule, finding, level, title, fix }: Notice): Result {
    const { status, message, urn } = finding;
    const common = {
        ruleId: rule.id,
        message: { text: `${title}: ${named(finding)}${status === "fail" ? `. ${fix}` : ""}` },
        locations: [location(checked, urn)],
        partialFingerprints: { "finding/v1": `${rule.id}:${nameOf(urn)}:${message}` },
    };
    switch (status) {
        case "unknown":
            return { ...common, kind: "open", level: "none" };
        case "exempt":
            return { ...common, level: "warning", suppressions: [{ kind: "external", justification: message }] };
        case "warn":
            return { ...common, level: "note" };
        default:
            return { ...common, level: level === "mandatory" ? "error" : "warning" };
    }
}

function location(checked: Checked, urn: string | undefined) {
    const path = urn === undefined ? [] : pathTo(checked, urn);
    return {
        physicalLocation: {
            artifactLocation: { uri: checked.stackFile },
            region: { startLine: lineFor(checked, urn) },
        },
        ...(urn && {
            logicalLocations: [{ name: nameOf(urn), kind: "resource", fullyQualifiedName: path.join("/") || urn }],
        }),
    };
}
