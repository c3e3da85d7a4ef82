import type * as pulumi from "@pulumi/pulumi";

/** Who balances requests. */
export const LoadBalancerKind = {
    /** The cloud's managed layer-7 balancer. */
    Managed: "managed",
    /** HAProxy on machines of this deployment (guide, step 1, option A). */
    Haproxy: "haproxy",
    /** Nginx on machines of this deployment (guide, step 1, option B). */
    Nginx: "nginx",
} as const;
export type LoadBalancerKind = (typeof LoadBalancerKind)[keyof typeof LoadBalancerKind];

/** How requests are shared between application servers (guide, step 8). */
export const LoadBalancerMode = {
    /** All servers answer: the guide's recommendation. */
    ActiveActive: "active-active",
    /** The first server answers; the others only when it fails. Needs HAProxy or Nginx. */
    ActivePassive: "active-passive",
} as const;
export type LoadBalancerMode = (typeof LoadBalancerMode)[keyof typeof LoadBalancerMode];

/** What the load-balancer tier gives on every cloud. */
export interface LoadBalancer {
    /** Name or address that the balancer itself answers at. */
    readonly endpoint: pulumi.Output<string>;
    /** Host name that users open. */
    readonly hostname: pulumi.Output<string>;
}

/** Requests one address may make in a minute where nothing else is said: 33 a second, far above a busy user. */
export const RATE_LIMIT_PER_MINUTE = 2000;

/** What a certificate's secret holds before one is issued. */
export const notIssued = "none yet";
