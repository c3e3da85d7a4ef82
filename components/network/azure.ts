import * as network from "@pulumi/azure-native/network";
import * as resources from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { parseResourceId } from "../azure-ids";
import { addressSpace, ports, type SubnetRole, subnetRoles } from "../reference";
import { type AddressPlan, planAddresses } from "./addresses";
import { type AzurePrivateDnsZoneIds, createDnsZones } from "./azure-dns";
import { recordFlows } from "./azure-flow-logs";
import { createSecurityGroups, type OutboundPorts, type RolePrefixes } from "./azure-security-groups";
import { type FirewallGroupIds, NatPlacement, type Network, type SubnetIds } from "./contract";

/** Arguments of {@link AzureNetwork}. */
export interface AzureNetworkArgs {
    /** Name of an existing resource group for everything. Default: one is created. A change replaces everything. */
    resourceGroupName?: pulumi.Input<string>;
    /**
     * IPv4 network in CIDR notation, /16 to /23. Default 10.0.0.0/16 (guide, step 7). A change replaces the network and
     * all in it. A network without room for the zones is refused.
     */
    addressSpace?: string;
    /** How many availability zones to use, 2 or 3. Default 2. A higher number adds a subnet and moves none. */
    zoneCount?: number;
    /** Names of the zones to use, for example `1` and `3`. Default the first `zoneCount`. A change replaces what is in them. */
    zones?: string[];
    /** Where outbound address translation runs. Default one per zone. A change is made in place. */
    nat?: NatPlacement;
    /**
     * TCP ports that application servers may reach outside the network: package mirrors, Azure, the mail server. Default
     * 443 and 587. A change is made in place.
     */
    outboundPorts?: number[];
    /**
     * TCP ports that balancers on machines of this deployment may reach outside the network; the edge subnet is then theirs
     * and has a way out. Default none: it is an Application Gateway's. A change is made in place.
     */
    edgeOutboundPorts?: number[];
    /**
     * TCP ports that a database on machines of this deployment may reach outside the network; its subnet then has a way out,
     * and the machines reach each other. Default none. A change is made in place.
     */
    databaseOutboundPorts?: number[];
    /**
     * TCP ports that a file server on a machine of this deployment may reach outside the network; its subnet then has a way
     * out. Default none. A change is made in place.
     */
    storageOutboundPorts?: number[];
    /**
     * TCP ports that a session store on a machine of this deployment may reach outside the network; its subnet then has a way
     * out, and servers reach it on 6379 in place of the managed store's port. Default none. A change is made in place.
     */
    cacheOutboundPorts?: number[];
    /** Days to keep flow logs. Default 90. A change is made in place. */
    flowLogRetentionDays?: number;
    /**
     * Azure Bastion, through which administrators reach the servers by key. Default false: nobody does. It needs an address
     * space of /18 or larger. A change is made in place.
     */
    bastion?: boolean;
    /** TCP ports by which Azure Bastion lets administrators in. Default 22; 3389 for Windows. A change is made in place. */
    administrationPorts?: number[];
    /** TCP port of the shared directories. Default 2049, of NFS; 445 for SMB. A change is made in place. */
    storagePort?: number;
    /**
     * Id of an existing virtual network to use; its owner then cares for subnets' security groups, outbound translation and
     * flow logs. Needs `subnetIds`.
     */
    networkId?: pulumi.Input<string>;
    /** Ids of existing subnets by role; `app` one per zone, the others one or more. Needs `networkId`. */
    subnetIds?: SubnetIds;
    /** Ids of existing private DNS zones that the network uses. Default: zones are created. */
    privateDnsZoneIds?: AzurePrivateDnsZoneIds;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * The private network of one deployment: subnets by role, outbound address translation, private DNS for the managed
 * services, flow logs, and security groups that open exactly the guide's connections (guide, step 7). Subnets span zones on
 * Azure; only `app` has one for each zone, because address translation belongs to a zone.
 */
export class AzureNetwork extends pulumi.ComponentResource implements Network {
    /** Id of the virtual network. */
    public readonly networkId: pulumi.Output<string>;
    /** Subnet ids by role. */
    public readonly subnetIds: SubnetIds;
    /** Network security group id by role. */
    public readonly firewallGroupIds: FirewallGroupIds;
    /** Names of the availability zones, in the order of the application subnets. */
    public readonly zones: pulumi.Output<string[]>;
    /** Name of the resource group. */
    public readonly resourceGroupName: pulumi.Output<string>;
    /** Ids of the private DNS zones by managed service. */
    public readonly privateDnsZoneIds: AzurePrivateDnsZoneIds;

