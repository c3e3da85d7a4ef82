import { networkContains, networksOverlap } from "../../../../components/network/addresses";
import { reservedAddress } from "../../addresses";
import { at, isSet, listAt, numberAt, textAt, textOf, type Trap, type Values, when, type World } from "../../trap";
import { azurerm, learn } from "./sources";

const NETWORK = "azure-native:network:VirtualNetwork";
const SUBNET = "azure-native:network:Subnet";
const GROUP = "azure-native:network:NetworkSecurityGroup";
const CARD = "azure-native:network:NetworkInterface";
const NAT = "azure-native:network:NatGateway";
const ADDRESS = "azure-native:network:PublicIPAddress";
const ENDPOINT = "azure-native:network:PrivateEndpoint";
const BASTION = "azure-native:network:BastionHost";
const FLOW_LOG = "azure-native:network:FlowLog";
const LINK = "azure-native:privatedns:VirtualNetworkLink";

const vnetGuide = learn("virtual-network/virtual-networks-faq");
const nsgGuide = learn("virtual-network/network-security-groups-overview");
const natGuide = learn("nat-gateway/nat-gateway-resource");

/** Two networks in CIDR notation, compared only where both are. */
function compare(one: unknown, other: unknown, relation: (a: string, b: string) => boolean): boolean {
    try {
        return typeof one === "string" && typeof other === "string" && relation(one, other);
    } catch {
        return false;
    }
}

const siblings = (inputs: Values, world: World) =>
    world.ofType(SUBNET).filter(({ values }) => values["virtualNetworkName"] === inputs["virtualNetworkName"]);

const prefixOf = (inputs: Values) => Number(textAt(inputs, "addressPrefix")?.split("/")[1]);

/** Group ids of the services that endpoints are made for, by what their ids hold. */
const groupIds: [RegExp, string[]][] = [
    [/Microsoft\.KeyVault\/vaults/i, ["vault"]],
    [/Microsoft\.DBforPostgreSQL\/flexibleServers/i, ["postgresqlServer"]],
    [/Microsoft\.Storage\/storageAccounts/i, ["blob", "blob_secondary", "file", "queue", "table", "dfs", "web"]],
    [/Microsoft\.Cache\/redisEnterprise/i, ["redisEnterprise"]],
];

const wrongGroup = (inputs: Values) =>
    listAt(inputs, "privateLinkServiceConnections").some((connection) => {
        const known = groupIds.find(([pattern]) => pattern.test(textAt(connection, "privateLinkServiceId") ?? ""));
        return known !== undefined && listAt(connection, "groupIds").some((id) => !known[1].includes(textOf(id)));
    });

const rules = (inputs: Values) => listAt(inputs, "securityRules") as Values[];

