import { checklist } from "./checklist";
import { EXAMPLES_POLICY, REPORT_POLICY } from "./report";

/** The reference of rules in the documentation, in Markdown. */
export function policyReference(): string {
    return [
        "# Policies",
        "",
        "Generated from the rules by `npm run generate`; edit `policy/rules` instead of this file.",
        "",
        "Each item of the deployment guide's pre-production checklist with the rules that decide it on AWS and Azure. A rule's id",
        "is the name of its policy: levels and exemptions are set by it. Critical rules cannot be exempted.",
        "",
        `The pack has two policies besides. \`${EXAMPLES_POLICY}\` stops an update whose attestations or licences are examples,`,
        `before anything is made; \`${REPORT_POLICY}\` tells the 22 items as they stand, as text or JSON, and is off by default.`,
        "",
        ...checklist.flatMap(({ title, section, rules }) => [
            `## ${title}`,
            "",
            `Section: ${section}.`,
            "",
            ...rules.flatMap((rule) => [
                `### \`${rule.id}\``,
                "",
                `${rule.title}. Severity: ${rule.severity}. Guide: ${rule.step}.`,
                "",
                `- Without it: ${rule.risk}`,
                `- Fix: ${rule.fix}`,
                ...(rule.controls.length > 0 ? [`- Controls: ${rule.controls.join(", ")}.`] : []),
                "",
            ]),
        ]),
    ].join("\n");
}
