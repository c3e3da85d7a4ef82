import { networkContains } from "../../components/network/addresses";
import { aws } from "../types";
import type { Resource, Stack } from "../stack";

/** What a firewall rule lets in. */
export type Source =
    { kind: "network"; cidr: string } | { kind: "group"; group: Resource } | { kind: "unresolved"; text: string };

/** One opening into an AWS security group. */
export interface Opening {
    /** The resource that makes it. */
    rule: Resource;
    /** The group that is opened; undefined when it is not in this stack. */
    group: Resource | undefined;
    fromPort: number | undefined;
    toPort: number | undefined;
    sources: Source[];
}

const ANYWHERE = ["0.0.0.0/0", "::/0"];

/** True when a network is the Internet or half of it. */
export function isInternet(source: Source): boolean {
    return source.kind === "network" && (ANYWHERE.includes(source.cidr) || /^[\d.]+\/[0-7]$/.test(source.cidr));
}

/** True when an opening includes a port. */
export function includesPort({ fromPort, toPort }: Opening, port: number): boolean {
    return fromPort === undefined || toPort === undefined || fromPort === -1 || (fromPort <= port && port <= toPort);
}

/** True when an opening is exactly one port. */
export function isPort({ fromPort, toPort }: Opening, port: number): boolean {
    return fromPort === port && toPort === port;
}

/** Every opening into a security group, whichever of AWS's three ways it is written in. */
export function openings(stack: Stack): Opening[] {
    return [...separateRules(stack), ...formerRules(stack), ...inlineRules(stack)];
}

/** The openings into any of the groups that a resource is in. */
export function openingsInto(stack: Stack, resource: Resource, property: string): Opening[] {
    return openings(stack).filter(({ group }) => group !== undefined && resource.refersTo(property, group) === true);
}

function separateRules(stack: Stack): Opening[] {
    return stack.of(aws.ingressRule).map((rule) => ({
        rule,
        group: stack.referred(rule, "securityGroupId", stack.of(aws.securityGroup)),
        ...portsOf(rule.text("ipProtocol"), rule.number("fromPort"), rule.number("toPort")),
        sources: [
            ...networks([rule.get("cidrIpv4"), rule.get("cidrIpv6")]),
            ...groups(stack, rule, "referencedSecurityGroupId", rule.get("referencedSecurityGroupId")),
            ...unresolved(rule.get("prefixListId")),
        ],
    }));
}

function formerRules(stack: Stack): Opening[] {
    return stack
        .of(aws.securityGroupRule)
        .filter((rule) => rule.get("type") !== "egress")
        .map((rule) => ({
            rule,
            group: stack.referred(rule, "securityGroupId", stack.of(aws.securityGroup)),
            ...portsOf(rule.text("protocol"), rule.number("fromPort"), rule.number("toPort")),
            sources: [
                ...networks([...rule.list("cidrBlocks"), ...rule.list("ipv6CidrBlocks")]),
                ...groups(stack, rule, "sourceSecurityGroupId", rule.get("sourceSecurityGroupId")),
            ],
        }));
}

function inlineRules(stack: Stack): Opening[] {
    return stack.of(aws.securityGroup).flatMap((group) =>
        group.list("ingress").map((entry) => {
            const rule = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>;
            const list = (key: string) => (Array.isArray(rule[key]) ? (rule[key] as unknown[]) : []);
            const named = list("securityGroups").map((id) =>
                stack.of(aws.securityGroup).find((other) => other.get("id") === id),
            );
            return {
                rule: group,
                group,
                ...portsOf(rule["protocol"] as string, rule["fromPort"] as number, rule["toPort"] as number),
                sources: [
                    ...networks([...list("cidrBlocks"), ...list("ipv6CidrBlocks")]),
                    ...named.map((other): Source =>
                        other
                            ? { kind: "group", group: other }
                            : { kind: "unresolved", text: "another security group" },
                    ),
                ],
            };
        }),
    );
}

function portsOf(protocol: string | undefined, fromPort: number | undefined, toPort: number | undefined) {
    return protocol === "-1" || protocol === "all" ? { fromPort: undefined, toPort: undefined } : { fromPort, toPort };
}

function networks(values: unknown[]): Source[] {
    return values
        .filter((value) => value !== undefined && value !== null && value !== "")
        .map((value) =>
            typeof value === "string" ? { kind: "network", cidr: value } : { kind: "unresolved", text: "a network" },
        );
}

function groups(stack: Stack, rule: Resource, property: string, value: unknown): Source[] {
    if (value === undefined || value === null || value === "") {
        return [];
    }
    const group = stack.referred(rule, property, stack.of(aws.securityGroup));
    return [
        group
            ? { kind: "group", group }
            : { kind: "unresolved", text: typeof value === "string" ? value : "a security group" },
    ];
}

function unresolved(value: unknown): Source[] {
    return typeof value === "string" && value !== "" ? [{ kind: "unresolved", text: value }] : [];
}

/** True when a network lies wholly inside one of the others. */
export function isInside(cidr: string, others: string[]): boolean {
    return others.some((other) => {
        try {
            return networkContains(other, cidr);
        } catch {
            return false;
        }
    });
}
