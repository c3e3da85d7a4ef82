import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import { arrows } from "../reference";
import type { FirewallGroupIds } from "./contract";

/** TCP ports that each tier's machines may reach outside the network. */
export interface OutboundPorts {
    app: number[];
    /** Where balancers are machines of the deployment. */
    edge?: number[];
    /** Where the session store is a machine of the deployment. */
    cache?: number[];
    /** Where the database is on machines of the deployment. */
    database?: number[];
    /** Where the shared directories are on a machine of the deployment. */
    storage?: number[];
}

/** What the groups have in common. */
interface SecurityGroupArgs {
    networkId: pulumi.Output<string>;
    outbound: OutboundPorts;
    /** TCP port of the shared directories. */
    storagePort: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

interface Child {
    parent: pulumi.Resource;
}

/** A security group for each role that opens exactly the guide's connections (guide, step 7). */
export function createSecurityGroups(name: string, args: SecurityGroupArgs, child: Child): FirewallGroupIds {
    const groups = createGroups(name, args, child);
    allowArrows(name, groups, args, child);
    allowOutbound(name, groups, args, child);
    return groups;
}

const groupDescriptions: { [role in keyof FirewallGroupIds]: string } = {
    edge: "Load balancer",
    app: "Application servers",
    database: "PostgreSQL",
    storage: "Shared file storage",
    cache: "Session store",
};

function createGroups(name: string, args: SecurityGroupArgs, child: Child): FirewallGroupIds {
    const group = (role: keyof FirewallGroupIds) =>
        new ec2.SecurityGroup(
            `${name}-${role}`,
            {
                vpcId: args.networkId,
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
function allowArrows(name: string, groups: FirewallGroupIds, args: SecurityGroupArgs, child: Child): void {
    const { tags, storagePort } = args;
    for (const { from, to, port: guide, purpose } of arrows) {
        const port = to === "storage" ? storagePort : guide;
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

const machineNames: { [role in keyof OutboundPorts]-?: string } = {
    app: "application servers",
    edge: "balancers",
    cache: "the session store",
    database: "machines of the database",
    storage: "the file server",
};

function allowOutbound(name: string, groups: FirewallGroupIds, args: SecurityGroupArgs, child: Child): void {
    for (const [role, reached] of Object.entries(args.outbound) as [keyof OutboundPorts, number[]][]) {
        for (const port of reached) {
            new vpc.SecurityGroupEgressRule(
                `${name}-${role}-to-internet-${port}`,
                {
                    securityGroupId: groups[role],
                    cidrIpv4: "0.0.0.0/0",
                    ipProtocol: "tcp",
                    fromPort: port,
                    toPort: port,
                    description: `Outbound from ${machineNames[role]} through address translation`,
                    tags: args.tags,
                },
                child,
            );
        }
    }
}
