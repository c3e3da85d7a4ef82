import { type LoadBalancerKind, LoadBalancerMode, RATE_LIMIT_PER_MINUTE } from "./contract";
import { type BalancerProgram, renderConfiguration } from "./host/machine";
import type { LinuxSystem } from "../host/operating-system";

/** The guide's minimum is one balancer; two in two zones are no single point of failure. */
export const balancerNames = ["lb1", "lb2"];

/** What balancers on machines are told on every cloud. */
export interface ProxySettings {
    kind: LoadBalancerKind;
    mode?: LoadBalancerMode;
    rateLimitPerMinute?: number;
    renew?: string[];
}

/** What is wrong with settings of balancers on machines. */
export function proxyProblems({ kind, renew = [] }: ProxySettings, managed: string): string[] {
    const problems = renew
        .filter((unknown) => !balancerNames.includes(unknown))
        .map((unknown) => `renew: found '${unknown}', allowed are ${balancerNames.join(", ")}`);
    if (renew.length > 1) {
        problems.push(`renew: found ${renew.join(", ")}, allowed is one at a time: users go to the other one`);
    }
    if (kind === "managed") {
        problems.push(`kind: found managed, allowed are haproxy and nginx; ${managed} is the managed one`);
    }
    return problems;
}

/** The configuration that balancers take up, once the addresses of the application servers are known. */
export function proxyConfiguration(
    { kind, mode = LoadBalancerMode.ActiveActive, rateLimitPerMinute = RATE_LIMIT_PER_MINUTE }: ProxySettings,
    os: LinuxSystem,
    hostname: string,
    addresses: string[],
): string {
    const members = addresses.map((address, place) => ({ name: `app${place + 1}`, address }));
    return renderConfiguration(kind as BalancerProgram, os, { hostname, members, mode, rateLimitPerMinute });
}
