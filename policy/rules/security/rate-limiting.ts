import { protectedServices } from "../../model/firewalls";
import { expectFact, expectFactBetween } from "../../model/proxies";
import { fail, type Finding, type ItemRules, pass, shown, waits } from "../../rule";
import { aws } from "../../types";
import { type Resource, type Stack, texts } from "../../stack";

/** Most requests of one address in a minute that still count as a limit: a hundred a second. */
const MOST_PER_MINUTE = 6000;
const DEFAULT_WINDOW_SECONDS = 300;
const TOO_MANY_REQUESTS = 429;

function limited(stack: Stack): Finding[] {
    return protectedServices(stack).flatMap(({ service, firewall }) => {
        if (service.proxy && !firewall) {
            return [
                expectFactBetween(service.proxy, "ratePerMinute", 1, MOST_PER_MINUTE),
                expectFact(service.proxy, "rateStatus", (value) => value === TOO_MANY_REQUESTS, "429"),
            ];
        }
        if (!firewall) {
            return fail(service.balancer, "no firewall is attached that could limit requests");
        }
        return firewall.type === aws.webAcl ? awsLimit(firewall) : azureLimit(firewall);
    });
}

interface AclRule {
    statement?: {
        rateBasedStatement?: {
            limit?: unknown;
            aggregateKeyType?: unknown;
            evaluationWindowSec?: unknown;
            scopeDownStatement?: unknown;
        };
    };
    action?: { block?: { customResponse?: { responseCode?: unknown } } };
}

function awsLimit(acl: Resource): Finding {
    if (acl.isUnknown("rules")) {
        return waits(acl, "its rate rule is not known before the update");
    }
    const rules = (acl.objects("rules") as AclRule[]).filter(({ statement }) => statement?.rateBasedStatement);
    const blocking = rules.filter(({ action }) => action?.block !== undefined);
    if (blocking.length === 0) {
        return fail(acl, rules.length > 0 ? "its rate rule does not block" : "it has no rate-based rule");
    }
    const judged = blocking.map((rule) => judgeRate(acl, rule));
    return judged.find(({ status }) => status === "pass") ?? judged[0]!;
}

function judgeRate(acl: Resource, blocking: AclRule): Finding {
    if (blocking.statement!.rateBasedStatement!.scopeDownStatement) {
        return fail(acl, "its rate rule counts a part of the requests only; allowed: no scopeDownStatement");
    }
    const { limit, aggregateKeyType, evaluationWindowSec } = blocking.statement!.rateBasedStatement!;
    const perMinute = (Number(limit) * 60) / Number(evaluationWindowSec ?? DEFAULT_WINDOW_SECONDS);
    const status = blocking.action?.block?.customResponse?.responseCode;
    if (!(perMinute <= MOST_PER_MINUTE)) {
        return fail(acl, `the rate rule allows ${perMinute} requests a minute, allowed: up to ${MOST_PER_MINUTE}`);
    }
    if (aggregateKeyType !== "IP") {
        return fail(
            acl,
            `the rate rule counts by ${shown(aggregateKeyType)}, allowed: IP; a client writes the forwarded address itself`,
        );
    }
    return status === TOO_MANY_REQUESTS
        ? pass(acl, `429 above ${perMinute} requests of an address in a minute`)
        : fail(acl, `the rate rule answers ${shown(status ?? 403)}, allowed: ${TOO_MANY_REQUESTS}`);
}

function azureLimit(policy: Resource): Finding {
    const rule = (policy.list("customRules") as Record<string, unknown>[]).find(
        ({ ruleType, state, action }) => ruleType === "RateLimitRule" && state !== "Disabled" && action === "Block",
    );
    if (!rule) {
        return fail(policy, "it has no rate-limit rule that blocks");
    }
    const groups = texts(rule["groupByUserSession"]);
    if (!groups.includes("ClientAddr")) {
        return fail(
            policy,
            `the rate rule counts by ${groups.join(", ") || "nothing"}, allowed: ClientAddr; a client writes the forwarded address itself`,
        );
    }
    const minutes = rule["rateLimitDuration"] === "FiveMins" ? 5 : 1;
    const perMinute = Number(rule["rateLimitThreshold"]) / minutes;
    return perMinute <= MOST_PER_MINUTE
        ? pass(policy, `blocks above ${perMinute} requests of a client in a minute`)
        : fail(policy, `the rate rule allows ${perMinute} requests a minute, allowed: up to ${MOST_PER_MINUTE}`);
}

/** Rate limiting enabled. */
export const rateLimiting: ItemRules = {
    item: "rate-limiting",
    rules: [
        {
            id: "rate-limiting-by-address",
            title: "One address cannot make more than a set number of requests",
            severity: "high",
            risk: "One client slows the service for all, or tries passwords without end.",
            fix: "Add a rate-based rule by address that blocks with 429 to the balancer's firewall.",
            step: "Pre-Production Checklist",
            controls: ["AWS Well-Architected SEC05-BP03", "MCSB NS-5"],
            check: limited,
        },
    ],
};
