import type { Resource } from "../../../plan/engine/resource";
import type { Values } from "../../../plan/engine/values";
import { added, find, hasName, type Mutation, removeEach, setEach } from "../change";

const GROUP = "network.NetworkSecurityGroup";
const SUBNET = "network.Subnet";
const roles = ["edge", "app", "database", "storage", "cache"] as const;

/** Defects of security groups, subnets and what records connections. */
export function firewall(all: Resource[]): Mutation[] {
    return [...openedByRule(all), ...changedRules(all), ...withoutRules(all), ...subnets(all), ...separate(all)];
}

const rule = (changes: Values): Values => ({
    name: "planted",
    priority: 90,
    direction: "Inbound",
    access: "Allow",
    protocol: "Tcp",
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    ...changes,
});

const rulesOf = ({ inputs }: Resource) => inputs["securityRules"] as Values[];
const plus =
    (changes: Values) =>
    (group: Resource): Values[] => [rule(changes), ...rulesOf(group)];

/** A group's own port, by role. */
const ports: Record<(typeof roles)[number], string> = {
    edge: "443",
    app: "5000",
    database: "5432",
    storage: "2049",
    cache: "10000",
};

/** One more rule lets in what must stay out. */
function openedByRule(all: Resource[]): Mutation[] {
    const open = (changes: Values, by: string[], only?: (resource: Resource) => boolean) =>
        setEach(all, GROUP, "securityRules", plus(changes), by, only);
    const inner = ({ name }: Resource) => !name.endsWith("-edge");
    return [
        ...["*", "Internet", "0.0.0.0/0", "any", "::/0"].flatMap((source) => [
            ...open({ sourceAddressPrefix: source, destinationPortRange: "9000" }, ["firewall-internet"]),
            ...open({ sourceAddressPrefix: source, destinationPortRange: "*" }, ["firewall-internet"]),
            ...open({ sourceAddressPrefixes: [source], destinationPortRange: "8080" }, ["firewall-internet"]),
        ]),
        ...roles
            .filter((role) => role !== "edge")
            .flatMap((role) =>
                open(
                    { sourceAddressPrefix: "Internet", destinationPortRange: ports[role] },
                    ["firewall-internet"],
                    hasName(`-${role}`),
                ),
            ),
        ...["22", "3389", "20-25", "3000-4000", "*"].flatMap((port) => [
            ...open({ sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: port }, ["ssh-no-open-port"]),
            ...open({ sourceAddressPrefix: "198.51.100.0/24", destinationPortRanges: [port] }, ["ssh-no-open-port"]),
        ]),
        ...["VirtualNetwork", "10.0.0.0/16", "10.0.0.0/8", "198.51.100.0/24"].flatMap((source) =>
            roles
                .filter((role) => role !== "edge")
                .flatMap((role) =>
                    open(
                        { sourceAddressPrefix: source, destinationPortRange: ports[role] },
                        ["firewall-tiers", "database-access-app-only", "database-access-path"],
                        hasName(`-${role}`),
                    ),
                ),
        ),
        ...["8080", "9000", "1-65535"].flatMap((port) =>
            open(
                { sourceAddressPrefix: "10.0.0.0/24", destinationPortRange: port },
                ["firewall-tiers"],
                hasName("-app"),
            ),
        ),
        ...["10.0.1.0/24", "10.0.17.0/24"].flatMap((source) =>
            open({ sourceAddressPrefix: source, destinationPortRange: "6379" }, ["firewall-tiers"], inner),
        ),
        ...open(
            { sourceAddressPrefix: "10.0.0.0/24", destinationPortRange: "5432" },
            ["database-access-app-only"],
            hasName("-database"),
        ),
        ...open(
            { sourceAddressPrefix: "10.0.4.0/24", destinationPortRange: "5000" },
            ["database-access-path"],
            hasName("-app"),
        ),
    ];
}

/** The group's own rules, each with one thing changed. */
function changedRules(all: Resource[]): Mutation[] {
    const guarded = ({ direction, access, name }: Values) =>
        direction === "Inbound" && access === "Allow" && /^from-(edge|app)-/.test(name as string);
    const by = [
        "firewall-tiers",
        "database-access-app-only",
        "database-access-path",
        "firewall-internet",
        "firewall-connected",
    ];
    const changes: Values[] = [
        { sourceAddressPrefix: "Internet", sourceAddressPrefixes: undefined },
        { sourceAddressPrefix: "*", sourceAddressPrefixes: undefined },
        { sourceAddressPrefix: "VirtualNetwork", sourceAddressPrefixes: undefined },
        { sourceAddressPrefix: "10.0.0.0/16", sourceAddressPrefixes: undefined },
        { sourceAddressPrefix: "10.0.3.0/24", sourceAddressPrefixes: undefined },
        { destinationPortRange: "*" },
        { destinationPortRange: "1-65535" },
        { destinationPortRange: "1433" },
        { direction: "Outbound" },
        { access: "Deny" },
    ];
    return all
        .filter(({ type }) => type.endsWith(":NetworkSecurityGroup"))
        .flatMap((group) =>
            rulesOf(group)
                .filter(guarded)
                .filter(({ destinationPortRange }) => destinationPortRange !== "443")
                .flatMap((target) =>
                    changes.flatMap((change) =>
                        setEach(
                            all,
                            GROUP,
                            "securityRules",
                            rulesOf(group).map((other) =>
                                other["name"] === target["name"] ? { ...other, ...change } : other,
                            ),
                            by,
                            ({ urn }) => urn === group.urn,
                        ).map((mutation) => ({
                            ...mutation,
                            name: `${group.name}: ${target["name"] as string} becomes ${JSON.stringify(change)}`,
                        })),
                    ),
                ),
        );
}

