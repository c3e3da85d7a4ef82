import { Address4, Address6 } from "ip-address";
import { networkContains } from "../../components/network/addresses";
import { fail, type Finding, pass, waits } from "../rule";
import { type Resource, type Stack, UNKNOWN } from "../stack";
import { aws } from "../types";

/** What a firewall rule lets in. */
export type Source =
    | { kind: "network"; cidr: string }
    | { kind: "group"; group: Resource }
    /** A group or list that is not in this stack, by its id. */
    | { kind: "outside"; id: string }
    /** A source that the update will know. */
    | { kind: "unknown" };

/** One opening into an AWS security group. */
export interface Opening {
    /** The resource that makes it. */
    rule: Resource;
    /** The group that is opened; undefined when it is not in this stack. */
    group: Resource | undefined;
    /** Id of the group that is opened, as far as it is known. */
    groupId: unknown;
    /** Undefined for all ports. */
    fromPort: number | undefined;
    toPort: number | undefined;
    sources: Source[];
}

const ANYWHERE_V4 = 7;
const ANYWHERE_V6 = 16;

/** True when a network is the Internet or a large part of it. */
export function isInternet(source: Source): boolean {
    if (source.kind !== "network") {
        return false;
    }
    const { cidr } = source;
    if (cidr.includes(":")) {
        return Address6.isValid(cidr) && new Address6(cidr).subnetMask <= ANYWHERE_V6;
    }
    if (!Address4.isValid(cidr)) {
        return false;
    }
    const network = new Address4(cidr);
    const isPrivate = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].some((space) =>
        network.isInSubnet(new Address4(space)),
    );
    return network.subnetMask <= ANYWHERE_V4 || (network.subnetMask <= 8 && !isPrivate);
}

/** True when an opening includes a port. */
export function includesPort({ fromPort, toPort }: Opening, port: number): boolean {
    return fromPort === undefined || toPort === undefined || (fromPort <= port && port <= toPort);
}

/** True when an opening is exactly one port. */
export function isPort({ fromPort, toPort }: Opening, port: number): boolean {
    return fromPort === port && toPort === port;
}

/** Every opening of TCP or UDP into a security group, whichever of AWS's three ways it is written in. */
export function openings(stack: Stack): Opening[] {
    return stack.once(allOpenings);
}

/** The openings into any of the groups that a resource is in, by reference or by id. */
export function openingsInto(stack: Stack, resource: Resource, property: string): Opening[] {
    const ids = resource.list(property);
    return openings(stack).filter(
        ({ group, groupId }) =>
            (group !== undefined && resource.refersTo(property, group) === true) ||
            (typeof groupId === "string" && ids.includes(groupId)),
    );
}

/** What may be open, and to whom. */
export interface Allowance {
    /** What is reached, for messages. */
    what: string;
    port: number;
    isAllowed: (source: Source) => boolean;
    /** Who is allowed, for messages. */
    allowed: string;
}

/** Whether an opening is the one port to those who may reach it. */
export function judgeOpening(opening: Opening, { what, port, isAllowed, allowed }: Allowance): Finding {
    const { rule, sources } = opening;
    if (!isPort(opening, port)) {
        return fail(rule, `ports ${portsText(opening)} of ${what} are open, allowed: ${port}`);
    }
    const wrong = sources.find((source) => source.kind !== "unknown" && !isAllowed(source));
    if (wrong || sources.length === 0) {
        return fail(rule, `port ${port} of ${what} is open to ${sourceText(wrong)}, allowed: ${allowed}`);
    }
    return sources.some(({ kind }) => kind === "unknown")
        ? waits(rule, `who reaches port ${port} of ${what} is not known before the update`)
        : pass(rule, `port ${port} of ${what} is open to ${allowed}`);
}

/** The words for an opening's ports in a message. */
export function portsText({ fromPort, toPort }: Opening): string {
    return fromPort === undefined ? "all" : fromPort === toPort ? String(fromPort) : `${fromPort} to ${toPort}`;
}

function sourceText(source: Source | undefined): string {
    switch (source?.kind) {
        case "network":
            return source.cidr;
        case "group":
            return source.group.name;
        case "outside":
            return `${source.id}, which is not in this stack`;
        case "unknown":
            return "a source that is not known yet";
        default:
            return "a source that cannot be read";
    }
}

function allOpenings(stack: Stack): Opening[] {
    return [...separateRules(stack), ...formerRules(stack), ...inlineRules(stack)];
}

