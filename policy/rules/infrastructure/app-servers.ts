import { cardsPrivate } from "../../model/azure-network";
import { appServerCount, servers as guideServers } from "../../../components/reference";
import { judgeSize } from "../../model/sizes";
import { allMachines, appServers, machines, services, sessionMachines, zoneOf } from "../../model/service";
import { expectEqual, expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, UNKNOWN } from "../../stack";

function twoInTwoZones(stack: Stack): Finding[] {
    const found = services(stack);
    if (found.length === 0) {
        return [fail(undefined, "no application server is behind a load balancer in this stack")];
    }
    const withServers = found.filter(({ servers, scaled }) => servers.length + scaled.length > 0);
    return (withServers.length > 0 ? withServers : found).map(({ balancer, servers, scaled }) => {
        const spread = scaled.find(
            (group) => (group.number("minSize") ?? 0) >= appServerCount && group.list("vpcZoneIdentifiers").length > 1,
        );
        if (spread) {
            return pass(
                balancer,
                `${spread.name} keeps ${spread.number("minSize")} servers or more in two subnets or more`,
            );
        }
        const names = servers.map(({ name }) => name).join(", ");
        if (servers.length < appServerCount) {
            return fail(
                balancer,
                `found ${servers.length} ${servers.length === 1 ? "server" : "servers"} behind it, allowed: ${appServerCount} or more`,
            );
        }
        const zones = servers.map((server) => zoneOf(stack, server));
        const known = new Set(zones.filter((zone) => typeof zone === "string"));
        if (known.size > 1) {
            return pass(balancer, `${names} in the zones ${[...known].join(", ")}`);
        }
        return zones.some((zone) => zone === UNKNOWN || zone === undefined)
            ? waits(balancer, "the zones of its servers are not known before the update")
            : fail(balancer, `${names} are all in ${[...known].join(", ")}, allowed: different zones`);
    });
}

function size(server: Resource): Finding {
    const property = server.type === azure.machine ? "hardwareProfile.vmSize" : "instanceType";
    return judgeSize(server, property, guideServers.appServer.minimum);
}

function encrypted(server: Resource): Finding[] {
    if (server.type === azure.machine) {
        return [expectEqual(server, "securityProfile.encryptionAtHost", true)];
    }
    if (server.type === aws.launchTemplate) {
        const disks = server.objects("blockDeviceMappings");
        return disks.length === 0
            ? [fail(server, "blockDeviceMappings: found nothing, allowed: encrypted disks")]
            : disks.map((_, place) =>
                  expectValue(
                      server,
                      `blockDeviceMappings[${place}].ebs.encrypted`,
                      (value) => String(value) === "true",
                      "true",
                  ),
              );
    }
    const disks = server
        .list("ebsBlockDevices")
        .map((_, place) => expectEqual(server, `ebsBlockDevices[${place}].encrypted`, true));
    return [expectEqual(server, "rootBlockDevice.encrypted", true), ...disks];
}

function withoutPublicAddress(stack: Stack, server: Resource): Finding[] {
    if (server.type === aws.launchTemplate) {
        return server
            .objects("networkInterfaces")
            .map((_, place) =>
                expectValue(
                    server,
                    `networkInterfaces[${place}].associatePublicIpAddress`,
                    (value) => String(value) !== "true",
                    "false",
                ),
            );
    }
    if (server.type === aws.instance) {
        return [
            expectValue(server, "associatePublicIpAddress", (value) => value !== true, "false"),
            ...(server.isUnknown("publicIp") ? [] : [expectValue(server, "publicIp", (value) => !value, "nothing")]),
            ...elasticAddresses(stack, server),
            ...publicSubnet(stack, server),
        ];
    }
    return cardsPrivate(stack, server);
}

/** An elastic address makes a server public whatever its own settings say. */
function elasticAddresses(stack: Stack, server: Resource): Finding[] {
    return [
        ...stack
            .of(aws.elasticAddress)
            .filter((address) => address.keys.includes("instance") && address.refersTo("instance", server) === true),
        ...stack
            .of(aws.elasticAddressAssociation)
            .filter((association) => association.refersTo("instanceId", server) === true),
    ].map((address) => fail(server, `the elastic address ${address.name} makes it public`));
}

