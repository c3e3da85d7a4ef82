import { networkContains, networksOverlap } from "../../../../components/network/addresses";
import {
    apiModel,
    at,
    form,
    isSet,
    listAt,
    numberAt,
    oneOf,
    textAt,
    type Trap,
    type Value,
    type Values,
    when,
    type World,
    textOf,
} from "./trap";

const VPC = "aws:ec2/vpc:Vpc";
const SUBNET = "aws:ec2/subnet:Subnet";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint";
const vpcGuide = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html";
const subnetGuide = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html";

/** A block whose prefix is not from 16 to 28. */
const badPrefix = (inputs: Values): boolean => {
    const block = textAt(inputs, "cidrBlock");
    const prefix = Number(block?.split("/")[1]);
    return block !== undefined && !(prefix >= 16 && prefix <= 28);
};

const siblings = (inputs: Values, world: World) =>
    world.ofType(SUBNET).filter(({ values }) => values["vpcId"] === inputs["vpcId"]);

const GATEWAY_SERVICES = /\.(s3|dynamodb)$/;

const ruleTraps = (type: string, direction: string): Trap[] => [
    {
        id: `sg-rule-duplicate-${direction}`,
        type,
        source: "https://github.com/getmoto/moto/blob/5.2.1/moto/ec2/exceptions.py",
        check: (inputs, world) => {
            const key = (values: Values) =>
                JSON.stringify(
                    [
                        "securityGroupId",
                        "ipProtocol",
                        "fromPort",
                        "toPort",
                        "cidrIpv4",
                        "cidrIpv6",
                        "prefixListId",
                        "referencedSecurityGroupId",
                    ].map((property) => textOf(values[property])),
                );
            const known = textAt(inputs, "securityGroupId") !== undefined;
            return known && world.ofType(type).some(({ values }) => key(values) === key(inputs))
                ? `InvalidPermission.Duplicate: the specified rule "peer: ${textOf(inputs["cidrIpv4"] ?? inputs["referencedSecurityGroupId"])}, TCP, from port: ${textOf(inputs["fromPort"])}, to port: ${textOf(inputs["toPort"])}, ALLOW" already exists`
                : undefined;
        },
    },
    when(
        `sg-rule-port-range-${direction}`,
        type,
        (inputs) => (numberAt(inputs, "fromPort") ?? 0) > (numberAt(inputs, "toPort") ?? 65535),
        "InvalidParameterValue: Invalid TCP port range.",
        "https://github.com/boto/boto3/issues/336",
    ),
    when(
        `sg-rule-ports-required-${direction}`,
        type,
        (inputs) =>
            ["tcp", "udp"].includes(textAt(inputs, "ipProtocol") ?? "") &&
            !(isSet(inputs, "fromPort") && isSet(inputs, "toPort")),
        "InvalidParameterValue: Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
        "https://github.com/aws-cloudformation/cfn-lint/issues/2999",
    ),
    when(
        `sg-rule-all-protocol-ports-${direction}`,
        type,
        (inputs) => textAt(inputs, "ipProtocol") === "-1" && (isSet(inputs, "fromPort") || isSet(inputs, "toPort")),
        "InvalidParameterValue: When protocol is ALL, you cannot specify from-port.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/1920",
    ),
    when(
        `sg-rule-one-peer-${direction}`,
        type,
        (inputs) =>
            ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"].filter((peer) => isSet(inputs, peer))
                .length !== 1,
        "InvalidParameterCombination: exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId must be specified",
        apiModel("ec2/2016-11-15", "IpPermission"),
    ),
    form(
        `sg-rule-cidr-${direction}`,
        type,
        "cidrIpv4",
        /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|(?=\/))){4}\/(3[0-2]|[12]?\d)$/,
        (block) => `InvalidParameterValue: CIDR block ${block} is malformed`,
        "https://github.com/badmintoncryer/cdk-preflight",
    ),
    form(
        `sg-rule-description-${direction}`,
        type,
        "description",
        /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/,
        () =>
            "InvalidParameterValue: Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        apiModel("ec2/2016-11-15", "IpRange"),
    ),
];

const placeOfSubnet = (world: World, id: Value) => textAt(world.find(SUBNET, id)?.values, "availabilityZone");

