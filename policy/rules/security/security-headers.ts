import { securityHeaders } from "../../../components/reference";
import { expectFact } from "../../model/proxies";
import { services } from "../../model/service";
import { expectEqual, expectValue, fail, type Finding, type ItemRules, pass } from "../../rule";
import { aws } from "../../types";
import { type Resource, type Stack, texts } from "../../stack";

/** The guide's headers with the property of an ALB listener that sets each. */
const headers = [
    {
        name: "Strict-Transport-Security",
        property: "routingHttpResponseStrictTransportSecurityHeaderValue",
        value: securityHeaders.strictTransportSecurity,
    },
    {
        name: "X-Content-Type-Options",
        property: "routingHttpResponseXContentTypeOptionsHeaderValue",
        value: securityHeaders.contentTypeOptions,
    },
    {
        name: "X-Frame-Options",
        property: "routingHttpResponseXFrameOptionsHeaderValue",
        value: securityHeaders.frameOptions,
    },
];

/** Stricter values than the guide's that mean the same or more. */
const alsoRight: Record<string, RegExp | undefined> = {
    "X-Frame-Options": /^DENY$/i,
    "Strict-Transport-Security": /^max-age=(31536000|3153600\d|6\d{7}|[1-9]\d{8,}); includeSubDomains(; preload)?$/i,
};

function set(stack: Stack): Finding[] {
    return services(stack).flatMap(({ balancer, listeners, proxy }) => {
        if (proxy) {
            return headers.map(({ name, value }) =>
                expectFact(
                    proxy,
                    "headers",
                    (found) => found[name] === value || (alsoRight[name]?.test(found[name] ?? "") ?? false),
                    `${name}: ${value}`,
                ),
            );
        }
        if (balancer.type !== aws.loadBalancer) {
            return rewrites(balancer);
        }
        return listeners
            .filter((listener) => listener.get("protocol") === "HTTPS")
            .flatMap((listener) =>
                headers.map(({ name, property, value }) =>
                    expectValue(
                        listener,
                        property,
                        (found) => found === value || (alsoRight[name]?.test(String(found)) ?? false),
                        value,
                    ),
                ),
            );
    });
}

function rewrites(gateway: Resource): Finding[] {
    const settings = (gateway.list("rewriteRuleSets") as Record<string, unknown>[]).flatMap((rules) => {
        const list = (rules["rewriteRules"] ?? []) as { actionSet?: { responseHeaderConfigurations?: unknown[] } }[];
        return list.flatMap(({ actionSet }) => actionSet?.responseHeaderConfigurations ?? []);
    }) as { headerName?: string; headerValue?: string }[];
    const used = gateway
        .objects("requestRoutingRules")
        .some(
            ({ rewriteRuleSet }, place) =>
                texts(rewriteRuleSet).length > 0 || gateway.isUnknown(`requestRoutingRules[${place}].rewriteRuleSet`),
        );
    return headers.map(({ name, value }) => {
        const found = settings.find(({ headerName }) => headerName?.toLowerCase() === name.toLowerCase())?.headerValue;
        return used && found !== undefined && (found === value || (alsoRight[name]?.test(found) ?? false))
            ? pass(gateway, `${name}: ${found}`)
            : fail(
                  gateway,
                  `${name}: found ${found ?? "nothing"}${used ? "" : " in a rule set that no route uses"}, allowed: ${value}`,
              );
    });
}

/** Application Gateway, HAProxy and Nginx have no such setting: they refuse what is no HTTP. */
function cleansHeaders(stack: Stack): Finding[] {
    return services(stack)
        .filter(({ balancer, proxy }) => balancer.type === aws.loadBalancer && !proxy)
        .map(({ balancer }) => expectEqual(balancer, "dropInvalidHeaderFields", true));
}

/** Security headers configured. */
export const securityHeadersRules: ItemRules = {
    item: "security-headers",
    rules: [
        {
            id: "security-headers-set",
            title: "Every answer carries the guide's three security headers",
            severity: "high",
            risk: "A browser can be led to a clear connection, a hostile frame or a wrong file type.",
            fix: "Set Strict-Transport-Security, X-Content-Type-Options and X-Frame-Options on the HTTPS listener.",
            step: "Step 1",
            controls: [],
            check: set,
        },
        {
            id: "security-headers-valid",
            title: "Requests with invalid headers are cleaned",
            severity: "medium",
            risk: "Balancer and server read a request differently, and one hides inside another.",
            fix: "Turn on dropInvalidHeaderFields.",
            step: "Step 1",
            controls: ["Security Hub ELB.4"],
            check: cleansHeaders,
        },
    ],
};
