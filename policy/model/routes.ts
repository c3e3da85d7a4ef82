import { aws } from "../types";
import type { Resource, Stack } from "../stack";

/** The route that leads from a subnet to the Internet and back, if there is one. */
export function internetRoute(stack: Stack, subnet: Resource): Resource | undefined {
    const tables = stack
        .of(aws.routeTableAssociation)
        .filter((association) => association.refersTo("subnetId", subnet) === true)
        .flatMap((association) =>
            stack.of(aws.routeTable).filter((table) => association.refersTo("routeTableId", table) === true),
        );
    const throughGateway = (route: Resource) =>
        stack.of(aws.internetGateway).some((gateway) => route.refersTo("gatewayId", gateway) === true) ||
        (route.text("gatewayId") ?? "").startsWith("igw-");
    return stack
        .of(aws.route)
        .find(
            (route) => throughGateway(route) && tables.some((table) => route.refersTo("routeTableId", table) === true),
        );
}

/** The subnets that a resource names, directly or through a subnet group. */
export function subnetsOf(stack: Stack, resource: Resource, property: string, groupType?: string): Resource[] {
    const holders = groupType
        ? stack.of(groupType).filter((group) => resource.refersTo(property, group) === true)
        : [resource];
    const path = groupType ? "subnetIds" : property;
    return stack.of(aws.subnet).filter((subnet) => holders.some((holder) => holder.refersTo(path, subnet) === true));
}
