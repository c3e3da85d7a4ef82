import { logged as isLogged } from "../../model/azure-protection";
import { protectedServices } from "../../model/firewalls";
import { expectEqual, fail, type Finding, type ItemRules, pass, shown, waits } from "../../rule";
import { aws, azure } from "../../types";
import { isObject, type Resource, type Stack, UNKNOWN } from "../../stack";

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
            : fail(
                  service.balancer,
                  service.proxy
                      ? `no web application firewall is before ${service.proxy.program}, which has none; allowed: kind managed, or an exemption that names the firewall in front`
                      : "no web application firewall is attached to it",
              ),
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

interface AclRule {
    name?: unknown;
    priority?: unknown;
    action?: Record<string, unknown>;
    overrideAction?: Record<string, unknown>;
    statement?: { managedRuleGroupStatement?: ManagedGroup };
}

interface ManagedGroup {
    name?: unknown;
    vendorName?: unknown;
    scopeDownStatement?: unknown;
    ruleActionOverrides?: unknown[];
}

/** Sub-rules of a group that may only count: more of them, and the group blocks nothing that matters. */
const MOST_COUNTED = 4;

function managedGroup(acl: Resource, wanted: string): Finding {
    if (acl.get("rules") === UNKNOWN) {
        return waits(acl, `whether ${wanted} blocks is not known before the update`);
    }
    const rules = acl.objects("rules") as AclRule[];
    const rule = rules.find(({ statement }) => {
        const group = statement?.managedRuleGroupStatement;
        return group?.name === wanted && (group.vendorName === undefined || group.vendorName === "AWS");
    });
    if (!rule) {
        return fail(acl, `the managed group ${wanted} is missing`);
    }
    const { scopeDownStatement, ruleActionOverrides = [] } = rule.statement!.managedRuleGroupStatement!;
    const before = rules.find(
        ({ action, priority }) => isObject(action) && "allow" in action && Number(priority) < Number(rule.priority),
    );
    if (before) {
        return fail(acl, `the rule ${shown(before.name)} lets requests pass before ${wanted}`);
    }
    if (isObject(scopeDownStatement)) {
        return fail(acl, `${wanted} looks at a part of the requests only; allowed: no scopeDownStatement`);
    }
    if (ruleActionOverrides.length > MOST_COUNTED) {
        return fail(acl, `${ruleActionOverrides.length} rules of ${wanted} only count, allowed: up to ${MOST_COUNTED}`);
    }
    return rule.overrideAction && "none" in rule.overrideAction
        ? pass(acl, `${wanted} blocks`)
        : fail(acl, `${wanted} only counts; allowed: overrideAction none`);
}

function logged(stack: Stack): Finding[] {
    const onAzure = protectedServices(stack)
        .filter(({ service, firewall }) => service.balancer.type === azure.gateway && firewall)
        .map(({ service }) => isLogged(stack, service.balancer, ["ApplicationGatewayFirewallLog"]));
    const onAws = firewalls(stack)
        .filter(({ type }) => type === aws.webAcl)
        .map((acl) =>
            stack.of(aws.webAclLogging).some((logging) => logging.refersTo("resourceArn", acl) === true)
                ? pass(acl, "requests are logged")
                : fail(acl, "what it blocks is not logged"),
        );
    return [...onAws, ...onAzure];
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
            fix: "Add a logging configuration for the web ACL; on Azure a diagnostic setting for the gateway.",
            step: "Pre-Production Checklist",
            controls: ["Security Hub WAF.11", "MCSB LT-4"],
            check: logged,
        },
    ],
};
