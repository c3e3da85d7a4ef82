import type * as ec2 from "@pulumi/aws/ec2";
import * as lb from "@pulumi/aws/lb";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import { healthCheck, ports } from "../reference";
import { databaseMachines, rolePort } from "./host/settings";

/** What the front of the machines is like. */
export interface FrontArgs {
    networkId: pulumi.Input<string>;
    subnetIds: pulumi.Input<string>[];
    firewallGroupId: pulumi.Input<string>;
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

type Child = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

/** A name that stays while the machine behind it changes: clients keep their addresses towards the database. */
export function createFront(name: string, args: FrontArgs, child: Child): lb.LoadBalancer {
    const { subnetIds: subnets, firewallGroupId, deletionProtection, tags } = args;
    return new lb.LoadBalancer(
        name,
        {
            loadBalancerType: "network",
            internal: true,
            subnets,
            securityGroups: [firewallGroupId],
            enableCrossZoneLoadBalancing: true,
            enableDeletionProtection: deletionProtection,
            tags,
        },
        child,
    );
}

/** Hands connections to the machine that says it has a role; connections to one that has it no longer are ended. */
export function handTo(
    name: string,
    role: "primary" | "standby",
    front: lb.LoadBalancer,
    machines: ec2.Instance[],
    { networkId, tags }: FrontArgs,
    child: Child,
): void {
    const { intervalSeconds: interval, timeoutSeconds: timeout } = healthCheck;
    const group = new lb.TargetGroup(
        name,
        {
            vpcId: networkId,
            protocol: "TCP",
            port: ports.postgres,
            targetType: "instance",
            preserveClientIp: "true",
            deregistrationDelay: 0,
            connectionTermination: true,
            healthCheck: {
                protocol: "HTTP",
                port: String(rolePort),
                path: `/${role}`,
                matcher: "200",
                interval,
                timeout,
                unhealthyThreshold: 2,
                healthyThreshold: 2,
            },
            tags,
        },
        child,
    );
    machines.forEach((machine, place) => {
        const attachment = { targetGroupArn: group.arn, targetId: machine.id, port: ports.postgres };
        new lb.TargetGroupAttachment(`${name}-${databaseMachines[place]!}`, attachment, child);
    });
    new lb.Listener(
        name,
        {
            loadBalancerArn: front.arn,
            protocol: "TCP",
            port: ports.postgres,
            defaultActions: [{ type: "forward", targetGroupArn: group.arn }],
            tags,
        },
        child,
    );
}

/** Machines follow and ask each other, and the fronts, which are in the same group, hand connections on. */
export function allowAmongEachOther(name: string, { firewallGroupId, tags }: FrontArgs, child: Child): void {
    const purposes = { [ports.postgres]: "Replication and connections handed on", [rolePort]: "Who is primary" };
    for (const [port, description] of Object.entries(purposes)) {
        const range = { ipProtocol: "tcp", fromPort: Number(port), toPort: Number(port), description, tags };
        const both = { securityGroupId: firewallGroupId, referencedSecurityGroupId: firewallGroupId, ...range };
        new vpc.SecurityGroupIngressRule(`${name}-among-${port}-in`, both, child);
        new vpc.SecurityGroupEgressRule(`${name}-among-${port}-out`, both, child);
    }
}