function separateRules(stack: Stack): Opening[] {
    return stack
        .of(aws.ingressRule)
        .filter((rule) => !isIcmp(rule.get("ipProtocol")))
        .map((rule) => ({
            rule,
            group: stack.referred(rule, "securityGroupId", stack.of(aws.securityGroup)),
            groupId: rule.get("securityGroupId"),
            ...portsOf(rule.get("ipProtocol"), rule.get("fromPort"), rule.get("toPort")),
            sources: [
                ...networks([rule.get("cidrIpv4"), rule.get("cidrIpv6")]),
                ...groupSource(stack, rule, "referencedSecurityGroupId"),
                ...lists(stack, [rule.get("prefixListId")]),
            ],
        }));
}

function formerRules(stack: Stack): Opening[] {
    return stack
        .of(aws.securityGroupRule)
        .filter((rule) => rule.get("type") !== "egress" && !isIcmp(rule.get("protocol")))
        .map((rule) => {
            const group = stack.referred(rule, "securityGroupId", stack.of(aws.securityGroup));
            return {
                rule,
                group,
                groupId: rule.get("securityGroupId"),
                ...portsOf(rule.get("protocol"), rule.get("fromPort"), rule.get("toPort")),
                sources: [
                    ...networks([...rule.list("cidrBlocks"), ...rule.list("ipv6CidrBlocks")]),
                    ...groupSource(stack, rule, "sourceSecurityGroupId"),
                    ...lists(stack, rule.list("prefixListIds")),
                    ...itself(rule.get("self"), group),
                ],
            };
        });
}

function inlineRules(stack: Stack): Opening[] {
    return stack.of(aws.securityGroup).flatMap((group) => {
        const whole =
            group.get("ingress") === UNKNOWN
                ? [
                      {
                          rule: group,
                          group,
                          groupId: group.get("id"),
                          ...ALL_PORTS,
                          sources: [{ kind: "unknown" as const }],
                      },
                  ]
                : [];
        const rules = group
            .objects("ingress")
            .filter((rule) => !isIcmp(rule["protocol"]))
            .map((rule) => {
                const list = (key: string) => (Array.isArray(rule[key]) ? (rule[key] as unknown[]) : []);
                return {
                    rule: group,
                    group,
                    groupId: group.get("id"),
                    ...portsOf(rule["protocol"], rule["fromPort"], rule["toPort"]),
                    sources: [
                        ...networks([...list("cidrBlocks"), ...list("ipv6CidrBlocks")]),
                        ...list("securityGroups").map((id) => groupById(stack, id)),
                        ...lists(stack, list("prefixListIds")),
                        ...itself(rule["self"], group),
                    ],
                };
            });
        return [...whole, ...rules];
    });
}

const ALL_PORTS = { fromPort: undefined, toPort: undefined };

/** What ICMP calls ports are types of messages. */
function isIcmp(protocol: unknown): boolean {
    return ["icmp", "icmpv6", "1", "58"].includes(String(protocol).toLowerCase());
}

function portsOf(protocol: unknown, fromPort: unknown, toPort: unknown) {
    return protocol === "-1" ||
        protocol === "all" ||
        typeof fromPort !== "number" ||
        typeof toPort !== "number" ||
        fromPort === -1
        ? ALL_PORTS
        : { fromPort, toPort };
}

function isSet(value: unknown): boolean {
    return value !== undefined && value !== null && value !== "";
}

function networks(values: unknown[]): Source[] {
    return values
        .filter(isSet)
        .map((value) => (typeof value === "string" ? { kind: "network", cidr: value } : { kind: "unknown" }));
}

function groupSource(stack: Stack, rule: Resource, property: string): Source[] {
    const value = rule.get(property);
    if (!isSet(value)) {
        return [];
    }
    const group = stack.referred(rule, property, stack.of(aws.securityGroup));
    return [
        group
            ? { kind: "group", group }
            : typeof value === "string"
              ? { kind: "outside", id: value }
              : { kind: "unknown" },
    ];
}

function groupById(stack: Stack, id: unknown): Source {
    const group =
        typeof id === "string" ? stack.of(aws.securityGroup).find((other) => other.get("id") === id) : undefined;
    return group ? { kind: "group", group } : typeof id === "string" ? { kind: "outside", id } : { kind: "unknown" };
}

/** The networks of a prefix list of this stack; any other list by its id. */
function lists(stack: Stack, ids: unknown[]): Source[] {
    return ids.filter(isSet).flatMap((id): Source[] => {
        const list = stack.of(aws.prefixList).find((other) => typeof id === "string" && other.get("id") === id);
        if (list) {
            return networks(list.objects("entries").map((entry) => entry["cidr"]));
        }
        return [typeof id === "string" ? { kind: "outside", id } : { kind: "unknown" }];
    });
}

function itself(self: unknown, group: Resource | undefined): Source[] {
    return self === true && group ? [{ kind: "group", group }] : [];
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
