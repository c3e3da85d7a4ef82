import { daysBetween, filled, isDay } from "./model/readiness";
import { type Rule, shown } from "./rule";

/** Longest that an exemption holds, in days from today. */
const LONGEST_EXEMPTION_DAYS = 90;

/** One resource that a rule does not hold for, for a time. It stands in the configuration of the rule's policy. */
export interface Exemption {
    /** Name of the resource, or its URN; `stack` for a finding that no resource has. */
    resource: string;
    reason: string;
    /** Who allowed it. */
    approver: string;
    ticket: string;
    /** Last day it holds, at most 90 days from today. */
    expires: string;
}

const fields = ["resource", "reason", "approver", "ticket", "expires"] as const;

/** What is wrong with an exemption; nothing when it holds today. */
export function exemptionProblems(rule: Rule, exemption: Partial<Exemption>, today: string): string[] {
    const missing = fields.filter((field) => !filled(exemption[field])).map((field) => `${field}: found nothing`);
    const { expires } = exemption;
    return [
        ...missing,
        ...(rule.severity === "critical" ? [`${rule.id} is critical and cannot be exempted`] : []),
        ...(filled(expires) ? expiryProblems(expires, today) : []),
    ];
}

function expiryProblems(expires: unknown, today: string): string[] {
    if (!isDay(expires)) {
        return [`expires: found ${shown(expires)}, allowed: a day as 2026-12-31`];
    }
    const days = daysBetween(today, expires);
    if (days < 0) {
        return [`it expired on ${expires}`];
    }
    return days > LONGEST_EXEMPTION_DAYS ? [`it holds ${days} days, allowed: up to ${LONGEST_EXEMPTION_DAYS}`] : [];
}

/** JSON Schema of a policy's exemptions: all fields, and no other. It is short, since every policy carries it. */
export const exemptionSchema = {
    type: "array" as const,
    description: "Resources that the rule does not hold for, for a time.",
    default: [],
    items: {
        type: "object" as const,
        required: [...fields],
        maxProperties: fields.length,
        additionalProperties: { type: "string" as const },
    },
};
