import { protectedServices } from "../../model/firewalls";
import { expectEqual, fail, type Finding, type ItemRules, pass } from "../../rule";
import { aws } from "../../types";
import type { Resource, Stack } from "../../stack";

/** Managed groups that a firewall for a web application with a database needs. */
const neededGroups = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
];

function attached(stack: Stack): Finding[] {
    return protectedServices(stack).map(({ service, firewall }) =>
        firewall
            ? pass(service.balancer, `protected by ${firewall.name}`)
            : fail(service.balancer, "no web application firewall is attached to it"),
    );
}

function blocks(stack: Stack): Finding[] {
    return firewalls(stack).flatMap((firewall) =>
        firewall.type === aws.webAcl
            ? neededGroups.map((group) => managedGroup(firewall, group))
            : [
                  expectEqual(firewall, "policySettings.state", "Enabled"),
                  expectEqual(firewall, "policySettings.mode", "Prevention"),
                  firewall.list("managedRules.managedRuleSets").length > 0
                      ? pass(firewall, "managed rules")
                      : fail(firewall, "no managed rule set"),
              ],
    );
}

function managedGroup(acl: Resource, wanted: string): Finding {
    const rule = (acl.list("rules") as Record<string, unknown>[]).find((other) => nameOf(other) === wanted);
    if (!rule) {
        return fail(acl, `the managed group ${wanted} is missing`);
    }
    const { overrideAction } = rule as { overrideAction?: Record<string, unknown> };
    return overrideAction && "none" in overrideAction
        ? pass(acl, `${wanted} blocks`)
        : fail(acl, `${wanted} only counts; allowed: overrideAction none`);
}

function nameOf(rule: Record<string, unknown>): unknown {
    const { statement } = rule as { statement?: { managedRuleGroupStatement?: { name?: unknown } } };
    return statement?.managedRuleGroupStatement?.name;
}

function logged(stack: Stack): Finding[] {
    return firewalls(stack)
        .filter(({ type }) => type === aws.webAcl)
        .map((acl) =>
            stack.of(aws.webAclLogging).some((logging) => logging.refersTo("resourceArn", acl) === true)
                ? pass(acl, "requests are logged")
                : fail(acl, "what it blocks is not logged"),
        );
}

/** The firewalls that protect a public load balancer. */
export function firewalls(stack: Stack): Resource[] {
    return protectedServices(stack).flatMap(({ firewall }) => firewall ?? []);
}

/** WAF configured (if applicable). */
export const waf: ItemRules = {
    item: "waf",
    rules: [
        {
            id: "waf-attached",
            title: "A web application firewall is attached to this balancer",
            severity: "high",
            risk: "Known attacks on web applications reach the servers.",
            fix: "Associate a web ACL with the balancer; on Azure set the gateway's firewall policy.",
            step: "Pre-Production Checklist",
            controls: ["Security Hub ELB.16", "AWS Well-Architected SEC05-BP03", "MCSB NS-6"],
            check: attached,
        },
        {
            id: "waf-blocks",
            title: "The firewall blocks by managed rules",
            severity: "high",
            risk: "The firewall sees attacks and lets them through.",
            fix: "Add the common, known-bad-input and SQL-injection groups with overrideAction none; on Azure mode Prevention.",
            step: "Pre-Production Checklist",
            controls: ["Security Hub WAF.10", "MCSB NS-6"],
            check: blocks,
        },
        {
            id: "waf-logged",
            title: "The firewall writes a log",
            severity: "medium",
            risk: "Nobody sees an attack, or a user who is blocked by mistake.",
            fix: "Add a logging configuration for the web ACL.",
            step: "Pre-Production Checklist",
            controls: ["Security Hub WAF.11", "MCSB LT-4"],
            check: logged,
        },
    ],
};
