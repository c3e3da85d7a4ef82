import * as network from "@pulumi/azure-native/network";
import type * as pulumi from "@pulumi/pulumi";
import { arrows, ports, type SubnetRole } from "../reference";
import { cachePort } from "../session-store/azure-port";
import type { FirewallGroupIds } from "./contract";

/** Address blocks by role. */
export type RolePrefixes = { [role in SubnetRole]: pulumi.Input<string>[] };

/** What the groups have in common. */
interface SecurityGroupArgs {
    resourceGroupName: pulumi.Input<string>;
    prefixes: RolePrefixes;
    /** TCP ports that application servers may reach outside the network. */
    outboundPorts: number[];
    /** Addresses of Azure Bastion, from where administrators reach the servers. Default none. */
    bastionPrefix?: string;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** One allowed connection of a group; the priority is its place. */
interface Opening {
    name: string;
    direction: "Inbound" | "Outbound";
    sources: pulumi.Input<string>[];
    targets: pulumi.Input<string>[];
    /** One port, a range or `*`. */
    port: string;
    protocol: "Tcp" | "*";
    purpose: string;
}

const SSH = 22;
const FIRST_PRIORITY = 100;
/** Last before Azure's own rules, which let everything inside the network through. */
const LAST_PRIORITY = 4096;

/** Every connection between tiers: the guide's, and private endpoints of the key vault and blobs beside the files. */
const connections = [
    ...arrows.map((arrow) => (arrow.to === "cache" ? { ...arrow, port: cachePort } : arrow)),
    {
        from: "app" as const,
        to: "storage" as const,
        port: ports.https,
        purpose: "Key Vault and blobs over private endpoints",
    },
];

/** A network security group for each role that opens exactly the guide's connections (guide, step 7). */
export function createSecurityGroups(
    name: string,
    args: SecurityGroupArgs,
    child: { parent: pulumi.Resource },
): FirewallGroupIds {
    const { resourceGroupName, tags } = args;
    const group = (role: SubnetRole) =>
        new network.NetworkSecurityGroup(
            `${name}-${role}`,
            { resourceGroupName, securityRules: rulesOf(role, args), tags },
            child,
        ).id;
    return {
        edge: group("edge"),
        app: group("app"),
        database: group("database"),
        storage: group("storage"),
        cache: group("cache"),
    };
}

function rulesOf(role: SubnetRole, args: SecurityGroupArgs) {
    const inbound = [...connectionsInto(role, args.prefixes), ...platformInto(role), ...administrationInto(role, args)];
    const outbound = [...connectionsFrom(role, args.prefixes), ...internetFrom(role, args)];
    return [
        ...inbound.map(allow),
        denyRest("Inbound"),
        // Application Gateway does not work when any of its outbound traffic is refused.
        ...(role === "edge" ? [] : [...outbound.map(allow), denyRest("Outbound")]),
    ];
}

function connectionsInto(role: SubnetRole, prefixes: RolePrefixes): Opening[] {
    return connections
        .filter(({ to }) => to === role)
        .map(({ from, port, purpose }) => ({
            name: `from-${from}-${port}`,
            direction: "Inbound",
            sources: from === "internet" ? ["Internet"] : prefixes[from],
            targets: prefixes[role],
            port: String(port),
            protocol: "Tcp",
            purpose,
        }));
}

function connectionsFrom(role: SubnetRole, prefixes: RolePrefixes): Opening[] {
    return connections
        .filter(({ from }) => from === role)
        .map(({ to, port, purpose }) => ({
            name: `to-${to}-${port}`,
            direction: "Outbound",
            sources: prefixes[role],
            targets: prefixes[to],
            port: String(port),
            protocol: "Tcp",
            purpose,
        }));
}

/** What Azure needs to run an Application Gateway. */
function platformInto(role: SubnetRole): Opening[] {
    const from = (source: string, port: string, protocol: Opening["protocol"], purpose: string): Opening => ({
        name: `from-${source}`,
        direction: "Inbound",
        sources: [source],
        targets: ["*"],
        port,
        protocol,
        purpose,
    });
    return role === "edge"
        ? [
              from("GatewayManager", "65200-65535", "Tcp", "Azure manages the gateway"),
              from("AzureLoadBalancer", "*", "*", "Azure watches the gateway"),
          ]
        : [];
}

function administrationInto(role: SubnetRole, { bastionPrefix, prefixes }: SecurityGroupArgs): Opening[] {
    return role === "app" && bastionPrefix !== undefined
        ? [
              {
                  name: "from-bastion",
                  direction: "Inbound",
                  sources: [bastionPrefix],
                  targets: prefixes.app,
                  port: String(SSH),
                  protocol: "Tcp",
                  purpose: "Administrators through Azure Bastion",
              },
          ]
        : [];
}

function internetFrom(role: SubnetRole, { outboundPorts, prefixes }: SecurityGroupArgs): Opening[] {
    return role === "app"
        ? outboundPorts.map((port) => ({
              name: `to-internet-${port}`,
              direction: "Outbound",
              sources: prefixes.app,
              targets: ["Internet"],
              port: String(port),
              protocol: "Tcp",
              purpose: "Outbound from application servers through address translation",
          }))
        : [];
}

function allow(opening: Opening, place: number) {
    const { name, direction, sources, targets, port, protocol, purpose } = opening;
    return {
        name,
        description: purpose,
        direction,
        access: "Allow",
        priority: FIRST_PRIORITY + 10 * place,
        protocol,
        ...(sources.length === 1 ? { sourceAddressPrefix: sources[0] } : { sourceAddressPrefixes: sources }),
        sourcePortRange: "*",
        ...(targets.length === 1 ? { destinationAddressPrefix: targets[0] } : { destinationAddressPrefixes: targets }),
        destinationPortRange: port,
    };
}

function denyRest(direction: Opening["direction"]) {
    return {
        name: `deny-${direction.toLowerCase()}`,
        description: "Everything else",
        direction,
        access: "Deny",
        priority: LAST_PRIORITY,
        protocol: "*",
        sourceAddressPrefix: "*",
        sourcePortRange: "*",
        destinationAddressPrefix: "*",
        destinationPortRange: "*",
    };
}
