import { checklist } from "./checklist";

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
