import { aws, azure } from "../types";
import { databaseMachines, witnesses } from "./databases";
import { type Proxy, proxyOf, valueOf } from "./proxies";
import { type Resource, type Stack, texts, UNKNOWN } from "../stack";

/** A public load balancer with the servers behind it. */
export interface Service {
    balancer: Resource;
    /** AWS: its listeners. On Azure they are part of the balancer. */
    listeners: Resource[];
    /** AWS: further rules of its listeners. */
    listenerRules: Resource[];
    /** AWS: its groups of servers. On Azure they are part of the balancer. */
    groups: Resource[];
    servers: Resource[];
    /** AWS: autoscaling groups that put their machines behind it. */
    scaled: Resource[];
    /** What runs on the machines behind it and balances itself; `servers` are then those behind that. */
    proxy?: Proxy;
}

/** Every public load balancer of a stack with what is behind it. */
export function services(stack: Stack): Service[] {
    return stack.once(allServices);
}

function allServices(stack: Stack): Service[] {
    return [...awsServices(stack), ...gatewayServices(stack), ...handedOnServices(stack)];
}

/** The application servers: those behind any public load balancer, or all machines where there is none. */
export function appServers(stack: Stack): Resource[] {
    const behind = [...new Set(services(stack).flatMap(({ servers }) => servers))];
    const anyScaled = services(stack).some(({ scaled }) => scaled.length > 0);
    return behind.length > 0 || anyScaled ? behind : stack.of(aws.instance, azure.machine);
}

/** {@link appServers} and the launch templates that autoscaling makes further ones from. */
export function machines(stack: Stack): Resource[] {
    const templates = services(stack).flatMap(({ scaled }) =>
        stack
            .of(aws.launchTemplate)
            .filter((template) => scaled.some((group) => group.refersTo("launchTemplate", template) === true)),
    );
    return [...appServers(stack), ...new Set(templates)];
}

/** The machines that keep sessions, where no managed service does. */
export function sessionMachines(stack: Stack): Resource[] {
    return stack
        .of(aws.instance, azure.machine)
        .filter((machine) => machine.get("tags.minusnow-role") === "session-store");
}

/** The machines that serve the shared directories, where no managed service does. */
export function fileServers(stack: Stack): Resource[] {
    return stack
        .of(aws.instance, azure.machine)
        .filter((machine) => machine.get("tags.minusnow-role") === "file-server");
}

/** The volumes with the shared directories. */
export function fileVolumes(stack: Stack): Resource[] {
    const servers = fileServers(stack);
    const attached = stack
        .of(aws.volumeAttachment)
        .filter((attachment) => servers.some((server) => attachment.refersTo("instanceId", server) === true));
    const onAws = stack
        .of(aws.volume)
        .filter((volume) => attached.some((attachment) => attachment.refersTo("volumeId", volume) === true));
    const onAzure = stack
        .of(azure.disk)
        .filter((disk) => servers.some((server) => server.refersTo("storageProfile", disk) === true));
    return [...onAws, ...onAzure];
}

/** {@link machines}, those that balance before them, and those that keep sessions, data and files. */
export function allMachines(stack: Stack): Resource[] {
    const proxies = services(stack).flatMap(({ proxy }) => proxy?.machines ?? []);
    const databases = [...databaseMachines(stack).flat(), ...witnesses(stack)];
    const inner = [...sessionMachines(stack), ...databases, ...fileServers(stack)];
    return [...machines(stack), ...proxies, ...inner];
}

function awsServices(stack: Stack): Service[] {
    const balancers = stack
        .of(aws.loadBalancer)
        .filter((balancer) => balancer.get("internal") !== true && balancer.get("loadBalancerType") !== "gateway");
    return balancers.map((balancer) => {
        const listeners = stack
            .of(aws.listener)
            .filter((listener) => listener.refersTo("loadBalancerArn", balancer) === true);
        const listenerRules = stack
            .of(aws.listenerRule)
            .filter((rule) => listeners.some((listener) => rule.refersTo("listenerArn", listener) === true));
        const groups = stack
            .of(aws.targetGroup)
            .filter(
                (group) =>
                    listeners.some((listener) => listener.refersTo("defaultActions", group) === true) ||
                    listenerRules.some((rule) => rule.refersTo("actions", group) === true),
            );
        const attachments = stack
            .of(aws.targetGroupAttachment)
            .filter((attachment) => groups.some((group) => attachment.refersTo("targetGroupArn", group) === true));
        const servers = stack
            .of(aws.instance)
            .filter((server) =>
                attachments.some(
                    (attachment) =>
                        attachment.refersTo("targetId", server) === true ||
                        (typeof server.get("privateIp") === "string" &&
                            attachment.get("targetId") === server.get("privateIp")),
                ),
            );
        const scaled = stack
            .of(aws.autoscalingGroup)
            .filter((group) => groups.some((target) => group.refersTo("targetGroupArns", target) === true));
        const own = { balancer, listeners, listenerRules, groups, scaled };
        const proxy = balancer.get("loadBalancerType") === "network" ? proxyOf(stack, servers) : undefined;
        return proxy === undefined ? { ...own, servers } : { ...own, servers: serversBehind(stack, proxy), proxy };
    });
}

