import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ec2 from "@pulumi/aws/ec2";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as iam from "@pulumi/aws/iam";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { allow, trustService } from "../aws-account";
import { addressSpace, arrows, ports, subnetRoles } from "../reference";
import { type AddressPlan, hostAddress, planAddresses } from "./addresses";
import { type FirewallGroupIds, NatPlacement, type Network, type SubnetIds } from "./contract";

/** Arguments of {@link AwsNetwork}. */
export interface AwsNetworkArgs {
    /**
     * IPv4 network in CIDR notation, /16 to /23. Default 10.0.0.0/16 (guide, step 7). A change replaces the network and
     * all in it. A network without room for the zones is refused.
     */
    addressSpace?: string;
    /** How many availability zones to use, at least 2. Default 2. A higher number adds subnets and moves none. */
    zoneCount?: number;
    /** Names of the zones to use, instead of the first `zoneCount` of the region. A change replaces subnets. */
    zones?: string[];
    /** Where outbound address translation runs. Default one per zone. A change is made in place. */
    nat?: NatPlacement;
    /**
     * TCP ports that application servers may reach outside the network: package mirrors, AWS, the mail server. Default
     * 443 and 587. A change is made in place.
     */
    outboundPorts?: number[];
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
        this.firewallGroupIds = createSecurityGroups(name, this.networkId, args, child);
        allowArrows(name, this.firewallGroupIds, args, child);
        allowOutbound(name, this.firewallGroupIds, args, child);
        if (!existing) {
            createEndpoints(name, this.networkId, built, this.firewallGroupIds, args, child);
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
    return pulumi.all(subnetIds.map((id) => ec2.getSubnetOutput({ id }, child).availabilityZone));
}

/** How many zones the arguments ask for. */
function zoneCount(args: AwsNetworkArgs): number {
    const count = args.zones?.length ?? args.zoneCount ?? 2;
    if (count < 2) {
        throw new Error(
            `AwsNetwork: found ${count} zones, allowed are 2 or more: high availability needs a second zone`,
        );
    }
    return count;
}

function zoneNames(args: AwsNetworkArgs, child: Child): pulumi.Output<string[]> {
    if (args.zones) {
        return pulumi.output(args.zones);
    }
    const filters = [{ name: "opt-in-status", values: ["opt-in-not-required"] }];
    const available = getAvailabilityZonesOutput({ state: "available", filters }, child);
    return available.names.apply((names) => names.slice(0, zoneCount(args)));
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
    recordFlows(name, network, args, child);

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
    for (const role of ["database", "storage", "cache"] as const) {
        associate(`${name}-${role}`, subnets[role], () => isolatedTable, child);
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
        reservations: reserveServerAddresses(name, subnets.app, plan.app, child),
    };
}

/** The group that AWS attaches where none is named gets no rule at all. */
function lockDefaultSecurityGroup(name: string, network: ec2.Vpc, args: AwsNetworkArgs, child: Child): void {
    const tags = { ...args.tags, Name: `${name}-default-locked` };
    new ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: network.id, ingress: [], egress: [], tags }, child);
}

function recordFlows(name: string, network: ec2.Vpc, args: AwsNetworkArgs, child: Child): void {
    const { tags } = args;
    const logs = new cloudwatch.LogGroup(
        `${name}-flows`,
        { retentionInDays: args.flowLogRetentionDays ?? 90, tags },
        child,
    );
    const role = new iam.Role(
        `${name}-flows`,
        {
            assumeRolePolicy: trustService("vpc-flow-logs.amazonaws.com"),
            tags,
        },
        child,
    );
    const policy = new iam.RolePolicy(
        `${name}-flows`,
        {
            role: role.id,
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [
                    allow(
                        ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                        [pulumi.interpolate`${logs.arn}:*`],
                    ),
                ],
            }),
        },
        child,
    );
    new ec2.FlowLog(
        `${name}-flows`,
        {
            vpcId: network.id,
            trafficType: "ALL",
            logDestinationType: "cloud-watch-logs",
            logDestination: logs.arn,
            iamRoleArn: role.arn,
            tags,
        },
        { ...child, dependsOn: policy },
    );
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
                child,
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

