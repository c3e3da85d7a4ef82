import { healthCheck, ports, timeouts } from "../../../components/reference";
import { locked, logged } from "../../model/azure-protection";
import { expectFact, expectFactBetween, type Proxy } from "../../model/proxies";
import { type Service, services, zoneOf } from "../../model/service";
import { subnetsOf } from "../../model/routes";
import { expectEqual, expectNumber, expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, UNKNOWN } from "../../stack";

/** Longest that a leaving server may hold up an update, in seconds. */
const LONGEST_DRAIN = 300;

const isAws = ({ balancer }: Service) => balancer.type === aws.loadBalancer;

function present(stack: Stack): Finding[] {
    const found = services(stack);
    if (found.length === 0) {
        return [fail(undefined, "no public load balancer in this stack")];
    }
    const withServers = found.filter(({ servers, scaled }) => servers.length + scaled.length > 0);
    const undecided = found.find(({ listeners }) =>
        listeners.some((listener) => listener.get("defaultActions") === UNKNOWN),
    );
    if (withServers.length === 0 && undecided) {
        return [waits(undecided.balancer, "where it sends requests is not known before the update")];
    }
    return withServers.length > 0
        ? withServers.map(({ balancer, servers, scaled }) =>
              pass(balancer, `sends requests to ${[...servers, ...scaled].map(({ name }) => name).join(", ")}`),
          )
        : found.map(({ balancer }) => fail(balancer, "no application server is behind it"));
}

function healthChecked(stack: Stack): Finding[] {
    const { path, expectedStatus, intervalSeconds, fall, rise } = healthCheck;
    return services(stack).flatMap((service) =>
        service.proxy
            ? [
                  expectFact(service.proxy, "healthPath", (value) => value === path, path),
                  expectFact(
                      service.proxy,
                      "healthStatus",
                      (value) => value === expectedStatus,
                      String(expectedStatus),
                  ),
                  expectFactBetween(service.proxy, "healthInterval", 1, intervalSeconds),
                  expectFactBetween(service.proxy, "healthFall", 2, fall),
                  expectFactBetween(service.proxy, "healthRise", 1, rise),
                  ...handOnProbes(service.balancer),
                  ...service.groups.flatMap((group) => [
                      expectEqual(group, "healthCheck.protocol", "HTTP"),
                      expectNumber(group, "healthCheck.interval", 5, 10),
                      expectNumber(group, "healthCheck.unhealthyThreshold", 2, fall),
                  ]),
              ]
            : isAws(service)
              ? service.groups.flatMap((group) => [
                    expectEqual(group, "healthCheck.path", path),
                    expectEqual(group, "healthCheck.matcher", String(expectedStatus)),
                    expectValue(
                        group,
                        "healthCheck.port",
                        (value) =>
                            [undefined, null, "traffic-port", String(ports.app), ports.app].includes(value as string),
                        `traffic-port or ${ports.app}`,
                    ),
                    expectValue(
                        group,
                        "healthCheck.protocol",
                        (value) => [undefined, null, "HTTP", "HTTPS"].includes(value as string),
                        "HTTP or HTTPS",
                    ),
                    expectNumber(group, "healthCheck.interval", 5, intervalSeconds),
                    expectNumber(group, "healthCheck.timeout", 2, intervalSeconds - 1),
                    expectNumber(group, "healthCheck.unhealthyThreshold", 2, fall),
                    expectNumber(group, "healthCheck.healthyThreshold", 2, rise),
                    expectValue(group, "healthCheck.enabled", (value) => value !== false, "true"),
                ])
              : probes(service.balancer),
    );
}

/** How Azure asks balancers on machines, before it hands connections on to them. */
function handOnProbes(balancer: Resource): Finding[] {
    if (balancer.type !== azure.loadBalancer) {
        return [];
    }
    const rules = balancer
        .objects("loadBalancingRules")
        .flatMap((_, place) => [
            expectValue(balancer, `loadBalancingRules[${place}].probe.id`, (value) => value !== undefined, "a probe"),
        ]);
    const asked = balancer
        .objects("probes")
        .flatMap((_, place) => [
            expectEqual(balancer, `probes[${place}].protocol`, "Http"),
            expectNumber(balancer, `probes[${place}].intervalInSeconds`, 5, 10),
            expectNumber(balancer, `probes[${place}].probeThreshold`, 1, healthCheck.fall),
        ]);
    return [...rules, ...asked];
}

