import type * as pulumi from "@pulumi/pulumi";

/** Where network address translation runs for private subnets. */
export const NatPlacement = {
    /** One in each zone: a failed zone takes only its own outbound traffic with it. */
    PerZone: "per-zone",
    /** One for all zones: cheaper, and a single point of failure for outbound traffic. */
    Single: "single",
} as const;
export type NatPlacement = (typeof NatPlacement)[keyof typeof NatPlacement];

/** Subnet ids by role; in each list one per zone, in the order of the zones. */
export interface SubnetIds {
    /** Public: the load balancer and address translation. */
    edge: pulumi.Input<string>[];
    /** Private with outbound access: the application servers. */
    app: pulumi.Input<string>[];
    /** Private without a route out: PostgreSQL. */
    database: pulumi.Input<string>[];
    /** Private without a route out: shared file storage. */
    storage: pulumi.Input<string>[];
    /** Private without a route out: the session store. */
    cache: pulumi.Input<string>[];
}

/** Firewall group ids by role: security groups on AWS, network security groups on Azure. */
export interface FirewallGroupIds {
    edge: pulumi.Input<string>;
    app: pulumi.Input<string>;
    database: pulumi.Input<string>;
    storage: pulumi.Input<string>;
    cache: pulumi.Input<string>;
}

/** What the network tier gives on every cloud. */
export interface Network {
    /** Id of the network: a VPC on AWS, a virtual network on Azure. */
    readonly networkId: pulumi.Output<string>;
    /** Subnet ids by role and zone. */
    readonly subnetIds: SubnetIds;
    /** Firewall group id by role. */
    readonly firewallGroupIds: FirewallGroupIds;
    /** Names of the zones, in the order of the subnets. */
    readonly zones: pulumi.Output<string[]>;
}
