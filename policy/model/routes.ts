import { fail, type Finding, pass, waits } from "../rule";
import { isObject, type Resource, type Stack } from "../stack";
import { aws } from "../types";

/** What leads from a subnet to the Internet and back, if anything does: a route, or a table that holds one. */
export function internetRoute(stack: Stack, subnet: Resource): Resource | undefined {
    return tablesOf(stack, subnet)
        .map((table) => routeIn(stack, table))
        .find((route) => route !== undefined);
}

/** The tables that a subnet uses; without one of its own it falls to the network's main one. */
function tablesOf(stack: Stack, subnet: Resource): Resource[] {
    const tables = stack.of(aws.routeTable, aws.defaultRouteTable);
    const named = (holder: Resource) => tables.filter((table) => holder.refersTo("routeTableId", table) === true);
    const own = stack
        .of(aws.routeTableAssociation)
        .filter((association) => association.refersTo("subnetId", subnet) === true);
    if (own.length > 0) {
        return own.flatMap(named);
    }
    const main = stack.of(aws.mainRouteTable).flatMap(named);
    return [...main, ...(main.length === 0 ? stack.of(aws.defaultRouteTable) : [])];
}

function routeIn(stack: Stack, table: Resource): Resource | undefined {
    const gateways = stack.of(aws.internetGateway);
    const route = stack
        .of(aws.route)
        .filter((other) => other.refersTo("routeTableId", table) === true)
        .find(
            (other) =>
                gateways.some((gateway) => other.refersTo("gatewayId", gateway) === true) ||
                (other.text("gatewayId") ?? "").startsWith("igw-"),
        );
    const inline = table
        .list("routes")
        .some((entry) => isObject(entry) && String(entry["gatewayId"]).startsWith("igw-"));
    return route ?? (inline ? table : undefined);
}

/** The subnets of this stack that a resource names, directly or through a subnet group. */
export function subnetsOf(stack: Stack, resource: Resource, property: string, groupType?: string): Resource[] {
    const holders = groupType
        ? stack.of(groupType).filter((group) => resource.refersTo(property, group) === true)
        : [resource];
    const paths = groupType ? ["subnetIds"] : property === "subnets" ? ["subnets", "subnetMappings"] : [property];
    return stack
        .of(aws.subnet)
        .filter((subnet) =>
            holders.some((holder) =>
                paths.some((path) => holder.keys.includes(path) && holder.refersTo(path, subnet) === true),
            ),
        );
}

/** Whether a resource stands in subnets that nothing leads to from the Internet. */
export function judgePrivacy(stack: Stack, resource: Resource, property: string, groupType?: string): Finding {
    const subnets = subnetsOf(stack, resource, property, groupType);
    const open = subnets.find((subnet) => internetRoute(stack, subnet));
    if (open) {
        return fail(resource, `its subnet ${open.name} has a route to the Internet gateway`);
    }
    return subnets.length === 0
        ? waits(resource, "its subnets are not part of this stack")
        : pass(resource, `private subnets ${subnets.map(({ name }) => name).join(", ")}`);
}