/** The machines whose addresses a proxy sends requests to. */
function serversBehind(stack: Stack, { source, facts, machines: proxies }: Proxy): Resource[] {
    const [property = ""] = valueOf(source).split(".");
    const isSent = (holder: Resource, address: unknown) =>
        facts === undefined ? source.sourcesOf(property).includes(holder.urn) : facts.members.includes(String(address));
    const cards = stack
        .of(azure.networkInterface)
        .filter((card) => isSent(card, card.get("ipConfigurations[0].privateIPAddress")));
    const others = stack.of(aws.instance, azure.machine).filter((machine) => !proxies.includes(machine));
    return others.filter((machine) =>
        machine.type === azure.machine
            ? cards.some((card) => machine.refersTo("networkProfile", card) === true)
            : isSent(machine, machine.get("privateIp")),
    );
}

/** Azure: load balancers that hand users' connections on to machines. */
function handedOnServices(stack: Stack): Service[] {
    const balancers = stack
        .of(azure.loadBalancer)
        .filter((balancer) =>
            balancer.objects("frontendIPConfigurations").some((frontend) => frontend["publicIPAddress"] !== undefined),
        );
    return balancers.map((balancer) => {
        const cards = stack
            .of(azure.networkInterface)
            .filter((card) => card.refersTo("ipConfigurations", balancer) === true);
        const servers = stack
            .of(azure.machine)
            .filter((server) => cards.some((card) => server.refersTo("networkProfile", card) === true));
        const own = { balancer, listeners: [], listenerRules: [], groups: [], scaled: [] };
        const proxy = proxyOf(stack, servers);
        return proxy === undefined ? { ...own, servers } : { ...own, servers: serversBehind(stack, proxy), proxy };
    });
}

function gatewayServices(stack: Stack): Service[] {
    return stack.of(azure.gateway).map((balancer) => {
        const addresses = texts(balancer.get("backendAddressPools"));
        const pools = balancer.list("backendAddressPools").map((pool) => (pool as { name?: unknown }).name);
        const isBehind = (card: Resource) =>
            texts(card.get("ipConfigurations")).some(
                (text) =>
                    addresses.includes(text) ||
                    pools.some((pool) => text.endsWith(`/backendAddressPools/${String(pool)}`)),
            ) ||
            (balancer.isUnknown("backendAddressPools") && balancer.sourcesOf("backendAddressPools").includes(card.urn));
        const cards = stack.of(azure.networkInterface).filter(isBehind);
        const servers = stack
            .of(azure.machine)
            .filter((server) => cards.some((card) => server.refersTo("networkProfile", card) === true));
        return { balancer, listeners: [], listenerRules: [], groups: [], servers, scaled: [] };
    });
}

/** The zone of a machine: that of its subnet on AWS, its own on Azure. */
export function zoneOf(stack: Stack, server: Resource): string | typeof UNKNOWN | undefined {
    if (server.type === azure.machine) {
        const zone = server.get("zones[0]");
        return zone === UNKNOWN || typeof zone === "string" ? zone : undefined;
    }
    const subnet = stack.referred(server, "subnetId", stack.of(aws.subnet));
    const zone =
        subnet?.get("availabilityZone") ?? server.get("availabilityZone") ?? server.get("availabilityZoneName");
    return zone === UNKNOWN || typeof zone === "string" ? zone : undefined;
}

/** Subnets of the application servers. */
export function appSubnets(stack: Stack): Resource[] {
    return stack
        .of(aws.subnet)
        .filter((subnet) => appServers(stack).some((server) => server.refersTo("subnetId", subnet) === true));
}