/** Host numbers 8 to 15 are for servers: app1 is 10 (guide, step 7). AWS gives them to nothing that takes any address. */
function reserveServerAddresses(
    name: string,
    subnets: ec2.Subnet[],
    blocks: string[],
    child: Child,
): pulumi.Resource[] {
    return subnets.map((subnet, zone) => {
        const cidrBlock = `${hostAddress(blocks[zone]!, 8)}/29`;
        const reservation = { subnetId: subnet.id, cidrBlock, reservationType: "explicit" };
        return new ec2.SubnetCidrReservation(`${name}-app-${zone + 1}-servers`, reservation, child);
    });
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

const groupDescriptions: { [role in keyof FirewallGroupIds]: string } = {
    edge: "Load balancer",
    app: "Application servers",
    database: "PostgreSQL",
    storage: "Shared file storage",
    cache: "Session store",
};

function createSecurityGroups(
    name: string,
    vpcId: pulumi.Output<string>,
    args: AwsNetworkArgs,
    child: Child,
): FirewallGroupIds {
    const group = (role: keyof FirewallGroupIds) =>
        new ec2.SecurityGroup(
            `${name}-${role}`,
            {
                vpcId,
                description: `MinusNow: ${groupDescriptions[role]}`,
                tags: { ...args.tags, Name: `${name}-${role}` },
            },
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

/** Opens each of the guide's connections on both of its ends. */
function allowArrows(name: string, groups: FirewallGroupIds, args: AwsNetworkArgs, child: Child): void {
    const { tags } = args;
    for (const { from, to, port, purpose } of arrows) {
        const range = { ipProtocol: "tcp", fromPort: port, toPort: port, description: purpose, tags };
        const source = from === "internet" ? { cidrIpv4: "0.0.0.0/0" } : { referencedSecurityGroupId: groups[from] };
        const ruleName = `${name}-${to}-from-${from}-${port}`;
        new vpc.SecurityGroupIngressRule(ruleName, { securityGroupId: groups[to], ...source, ...range }, child);
        if (from !== "internet") {
            const target = { securityGroupId: groups[from], referencedSecurityGroupId: groups[to] };
            new vpc.SecurityGroupEgressRule(`${name}-${from}-to-${to}-${port}`, { ...target, ...range }, child);
        }
    }
}

function allowOutbound(name: string, groups: FirewallGroupIds, args: AwsNetworkArgs, child: Child): void {
    for (const port of args.outboundPorts ?? [ports.https, ports.smtp]) {
        new vpc.SecurityGroupEgressRule(
            `${name}-app-to-internet-${port}`,
            {
                securityGroupId: groups.app,
                cidrIpv4: "0.0.0.0/0",
                ipProtocol: "tcp",
                fromPort: port,
                toPort: port,
                description: "Outbound from application servers through address translation",
                tags: args.tags,
            },
            child,
        );
    }
}

/** AWS services that application servers reach without leaving the network. */
const interfaceServices = ["ssm", "ssmmessages", "ec2messages", "secretsmanager", "logs"];

function createEndpoints(
    name: string,
    vpcId: pulumi.Output<string>,
    network: BuiltNetwork,
    groups: FirewallGroupIds,
    args: AwsNetworkArgs,
    child: Child,
): void {
    const { tags } = args;
    const region = getRegionOutput({}, child).region;
    const group = new ec2.SecurityGroup(
        `${name}-endpoints`,
        { vpcId, description: "MinusNow: AWS service endpoints", tags: { ...tags, Name: `${name}-endpoints` } },
        child,
    );
    const range = { ipProtocol: "tcp", fromPort: ports.https, toPort: ports.https, tags };
    const purpose = { description: "AWS services over private endpoints" };
    const ingress = { securityGroupId: group.id, referencedSecurityGroupId: groups.app };
    new vpc.SecurityGroupIngressRule(`${name}-endpoints-from-app-443`, { ...ingress, ...range, ...purpose }, child);
    const egress = { securityGroupId: groups.app, referencedSecurityGroupId: group.id };
    new vpc.SecurityGroupEgressRule(`${name}-app-to-endpoints-443`, { ...egress, ...range, ...purpose }, child);

    new ec2.VpcEndpoint(
        `${name}-s3`,
        {
            vpcId,
            serviceName: pulumi.interpolate`com.amazonaws.${region}.s3`,
            vpcEndpointType: "Gateway",
            routeTableIds: network.privateRouteTableIds,
            tags: { ...tags, Name: `${name}-s3` },
        },
        child,
    );
    for (const service of interfaceServices) {
        new ec2.VpcEndpoint(
            `${name}-${service}`,
            {
                vpcId,
                serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
                vpcEndpointType: "Interface",
                privateDnsEnabled: true,
                subnetIds: network.subnetIds.app,
                securityGroupIds: [group.id],
                tags: { ...tags, Name: `${name}-${service}` },
            },
            { ...child, dependsOn: network.reservations },
        );
    }
}