/** Unless a server says otherwise, its subnet decides whether it gets a public address. */
function publicSubnet(stack: Stack, server: Resource): Finding[] {
    const subnet = stack.referred(server, "subnetId", stack.of(aws.subnet));
    return server.get("associatePublicIpAddress") === undefined && subnet?.get("mapPublicIpOnLaunch") === true
        ? [fail(server, `its subnet ${subnet.name} gives it a public address`)]
        : [];
}

/** Two servers need a common place for sessions, and one that outlives a zone. */
function sharedSessions(stack: Stack): Finding[] {
    const servers = appServers(stack);
    const stores = stack.of(aws.cache, azure.cache);
    const single = sessionMachines(stack);
    if (stores.length === 0 && single.length > 0) {
        const one =
            "Redis on one machine: its failure ends all sessions; allowed: two nodes with failover (kind managed)";
        return single.map((machine) => fail(machine, one));
    }
    if (servers.length > 1 && stores.length === 0) {
        return [fail(undefined, `${servers.length} servers share no session store`)];
    }
    return stores.flatMap((store) =>
        store.type === azure.cache
            ? [expectValue(store, "highAvailability", (value) => value !== "Disabled", "Enabled")]
            : [
                  expectEqual(store, "automaticFailoverEnabled", true),
                  expectEqual(store, "multiAzEnabled", true),
                  expectValue(
                      store,
                      store.keys.includes("replicasPerNodeGroup") ? "replicasPerNodeGroup" : "numCacheClusters",
                      (value) => Number(value) >= (store.keys.includes("replicasPerNodeGroup") ? 1 : 2),
                      "two nodes or more",
                  ),
              ],
    );
}

/** Azure has no such setting; a lock would keep an update from replacing the server. */
function protectedFromTermination(server: Resource): Finding[] {
    return server.type === aws.instance ? [expectEqual(server, "disableApiTermination", true)] : [];
}

/** Primary and secondary app servers deployed. */
export const appServersRules: ItemRules = {
    item: "app-servers",
    rules: [
        {
            id: "app-servers-two-zones",
            title: "Two application servers in different zones behind the same balancer",
            severity: "critical",
            risk: "The failure of one machine or one zone is an outage.",
            fix: "Deploy two servers, each in a zone of its own, and register both with the balancer.",
            step: "Recommended Enterprise Architecture",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: twoInTwoZones,
        },
        {
            id: "app-servers-size",
            title: "Application servers have the guide's minimum of 4 CPU and 8 GiB",
            severity: "medium",
            risk: "Under load, answers are slow and the service runs out of memory.",
            fix: "Choose a size with 4 CPU and 8 GiB or more, for example c7i.xlarge or Standard_D4s_v5.",
            step: "Server Roles and Responsibilities",
            controls: [],
            check: (stack) => machines(stack).map(size),
        },
        {
            id: "app-servers-encrypted",
            title: "Disks of machines are encrypted",
            severity: "high",
            risk: "A disk or its snapshot can be read by whoever gets it.",
            fix: "Encrypt the root disk and every other one; on Azure turn on encryption at host.",
            step: "Step 2",
            controls: ["CIS AWS 5.0 5.1.1", "AWS Well-Architected SEC08-BP02", "MCSB DP-4"],
            check: (stack) => allMachines(stack).flatMap(encrypted),
        },
        {
            id: "app-servers-private",
            title: "Machines have no public address",
            severity: "critical",
            risk: "The servers can be attacked without passing the firewall.",
            fix: "Remove the public address; outbound traffic goes through address translation.",
            step: "Step 7",
            controls: ["AWS Well-Architected SEC05-BP01", "MCSB NS-2"],
            check: (stack) => allMachines(stack).flatMap((server) => withoutPublicAddress(stack, server)),
        },
        {
            id: "app-servers-sessions",
            title: "Servers share their sessions in a store with a second node in another zone",
            severity: "high",
            risk: "When a server or a zone fails, its users are logged out and lose what they were writing.",
            fix: "Add a session store with two nodes, automatic failover and multiple zones.",
            step: "Step 8",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: sharedSessions,
        },
        {
            id: "app-servers-protected",
            title: "Application servers are protected from termination",
            severity: "medium",
            risk: "A mistake in the console ends a server.",
            fix: "Turn on deletion protection.",
            step: "Step 2",
            controls: [],
            check: (stack) => appServers(stack).flatMap(protectedFromTermination),
        },
    ],
};
