import { rolePort } from "../../components/database/host/settings";
import { ports } from "../../components/reference";
import { databaseMachines, witnesses } from "./databases";
import { isInside } from "./openings";
import { groupOf, type NsgRule, rulesOf } from "./nsg";
import { services } from "./service";
import { fail, type Finding, pass, waits } from "../rule";
import { azure } from "../types";
import type { Resource, Stack } from "../stack";

/** Name that Azure demands of the subnet of its Bastion. */
export const BASTION_SUBNET = "AzureBastionSubnet";

/** Private endpoints that give a managed service an address in the network. */
export function endpointsOf(stack: Stack, service: Resource): Resource[] {
    return stack
        .of(azure.privateEndpoint)
        .filter((endpoint) => endpoint.refersTo("privateLinkServiceConnections", service) === true);
}

/** Network cards of a machine. */
function cardsOf(stack: Stack, machine: Resource): Resource[] {
    return stack
        .of(azure.networkInterface)
        .filter((card) => machine.type === azure.machine && machine.refersTo("networkProfile", card) === true);
}

/** Whether the network cards of a machine have no public address. */
export function cardsPrivate(stack: Stack, machine: Resource): Finding[] {
    return cardsOf(stack, machine).map((card) =>
        card.objects("ipConfigurations").some((entry) => Boolean(entry["publicIPAddress"]))
            ? fail(card, "it has a public address; only the load balancer may have one")
            : pass(card, "no public address"),
    );
}

/** Replication and who is primary: between machines of one database that are alone in their subnet. */
export function isAmongDatabase(stack: Stack, { ports: opened, sources }: NsgRule): boolean {
    const own = databaseMachines(stack).find(([first]) => first!.type === azure.machine) ?? [];
    const machines = [...own, ...witnesses(stack)];
    const subnets = machines.flatMap((machine) => subnetsOfService(stack, machine));
    const strangers = stack
        .of(azure.networkInterface)
        .filter((card) => subnets.some((subnet) => card.refersTo("ipConfigurations", subnet) === true))
        .filter((card) => !machines.some((machine) => machine.refersTo("networkProfile", card) === true));
    const prefixes = prefixesOf(subnets);
    return (
        strangers.length === 0 &&
        [ports.postgres, rolePort].map(String).includes(opened.join()) &&
        sources.length > 0 &&
        sources.every((source) => prefixes.includes(source))
    );
}

/** Subnets in which a service has an address: of its endpoints, of its machine, or the one that is delegated to it. */
export function subnetsOfService(stack: Stack, service: Resource): Resource[] {
    const holders = [
        ...cardsOf(stack, service).map((card) => ({ holder: card, property: "ipConfigurations" })),
        ...endpointsOf(stack, service).map((endpoint) => ({ holder: endpoint, property: "subnet" })),
        ...(service.keys.includes("network") ? [{ holder: service, property: "network" }] : []),
    ];
    return stack
        .of(azure.subnet)
        .filter((subnet) => holders.some(({ holder, property }) => holder.refersTo(property, subnet) === true));
}

/** Network cards of the application servers. */
export function serverCards(stack: Stack): Resource[] {
    const servers = services(stack).flatMap(({ servers: behind }) => behind);
    return stack
        .of(azure.networkInterface)
        .filter((card) => servers.some((server) => server.refersTo("networkProfile", card) === true));
}

/** Subnets of the application servers, and those that are prepared for more of them: empty, and guarded by the same group. */
export function serverSubnets(stack: Stack): Resource[] {
    const subnets = stack.of(azure.subnet);
    const inside = (cards: Resource[]) =>
        subnets.filter((subnet) => cards.some((card) => card.refersTo("ipConfigurations", subnet) === true));
    const own = inside(serverCards(stack));
    const groups = own.map((subnet) => groupOf(stack, subnet)).filter((group) => group !== undefined);
    const used = [
        ...inside(stack.of(azure.networkInterface)),
        ...subnets.filter((subnet) =>
            stack.of(azure.privateEndpoint).some((endpoint) => endpoint.refersTo("subnet", subnet) === true),
        ),
    ];
    const prepared = subnets.filter((subnet) => !used.includes(subnet) && groups.includes(groupOf(stack, subnet)!));
    return [...own, ...prepared];
}

/** Subnets of what users reach: gateways, and balancers on machines. */
export function entrySubnets(stack: Stack): Resource[] {
    const ofGateways = stack
        .of(azure.subnet)
        .filter((subnet) =>
            stack.of(azure.gateway).some((gateway) => gateway.refersTo("gatewayIPConfigurations", subnet) === true),
        );
    return [...new Set([...ofGateways, ...proxyMachines(stack).flatMap((one) => subnetsOfService(stack, one))])];
}

/** Balancers on machines. */
export function proxyMachines(stack: Stack): Resource[] {
    return services(stack)
        .flatMap(({ proxy }) => proxy?.machines ?? [])
        .filter(({ type }) => type === azure.machine);
}

/** Address blocks of subnets, as far as they are known. */
export function prefixesOf(subnets: Resource[]): string[] {
    return subnets.flatMap((subnet) =>
        [subnet.get("addressPrefix"), ...subnet.list("addressPrefixes")].filter((value) => typeof value === "string"),
    );
}

/** Addresses of Azure Bastion. */
export function bastionPrefixes(stack: Stack): string[] {
    return prefixesOf(
        stack
            .of(azure.subnet)
            .filter((subnet) => [subnet.get("name"), subnet.get("subnetName")].includes(BASTION_SUBNET)),
    );
}

/** Security groups that guard the application servers: those of their cards and of their subnets. */
export function serverGroups(stack: Stack): Resource[] {
    const ofCards = serverCards(stack).map((card) =>
        stack.referred(card, "networkSecurityGroup", stack.of(azure.securityGroup)),
    );
    const ofSubnets = serverSubnets(stack).map((subnet) => groupOf(stack, subnet));
    return [...new Set([...ofCards, ...ofSubnets].filter((group) => group !== undefined))];
}

/** What lets anything in that Azure does not need for itself. */
export function ownOpenings(stack: Stack, group: Resource): NsgRule[] {
    return rulesOf(stack, group).filter(
        (rule) =>
            rule.inbound &&
            rule.allow &&
            !rule.sources.some((source) => ["GatewayManager", "AzureLoadBalancer"].includes(source)),
    );
}

/** Who may reach a tier, and on which ports. */
export interface Tier {
    sources: string[];
    ports: number[];
    /** Who that is, for messages. */
    allowed: string;
}

/** Judges one opening of a tier's group: from its tier before, on its ports. */
export function judgeTier(
    { holder, name, sources, ports: opened }: NsgRule,
    { sources: known, ports: right, allowed }: Tier,
): Finding {
    const wrongPort = opened.find((port) => !right.map(String).includes(port));
    if (wrongPort !== undefined) {
        return fail(holder, `${name}: port ${wrongPort} is open, allowed: ${right.join(", ") || "none"}`);
    }
    const wrong = sources.find((source) => !isInside(source, known));
    if (wrong === undefined && sources.length > 0) {
        return pass(holder, `${name}: port ${opened.join(", ")} to ${allowed}`);
    }
    return known.length === 0
        ? waits(holder, `${name}: the subnets of ${allowed} are not part of this stack`)
        : fail(holder, `${name}: open to ${wrong ?? "what is not known"}, allowed: ${allowed}`);
}