const addressTraps: Trap[] = [
    when(
        "azure-network-prefix",
        NETWORK,
        (inputs) =>
            listAt(inputs, "addressSpace.addressPrefixes").some((block) => {
                const prefix = Number(textOf(block).split("/")[1]);
                return !(prefix >= 2 && prefix <= 29);
            }),
        "InvalidAddressPrefixFormat: an address prefix of a virtual network is from /2 to /29",
        vnetGuide,
    ),
    when(
        "azure-subnet-outside",
        SUBNET,
        (inputs, world) => {
            const network = world.find(NETWORK, inputs["virtualNetworkName"]);
            const spaces = listAt(network?.values, "addressSpace.addressPrefixes");
            return (
                spaces.length > 0 &&
                isSet(inputs, "addressPrefix") &&
                !spaces.some((space) => compare(space, inputs["addressPrefix"], networkContains))
            );
        },
        "NetcfgSubnetRangeOutsideVnet: Subnet is not valid because its IP address range is outside the IP address range of virtual network",
        vnetGuide,
    ),
    when(
        "azure-subnet-overlap",
        SUBNET,
        (inputs, world) =>
            siblings(inputs, world).some(({ values }) =>
                compare(values["addressPrefix"], inputs["addressPrefix"], networksOverlap),
            ),
        "NetcfgSubnetRangesOverlap: Subnet is not valid because its IP address range overlaps with that of an existing subnet in virtual network",
        vnetGuide,
    ),
    when(
        "azure-subnet-too-small",
        SUBNET,
        (inputs) => prefixOf(inputs) > 29,
        "NetcfgInvalidSubnet: the smallest subnet is a /29",
        vnetGuide,
    ),
    when(
        "azure-bastion-subnet-size",
        SUBNET,
        (inputs) => textAt(inputs, "subnetName") === "AzureBastionSubnet" && prefixOf(inputs) > 26,
        "InvalidSubnetAddressPrefix: AzureBastionSubnet must be a /26 or larger",
        learn("bastion/configuration-settings"),
    ),
    when(
        "azure-bastion-subnet-name",
        BASTION,
        (inputs) =>
            listAt(inputs, "ipConfigurations").some((configuration) => {
                const subnet = textAt(configuration, "subnet.id");
                return subnet !== undefined && !subnet.endsWith("/AzureBastionSubnet");
            }),
        "InvalidSubnetName: a Bastion host must be in a subnet named AzureBastionSubnet",
        learn("bastion/configuration-settings"),
    ),
    {
        id: "azure-card-address",
        type: CARD,
        source: learn("virtual-network/ip-services/private-ip-addresses"),
        check: (inputs, world) => {
            for (const configuration of listAt(inputs, "ipConfigurations")) {
                const address = textAt(configuration, "privateIPAddress");
                const subnet = world.find(SUBNET, at(configuration, "subnet.id"));
                const block = textAt(subnet?.values, "addressPrefix");
                if (address === undefined || block === undefined) {
                    continue;
                }
                if (!networkContains(block, `${address}/32`)) {
                    return `PrivateIPAddressNotInSubnet: Private static IP address ${address} does not belong to the range of subnet prefix ${block}.`;
                }
                if (reservedAddress(block, address)) {
                    return `PrivateIPAddressInReservedRange: Private static IP address ${address} falls within reserved IP range of subnet prefix ${block}.`;
                }
            }
            return undefined;
        },
    },
    when(
        "azure-card-address-in-use",
        CARD,
        (inputs, world) => {
            const taken = world
                .ofType(CARD)
                .flatMap(({ values }) => listAt(values, "ipConfigurations"))
                .map(
                    (configuration) =>
                        `${textAt(configuration, "subnet.id")} ${textAt(configuration, "privateIPAddress")}`,
                );
            return listAt(inputs, "ipConfigurations").some(
                (configuration) =>
                    isSet(configuration, "privateIPAddress") &&
                    taken.includes(
                        `${textAt(configuration, "subnet.id")} ${textAt(configuration, "privateIPAddress")}`,
                    ),
            );
        },
        "PrivateIPAddressIsAllocated: IP configuration is using the private IP address which is already allocated to resource",
        learn("virtual-network/ip-services/private-ip-addresses"),
    ),
    when(
        "azure-card-static-without-address",
        CARD,
        (inputs) =>
            listAt(inputs, "ipConfigurations").some(
                (configuration) =>
                    at(configuration, "privateIPAllocationMethod") === "Static" &&
                    !isSet(configuration, "privateIPAddress"),
            ),
        "IpConfigurationStaticAddressIsRequired: privateIPAddress must be set when privateIPAllocationMethod is Static",
        azurerm("network/network_interface_resource.go"),
    ),
];

const ruleTraps: Trap[] = [
    when(
        "azure-rule-priority",
        GROUP,
        (inputs) =>
            rules(inputs).some(
                (rule) => !((numberAt(rule, "priority") ?? 0) >= 100 && numberAt(rule, "priority")! <= 4096),
            ),
        "SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided. Allowed range 100-4096.",
        nsgGuide,
    ),
    when(
        "azure-rule-conflict",
        GROUP,
        (inputs) => {
            const places = rules(inputs).map((rule) => `${textOf(rule["direction"])} ${textOf(rule["priority"])}`);
            return new Set(places).size < places.length;
        },
        "SecurityRuleConflict: Security rules conflict. Rules cannot have the same Priority and Direction.",
        nsgGuide,
    ),
    when(
        "azure-rule-name-twice",
        GROUP,
        (inputs) => {
            const names = rules(inputs).map((rule) => textOf(rule["name"]).toLowerCase());
            return new Set(names).size < names.length;
        },
        "InvalidRequestFormat: security rules of one group must have different names",
        nsgGuide,
    ),
    when(
        "azure-rule-one-kind-of-source",
        GROUP,
        (inputs) =>
            rules(inputs).some(
                (rule) =>
                    (isSet(rule, "sourceAddressPrefix") && isSet(rule, "sourceAddressPrefixes")) ||
                    (isSet(rule, "destinationPortRange") && isSet(rule, "destinationPortRanges")),
            ),
        "SecurityRuleParameterContainsUnsupportedValue: a rule takes one address prefix or several, not both; the same holds for ports",
        nsgGuide,
    ),
    when(
        "azure-rule-tag-in-list",
        GROUP,
        (inputs) =>
            rules(inputs).some((rule) =>
                [...listAt(rule, "sourceAddressPrefixes"), ...listAt(rule, "destinationAddressPrefixes")].some(
                    (prefix) => ["*", "Internet", "VirtualNetwork", "AzureLoadBalancer"].includes(textOf(prefix)),
                ),
            ),
        "SecurityRuleInvalidAddressPrefix: a list of prefixes holds addresses only; give a service tag alone",
        nsgGuide,
    ),
];

