import { rolePort } from "../../../components/database/host/settings";
import { ports } from "../../../components/reference";
import { databaseMachines, primaries, replicas, witnessOf } from "../../model/databases";
import {
    bastionPrefixes,
    cardsPrivate,
    endpointsOf,
    entrySubnets,
    isAmongDatabase,
    judgeTier,
    ownOpenings,
    prefixesOf,
    serverGroups,
    serverSubnets,
    subnetsOfService,
} from "../../model/azure-network";
import { covers, groupOf } from "../../model/nsg";
import {
    isInside,
    isPort,
    judgeOpening,
    type Opening,
    openings,
    openingsInto,
    type Source,
} from "../../model/openings";
import { judgeFacts } from "../../model/postgres-machine";
import { judgePrivacy } from "../../model/routes";
import { appSubnets, machines } from "../../model/service";
import { isIn, isOfServers } from "../../model/tiers";
import { expectValue, fail, type Finding, type ItemRules, pass, shown, waits } from "../../rule";
import { aws, azure } from "../../types";
import type { Resource, Stack } from "../../stack";

const databases = (stack: Stack) => [...primaries(stack), ...replicas(stack)];

const notPublic = (stack: Stack): Finding[] =>
    databases(stack).flatMap((database) =>
        database.type === azure.machine ? cardsPrivate(stack, database) : [privacyOf[database.type]!(database)],
    );

/** How each type of database says that it has no public address. */
const privacyOf: Record<string, (database: Resource) => Finding> = {
    [aws.database]: (database) => expectValue(database, "publiclyAccessible", (value) => value !== true, "false"),
    [aws.instance]: (machine) => expectValue(machine, "associatePublicIpAddress", (value) => value === false, "false"),
    [azure.database]: (server) => expectValue(server, "network", isPrivate, "publicNetworkAccess Disabled"),
};

function isPrivate(network: unknown): boolean {
    const { publicNetworkAccess, delegatedSubnetResourceId } = (network ?? {}) as Record<string, unknown>;
    return (
        publicNetworkAccess === "Disabled" ||
        (publicNetworkAccess === undefined && delegatedSubnetResourceId !== undefined)
    );
}

/** No route between the Internet and the database's subnets. */
function isolated(stack: Stack): Finding[] {
    return databases(stack)
        .filter((database) => database.type === aws.database && database.keys.includes("dbSubnetGroupName"))
        .map((database) => judgePrivacy(stack, database, "dbSubnetGroupName", aws.databaseSubnets))
        .concat(
            databaseMachines(stack)
                .flat()
                .filter(({ type }) => type === aws.instance)
                .map((machine) => judgePrivacy(stack, machine, "subnetId")),
        );
}

/** What may open a connection is followed from the database's groups back to who is in them. */
function appTierOnly(stack: Stack): Finding[] {
    return databases(stack).flatMap((database) =>
        database.type.startsWith("azure") ? reachableOnAzure(stack, database) : reachableOnAws(stack, database),
    );
}

function reachableOnAws(stack: Stack, database: Resource): Finding[] {
    const groups = stack
        .of(aws.securityGroup)
        .filter((group) => database.refersTo("vpcSecurityGroupIds", group) === true);
    const own = groups.map((group) => group.get("id"));
    const outside = database.list("vpcSecurityGroupIds").filter((id) => typeof id === "string" && !own.includes(id));
    const found = openingsInto(stack, database, "vpcSecurityGroupIds");
    if (groups.length === 0 && found.length === 0) {
        return outside.length > 0 || database.isUnknown("vpcSecurityGroupIds")
            ? [waits(database, "its security groups are not in this stack: who reaches it cannot be told here")]
            : [
                  fail(
                      database,
                      "vpcSecurityGroupIds: found nothing, allowed: a group open to the application servers only",
                  ),
              ];
    }
    const among = (opening: Opening) => isAmongMachines(stack, database, opening);
    const fromOutside = found.filter((opening) => !among(opening));
    const judgements = fromOutside.map((opening) =>
        judgeOpening(opening, {
            what: database.name,
            port: ports.postgres,
            isAllowed: (source) => isAppTier(stack, source),
            allowed: "the application servers",
        }),
    );
    const foreign = outside.filter((id) => !found.some(({ groupId }) => groupId === id));
    return [
        ...judgements,
        ...found.filter(among).map(({ rule }) => pass(rule, "among the database's machines and what is before them")),
        ...foreign.map((id) =>
            fail(database, `it is also in ${shown(id)}, which is not in this stack: who reaches it cannot be told`),
        ),
        ...(fromOutside.some((opening) => isPort(opening, ports.postgres))
            ? []
            : [fail(database, `not reachable on port ${ports.postgres} from the application servers`)]),
    ];
}

