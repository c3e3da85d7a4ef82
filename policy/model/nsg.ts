import { azure } from "../types";
import type { Resource, Stack } from "../stack";

/** One rule of an Azure network security group. */
export interface NsgRule {
    /** The resource that holds it. */
    holder: Resource;
    name: string;
    inbound: boolean;
    allow: boolean;
    priority: number;
    sources: string[];
    ports: string[];
}

const INTERNET = ["*", "internet", "any", "0.0.0.0/0", "::/0", "0.0.0.0"];

/** True when a rule lets the Internet in. */
export function fromInternet(rule: NsgRule): boolean {
    return rule.inbound && rule.allow && rule.sources.some((source) => INTERNET.includes(source.toLowerCase()));
}

/** Rules of a group, inline and separate, in the order of their priority. */
export function rulesOf(stack: Stack, group: Resource): NsgRule[] {
    const inline = group.list("securityRules").map((rule) => read(group, rule as Record<string, unknown>));
    const separate = stack
        .of(azure.securityRule)
        .filter(
            (rule) =>
                rule.text("networkSecurityGroupName") === group.text("name") || rule.refersTo("id", group) === true,
        )
        .map((rule) => read(rule, Object.fromEntries(rule.keys.map((key) => [key, rule.get(key)]))));
    return [...inline, ...separate].sort((a, b) => a.priority - b.priority);
}

/** The security group of a subnet. */
export function groupOf(stack: Stack, subnet: Resource): Resource | undefined {
    return stack.referred(subnet, "networkSecurityGroup", stack.of(azure.securityGroup));
}

/** True when a rule's ports include a port. */
export function covers(rule: NsgRule, port: number): boolean {
    return rule.ports.some((text) => {
        const [from = "", to = from] = text.split("-");
        return text === "*" || (Number(from) <= port && port <= Number(to));
    });
}

function read(holder: Resource, rule: Record<string, unknown>): NsgRule {
    const both = (one: string, many: string) =>
        [rule[one], ...(Array.isArray(rule[many]) ? (rule[many] as unknown[]) : [])].filter(
            (value): value is string => typeof value === "string",
        );
    return {
        holder,
        name: typeof rule["name"] === "string" ? rule["name"] : "",
        inbound: rule["direction"] === "Inbound",
        allow: rule["access"] === "Allow",
        priority: Number(rule["priority"] ?? 65_000),
        sources: both("sourceAddressPrefix", "sourceAddressPrefixes"),
        ports: both("destinationPortRange", "destinationPortRanges"),
    };
}
