import * as ec2 from "@pulumi/aws/ec2";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import * as pulumi from "@pulumi/pulumi";
import { addressSpace, appServerCount, firstHostNumber, ports, subnetRoles } from "../reference";
import { type AddressPlan, hostAddress, planAddresses } from "./addresses";
import { createEndpoints } from "./aws-endpoints";
import { recordFlows } from "./aws-flow-logs";
import { createSecurityGroups, type OutboundPorts } from "./aws-security-groups";
import { type FirewallGroupIds, NatPlacement, type Network, type SubnetIds } from "./contract";

/** Arguments of {@link AwsNetwork}. */
export interface AwsNetworkArgs {
    /**
     * IPv4 network in CIDR notation, /16 to /23. Default 10.0.0.0/16 (guide, step 7). A change replaces the network and
     * all in it. A network without room for the zones is refused.
     */
    addressSpace?: string;
    /**
     * How many availability zones to use, 2 to 6. Default 2. A higher number adds subnets and moves none; a region with
     * fewer zones is refused.
     */
    zoneCount?: number;
    /**
     * Names of the zones to use. Default the first `zoneCount` of the region. A subnet keeps its zone until it is
     * replaced, also when AWS's list of zones changes.
     */
    zones?: string[];
    /** Application servers that get fixed addresses, whose numbers are set aside in each zone. Default 2. */
    serverCount?: number;
    /** Where outbound address translation runs. Default one per zone. A change is made in place. */
    nat?: NatPlacement;
    /**
     * TCP ports that application servers may reach outside the network: package mirrors, AWS, the mail server. Default
     * 443 and 587. A change is made in place.
     */
    outboundPorts?: number[];
    /**
     * TCP ports that balancers on machines of this deployment may reach outside the network: package mirrors and AWS.
     * Default none: a managed balancer reaches nothing. A change is made in place.
     */
    edgeOutboundPorts?: number[];
    /**
     * TCP ports that a session store on a machine of this deployment may reach outside the network; its subnets then have a
     * way out. Default none: a managed store reaches nothing. A change is made in place.
     */
    cacheOutboundPorts?: number[];
    /**
     * TCP ports that databases on machines of this deployment may reach outside the network; their subnets then have a way
     * out. Default none: a managed database reaches nothing. A change is made in place.
     */
    databaseOutboundPorts?: number[];
    /**
     * TCP ports that a file server on a machine of this deployment may reach outside the network; its subnets then have a way
     * out. Default none: managed storage reaches nothing. A change is made in place.
     */
    storageOutboundPorts?: number[];
    /** TCP port of the shared directories. Default 2049, of NFS; 445 for SMB. A change is made in place. */
    storagePort?: number;
    /** Days to keep flow logs. Default 90. A change is made in place. */
    flowLogRetentionDays?: number;
    /** Id of an existing VPC to use; its owner then cares for routes, endpoints and flow logs. Needs `subnetIds`. */
    networkId?: pulumi.Input<string>;
    /** Ids of existing subnets by role, each list in the same order of zones. Needs `networkId`. */
    subnetIds?: SubnetIds;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * The private network of one deployment: subnets by role in each zone, outbound address translation, private endpoints
 * for the AWS services in use, flow logs, and security groups that open exactly the guide's connections (guide, step 7).
 */
export class AwsNetwork extends pulumi.ComponentResource implements Network {
    /** Id of the VPC. */
    public readonly networkId: pulumi.Output<string>;
    /** Subnet ids by role and zone. */
    public readonly subnetIds: SubnetIds;
    /** Security group id by role. */
    public readonly firewallGroupIds: FirewallGroupIds;
    /** Names of the availability zones, in the order of the subnets. */
    public readonly zones: pulumi.Output<string[]>;