/** Replication and who is primary: between machines of the database alone, with their internal balancers. */
function isAmongMachines(stack: Stack, database: Resource, opening: Opening): boolean {
    const members = databaseMachines(stack).find((machines) => machines.includes(database));
    const own = [...(members ?? []), witnessOf(stack, database)];
    return (
        members !== undefined &&
        [ports.postgres, rolePort].some((port) => isPort(opening, port)) &&
        opening.sources.length > 0 &&
        opening.sources.every(
            (source) =>
                source.kind === "group" &&
                database.refersTo("vpcSecurityGroupIds", source.group) === true &&
                strangersIn(stack, source.group).every((machine) => own.includes(machine)) &&
                stack
                    .of(aws.loadBalancer)
                    .filter((balancer) => isIn(balancer, "securityGroups", source))
                    .every((balancer) => balancer.get("internal") === true),
        )
    );
}

/** The servers' own group, without anyone else in it, or a network that holds only their subnets. */
function isAppTier(stack: Stack, source: Source): boolean {
    if (source.kind === "network") {
        const networks = appSubnets(stack).map((subnet) => subnet.text("cidrBlock") ?? "");
        return isInside(source.cidr, networks);
    }
    return isOfServers(stack, source) && (source.kind !== "group" || strangersIn(stack, source.group).length === 0);
}

/** Machines in a group that are no application servers. */
function strangersIn(stack: Stack, group: Resource): Resource[] {
    const servers = machines(stack);
    return [
        ...stack.of(aws.instance, aws.launchTemplate).filter((machine) => !servers.includes(machine)),
        ...stack.of(aws.networkInterface),
    ].filter((machine) =>
        ["vpcSecurityGroupIds", "securityGroups", "networkInterfaces"].some(
            (property) => machine.keys.includes(property) && machine.refersTo(property, group) === true,
        ),
    );
}

/** The group that lets a database in must not itself be open to anyone but the balancer. */
function pathIsGuarded(stack: Stack): Finding[] {
    return stack
        .of(aws.securityGroup)
        .filter((group) => isOfServers(stack, { kind: "group", group }))
        .map((group) => {
            const wide = openings(stack).find(
                (opening) => opening.group === group && opening.sources.some((source) => source.kind === "network"),
            );
            return wide
                ? fail(
                      wide.rule,
                      `${group.name}, which reaches the database, is open to a network instead of the balancer`,
                  )
                : pass(group, "open to the balancer's group only");
        });
}

function reachableOnAzure(stack: Stack, database: Resource): Finding[] {
    const subnets = subnetsOfService(stack, database);
    if (subnets.length === 0) {
        return endpointsOf(stack, database).length > 0
            ? [waits(database, "its subnet is not in this stack: who reaches it cannot be told here")]
            : [fail(database, "no private endpoint gives it an address in the network")];
    }
    const servers = {
        sources: prefixesOf(serverSubnets(stack)),
        ports: [ports.postgres],
        allowed: "the application servers' subnets",
    };
    return subnets.flatMap((subnet) => {
        const group = groupOf(stack, subnet);
        if (!group) {
            return [fail(subnet, "the database's subnet has no network security group")];
        }
        const isEndpoint = database.type === azure.database && database.refersTo("network", subnet) !== true;
        const allowed = ownOpenings(stack, group).filter((rule) => !isAmongDatabase(stack, rule));
        return [
            ...allowed.map((rule) => judgeTier(rule, servers)),
            ...(allowed.some((rule) => covers(rule, ports.postgres))
                ? []
                : [fail(group, `${database.name} is not reachable on port ${ports.postgres}`)]),
            ...(isEndpoint ? [endpointGuarded(subnet)] : []),
        ];
    });
}

/** By default Azure lets everything pass to a private endpoint, whatever its subnet's security group says. */
function endpointGuarded(subnet: Resource): Finding {
    return expectValue(
        subnet,
        "privateEndpointNetworkPolicies",
        (value) => value === "Enabled" || value === "NetworkSecurityGroupEnabled",
        "Enabled",
    );
}