function withoutRules(all: Resource[]): Mutation[] {
    const only = (keep: (rule: Values) => boolean) => (group: Resource) => rulesOf(group).filter(keep);
    return [
        ...setEach(
            all,
            GROUP,
            "securityRules",
            only(({ access }) => access === "Allow"),
            ["firewall-default"],
        ),
        ...setEach(all, GROUP, "securityRules", [], ["firewall-default"]),
        ...setEach(all, GROUP, "securityRules", undefined, ["firewall-default"]),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            (group) => rulesOf(group).map((other) => (other["access"] === "Deny" ? { ...other, priority: 50 } : other)),
            ["firewall-default"],
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            only(({ access }) => access === "Deny"),
            ["firewall-connected", "database-access-app-only"],
            ({ name }) => !name.endsWith("-edge"),
        ),
        ...removeEach(all, GROUP, ["firewall-default"]),
    ];
}

function subnets(all: Resource[]): Mutation[] {
    const isInner = ({ name }: Resource) => /-(app-\d|database|storage|cache)$/.test(name);
    const isEndpoint = ({ name }: Resource) => /-(database|storage|cache)$/.test(name);
    const isApp = ({ name }: Resource) => /-app-\d$/.test(name);
    const nat = find(all, "network.NatGateway").id;
    const endpoint = (end: string) => (resource: Resource) => resource.name.endsWith(end);
    return [
        ...setEach(all, SUBNET, "networkSecurityGroup", undefined, ["firewall-default"]),
        ...setEach(all, SUBNET, "networkSecurityGroup", { id: "/subscriptions/x/another" }, ["firewall-default"]),
        ...setEach(all, SUBNET, "defaultOutboundAccess", true, ["firewall-private-subnets"], isInner),
        ...setEach(all, SUBNET, "defaultOutboundAccess", undefined, ["firewall-private-subnets"], isInner),
        ...setEach(all, SUBNET, "natGateway", { id: nat }, ["firewall-private-subnets"], isEndpoint),
        ...["Disabled", "RouteTableEnabled", undefined].flatMap((policies) =>
            setEach(
                all,
                SUBNET,
                "privateEndpointNetworkPolicies",
                policies,
                ["database-access-app-only"],
                hasName("-database"),
            ),
        ),
        ...setEach(all, SUBNET, "addressPrefix", "10.0.99.0/24", ["firewall-tiers", "database-access-app-only"], isApp),
        ...removeEach(all, "network.PrivateEndpoint", ["database-access-app-only"], ({ name }) => /-db-\d$/.test(name)),
        ...removeEach(all, "network.PrivateEndpoint", ["firewall-connected"], endpoint("-files")),
        ...removeEach(all, "network.PrivateEndpoint", ["firewall-connected"], endpoint("-sessions")),
        ...removeEach(all, "network.FlowLog", ["firewall-flow-logs"]),
        ...setEach(all, "network.FlowLog", "enabled", false, ["firewall-flow-logs"]),
        ...setEach(all, "network.FlowLog", "targetResourceId", "/subscriptions/x/another", ["firewall-flow-logs"]),
        ...setEach(all, "storage.StorageAccount", "allowBlobPublicAccess", true, ["firewall-buckets"]),
        ...setEach(all, "storage.StorageAccount", "allowBlobPublicAccess", undefined, ["firewall-buckets"]),
    ];
}

/** The same as rules that are resources of their own. */
function separate(all: Resource[]): Mutation[] {
    return roles.flatMap((role) => {
        const group = find(all, GROUP, `-net-${role}`);
        const opening = (name: string, changes: Values, by: string[]) =>
            added(`${role}: ${name}`, by, "azure-native:network:SecurityRule", {
                ...rule(changes),
                networkSecurityGroupName: group.outputs["name"],
            });
        const inner = ["firewall-tiers", "database-access-app-only", "database-access-path"];
        return [
            opening("open to the Internet", { sourceAddressPrefix: "*", destinationPortRange: "9000" }, [
                "firewall-internet",
            ]),
            opening("SSH from an office", { sourceAddressPrefix: "198.51.100.0/24", destinationPortRange: "22" }, [
                "ssh-no-open-port",
            ]),
            opening("RDP from the network", { sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: "3389" }, [
                "ssh-no-open-port",
            ]),
            ...(role === "edge"
                ? []
                : [
                      opening(
                          "its port from the whole network",
                          { sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: ports[role] },
                          inner,
                      ),
                  ]),
        ];
    });
}
