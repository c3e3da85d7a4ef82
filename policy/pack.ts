import type {
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidation,
    ResourceValidationPolicy,
    StackValidationPolicy,
} from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { checklist } from "./checklist";
import { evaluate, type RuleResult } from "./evaluate";
import { type Exemption, exemptionSchema } from "./exemptions";
import { EXAMPLES_POLICY, itemResults, REPORT_POLICY } from "./report";
import { wholeStack } from "./read-once";
import { attested } from "./model/readiness";
import { type Rule, shown } from "./rule";
import { minusnow } from "./types";
import { Resource, Stack } from "./stack";

const configSchema: PolicyConfigSchema = {
    properties: {
        exemptions: exemptionSchema,
        asOf: {
            type: "string",
            pattern: "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$",
            description: "The day that counts as today, as 2026-11-25. Default the day of the run.",
        },
    },
};

/** What is configured for a rule's policy. */
interface RuleConfig {
    exemptions?: Partial<Exemption>[];
    asOf?: string;
}

/** The policy SDK takes a violation with a level of its own, though its types name a message and a URN only. */
type ReportAtLevel = (violation: { message: string; urn?: string; enforcementLevel: "advisory" }) => void;

/** Tells of something that never blocks, whatever the policy's level. */
function advise(reportViolation: ReportViolation, message: string, urn?: string): void {
    const report = reportViolation as unknown as ReportAtLevel;
    report({ message, enforcementLevel: "advisory", ...(urn !== undefined && { urn }) });
}

/** Results of the rules that ran on the present stack, for the report, which runs last. */
const results = new Map<string, RuleResult>();

/** The checklist's rules as policies of a CrossGuard pack, with the report as the last one. */
export function checklistPolicies(): (ResourceValidationPolicy | StackValidationPolicy)[] {
    return [examplesPolicy(), ...checklist.flatMap(({ rules }) => rules).map(rulePolicy), reportPolicy()];
}

/** Rules see a stack when its update is done; this one stops an update before it makes anything. */
function examplesPolicy(): ResourceValidationPolicy {
    return {
        name: EXAMPLES_POLICY,
        description: "No attestation or licence of an update is an example",
        enforcementLevel: "mandatory",
        severity: "high",
        remediationSteps: "Replace the examples in readiness by what your organisation attests.",
        tags: ["Pre-Production Checklist"],
        validateResource: ofType(minusnow.readiness, ({ type, urn, props }, reportViolation) => {
            if (pulumi.runtime.isDryRun()) {
                return;
            }
            const component = new Resource({ urn, type, name: "", props, dependencies: [], propertyDependencies: {} });
            for (const list of ["attestations", "licences"] as const) {
                const examples = attested(component, list).filter(({ example }) => example === true);
                for (const { item, component: licensed } of examples) {
                    reportViolation(`${list}: ${shown(item ?? licensed)} is an example; allowed: a real one`, urn);
                }
            }
        }),
    };
}

/** The SDK asks a validation with a type of its own about no other resource, and does not read those. */
function ofType(type: string, validate: ResourceValidation): ResourceValidation {
    return Object.assign(validate, { __pulumiType: type });
}

function rulePolicy(rule: Rule): StackValidationPolicy {
    return {
        name: rule.id,
        description: rule.title,
        enforcementLevel: "mandatory",
        severity: rule.severity,
        configSchema,
        remediationSteps: rule.fix,
        tags: [rule.step, ...rule.controls],
        validateStack: (args, reportViolation) => {
            const { exemptions = [], asOf } = args.getConfig<RuleConfig>();
            const day = asOf ?? today();
            const { resources, stacks } = wholeStack(args.resources);
            const stack = stacks.get(day) ?? new Stack(resources, pulumi.runtime.isDryRun(), day);
            stacks.set(day, stack);
            const result = evaluate(rule, stack, exemptions);
            results.set(rule.id, result);
            tell(rule, result, reportViolation);
        },
    };
}

/** Failures at the policy's level; what waits for the update and what only warns are advisory. */
function tell(rule: Rule, { status, findings }: RuleResult, reportViolation: ReportViolation): void {
    for (const { status: found, message, urn } of findings) {
        if (found === "fail") {
            reportViolation(`${message}. ${rule.risk} Fix: ${rule.fix} (guide: ${rule.step})`, urn);
        } else if (found === "warn") {
            advise(reportViolation, `Warning: ${message}`, urn);
        } else if (found === "exempt") {
            advise(reportViolation, `Exempt: ${message}`, urn);
        } else if (found === "unknown" && (status === "unknown" || status === "pass")) {
            advise(reportViolation, `Waits for the update: ${rule.title}: ${message}`, urn);
        }
    }
}

function reportPolicy(): StackValidationPolicy {
    return {
        name: REPORT_POLICY,
        description: "The pre-production checklist as it stands",
        enforcementLevel: "disabled",
        configSchema: {
            properties: {
                format: {
                    type: "string",
                    enum: ["text", "json"],
                    default: "text",
                    description: "Form of the report.",
                },
            },
        },
        validateStack: (args, reportViolation) => {
            const { format } = args.getConfig<{ format?: string }>();
            const items = itemResults(checklist, results);
            results.clear();
            const lines = items.map(({ title, status }) => `${status.toUpperCase().padEnd(14)} ${title}`);
            const message = format === "json" ? JSON.stringify(items) : `\n${lines.join("\n")}`;
            advise(reportViolation, message);
        },
    };
}

function today(): string {
    return new Date().toISOString().slice(0, 10);
}
