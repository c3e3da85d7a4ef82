import { arrows, ports } from "../../../components/reference";
import { cachePort } from "../../../components/session-store/azure-port";
import {
    BASTION_SUBNET,
    bastionPrefixes,
    endpointsOf,
    entrySubnets,
    isAmongDatabase,
    judgeTier,
    ownOpenings,
    prefixesOf,
    serverGroups,
    serverSubnets,
    subnetsOfService,
    type Tier,
} from "../../model/azure-network";
import { azureFileServers, azureSessions, azureTiers } from "../../model/azure-tiers";
import { databaseMachines } from "../../model/databases";
import { covers, fromInternet, groupOf, type NsgRule, rulesOf } from "../../model/nsg";
import { isInternet, isPort, judgeOpening, openings, openingsInto, portsText } from "../../model/openings";
import { judgePrivacy } from "../../model/routes";
import { appServers, fileServers, services, sessionMachines } from "../../model/service";
import { isIn, isOfServers } from "../../model/tiers";
import { expectEqual, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import type { Resource, Stack } from "../../stack";

/** Ports that users may reach. */
const PUBLIC_PORTS = arrows.filter(({ from }) => from === "internet").map(({ port }) => port);

function publicOpenings(stack: Stack): Finding[] {
    const balancers = services(stack).map(({ balancer }) => balancer);
    return openings(stack)
        .filter(({ sources }) => sources.some(isInternet))
        .map((opening) => {
            const { rule, group } = opening;
            const ofBalancer =
                group && balancers.some((balancer) => balancer.refersTo("securityGroups", group) === true);
            if (!ofBalancer) {
                return fail(
                    rule,
                    `${group?.name ?? "a security group"} is open to the Internet; only the load balancer may be`,
                );
            }
            return PUBLIC_PORTS.some((port) => isPort(opening, port))
                ? pass(rule, `port ${opening.fromPort} of the load balancer`)
                : fail(
                      rule,
                      `ports ${portsText(opening)} are open to the Internet, allowed: ${PUBLIC_PORTS.join(" and ")}`,
                  );
        });
}

function publicNsgRules(stack: Stack): Finding[] {
    const entryGroups = entrySubnets(stack).map((subnet) => groupOf(stack, subnet));
    return stack.of(azure.securityGroup).flatMap((group) =>
        rulesOf(stack, group)
            .filter(fromInternet)
            .map((rule) => {
                const { holder, name, ports: opened } = rule;
                const isPublic = opened.every((port) => PUBLIC_PORTS.map(String).includes(port));
                if (isPublic && entryGroups.length === 0 && !isAttached(stack, group)) {
                    return waits(holder, `${name}: the subnet that it is for is not part of this stack`);
                }
                return isPublic && entryGroups.includes(group)
                    ? pass(holder, `${name}: port ${opened.join(", ")} of the load balancer`)
                    : fail(holder, `${name}: ports ${opened.join(", ")} are open to the Internet`);
            }),
    );
}

/** True when a security group guards something in this stack. */
function isAttached(stack: Stack, group: Resource): boolean {
    return [...stack.of(azure.subnet), ...stack.of(azure.networkInterface)].some(
        (guarded) => guarded.refersTo("networkSecurityGroup", group) !== false,
    );
}

/** The tiers behind the application's, with the property that names their groups and their one port. */
const tiers = [
    {
        of: (stack: Stack) => stack.of(aws.mountTarget),
        property: "securityGroups",
        port: ports.nfs,
        what: "shared storage",
    },
    {
        of: (stack: Stack) => stack.of(aws.windowsFiles),
        property: "securityGroupIds",
        port: ports.smb,
        what: "shared storage",
    },
    {
        of: (stack: Stack) => stack.of(aws.cache),
        property: "securityGroupIds",
        port: ports.redis,
        what: "the session store",
    },
    {
        of: (stack: Stack) => fileServers(stack).filter(({ type }) => type === aws.instance),
        property: "vpcSecurityGroupIds",
        port: ports.nfs,
        what: "shared storage",
    },
    {
        of: (stack: Stack) => sessionMachines(stack).filter(({ type }) => type === aws.instance),
        property: "vpcSecurityGroupIds",
        port: ports.redis,
        what: "the session store",
    },
];

function tierOpenings(stack: Stack): Finding[] {
    const inner = tiers.flatMap(({ of, property, port, what }) =>
        of(stack).flatMap((resource) =>
            openingsInto(stack, resource, property).map((opening) =>
                judgeOpening(opening, {
                    what,
                    port,
                    isAllowed: (source) => isOfServers(stack, source),
                    allowed: "the application servers' group",
                }),
            ),
        ),
    );
    const balancers = services(stack).map(({ balancer }) => balancer);
    const app = instances(stack).flatMap((server) =>
        openingsInto(stack, server, "vpcSecurityGroupIds").map((opening) =>
            judgeOpening(opening, {
                what: "the application",
                port: ports.app,
                isAllowed: (source) => balancers.some((balancer) => isIn(balancer, "securityGroups", source)),
                allowed: "the load balancer's group",
            }),
        ),
    );
    return [...app, ...inner];
}

function instances(stack: Stack): Resource[] {
    return appServers(stack).filter(({ type }) => type === aws.instance);
}

/** Each tier is opened to the tier before it, or it could not work. */
function tiersConnected(stack: Stack): Finding[] {
    const servers = instances(stack).map((server) => {
        if (openingsInto(stack, server, "vpcSecurityGroupIds").some((opening) => isPort(opening, ports.app))) {
            return pass(server, `reachable on ${ports.app}`);
        }
        const own = stack
            .of(aws.securityGroup)
            .filter((group) => server.refersTo("vpcSecurityGroupIds", group) === true);
        return own.length === 0 && server.list("vpcSecurityGroupIds").length > 0
            ? waits(server, "its security groups are not in this stack")
            : fail(server, `not reachable on port ${ports.app} from the load balancer`);
    });
    const inner = tiers.flatMap(({ of, property, port, what }) =>
        of(stack).map((resource) =>
            openingsInto(stack, resource, property).some((opening) => isPort(opening, port))
                ? pass(resource, `reachable on ${port}`)
                : fail(resource, `${what} is not reachable on port ${port} from the application servers`),
        ),
    );
    return [...servers, ...inner, ...azureConnected(stack)];
}

function azureConnected(stack: Stack): Finding[] {
    const servers = serverGroups(stack).map((group) =>
        opens(stack, group, ports.app)
            ? pass(group, `reachable on ${ports.app}`)
            : fail(group, `the application servers are not reachable on port ${ports.app}`),
    );
    const inner = azureTiers(stack).map(({ service, port, what }) => {
        const subnets = subnetsOfService(stack, service);
        if (subnets.length === 0) {
            return endpointsOf(stack, service).length > 0
                ? waits(service, "its subnet is not part of this stack")
                : fail(service, `${what} has no private endpoint`);
        }
        return subnets.every((subnet) => {
            const group = groupOf(stack, subnet);
            return group === undefined || opens(stack, group, port);
        })
            ? pass(service, `reachable on ${port}`)
            : fail(service, `${what} is not reachable on port ${port} from the application servers`);
    });
    return [...servers, ...inner];
}

function opens(stack: Stack, group: Resource, port: number): boolean {
    return ownOpenings(stack, group).some((rule) => covers(rule, port));
}

const BLOCKS = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

/** What is stored is as private as what is reachable. */
function noPublicBuckets(stack: Stack): Finding[] {
    return [
        ...stack.of(aws.bucket).flatMap((bucket) => {
            const access = stack.of(aws.bucketAccess).find((other) => other.refersTo("bucket", bucket) === true);
            return access
                ? BLOCKS.map((property) => expectEqual(access, property, true))
                : [fail(bucket, "nothing keeps it from being made public")];
        }),
        ...stack.of(azure.storageAccount).map((account) => expectEqual(account, "allowBlobPublicAccess", false)),
    ];
}

function nsgOfEverySubnet(stack: Stack): Finding[] {
    const guarded = stack
        .of(azure.subnet)
        .filter((subnet) => ![subnet.get("name"), subnet.get("subnetName")].includes(BASTION_SUBNET));
    return guarded.map((subnet) => {
        const group = groupOf(stack, subnet);
        if (!group) {
            return fail(subnet, "it has no network security group");
        }
        const deny = rulesOf(stack, group).find(
            (rule) => rule.inbound && !rule.allow && rule.ports.includes("*") && rule.sources.includes("*"),
        );
        const lastAllow = rulesOf(stack, group)
            .filter((rule) => rule.inbound && rule.allow)
            .at(-1);
        return deny && deny.priority > (lastAllow?.priority ?? 0)
            ? pass(group, "denies all that it does not allow")
            : fail(group, "no rule denies the rest; Azure allows everything inside the network by default");
    });
}

/** Every opening of a group is one of the tier that is behind it. */
function nsgTiers(stack: Stack): Finding[] {
    return stack.of(azure.securityGroup).flatMap((group) => {
        const tier = tierBehind(stack, group);
        return ownOpenings(stack, group)
            .filter((rule) => !fromInternet(rule))
            .map((rule) =>
                isAdministration(rule) && rule.sources.every((source) => bastionPrefixes(stack).includes(source))
                    ? pass(rule.holder, `${rule.name}: Azure Bastion`)
                    : readsSecrets(stack, rule)
                      ? pass(rule.holder, `${rule.name}: secrets are read by whom they are for`)
                      : isAmongDatabase(stack, rule)
                        ? pass(rule.holder, `${rule.name}: among the database's machines`)
                        : judgeTier(rule, tier),
            );
    });
}

const isAdministration = ({ ports: opened }: NsgRule) =>
    opened.length > 0 && opened.every((port) => [ports.ssh, ports.rdp].map(String).includes(port));

/** A balancer, and a session store or a database on a machine, reads what is its own from the vault, on nothing but its port. */
function readsSecrets(stack: Stack, { ports: opened, sources }: NsgRule): boolean {
    const ofDatabase = databaseMachines(stack)
        .flat()
        .filter(({ type }) => type === azure.machine);
    const ofMachines = [...azureSessions(stack), ...ofDatabase].flatMap((machine) => subnetsOfService(stack, machine));
    const own = prefixesOf([...entrySubnets(stack), ...ofMachines]);
    return (
        opened.join() === String(ports.https) && sources.length > 0 && sources.every((source) => own.includes(source))
    );
}

/** Ports of every tier behind the application's. */
const INNER_PORTS = [ports.postgres, ports.nfs, ports.smb, cachePort, ports.redis, ports.https];

/** What may reach the resources that a group guards. */
function tierBehind(stack: Stack, group: Resource): Tier {
    if (serverGroups(stack).includes(group)) {
        return {
            sources: prefixesOf(entrySubnets(stack)),
            ports: [ports.app],
            allowed: "the load balancer's subnet",
        };
    }
    const isBehind = (service: Resource) =>
        subnetsOfService(stack, service).some((subnet) => groupOf(stack, subnet) === group);
    const reachable = [
        ...azureTiers(stack),
        ...stack.of(azure.database).map((service) => ({ service, port: ports.postgres })),
        ...[...stack.of(azure.keyVault), ...blobAccounts(stack)].map((service) => ({ service, port: ports.https })),
    ].filter(({ service }) => isBehind(service));
    return {
        sources: prefixesOf(serverSubnets(stack)),
        // A subnet that is prepared and empty may be open as it will be used.
        ports: reachable.length === 0 ? INNER_PORTS : [...new Set(reachable.map(({ port }) => port))],
        allowed: "the application servers' subnets",
    };
}

function blobAccounts(stack: Stack): Resource[] {
    return stack.of(azure.storageAccount).filter((account) => account.get("kind") !== "FileStorage");
}

function defaultGroupLocked(stack: Stack): Finding[] {
    return stack.of(aws.vpc).map((network) => {
        const locked = stack.of(aws.defaultSecurityGroup).find((group) => group.refersTo("vpcId", network) === true);
        if (!locked) {
            return fail(network, "its default security group lets its members reach each other; take its rules away");
        }
        return locked.list("ingress").length === 0 && locked.list("egress").length === 0
            ? pass(locked, "without any rule")
            : fail(locked, "the default security group has rules, allowed: none");
    });
}

function flowLogs(stack: Stack): Finding[] {
    return stack.of(aws.vpc).flatMap((network) => {
        const logs = stack.of(aws.flowLog).filter((log) => log.refersTo("vpcId", network) === true);
        return logs.length === 0
            ? [fail(network, "connections are not recorded; add a flow log")]
            : logs.map((log) => expectEqual(log, "trafficType", "ALL"));
    });
}

function azureFlowLogs(stack: Stack): Finding[] {
    return stack.of(azure.network).flatMap((network) => {
        const logs = stack.of(azure.flowLog).filter((log) => log.refersTo("targetResourceId", network) === true);
        return logs.length === 0
            ? [fail(network, "connections are not recorded; add a flow log")]
            : logs.map((log) => expectEqual(log, "enabled", true));
    });
}

/** No subnet reaches the Internet by itself, and those of managed services not at all. */
function azurePrivateSubnets(stack: Stack): Finding[] {
    const managed = [...azureTiers(stack).map(({ service }) => service), ...stack.of(azure.database)];
    const inner = managed.flatMap((service) => subnetsOfService(stack, service));
    const ofMachines = [...azureSessions(stack), ...azureFileServers(stack)].flatMap((machine) =>
        subnetsOfService(stack, machine),
    );
    return [
        ...[...new Set([...serverSubnets(stack), ...inner])].map((subnet) =>
            expectEqual(subnet, "defaultOutboundAccess", false),
        ),
        ...[...new Set(inner)]
            .filter((subnet) => !ofMachines.includes(subnet))
            .map((subnet) =>
                subnet.keys.includes("natGateway")
                    ? fail(subnet, "natGateway: what it holds needs no way out; allowed: nothing")
                    : pass(subnet, "without a way out"),
            ),
    ];
}

function innerSubnets(stack: Stack): Finding[] {
    return [
        ...[...stack.of(aws.mountTarget), ...instances(stack)].map((resource) =>
            judgePrivacy(stack, resource, "subnetId"),
        ),
        ...stack.of(aws.cache).map((resource) => judgePrivacy(stack, resource, "subnetGroupName", aws.cacheSubnets)),
    ];
}

/** Network firewall rules in place. */
export const firewall: ItemRules = {
    item: "firewall",
    rules: [
        {
            id: "firewall-internet",
            title: "Only the load balancer's ports 443 and 80 are open to the Internet",
            severity: "critical",
            risk: "Anyone can attack a server, a database or a file share directly.",
            fix: "Remove the rule, or limit its source to the tier that needs it.",
            step: "Step 7",
            controls: ["Security Hub EC2.18", "AWS Well-Architected SEC05-BP02", "MCSB NS-1", "CIS Azure 3.0 7.4"],
            check: (stack) => [...publicOpenings(stack), ...publicNsgRules(stack)],
        },
        {
            id: "firewall-tiers",
            title: "Each tier is open to the tier before it, on its one port",
            severity: "high",
            risk: "An intruder moves on from any machine to the others.",
            fix: "Open 5000 to the balancer, 2049 and 6379 to the application servers, and nothing else.",
            step: "Step 7",
            controls: ["AWS Well-Architected SEC05-BP02", "MCSB NS-1"],
            check: (stack) => [...tierOpenings(stack), ...nsgTiers(stack)],
        },
        {
            id: "firewall-connected",
            title: "Each tier is reached by the tier before it",
            severity: "high",
            risk: "The application does not start.",
            fix: "Open 5000 to the balancer's group, and 2049 and 6379 to the application servers' group.",
            step: "Step 7",
            controls: [],
            check: tiersConnected,
        },
        {
            id: "firewall-private-subnets",
            title: "Servers, storage and session store are in private subnets",
            severity: "high",
            risk: "One wrong firewall rule is enough to put them on the Internet.",
            fix: "Place them in subnets without a route to the Internet gateway; on Azure without default outbound access.",
            step: "Step 7",
            controls: ["AWS Well-Architected SEC05-BP01", "MCSB NS-2"],
            check: (stack) => [...innerSubnets(stack), ...azurePrivateSubnets(stack)],
        },
        {
            id: "firewall-default",
            title: "What no rule allows is denied",
            severity: "medium",
            risk: "A resource that names no firewall group is open to its neighbours.",
            fix: "Take all rules from the default security group; on Azure give each subnet a group that denies the rest.",
            step: "Step 7",
            controls: ["CIS AWS 5.0 5.5", "Security Hub EC2.2", "MCSB NS-1"],
            check: (stack) => [...defaultGroupLocked(stack), ...nsgOfEverySubnet(stack)],
        },
        {
            id: "firewall-buckets",
            title: "No bucket can be made public",
            severity: "high",
            risk: "One wrong policy publishes logs, backups or releases.",
            fix: "Block public access to every bucket; on Azure turn off public access to blobs.",
            step: "Step 7",
            controls: ["Security Hub S3.8", "AWS Well-Architected SEC05-BP01", "MCSB NS-2"],
            check: noPublicBuckets,
        },
        {
            id: "firewall-flow-logs",
            title: "Connections are recorded",
            severity: "medium",
            risk: "After an attack nobody can tell what was reached.",
            fix: "Add a flow log of all traffic to the network.",
            step: "Step 7",
            controls: ["CIS AWS 5.0 3.7", "Security Hub EC2.6", "MCSB LT-4"],
            check: (stack) => [...flowLogs(stack), ...azureFlowLogs(stack)],
        },
    ],
};
