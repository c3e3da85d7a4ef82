import type { Resource } from "../../../plan/engine/resource";
import type { Values } from "../../../plan/engine/values";
import { added, changed, find, hasName, type Mutation, removeEach, setEach, shortType } from "../change";

/** Defects of firewall groups, routes and subnets. */
export function firewall(all: Resource[]): Mutation[] {
    const isPublic = ({ inputs }: Resource) => "cidrIpv4" in inputs;
    const rules = ["firewall-internet", "firewall-tiers", "database-access-app-only", "database-access-path"];
    const open = (resource: Resource): Resource =>
        changed(changed(resource, "referencedSecurityGroupId", undefined), "cidrIpv4", "0.0.0.0/0");
    const network = find(all, "ec2.Vpc");
    const gateway = find(all, "ec2.InternetGateway");
    const group = (end: string) => find(all, "ec2.SecurityGroup", end).id;
    const opened = all
        .filter((resource) => shortType(resource) === "vpc.SecurityGroupIngressRule" && !isPublic(resource))
        .map((target): Mutation => ({
            name: `${target.name} is opened to the Internet`,
            by: ["firewall-internet"],
            change: (resources) =>
                resources.map((resource) => (resource.urn === target.urn ? open(resource) : resource)),
        }));
    const fromNetwork = all
        .filter(
            (resource) =>
                shortType(resource) === "vpc.SecurityGroupIngressRule" &&
                /-(app|database|storage|cache)-from-/.test(resource.name),
        )
        .map((target): Mutation => ({
            name: `${target.name} is opened to the whole network`,
            by: rules,
            change: (resources) =>
                resources.map((resource) =>
                    resource.urn === target.urn
                        ? changed(changed(resource, "referencedSecurityGroupId", undefined), "cidrIpv4", "10.0.0.0/16")
                        : resource,
                ),
        }));
    const inner = ({ name }: Resource) => /-(database|storage|cache)-from-app-/.test(name);
    const route = (name: string, table: string, by: string[]) =>
        added(name, by, "aws:ec2/route:Route", {
            routeTableId: find(all, "ec2.RouteTable", table).id,
            destinationCidrBlock: "0.0.0.0/0",
            gatewayId: gateway.id,
        });
    const rule = (name: string, by: string[], inputs: Values) =>
        added(name, by, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { ipProtocol: "tcp", ...inputs });
    const everything = { fromPort: undefined, toPort: undefined, ipProtocol: "-1" };
    return [
        ...opened,
        ...fromNetwork,
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "toPort",
            65535,
            [...rules, "ssh-no-open-port"],
            ({ name }) => !name.includes("endpoints"),
        ),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "ipProtocol", "-1", [...rules, "ssh-no-open-port"]),
        ...removeEach(all, "vpc.SecurityGroupIngressRule", ["firewall-connected", "database-access-app-only"], inner),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "referencedSecurityGroupId", group("-edge"), rules, inner),
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "referencedSecurityGroupId",
            "sg-00000000000000000",
            rules,
            inner,
        ),
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "referencedSecurityGroupId",
            group("-database"),
            rules,
            hasName("-app-from-edge-5000"),
        ),
        ...["-edge", "-app", "-database", "-storage", "-cache"].flatMap((end) => [
            rule(`${end} group is opened to the world on 22`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                cidrIpv4: "0.0.0.0/0",
                fromPort: 22,
                toPort: 22,
            }),
            rule(`${end} group is opened to an office on 3389`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                cidrIpv4: "198.51.100.0/24",
                fromPort: 3389,
                toPort: 3389,
            }),
            rule(`${end} group is opened to the world over IPv6`, ["firewall-internet"], {
                securityGroupId: group(end),
                cidrIpv6: "::/0",
                fromPort: 9000,
                toPort: 9000,
            }),
            rule(`${end} group is opened to half of the Internet`, ["firewall-internet"], {
                securityGroupId: group(end),
                cidrIpv4: "128.0.0.0/1",
                fromPort: 9000,
                toPort: 9000,
            }),
            rule(`${end} group is opened to everything of itself`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                referencedSecurityGroupId: group(end),
                ...everything,
            }),
        ]),
        ...["-app", "-database", "-storage", "-cache"].map((end) =>
            added(
                `${end} group is opened by a rule of the former kind`,
                ["firewall-internet"],
                "aws:ec2/securityGroupRule:SecurityGroupRule",
                {
                    type: "ingress",
                    securityGroupId: group(end),
                    protocol: "tcp",
                    fromPort: 9000,
                    toPort: 9000,
                    cidrBlocks: ["0.0.0.0/0"],
                },
            ),
        ),
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "tcp", fromPort: 9000, toPort: 9000, cidrBlocks: ["0.0.0.0/0"] }],
            ["firewall-internet"],
        ),
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["10.9.0.0/16"] }],
            ["ssh-no-open-port", ...rules],
            ({ name }) => !name.endsWith("-endpoints"),
        ),
        added("a stranger shares the servers' group", ["database-access-app-only"], "aws:ec2/instance:Instance", {
            id: "i-0stranger",
            vpcSecurityGroupIds: [group("-app")],
            metadataOptions: { httpTokens: "required" },
        }),
        ...removeEach(all, "ec2.DefaultSecurityGroup", ["firewall-default"]),
        ...setEach(all, "ec2.DefaultSecurityGroup", "ingress", [{ protocol: "-1", self: true }], ["firewall-default"]),
        ...setEach(
            all,
            "ec2.DefaultSecurityGroup",
            "egress",
            [{ protocol: "-1", cidrBlocks: ["0.0.0.0/0"] }],
            ["firewall-default"],
        ),
        ...removeEach(all, "ec2.FlowLog", ["firewall-flow-logs"]),
        ...setEach(all, "ec2.FlowLog", "trafficType", "REJECT", ["firewall-flow-logs"]),
        ...setEach(all, "ec2.FlowLog", "vpcId", "vpc-00000000000000000", ["firewall-flow-logs"]),
        route("the isolated subnets get a route to the Internet", "-isolated", [
            "database-access-private",
            "firewall-private-subnets",
        ]),
        route("the servers' first subnet gets a route to the Internet", "-app-1", ["firewall-private-subnets"]),
        route("the servers' second subnet gets a route to the Internet", "-app-2", ["firewall-private-subnets"]),
        added("a second network without a flow log", ["firewall-flow-logs"], "aws:ec2/vpc:Vpc", {
            id: "vpc-0second",
            cidrBlock: network.inputs["cidrBlock"],
        }),
    ];
}
