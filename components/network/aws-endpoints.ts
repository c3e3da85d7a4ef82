import * as ec2 from "@pulumi/aws/ec2";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { ports } from "../reference";

/** Where the endpoints are and who uses them. */
interface EndpointArgs {
    networkId: pulumi.Output<string>;
    /** Subnets that interface endpoints have an address in. */
    subnetIds: pulumi.Input<string>[];
    /** Route tables that lead to gateway endpoints. */
    routeTableIds: pulumi.Output<string>[];
    /** Security groups of the machines that use them. */
    users: { role: string; groupId: pulumi.Input<string> }[];
    /** What keeps the servers' fixed addresses free. */
    reservations: pulumi.Resource[];
    tags?: { [key: string]: pulumi.Input<string> };
}

/** AWS services that machines reach without leaving the network. */
const interfaceServices = ["ssm", "ssmmessages", "ec2messages", "secretsmanager", "logs"];

/** Private endpoints for the AWS services in use, open to the deployment's machines only. */
export function createEndpoints(name: string, args: EndpointArgs, child: { parent: pulumi.Resource }): void {
    const { networkId: vpcId, users, tags } = args;
    const region = getRegionOutput({}, child).region;
    const group = new ec2.SecurityGroup(
        `${name}-endpoints`,
        { vpcId, description: "MinusNow: AWS service endpoints", tags: { ...tags, Name: `${name}-endpoints` } },
        child,
    );
    const range = { ipProtocol: "tcp", fromPort: ports.https, toPort: ports.https, tags };
    const purpose = { description: "AWS services over private endpoints" };
    for (const { role, groupId } of users) {
        const ingress = { securityGroupId: group.id, referencedSecurityGroupId: groupId };
        new vpc.SecurityGroupIngressRule(
            `${name}-endpoints-from-${role}-443`,
            { ...ingress, ...range, ...purpose },
            child,
        );
        const egress = { securityGroupId: groupId, referencedSecurityGroupId: group.id };
        new vpc.SecurityGroupEgressRule(`${name}-${role}-to-endpoints-443`, { ...egress, ...range, ...purpose }, child);
    }

    new ec2.VpcEndpoint(
        `${name}-s3`,
        {
            vpcId,
            serviceName: pulumi.interpolate`com.amazonaws.${region}.s3`,
            vpcEndpointType: "Gateway",
            routeTableIds: args.routeTableIds,
            tags: { ...tags, Name: `${name}-s3` },
        },
        child,
    );
    // A machine of the database stops the other one where that may take the way out along.
    const more = users.some(({ role }) => role === "database") ? ["ec2"] : [];
    for (const service of [...interfaceServices, ...more]) {
        new ec2.VpcEndpoint(
            `${name}-${service}`,
            {
                vpcId,
                serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
                vpcEndpointType: "Interface",
                privateDnsEnabled: true,
                subnetIds: args.subnetIds,
                securityGroupIds: [group.id],
                tags: { ...tags, Name: `${name}-${service}` },
            },
            { ...child, dependsOn: args.reservations },
        );
    }
}
