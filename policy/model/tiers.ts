import type { Resource, Stack } from "../stack";
import { aws } from "../types";
import type { Source } from "./openings";
import { machines } from "./service";

/** True when a source is a group that a resource is in, by reference or by id. */
export function isIn(resource: Resource, property: string, source: Source): boolean {
    return source.kind === "group"
        ? resource.refersTo(property, source.group) === true
        : source.kind === "outside" && resource.list(property).includes(source.id);
}

/** True when a source is the application servers' group and no balancer's. */
export function isOfServers(stack: Stack, source: Source): boolean {
    const isBalancers = stack.of(aws.loadBalancer).some((balancer) => isIn(balancer, "securityGroups", source));
    return !isBalancers && machines(stack).some((server) => isIn(server, "vpcSecurityGroupIds", source));
}