const serviceTraps: Trap[] = [
    when(
        "azure-nat-zones",
        NAT,
        (inputs) => at(inputs, "sku.name") === "Standard" && listAt(inputs, "zones").length > 1,
        "ResourceCannotHaveMultipleZonesSpecified: a Standard NAT gateway is in one zone",
        natGuide,
    ),
    when(
        "azure-nat-address-zone",
        NAT,
        (inputs, world) => {
            const [zone] = listAt(inputs, "zones");
            return listAt(inputs, "publicIpAddresses").some((reference) => {
                const zones = listAt(world.find(ADDRESS, at(reference, "id"))?.values, "zones");
                return zone !== undefined && zones.length > 0 && !zones.includes(zone);
            });
        },
        "ResourcesInDifferentZones: the NAT gateway and its public IP address must be in the same zone",
        natGuide,
    ),
    when(
        "azure-address-static",
        ADDRESS,
        (inputs) => at(inputs, "sku.name") === "Standard" && at(inputs, "publicIPAllocationMethod") !== "Static",
        "StandardSkuPublicIPAddressesMustBeStatic: Standard sku public IP addresses must be allocated statically",
        learn("virtual-network/ip-services/public-ip-addresses"),
    ),
    when(
        "azure-address-basic",
        ADDRESS,
        (inputs) => (textAt(inputs, "sku.name") ?? "Basic") === "Basic",
        "BasicSkuPublicIpRetired: public IP addresses of the Basic SKU cannot be created since 2025-03-31",
        learn("virtual-network/ip-services/public-ip-basic-upgrade-guidance"),
    ),
    when(
        "azure-endpoint-group",
        ENDPOINT,
        wrongGroup,
        "PrivateEndpointInvalidGroupId: the service has no such sub-resource",
        learn("private-link/private-endpoint-overview"),
    ),
    when(
        "azure-endpoint-one-group",
        ENDPOINT,
        (inputs) =>
            listAt(inputs, "privateLinkServiceConnections").some(
                (connection) => listAt(connection, "groupIds").length !== 1,
            ),
        "PrivateEndpointMultipleGroupIds: a private endpoint is for one sub-resource",
        learn("private-link/private-endpoint-overview"),
    ),
    when(
        "azure-zone-linked-twice",
        LINK,
        (inputs, world) => {
            const zone = (values: Values) => textOf(values["privateZoneName"]);
            return world
                .ofType(LINK)
                .some(
                    ({ values }) =>
                        zone(values) === zone(inputs) &&
                        textAt(values, "virtualNetwork.id") === textAt(inputs, "virtualNetwork.id"),
                );
        },
        "BadRequest: A virtual network cannot be linked to multiple zones with overlapping namespaces.",
        learn("dns/private-dns-virtual-network-links"),
    ),
    when(
        "azure-flow-log-storage",
        FLOW_LOG,
        (inputs, world) => {
            const account = world.find("azure-native:storage:StorageAccount", inputs["storageId"]);
            return (textAt(account?.values, "sku.name") ?? "Standard").startsWith("Premium");
        },
        "FlowLogInvalidStorageType: flow logs need a storage account of the Standard tier",
        learn("network-watcher/vnet-flow-logs-overview"),
    ),
    when(
        "azure-flow-log-of-group",
        FLOW_LOG,
        (inputs) => /networkSecurityGroups/i.test(textAt(inputs, "targetResourceId") ?? ""),
        "NsgFlowLogCreationBlocked: flow logs of network security groups cannot be created since 2025-06-30; make one of the virtual network",
        learn("network-watcher/nsg-flow-logs-overview"),
    ),
];

export const networkTraps: readonly Trap[] = [...addressTraps, ...ruleTraps, ...serviceTraps];