/** True when two subnets of a list are known to lie in one zone. */
export function zonesRepeat(world: World, subnets: Value[]): boolean {
    const zones = subnets.map((id) => placeOfSubnet(world, id)).filter((zone) => zone !== undefined);
    return new Set(zones).size < zones.length;
}

/** True when all subnets of a list are known and lie in fewer zones than asked. */
export function fewerZonesThan(count: number, world: World, subnets: Value[]): boolean {
    const zones = subnets.map((id) => placeOfSubnet(world, id));
    return zones.length > 0 && zones.every((zone) => zone !== undefined) && new Set(zones).size < count;
}

export const networkTraps: readonly Trap[] = [
    when(
        "vpc-prefix",
        VPC,
        badPrefix,
        "InvalidVpc.Range: The CIDR is invalid; the allowed block size is between a /16 and a /28 netmask",
        vpcGuide,
    ),
    when(
        "subnet-prefix",
        SUBNET,
        badPrefix,
        "InvalidSubnet.Range: The CIDR is invalid; the allowed block size is between a /16 and a /28 netmask",
        subnetGuide,
    ),
    {
        id: "subnet-outside-vpc",
        type: SUBNET,
        source: subnetGuide,
        check: (inputs, world) => {
            const block = textAt(inputs, "cidrBlock");
            const network = textAt(world.find(VPC, inputs["vpcId"])?.values, "cidrBlock");
            return block && network && !networkContains(network, block)
                ? `InvalidSubnet.Range: The CIDR '${block}' is invalid.`
                : undefined;
        },
    },
    {
        id: "subnet-overlap",
        type: SUBNET,
        source: subnetGuide,
        check: (inputs, world) => {
            const block = textAt(inputs, "cidrBlock");
            const other =
                block &&
                siblings(inputs, world).find(({ values }) => networksOverlap(block, textOf(values["cidrBlock"])));
            return other
                ? `InvalidSubnet.Conflict: The CIDR '${block}' conflicts with another subnet (${other.id})`
                : undefined;
        },
    },
    form(
        "subnet-zone",
        SUBNET,
        "availabilityZone",
        /^[a-z]{2}(-[a-z]+)+-\d+[a-z]?(-[a-z0-9-]+)?[a-z]$/,
        (zone) => `InvalidParameterValue: Value (${zone}) for parameter availabilityZone is invalid.`,
        apiModel("ec2/2016-11-15", "CreateSubnetRequest"),
    ),
    {
        id: "internet-gateway-one-per-vpc",
        type: "aws:ec2/internetGateway:InternetGateway",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
        check: (inputs, world) => {
            const vpcId = textAt(inputs, "vpcId");
            return vpcId &&
                world.ofType("aws:ec2/internetGateway:InternetGateway").some(({ values }) => values["vpcId"] === vpcId)
                ? `Resource.AlreadyAssociated: Network ${vpcId} already has an internet gateway attached`
                : undefined;
        },
    },
    {
        id: "route-duplicate",
        type: "aws:ec2/route:Route",
        source: apiModel("ec2/2016-11-15", "CreateRouteRequest"),
        check: (inputs, world) => {
            const { routeTableId, destinationCidrBlock } = inputs;
            return typeof routeTableId === "string" &&
                world
                    .ofType("aws:ec2/route:Route")
                    .some(
                        ({ values }) =>
                            values["routeTableId"] === routeTableId &&
                            values["destinationCidrBlock"] === destinationCidrBlock,
                    )
                ? `RouteAlreadyExists: The route identified by ${textOf(destinationCidrBlock)} already exists.`
                : undefined;
        },
    },
    when(
        "route-one-target",
        "aws:ec2/route:Route",
        (inputs) =>
            [
                "gatewayId",
                "natGatewayId",
                "networkInterfaceId",
                "transitGatewayId",
                "vpcEndpointId",
                "vpcPeeringConnectionId",
                "egressOnlyGatewayId",
            ].filter((target) => isSet(inputs, target)).length !== 1,
        "InvalidParameterCombination: a route needs exactly one target",
        apiModel("ec2/2016-11-15", "CreateRouteRequest"),
    ),
    when(
        "route-table-association-duplicate",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        (inputs, world) =>
            typeof inputs["subnetId"] === "string" &&
            world
                .ofType("aws:ec2/routeTableAssociation:RouteTableAssociation")
                .some(({ values }) => values["subnetId"] === inputs["subnetId"]),
        "Resource.AlreadyAssociated: the specified association for the route table conflicts with an existing association",
        apiModel("ec2/2016-11-15", "AssociateRouteTableRequest"),
    ),
    when(
        "nat-public-needs-address",
        "aws:ec2/natGateway:NatGateway",
        (inputs) => at(inputs, "connectivityType") !== "private" && !isSet(inputs, "allocationId"),
        "MissingParameter: The request must include the AllocationId parameter. Add the required parameter and retry the request.",
        apiModel("ec2/2016-11-15", "CreateNatGatewayRequest"),
    ),
    when(
        "nat-address-in-use",
        "aws:ec2/natGateway:NatGateway",
        (inputs, world) =>
            typeof inputs["allocationId"] === "string" &&
            world
                .ofType("aws:ec2/natGateway:NatGateway")
                .some(({ values }) => values["allocationId"] === inputs["allocationId"]),
        "Resource.AlreadyAssociated: Elastic IP address is already associated",
        apiModel("ec2/2016-11-15", "CreateNatGatewayRequest"),
    ),
    when(
        "endpoint-type",
        ENDPOINT,
        (inputs) =>
            (at(inputs, "vpcEndpointType") ?? "Gateway") === "Gateway" &&
            !GATEWAY_SERVICES.test(textAt(inputs, "serviceName") ?? ".s3"),
        "InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface]).",
        "https://github.com/hashicorp/terraform/issues/24478",
    ),
    when(
        "endpoint-private-dns-duplicate",
        ENDPOINT,
        (inputs, world) =>
            inputs["privateDnsEnabled"] === true &&
            world
                .ofType(ENDPOINT)
                .some(
                    ({ values }) =>
                        values["serviceName"] === inputs["serviceName"] &&
                        values["vpcId"] === inputs["vpcId"] &&
                        values["privateDnsEnabled"] === true,
                ),
        "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain in the VPC",
        "https://github.com/hashicorp/terraform-provider-aws/issues/17535",
    ),
    when(
        "endpoint-private-dns-needs-vpc-dns",
        ENDPOINT,
        (inputs, world) => {
            const network = world.find(VPC, inputs["vpcId"])?.values;
            return (
                inputs["privateDnsEnabled"] === true && network !== undefined && network["enableDnsHostnames"] !== true
            );
        },
        "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html",
    ),
    when(
        "endpoint-one-subnet-per-zone",
        ENDPOINT,
        (inputs, world) => zonesRepeat(world, listAt(inputs, "subnetIds")),
        "DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone.",
        apiModel("ec2/2016-11-15", "CreateVpcEndpointRequest"),
    ),
    when(
        "endpoint-gateway-fields",
        ENDPOINT,
        (inputs) =>
            (at(inputs, "vpcEndpointType") ?? "Gateway") === "Gateway" &&
            (isSet(inputs, "subnetIds") || isSet(inputs, "securityGroupIds")),
        "InvalidParameter: subnets and security groups are not supported for gateway endpoints",
        apiModel("ec2/2016-11-15", "CreateVpcEndpointRequest"),
    ),
    form(
        "sg-name",
        GROUP,
        "name",
        /^(?!sg-)(?!default$)[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/i,
        (name) =>
            `InvalidParameterValue: Value (${name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.`,
        apiModel("ec2/2016-11-15", "CreateSecurityGroupRequest"),
    ),
    form(
        "sg-description",
        GROUP,
        "description",
        /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/,
        () =>
            "InvalidParameterValue: Invalid security group description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        "https://github.com/cds-snc/notification-terraform/pull/561",
    ),
    ...ruleTraps(INGRESS, "ingress"),
    ...ruleTraps(EGRESS, "egress"),
    when(
        "flow-log-role",
        "aws:ec2/flowLog:FlowLog",
        (inputs) =>
            (at(inputs, "logDestinationType") ?? "cloud-watch-logs") === "cloud-watch-logs" &&
            !isSet(inputs, "iamRoleArn"),
        "InvalidParameter: DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
        apiModel("ec2/2016-11-15", "CreateFlowLogsRequest"),
    ),
    oneOf(
        "flow-log-interval",
        "aws:ec2/flowLog:FlowLog",
        "maxAggregationInterval",
        [60, 600],
        apiModel("ec2/2016-11-15", "CreateFlowLogsRequest"),
    ),
];