    constructor(name: string, args: AwsNetworkArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsNetwork", name, args, opts);
        const child = { parent: this };
        const existing = existingNetwork(args);
        const built = existing ?? buildNetwork(name, args, child);

        this.networkId = pulumi.output(built.vpcId);
        this.subnetIds = built.subnetIds;
        this.zones = existing ? zonesOf(existing.subnetIds.app, child) : zoneNames(args, child);
        const { tags } = args;
        const outbound = outboundPorts(args);
        const storagePort = args.storagePort ?? ports.nfs;
        const groups = { networkId: this.networkId, outbound, storagePort, tags };
        this.firewallGroupIds = createSecurityGroups(name, groups, child);
        if (!existing) {
            const { reservations, privateRouteTableIds: routeTableIds } = built;
            const users = Object.keys(outbound).map((role) => ({
                role,
                groupId: this.firewallGroupIds[role as "app"],
            }));
            const place = { networkId: this.networkId, subnetIds: built.subnetIds.app, routeTableIds };
            createEndpoints(name, { ...place, reservations, users, tags }, child);
        }
        this.registerOutputs({
            networkId: this.networkId,
            subnetIds: this.subnetIds,
            firewallGroupIds: this.firewallGroupIds,
            zones: this.zones,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

/** TCP ports that each tier's machines may reach outside the network. */
function outboundPorts(args: AwsNetworkArgs): OutboundPorts {
    const { outboundPorts: app = [ports.https, ports.smtp], edgeOutboundPorts, cacheOutboundPorts } = args;
    const { databaseOutboundPorts, storageOutboundPorts } = args;
    return {
        app,
        ...(edgeOutboundPorts && { edge: edgeOutboundPorts }),
        ...(cacheOutboundPorts && { cache: cacheOutboundPorts }),
        ...(databaseOutboundPorts && { database: databaseOutboundPorts }),
        ...(storageOutboundPorts && { storage: storageOutboundPorts }),
    };
}

interface BuiltNetwork {
    vpcId: pulumi.Input<string>;
    subnetIds: SubnetIds;
    privateRouteTableIds: pulumi.Output<string>[];
    /** What keeps the servers' fixed addresses free. */
    reservations: pulumi.Resource[];
}

function existingNetwork(args: AwsNetworkArgs): BuiltNetwork | undefined {
    const { networkId, subnetIds } = args;
    if (networkId === undefined && subnetIds === undefined) {
        return undefined;
    }
    if (networkId === undefined || subnetIds === undefined) {
        throw new Error(
            "AwsNetwork: an existing network needs both networkId and subnetIds; give the missing one or remove the other",
        );
    }
    for (const role of subnetRoles) {
        if (subnetIds[role].length < 2) {
            throw new Error(
                `AwsNetwork: subnetIds.${role}: found ${subnetIds[role].length} subnets, allowed are two or more in different zones`,
            );
        }
    }
    return { vpcId: networkId, subnetIds, privateRouteTableIds: [], reservations: [] };
}

function zonesOf(subnetIds: pulumi.Input<string>[], child: Child): pulumi.Output<string[]> {
    return pulumi.all(subnetIds.map((id) => ec2.getSubnetOutput({ id }, child).availabilityZone)).apply((zones) => {
        if (new Set(zones).size < zones.length) {
            throw new Error(
                `AwsNetwork: subnetIds.app: found subnets in ${zones.join(", ")}, allowed is one subnet in each zone`,
            );
        }
        return zones;
    });
}

/** How many zones the arguments ask for. */
function zoneCount(args: AwsNetworkArgs): number {
    const count = args.zones?.length ?? args.zoneCount ?? 2;
    if (!Number.isInteger(count) || count < 2 || count > 6) {
        throw new Error(`AwsNetwork: found ${count} zones, allowed are 2 to 6: high availability needs a second zone`);
    }
    if (args.zones && new Set(args.zones).size < count) {
        throw new Error(`AwsNetwork: zones: found ${args.zones.join(", ")}, allowed are different zones`);
    }
    return count;
}

/** A zone of us-east-1 without current instance types, by id. */
const poorZoneIds = ["use1-az3"];

function zoneNames(args: AwsNetworkArgs, child: Child): pulumi.Output<string[]> {
    if (args.zones) {
        return pulumi.output(args.zones);
    }
    const filters = [{ name: "opt-in-status", values: ["opt-in-not-required"] }];
    const wanted = zoneCount(args);
    const available = getAvailabilityZonesOutput({ filters, excludeZoneIds: poorZoneIds }, child);
    return pulumi.all([available.names, available.id]).apply(([names, region]) => {
        if (names.length < wanted) {
            throw new Error(
                `AwsNetwork: zoneCount: found ${wanted}, allowed are 2 to ${names.length} in ${region}, which has the zones ${names.join(", ")}`,
            );
        }
        return names.slice(0, wanted);
    });
}

function buildNetwork(name: string, args: AwsNetworkArgs, child: Child): BuiltNetwork {
    const { tags } = args;
    const space = args.addressSpace ?? addressSpace;
    const zones = zoneCount(args);
    const network = new ec2.Vpc(
        name,
        { cidrBlock: space, enableDnsHostnames: true, enableDnsSupport: true, tags: { ...tags, Name: name } },
        child,
    );
    lockDefaultSecurityGroup(name, network, args, child);
    recordFlows(name, network, { retentionDays: args.flowLogRetentionDays ?? 90, tags }, child);

    const plan = planAddresses(space, zones);
    const subnets = createSubnets(name, network, plan, args, child);
    const publicTable = createRouteTable(`${name}-edge`, network, args, child);
    const internetRoute = routeToInternet(name, network, publicTable, args, child);
    associate(`${name}-edge`, subnets.edge, () => publicTable, child);

    const nats = createNatGateways(name, subnets.edge, internetRoute, args, child);
    const appTables = subnets.app.map((_, zone) => {
        const table = createRouteTable(`${name}-app-${zone + 1}`, network, args, child);
        const nat = nats[zone] ?? nats[0]!;
        const destination = { destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id };
        new ec2.Route(`${name}-app-${zone + 1}-outbound`, { routeTableId: table.id, ...destination }, child);
        return table;
    });
    associate(`${name}-app`, subnets.app, (zone) => appTables[zone]!, child);

    const isolatedTable = createRouteTable(`${name}-isolated`, network, args, child);
    const wayOut = outboundPorts(args);
    for (const role of ["database", "storage", "cache"] as const) {
        const table = (zone: number) => (role in wayOut ? appTables[zone]! : isolatedTable);
        associate(`${name}-${role}`, subnets[role], table, child);
    }
    const ids = (list: ec2.Subnet[]) => list.map((subnet) => subnet.id);
    return {
        vpcId: network.id,
        subnetIds: {
            edge: ids(subnets.edge),
            app: ids(subnets.app),
            database: ids(subnets.database),
            storage: ids(subnets.storage),
            cache: ids(subnets.cache),
        },
        privateRouteTableIds: appTables.map((table) => table.id),
        reservations: reserveServerAddresses(name, subnets.app, plan.app, args.serverCount ?? appServerCount, child),
    };
}

/** The group that AWS attaches where none is named gets no rule at all. */
function lockDefaultSecurityGroup(name: string, network: ec2.Vpc, args: AwsNetworkArgs, child: Child): void {
    const tags = { ...args.tags, Name: `${name}-default-locked` };
    new ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: network.id, ingress: [], egress: [], tags }, child);
}

function createSubnets(name: string, network: ec2.Vpc, plan: AddressPlan, args: AwsNetworkArgs, child: Child) {
    const zones = zoneNames(args, child);
    const subnetsOf = (role: keyof AddressPlan) =>
        plan[role].map((cidrBlock, zone) => {
            const subnetName = `${name}-${role}-${zone + 1}`;
            return new ec2.Subnet(
                subnetName,
                {
                    vpcId: network.id,
                    cidrBlock,
                    availabilityZone: zones.apply((names) => names[zone]!),
                    mapPublicIpOnLaunch: false,
                    tags: { ...args.tags, Name: subnetName },
                },
                { ...child, ignoreChanges: ["availabilityZone"] },
            );
        });
    return {
        edge: subnetsOf("edge"),
        app: subnetsOf("app"),
        database: subnetsOf("database"),
        storage: subnetsOf("storage"),
        cache: subnetsOf("cache"),
    };
}

/**
 * Sets aside the addresses of the servers, from host number 8 on: app1 is 10 (guide, step 7). AWS then gives them to
 * nothing that takes any address.
 */
function reserveServerAddresses(
    name: string,
    subnets: ec2.Subnet[],
    blocks: string[],
    serverCount: number,
    child: Child,
): pulumi.Resource[] {
    const afterLast = firstHostNumber + serverCount;
    return subnets.flatMap((subnet, zone) =>
        reservedBlocks(afterLast).map(({ start, prefix }, place) => {
            const cidrBlock = `${hostAddress(blocks[zone]!, start)}/${prefix}`;
            const reservation = { subnetId: subnet.id, cidrBlock, reservationType: "explicit" };
            const suffix = place === 0 ? "" : `-${place + 1}`;
            return new ec2.SubnetCidrReservation(`${name}-app-${zone + 1}-servers${suffix}`, reservation, child);
        }),
    );
}

/** Blocks of doubling size, 8 to 15, 16 to 31, 32 to 63 and so on, until all host numbers below one are covered. */
function reservedBlocks(afterLast: number): { start: number; prefix: number }[] {
    const blocks = [];
    for (let start = 8, prefix = 29; start < afterLast; start *= 2, prefix -= 1) {
        blocks.push({ start, prefix });
    }
    return blocks;
}

function createRouteTable(name: string, network: ec2.Vpc, args: AwsNetworkArgs, child: Child): ec2.RouteTable {
    return new ec2.RouteTable(name, { vpcId: network.id, tags: { ...args.tags, Name: name } }, child);
}

function associate(name: string, subnets: ec2.Subnet[], table: (zone: number) => ec2.RouteTable, child: Child): void {
    subnets.forEach((subnet, zone) => {
        const association = { subnetId: subnet.id, routeTableId: table(zone).id };
        new ec2.RouteTableAssociation(`${name}-${zone + 1}`, association, child);
    });
}

function routeToInternet(
    name: string,
    network: ec2.Vpc,
    table: ec2.RouteTable,
    args: AwsNetworkArgs,
    child: Child,
): ec2.Route {
    const gateway = new ec2.InternetGateway(name, { vpcId: network.id, tags: { ...args.tags, Name: name } }, child);
    const route = { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id };
    return new ec2.Route(`${name}-edge-outbound`, route, child);
}

/** A public gateway is refused before its network reaches the Internet. */
function createNatGateways(
    name: string,
    edge: ec2.Subnet[],
    internetRoute: ec2.Route,
    args: AwsNetworkArgs,
    child: Child,
) {
    const zones = args.nat === NatPlacement.Single ? edge.slice(0, 1) : edge;
    return zones.map((subnet, zone) => {
        const natName = `${name}-nat-${zone + 1}`;
        const tags = { ...args.tags, Name: natName };
        const address = new ec2.Eip(natName, { domain: "vpc", tags }, child);
        const gateway = { subnetId: subnet.id, allocationId: address.id, tags };
        return new ec2.NatGateway(natName, gateway, { ...child, dependsOn: internetRoute });
    });
}
