import { type Exemption, exemptionProblems } from "./exemptions";
import type { Finding, Rule } from "./rule";
import type { Stack } from "./stack";

/** How a rule or an item of the checklist stands. */
export type Status = "pass" | "fail" | "unknown" | "not-applicable" | "exempt";

/** A finding without the resource itself, as it is reported. */
export interface ReportedFinding {
    status: Finding["status"] | "exempt";
    message: string;
    /** URN of the resource that decided. */
    urn?: string;
}

/** How one rule stands on one stack. */
export interface RuleResult {
    id: string;
    status: Status;
    findings: ReportedFinding[];
}

/** Names the stack itself in an exemption from a finding that no resource has. */
const WHOLE_STACK = "stack";

/** Decides a rule and sets aside what is exempt. */
export function evaluate(rule: Rule, stack: Stack, exemptions: Partial<Exemption>[]): RuleResult {
    const faulty = exemptions.flatMap((exemption) =>
        exemptionProblems(rule, exemption, stack.today).map((problem): ReportedFinding => ({
            status: "fail",
            message: `exemption of ${exemption.resource ?? "?"}: ${problem}; renew or remove it`,
        })),
    );
    const valid = exemptions.filter((exemption) => exemptionProblems(rule, exemption, stack.today).length === 0);
    const judged = checked(rule, stack);
    const unused = valid
        .filter((exemption) => !judged.some((finding) => finding.status === "fail" && isExempt(finding, exemption)))
        .map((exemption): ReportedFinding => ({
            status: "warn",
            message: `the exemption of ${exemption.resource ?? "?"} sets nothing aside; remove it`,
        }));
    const findings = [...judged.map((finding) => reported(finding, valid)), ...faulty, ...unused];
    return { id: rule.id, status: statusOf(findings), findings };
}

/** Begins the message of a rule that could not decide because of an error of its own. */
export const WENT_WRONG = "the rule itself went wrong";

/** A rule that itself goes wrong fails loudly instead of ending the pack for all others. */
function checked(rule: Rule, stack: Stack): Finding[] {
    try {
        return rule.check(stack);
    } catch (error) {
        return [{ status: "fail", message: `${WENT_WRONG}: ${(error as Error).message}` }];
    }
}

function isExempt({ resource }: Finding, exemption: Partial<Exemption>): boolean {
    return (resource ? [resource.name, resource.urn] : [WHOLE_STACK]).includes(exemption.resource ?? "");
}

function reported(finding: Finding, exemptions: Partial<Exemption>[]): ReportedFinding {
    const { status, message, resource } = finding;
    const exemption = status === "fail" && exemptions.find((other) => isExempt(finding, other));
    const urn = resource === undefined ? {} : { urn: resource.urn };
    return exemption
        ? {
              status: "exempt",
              message: `${message} (exempt until ${exemption.expires}: ${exemption.reason}; ${exemption.approver}, ${exemption.ticket})`,
              ...urn,
          }
        : { status, message, ...urn };
}

/** Fails by one failure; waits only where nothing at all could be decided. */
function statusOf(findings: ReportedFinding[]): Status {
    const has = (status: ReportedFinding["status"]) => findings.some((finding) => finding.status === status);
    if (has("fail")) {
        return "fail";
    }
    if (has("exempt")) {
        return "exempt";
    }
    return has("pass") ? "pass" : has("unknown") ? "unknown" : "not-applicable";
}

const ORDER: Status[] = ["fail", "unknown", "exempt", "pass", "not-applicable"];

/** An item stands as the worst of its rules. */
export function worst(statuses: Status[]): Status {
    return ORDER.find((status) => statuses.includes(status)) ?? "not-applicable";
}