/** The servers that reach the database are themselves reached from the gateway, and by administrators through Bastion. */
function azurePathIsGuarded(stack: Stack): Finding[] {
    const known = [...prefixesOf(entrySubnets(stack)), ...bastionPrefixes(stack)];
    return serverGroups(stack).flatMap((group) => {
        const wide = ownOpenings(stack, group).find((rule) => rule.sources.some((source) => !isInside(source, known)));
        if (!wide) {
            return [pass(group, "open to the gateway's subnet only")];
        }
        return known.length === 0
            ? [waits(group, "the gateway's subnet is not in this stack")]
            : [
                  fail(
                      wide.holder,
                      `${wide.name}: ${group.name}, which reaches the database, is open to more than the gateway`,
                  ),
              ];
    });
}

function noFirewallExceptions(stack: Stack): Finding[] {
    return stack
        .of(azure.databaseFirewall)
        .map((rule) => fail(rule, "it lets public addresses in; allowed: none beside the application servers"));
}

function tlsForced(stack: Stack): Finding[] {
    return [
        ...databaseMachines(stack)
            .flat()
            .flatMap((machine) =>
                judgeFacts(machine, ({ settings, clearConnections: [clear] }) => [
                    settings["ssl"] === "on"
                        ? pass(machine, "ssl is on")
                        : fail(machine, `ssl: found ${shown(settings["ssl"])}, allowed: on`),
                    clear === undefined
                        ? pass(machine, "pg_hba.conf lets connections in over TLS and by scram only")
                        : fail(machine, `pg_hba.conf: found '${clear}', allowed: hostssl with scram-sha-256`),
                ]),
            ),
        ...stack.of(aws.database).map((database) => {
            const group = stack.referred(database, "parameterGroupName", stack.of(aws.databaseParameters));
            const parameters = (group?.list("parameters") ?? []) as { name?: unknown; value?: unknown }[];
            return parameters.some(({ name, value }) => name === "rds.force_ssl" && value === "1")
                ? pass(database, "rds.force_ssl is 1")
                : fail(database, "its parameter group does not set rds.force_ssl to 1");
        }),
        ...stack
            .of(azure.databaseSetting)
            .filter((setting) =>
                [setting.get("configurationName"), setting.get("name")].includes("require_secure_transport"),
            )
            .map((setting) => expectValue(setting, "value", (value) => String(value).toLowerCase() === "on", "on")),
    ];
}

/** Database access restricted to app servers. */
export const databaseAccess: ItemRules = {
    item: "database-access",
    rules: [
        {
            id: "database-access-private",
            title: "The database has no public address and no route to the Internet",
            severity: "critical",
            risk: "One wrong firewall rule puts all data on the Internet.",
            fix: "Turn off public access and place the database in subnets without a route to the Internet gateway.",
            step: "Step 7",
            controls: ["CIS AWS 5.0 2.2.3", "Security Hub RDS.2", "MCSB NS-2", "CIS Azure 3.0 5.2.5"],
            check: (stack) => [...notPublic(stack), ...isolated(stack), ...noFirewallExceptions(stack)],
        },
        {
            id: "database-access-app-only",
            title: "The application servers reach the database, and nothing else does",
            severity: "critical",
            risk: "Another machine that is taken over reads and changes all data.",
            fix: "Open port 5432 to the application servers' group, or their subnets, and to nothing else; on Azure turn on network policies for private endpoints.",
            step: "Step 7",
            controls: ["AWS Well-Architected SEC05-BP02", "MCSB NS-1", "MCSB NS-2"],
            check: appTierOnly,
        },
        {
            id: "database-access-path",
            title: "What reaches the database is itself reached through the balancer only",
            severity: "high",
            risk: "An open application server is a way around the firewall to the data.",
            fix: "Open the application servers' group to the balancer's group only.",
            step: "Step 7",
            controls: ["AWS Well-Architected SEC05-BP01"],
            check: (stack) => [...pathIsGuarded(stack), ...azurePathIsGuarded(stack)],
        },
        {
            id: "database-access-tls",
            title: "Connections to the database use TLS",
            severity: "high",
            risk: "Passwords and tickets can be read on the network.",
            fix: "Set rds.force_ssl to 1; on Azure require_secure_transport to on.",
            step: "Step 7",
            controls: ["Security Hub RDS.38", "AWS Well-Architected SEC09-BP02", "MCSB DP-3", "CIS Azure 3.0 5.2.1"],
            check: tlsForced,
        },
    ],
};
