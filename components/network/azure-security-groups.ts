import * as network from "@pulumi/azure-native/network";
import type * as pulumi from "@pulumi/pulumi";
import { type Arrow, arrows, ports, type SubnetRole } from "../reference";
import { rolePort } from "../database/host/settings";
import { cachePort } from "../session-store/azure-port";
import type { FirewallGroupIds } from "./contract";

/** Address blocks by role. */
export type RolePrefixes = { [role in SubnetRole]: pulumi.Input<string>[] };

/** TCP ports by role, of the roles that machines of the deployment have. */
export type OutboundPorts = { [role in SubnetRole]?: number[] };

/** What the groups have in common. */
interface SecurityGroupArgs {
    resourceGroupName: pulumi.Input<string>;
    prefixes: RolePrefixes;
    /** TCP ports that machines may reach outside the network, by role. */
    outboundPorts: OutboundPorts;
    /** Addresses of Azure Bastion, from where administrators reach the servers. Default none. */
    bastionPrefix?: string;
    /** TCP ports by which they do. */
    administrationPorts: number[];
    /** TCP port of the shared directories. */
    storagePort: number;
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

const FIRST_PRIORITY = 100;
/** Last before Azure's own rules, which let everything inside the network through. */
const LAST_PRIORITY = 4096;

const hasMachines = ({ outboundPorts }: SecurityGroupArgs, role: SubnetRole) => outboundPorts[role] !== undefined;

/** Every connection between tiers: the guide's, and private endpoints of the key vault and blobs beside the files. */
function connections(args: SecurityGroupArgs): Arrow[] {
    const purpose = "Key Vault and blobs over private endpoints";
    // A gateway reads its certificate.
    const isReader = (role: SubnetRole) => role === "edge" || hasMachines(args, role);
    const readers = (["app", "edge", "database", "cache"] as const).filter(isReader);
    const among: Arrow[] = hasMachines(args, "database")
        ? [
              { from: "database", to: "database", port: ports.postgres, purpose: "Replication" },
              { from: "database", to: "database", port: rolePort, purpose: "Who is primary" },
          ]
        : [];
    return [
        ...arrows.map((arrow) => ({ ...arrow, port: portOf(arrow, args) })),
        ...among,
        ...readers.map((from): Arrow => ({ from, to: "storage", port: ports.https, purpose })),
    ];
}

/** Azure's own services have other ports than the guide's. */
function portOf({ to, port }: Arrow, args: SecurityGroupArgs): number {
    if (to === "storage") {
        return args.storagePort;
    }
    return to === "cache" && !hasMachines(args, "cache") ? cachePort : port;
}

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
    const inbound = [...connectionsInto(role, args), ...platformInto(role, args), ...administrationInto(role, args)];
    const outbound = [...connectionsFrom(role, args), ...internetFrom(role, args)];
    return [
        ...inbound.map(allow),
        denyRest("Inbound"),
        // Application Gateway does not work when any of its outbound traffic is refused.
        ...(hasGateway(role, args) ? [] : [...outbound.map(allow), denyRest("Outbound")]),
    ];
}

/** Whether the subnet is an Application Gateway's; otherwise balancers are machines. */
const hasGateway = (role: SubnetRole, args: SecurityGroupArgs) => role === "edge" && !hasMachines(args, "edge");

function connectionsInto(role: SubnetRole, args: SecurityGroupArgs): Opening[] {
    const { prefixes } = args;
    return connections(args)
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

function connectionsFrom(role: SubnetRole, args: SecurityGroupArgs): Opening[] {
    const { prefixes } = args;
    return connections(args)
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

/** What Azure needs to run an Application Gateway, or to ask balancers on machines for their health. */
function platformInto(role: SubnetRole, args: SecurityGroupArgs): Opening[] {
    const from = (source: string, port: string, protocol: Opening["protocol"], purpose: string): Opening => ({
        name: `from-${source}`,
        direction: "Inbound",
        sources: [source],
        targets: ["*"],
        port,
        protocol,
        purpose,
    });
    if (role === "database" && hasMachines(args, role)) {
        return [from("AzureLoadBalancer", String(rolePort), "Tcp", "Azure asks the machines who is primary")];
    }
    if (role !== "edge") {
        return [];
    }
    return hasGateway(role, args)
        ? [
              from("GatewayManager", "65200-65535", "Tcp", "Azure manages the gateway"),
              from("AzureLoadBalancer", "*", "*", "Azure watches the gateway"),
          ]
        : [from("AzureLoadBalancer", String(ports.http), "Tcp", "Azure asks the balancers for their health")];
}

function administrationInto(role: SubnetRole, args: SecurityGroupArgs): Opening[] {
    const { bastionPrefix, administrationPorts, prefixes } = args;
    if (role !== "app" || bastionPrefix === undefined) {
        return [];
    }
    return administrationPorts.map((port) => ({
        name: port === ports.ssh ? "from-bastion" : `from-bastion-${port}`,
        direction: "Inbound",
        sources: [bastionPrefix],
        targets: prefixes.app,
        port: String(port),
        protocol: "Tcp",
        purpose: "Administrators through Azure Bastion",
    }));
}

const machineNames: { [role in SubnetRole]: string } = {
    edge: "balancers",
    app: "application servers",
    database: "the database",
    storage: "the file server",
    cache: "the session store",
};

function internetFrom(role: SubnetRole, { outboundPorts, prefixes }: SecurityGroupArgs): Opening[] {
    return (outboundPorts[role] ?? []).map((port) => ({
        name: `to-internet-${port}`,
        direction: "Outbound",
        sources: prefixes[role],
        targets: ["Internet"],
        port: String(port),
        protocol: "Tcp",
        purpose: `Outbound from ${machineNames[role]} through address translation`,
    }));
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