function probes(gateway: Resource): Finding[] {
    const { path, intervalSeconds, fall } = healthCheck;
    const settings = gateway
        .list("backendHttpSettingsCollection")
        .flatMap((_, place) => [
            expectValue(
                gateway,
                `backendHttpSettingsCollection[${place}].probe.id`,
                (value) => value !== undefined,
                "a probe of its own",
            ),
        ]);
    const checks = gateway
        .list("probes")
        .flatMap((_, place) => [
            expectEqual(gateway, `probes[${place}].path`, path),
            expectNumber(gateway, `probes[${place}].interval`, 1, intervalSeconds),
            expectNumber(gateway, `probes[${place}].unhealthyThreshold`, 1, fall),
        ]);
    return checks.length === 0 ? [fail(gateway, "it has no probe of its own")] : [...settings, ...checks];
}

function inTwoZones(stack: Stack): Finding[] {
    return services(stack).map(({ balancer, proxy }) => {
        if (proxy) {
            return proxiesInTwoZones(stack, proxy);
        }
        if (balancer.type === azure.gateway) {
            const zones = new Set(balancer.list("zones"));
            return zones.size > 1
                ? pass(balancer, `zones ${[...zones].join(", ")}`)
                : fail(balancer, "not in two zones");
        }
        const zones = subnetsOf(stack, balancer, "subnets").map((subnet) => subnet.get("availabilityZone"));
        const known = new Set(zones.filter((zone) => typeof zone === "string"));
        if (known.size > 1) {
            return pass(balancer, `in the zones ${[...known].join(", ")}`);
        }
        return zones.includes(UNKNOWN) || zones.length === 0
            ? waits(balancer, "the zones of its subnets are not known before the update")
            : fail(balancer, `all its subnets are in ${[...known].join(", ")}, allowed: two zones or more`);
    });
}

/** What is in front of them has no single point of failure; they must be none either. */
function proxiesInTwoZones(stack: Stack, { machines }: Proxy): Finding {
    const zones = machines.map((machine) => zoneOf(stack, machine));
    const known = [...new Set(zones.filter((zone) => typeof zone === "string"))];
    const shown = machines.map(({ name }) => name).join(", ");
    if (known.length > 1) {
        return pass(machines[0], `${shown} in the zones ${known.join(", ")}`);
    }
    return zones.length > known.length && zones.includes(UNKNOWN)
        ? waits(machines[0], "the zones of the balancers are not known before the update")
        : fail(machines[0], `${shown} in ${known.join(", ")}, allowed: two balancers or more in two zones`);
}

function kept(stack: Stack): Finding[] {
    return services(stack).flatMap((service) =>
        isAws(service)
            ? [
                  expectEqual(service.balancer, "enableDeletionProtection", true),
                  service.proxy
                      ? expectFact(service.proxy, "logs", (value) => value, "every request in the log")
                      : expectEqual(service.balancer, "accessLogs.enabled", true),
              ]
            : [
                  locked(stack, service.balancer),
                  service.proxy
                      ? expectFact(service.proxy, "logs", (value) => value, "every request in the log")
                      : logged(stack, service.balancer, ["ApplicationGatewayAccessLog"]),
              ],
    );
}

function leavesInPeace(stack: Stack): Finding[] {
    return services(stack).flatMap((service) =>
        service.proxy
            ? [
                  expectFact(service.proxy, "stickyCookie", (value) => value, "a cookie for each server"),
                  expectFact(
                      service.proxy,
                      "ports",
                      (value) => value.length > 0 && value.every((port) => port === ports.app),
                      String(ports.app),
                  ),
                  ...service.groups.map((group) => expectNumber(group, "deregistrationDelay", 1, LONGEST_DRAIN)),
              ]
            : isAws(service)
              ? service.groups.flatMap((group) => [
                    expectEqual(group, "stickiness.enabled", true),
                    expectNumber(group, "deregistrationDelay", 1, LONGEST_DRAIN),
                    expectEqual(group, "port", ports.app),
                ])
              : service.balancer.list("backendHttpSettingsCollection").flatMap((_, place) => {
                    const path = `backendHttpSettingsCollection[${place}]`;
                    return [
                        expectEqual(service.balancer, `${path}.cookieBasedAffinity`, "Enabled"),
                        expectEqual(service.balancer, `${path}.connectionDraining.enabled`, true),
                        expectEqual(service.balancer, `${path}.port`, ports.app),
                    ];
                }),
    );
}