    constructor(name: string, args: AzureNetworkArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureNetwork", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const group = resourceGroup(name, args, child);
        const zones = zoneNames(args);
        const plan = planAddresses(args.addressSpace ?? addressSpace, zones.length);
        const existing = existingNetwork(args);
        const prefixes = existing ? prefixesOf(existing.subnetIds, child) : plannedPrefixes(plan);
        this.firewallGroupIds = openConnections(name, group, prefixes, plan, args, child);
        const built = existing ?? buildNetwork(name, group, zones, plan, this.firewallGroupIds, args, child);

        this.networkId = pulumi.output(built.networkId);
        this.subnetIds = built.subnetIds;
        this.zones = pulumi.output(zones);
        this.resourceGroupName = group.name;
        this.privateDnsZoneIds = dnsZones(name, group, this.networkId, args, child);
        this.registerOutputs({
            networkId: this.networkId,
            subnetIds: this.subnetIds,
            firewallGroupIds: this.firewallGroupIds,
            zones: this.zones,
            resourceGroupName: this.resourceGroupName,
            privateDnsZoneIds: this.privateDnsZoneIds,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

interface Group {
    name: pulumi.Output<string>;
    location: pulumi.Output<string>;
}

interface BuiltNetwork {
    networkId: pulumi.Input<string>;
    subnetIds: SubnetIds;
}

function checkArguments(args: AzureNetworkArgs): void {
    const { networkId, subnetIds, bastion = false, zones, zoneCount = 2 } = args;
    const count = zones?.length ?? zoneCount;
    const problems = [];
    if ((networkId === undefined) !== (subnetIds === undefined)) {
        problems.push(
            "an existing network needs both networkId and subnetIds; give the missing one or remove the other",
        );
    }
    for (const role of subnetRoles.filter((each) => subnetIds?.[each].length === 0)) {
        problems.push(`subnetIds.${role}: found no subnet, allowed is one or more`);
    }
    if (!Number.isInteger(count) || count < 2 || count > 3) {
        problems.push(`found ${count} zones, allowed are 2 or 3: high availability needs a second zone`);
    }
    if (zones && new Set(zones).size < count) {
        problems.push(`zones: found ${zones.join(", ")}, allowed are different zones`);
    }
    if (bastion && subnetPrefix(args) > BASTION_PREFIX) {
        problems.push(
            `bastion: found true in ${args.addressSpace}, whose subnets are /${subnetPrefix(args)}, allowed is a /18 or larger`,
        );
    }
    if (bastion && networkId !== undefined) {
        problems.push("bastion: found true with an existing network, allowed is false; its owner brings Bastion");
    }
    if (problems.length > 0) {
        throw new Error(`AzureNetwork: ${problems.join("; ")}`);
    }
}

/** Longest prefix of a subnet that Azure Bastion takes. */
const BASTION_PREFIX = 26;

function subnetPrefix(args: AzureNetworkArgs): number {
    const [block = ""] = planAddresses(args.addressSpace ?? addressSpace, 2).edge;
    return Number(block.split("/")[1]);
}

function resourceGroup(name: string, args: AzureNetworkArgs, child: Child): Group {
    if (args.resourceGroupName === undefined) {
        return new resources.ResourceGroup(name, { tags: args.tags }, child);
    }
    const { name: found, location } = resources.getResourceGroupOutput(
        { resourceGroupName: args.resourceGroupName },
        child,
    );
    return { name: found, location };
}

function zoneNames(args: AzureNetworkArgs): string[] {
    return args.zones ?? Array.from({ length: args.zoneCount ?? 2 }, (_, place) => String(place + 1));
}

function existingNetwork({ networkId, subnetIds }: AzureNetworkArgs): BuiltNetwork | undefined {
    return networkId === undefined || subnetIds === undefined ? undefined : { networkId, subnetIds };
}

function prefixesOf(subnetIds: SubnetIds, child: Child): RolePrefixes {
    const prefix = (id: pulumi.Input<string>) =>
        pulumi.output(id).apply((text) => {
            const { resourceGroup: resourceGroupName, names } = parseResourceId(
                text,
                "Microsoft.Network/virtualNetworks/subnets",
            );
            const [virtualNetworkName = "", subnetName = ""] = names;
            const subnet = network.getSubnetOutput({ resourceGroupName, virtualNetworkName, subnetName }, child);
            return pulumi
                .all([subnet.addressPrefix, subnet.addressPrefixes])
                .apply(([one, several]) => one ?? several?.[0] ?? "");
        });
    const prefixes = (role: SubnetRole) => subnetIds[role].map(prefix);
    return {
        edge: prefixes("edge"),
        app: prefixes("app"),
        database: prefixes("database"),
        storage: prefixes("storage"),
        cache: prefixes("cache"),
    };
}

/** Every role's first block is its subnet; only application servers have one for each zone. */
function plannedPrefixes(plan: AddressPlan): AddressPlan {
    const first = (role: SubnetRole) => plan[role].slice(0, 1);
    return {
        edge: first("edge"),
        app: plan.app,
        database: first("database"),
        storage: first("storage"),
        cache: first("cache"),
    };
}

/** The edge block of the second zone is free, since subnets span zones. */
function bastionPrefix(plan: AddressPlan): string {
    return plan.edge[1]!;
}

function openConnections(
    name: string,
    group: Group,
    prefixes: RolePrefixes,
    plan: AddressPlan,
    args: AzureNetworkArgs,
    child: Child,
): FirewallGroupIds {
    const { bastion = false, tags } = args;
    return createSecurityGroups(
        name,
        {
            resourceGroupName: group.name,
            prefixes,
            outboundPorts: outboundPortsOf(args),
            bastionPrefix: bastion ? bastionPrefix(plan) : undefined,
            administrationPorts: args.administrationPorts ?? [ports.ssh],
            storagePort: args.storagePort ?? ports.nfs,
            tags,
        },
        child,
    );
}

/** Ports by the roles that machines have. */
function outboundPortsOf(args: AzureNetworkArgs): OutboundPorts {
    const { outboundPorts = [ports.https, ports.smtp], edgeOutboundPorts: edge } = args;
    const { databaseOutboundPorts: database, storageOutboundPorts: storage, cacheOutboundPorts: cache } = args;
    return {
        app: outboundPorts,
        ...(edge && { edge }),
        ...(database && { database }),
        ...(storage && { storage }),
        ...(cache && { cache }),
    };
}

function buildNetwork(
    name: string,
    group: Group,
    zones: string[],
    plan: AddressPlan,
    firewallGroupIds: FirewallGroupIds,
    args: AzureNetworkArgs,
    child: Child,
): BuiltNetwork {
    const { tags, flowLogRetentionDays: retentionDays = 90 } = args;
    const space = args.addressSpace ?? addressSpace;
    const virtualNetwork = new network.VirtualNetwork(
        name,
        { resourceGroupName: group.name, addressSpace: { addressPrefixes: [space] }, tags },
        child,
    );
    const nats = createNatGateways(name, group, zones, args, child);
    const subnetIds = createSubnets(name, group, virtualNetwork, plan, nats, firewallGroupIds, args, child);
    const flows = { resourceGroupName: group.name, location: group.location, networkId: virtualNetwork.id };
    recordFlows(`${name}-flows`, { ...flows, retentionDays, tags }, child);
    return { networkId: virtualNetwork.id, subnetIds };
}

/** One subnet after the other: Azure changes a network by one at a time. */
function createSubnets(
    name: string,
    group: Group,
    virtualNetwork: network.VirtualNetwork,
    plan: AddressPlan,
    nats: network.NatGateway[],
    firewallGroupIds: FirewallGroupIds,
    args: AzureNetworkArgs,
    child: Child,
): SubnetIds {
    let previous: network.Subnet | undefined;
    const subnet = (subnetName: string, addressPrefix: string, more: Partial<network.SubnetArgs>) => {
        previous = new network.Subnet(
            `${name}-${subnetName}`,
            {
                resourceGroupName: group.name,
                virtualNetworkName: virtualNetwork.name,
                subnetName,
                addressPrefix,
                defaultOutboundAccess: false,
                // Without it, security groups do not hold for private endpoints.
                privateEndpointNetworkPolicies: "Enabled",
                ...more,
            },
            { ...child, dependsOn: previous },
        );
        return previous;
    };
    // The zone of db1 may be lost and db2 must still reach Azure's management, which turns db1 off.
    const natOf = (role: SubnetRole, place: number) => nats[role === "database" ? nats.length - 1 : place] ?? nats[0]!;
    const ofRole = (role: SubnetRole) =>
        plannedPrefixes(plan)[role].map(
            (addressPrefix, place) =>
                subnet(role === "app" ? `app-${place + 1}` : role, addressPrefix, {
                    networkSecurityGroup: { id: firewallGroupIds[role] },
                    ...(role in outboundPortsOf(args) && { natGateway: { id: natOf(role, place).id } }),
                }).id,
        );
    const subnetIds = {
        edge: ofRole("edge"),
        app: ofRole("app"),
        database: ofRole("database"),
        storage: ofRole("storage"),
        cache: ofRole("cache"),
    };
    if (args.bastion) {
        const place = subnet("AzureBastionSubnet", bastionPrefix(plan), {});
        createBastion(`${name}-bastion`, group, place, args, child);
    }
    return subnetIds;
}

function createNatGateways(
    name: string,
    group: Group,
    zones: string[],
    args: AzureNetworkArgs,
    child: Child,
): network.NatGateway[] {
    const places = args.nat === NatPlacement.Single ? zones.slice(0, 1) : zones;
    return places.map((zone, place) => {
        const natName = `${name}-nat-${place + 1}`;
        const address = publicAddress(natName, group, [zone], args, child);
        const settings = { publicIpAddresses: [{ id: address.id }], zones: [zone], sku: { name: "Standard" } };
        return new network.NatGateway(natName, { resourceGroupName: group.name, ...settings, tags: args.tags }, child);
    });
}

function createBastion(name: string, group: Group, subnet: network.Subnet, args: AzureNetworkArgs, child: Child): void {
    const address = publicAddress(name, group, zoneNames(args), args, child);
    new network.BastionHost(
        name,
        {
            resourceGroupName: group.name,
            sku: { name: "Standard" },
            enableTunneling: true,
            ipConfigurations: [{ name: "default", subnet: { id: subnet.id }, publicIPAddress: { id: address.id } }],
            zones: zoneNames(args),
            tags: args.tags,
        },
        child,
    );
}

function publicAddress(
    name: string,
    group: Group,
    zones: string[],
    args: AzureNetworkArgs,
    child: Child,
): network.PublicIPAddress {
    return new network.PublicIPAddress(
        name,
        {
            resourceGroupName: group.name,
            sku: { name: "Standard" },
            publicIPAllocationMethod: "Static",
            zones,
            tags: args.tags,
        },
        // Azure makes three zones of two, and refuses to change them.
        { ...child, ignoreChanges: ["zones"] },
    );
}

function dnsZones(
    name: string,
    group: Group,
    networkId: pulumi.Output<string>,
    args: AzureNetworkArgs,
    child: Child,
): AzurePrivateDnsZoneIds {
    const { privateDnsZoneIds, tags } = args;
    return (
        privateDnsZoneIds ?? createDnsZones(`${name}-dns`, { resourceGroupName: group.name, networkId, tags }, child)
    );
}