function timesOut(stack: Stack): Finding[] {
    const longest = 2 * timeouts.clientSeconds;
    return services(stack).flatMap((service) =>
        service.proxy
            ? [expectFactBetween(service.proxy, "idleSeconds", 1, longest)]
            : isAws(service)
              ? [expectNumber(service.balancer, "idleTimeout", 1, longest)]
              : service.balancer
                    .list("backendHttpSettingsCollection")
                    .map((_, place) =>
                        expectNumber(
                            service.balancer,
                            `backendHttpSettingsCollection[${place}].requestTimeout`,
                            1,
                            longest,
                        ),
                    ),
    );
}

/** Whether any server is in a zone that its balancer has no subnet in. A gateway on Azure reaches all zones of its region. */
function reachesZones(stack: Stack): Finding[] {
    return services(stack)
        .filter(isAws)
        .flatMap(({ balancer, servers: behind, proxy }) => {
            const servers = proxy?.machines ?? behind;
            const subnets = subnetsOf(stack, balancer, "subnets");
            const named = Math.max(balancer.list("subnets").length, balancer.list("subnetMappings").length);
            const zones = subnets.map((subnet) => subnet.get("availabilityZone"));
            return servers.map((server) => {
                if (subnets.length === 0 || subnets.length < named) {
                    return waits(server, "the balancer's subnets are not part of this stack");
                }
                const zone = zoneOf(stack, server);
                if (zone === UNKNOWN || zone === undefined || zones.includes(UNKNOWN)) {
                    return waits(server, "its zone is not known before the update");
                }
                return zones.includes(zone)
                    ? pass(server, `the balancer has a subnet in its zone ${zone}`)
                    : fail(server, `the balancer ${balancer.name} has no subnet in its zone ${zone}`);
            });
        });
}

/** Load balancer configured and tested. */
export const loadBalancer: ItemRules = {
    item: "load-balancer",
    rules: [
        {
            id: "load-balancer-present",
            title: "A public load balancer sends requests to the application servers",
            severity: "critical",
            risk: "Users reach one server, or none: its failure is an outage.",
            fix: "Add AwsLoadBalancer, or register the servers with the balancer that users reach.",
            step: "Step 1",
            controls: ["AWS Well-Architected REL11-BP02"],
            check: present,
        },
        {
            id: "load-balancer-health-check",
            title: "The balancer checks /health every 5 s, fall 3, rise 2",
            severity: "high",
            risk: "Requests go to a server that cannot answer them.",
            fix: "Set the health check to /health, status 200, interval 5 s, unhealthy after 3, healthy after 2.",
            step: "Steps 1 and 8",
            controls: ["AWS Well-Architected REL11-BP01"],
            check: healthChecked,
        },
        {
            id: "load-balancer-zones",
            title: "The balancer is in two zones or more",
            severity: "high",
            risk: "A failed zone takes the balancer with it.",
            fix: "Give it subnets in two zones; on Azure set its zones.",
            step: "Recommended Enterprise Architecture",
            controls: ["Security Hub ELB.13", "AWS Well-Architected REL10-BP01"],
            check: inTwoZones,
        },
        {
            id: "load-balancer-reaches-servers",
            title: "The balancer has a subnet in every server's zone",
            severity: "high",
            risk: "A server that is registered gets no request.",
            fix: "Give the balancer a subnet in each zone that has a server.",
            step: "Step 1",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: reachesZones,
        },
        {
            id: "load-balancer-protection",
            title: "The balancer is protected from deletion and writes access logs",
            severity: "medium",
            risk: "A mistake deletes the way in; an attack leaves no trace.",
            fix: "Turn on deletion protection and access logs; on Azure a lock and a diagnostic setting.",
            step: "Step 1",
            controls: ["Security Hub ELB.6", "MCSB AM-4"],
            check: kept,
        },
        {
            id: "load-balancer-sessions",
            title: "Sessions stick to a server and a leaving server is drained",
            severity: "medium",
            risk: "Users lose their session or their request when a server leaves.",
            fix: "Turn on stickiness and draining, and send requests to port 5000.",
            step: "Steps 1 and 8",
            controls: [],
            check: leavesInPeace,
        },
        {
            id: "load-balancer-timeout",
            title: "Idle connections are closed as the guide says",
            severity: "low",
            risk: "Idle connections use up the servers' connections.",
            fix: "Set the idle timeout, on Azure the request timeout, to 50 s.",
            step: "Step 1",
            controls: [],
            check: timesOut,
        },
    ],
};
