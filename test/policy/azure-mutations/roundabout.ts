import type { Resource } from "../../../plan/engine/resource";
import type { Values } from "../../../plan/engine/values";
import { added, changed, find, hasName, type Mutation, setEach, shortType } from "../change";
import { isServer, script } from "./boot";

/** Defects by another way than the library's own resources. */
export function roundabout(all: Resource[]): Mutation[] {
    const group = (role: string) => find(all, "network.NetworkSecurityGroup", `-net-${role}`);
    const appSubnet = find(all, "network.Subnet", "-app-1");
    const madeFrom = (resource: Resource, property: string, other: Resource): Resource => ({
        ...resource,
        propertyDependencies: { ...resource.propertyDependencies, [property]: [other.urn] },
    });
    const card = find(all, "network.NetworkInterface", "-app1");
    const both =
        (changes: Values) =>
        ({ inputs }: Resource): Values[] => [
            {
                name: "planted",
                priority: 90,
                direction: "Inbound",
                access: "Allow",
                protocol: "*",
                destinationAddressPrefix: "*",
                ...changes,
            },
            ...(inputs["securityRules"] as Values[]),
        ];
    const renamedModule = (from: string, to: string, defect: Mutation): Mutation => ({
        name: `${defect.name}, with types of ${to}`,
        by: defect.by,
        change: (resources) =>
            defect.change(resources).map((resource) => ({
                ...resource,
                type: resource.type.replace(`azure-native:${from}:`, `azure-native:${to}:`),
            })),
    });
    const [weakTls] = setEach(
        all,
        "network.ApplicationGateway",
        "sslPolicy",
        { policyType: "Predefined", policyName: "AppGwSslPolicy20150501" },
        ["certificates-tls"],
    );
    const [publicDatabase] = setEach(
        all,
        "dbforpostgresql.Server",
        "network.publicNetworkAccess",
        "Enabled",
        ["database-access-private"],
        hasName("-primary"),
    );
    const [silent] = setEach(all, "monitor.MetricAlert", "enabled", false, ["alerting-active"], hasName("-down"));
    return [
        ...setEach(
            all,
            "network.NetworkSecurityGroup",
            "securityRules",
            both({ sourceAddressPrefixes: ["10.0.1.0/24", "198.51.100.7"], destinationPortRanges: ["5432", "5433"] }),
            ["database-access-app-only"],
            hasName("-net-database"),
        ),
        ...setEach(
            all,
            "network.NetworkSecurityGroup",
            "securityRules",
            both({ sourceAddressPrefix: "Storage", destinationPortRange: "5432" }),
            ["database-access-app-only"],
            hasName("-net-database"),
        ),
        ...setEach(
            all,
            "network.NetworkSecurityGroup",
            "securityRules",
            both({ sourceApplicationSecurityGroups: [{ id: "/subscriptions/x/asg" }], destinationPortRange: "5432" }),
            ["database-access-app-only"],
            hasName("-net-database"),
        ),
        added(
            "a machine's card gets a group that is open",
            ["firewall-internet"],
            "azure-native:network:NetworkSecurityGroup",
            {
                id: "/subscriptions/x/resourceGroups/x/providers/Microsoft.Network/networkSecurityGroups/open-to-all",
                name: "open-to-all",
                securityRules: both({ sourceAddressPrefix: "Internet", destinationPortRange: "8080" })(group("app")),
            },
        ),
        {
            name: "the servers' subnet is guarded by the gateway's group",
            by: ["firewall-tiers", "database-access-path", "firewall-internet", "firewall-connected"],
            change: (resources) =>
                resources.map((resource) =>
                    /-net-app-\d$/.test(resource.name) && shortType(resource) === "network.Subnet"
                        ? changed(resource, "networkSecurityGroup", { id: group("edge").id })
                        : resource,
                ),
        },
        {
            name: "the servers' cards are guarded by the gateway's group",
            by: ["firewall-tiers", "database-access-path", "firewall-internet"],
            change: (resources) =>
                resources.map((resource) =>
                    shortType(resource) === "network.NetworkInterface" && isServer(resource)
                        ? changed(resource, "networkSecurityGroup", { id: group("edge").id })
                        : resource,
                ),
        },
        {
            name: "the database's address is in the servers' subnet",
            by: ["database-access-app-only"],
            change: (resources) =>
                resources.map((resource) =>
                    shortType(resource) === "network.PrivateEndpoint" && /-db-(primary|replica)$/.test(resource.name)
                        ? madeFrom(changed(resource, "subnet", { id: appSubnet.id }), "subnet", appSubnet)
                        : resource,
                ),
        },
        added("a second gateway without a firewall", ["waf-attached"], "azure-native:network:ApplicationGateway", {
            ...find(all, "network.ApplicationGateway").outputs,
            name: "second",
            id: "/subscriptions/x/resourceGroups/x/providers/Microsoft.Network/applicationGateways/second-gateway",
            firewallPolicy: undefined,
        }),
        added("an account of blobs that anyone may read", ["firewall-buckets"], "azure-native:storage:StorageAccount", {
            id: "/subscriptions/x/storageAccounts/x",
            kind: "StorageV2",
            allowBlobPublicAccess: true,
        }),
        ...setEach(
            all,
            "compute.VirtualMachine",
            "osProfile.customData",
            script((text) => text.replaceAll("aznfs", "ext4")),
            ["shared-storage-mounted"],
            isServer,
        ),
        {
            name: "a server has a second card with a public address",
            by: ["app-servers-private"],
            change: (resources) => [
                ...resources.map((resource) =>
                    resource.name.endsWith("-app1") && shortType(resource) === "compute.VirtualMachine"
                        ? changed(resource, "networkProfile", {
                              networkInterfaces: [{ id: card.id }, { id: `${card.id}-second` }],
                          })
                        : resource,
                ),
                {
                    ...card,
                    urn: `${card.urn}-second`,
                    name: "second",
                    id: `${card.id}-second`,
                    outputs: {
                        id: `${card.id}-second`,
                        name: "second-card-of-app1",
                        ipConfigurations: [{ name: "public", publicIPAddress: { id: "/subscriptions/x/ip" } }],
                    },
                },
            ],
        },
        renamedModule("network", "network/v20230901", weakTls!),
        renamedModule("network", "network/v20240101", weakTls!),
        renamedModule("dbforpostgresql", "dbforpostgresql/v20240801", publicDatabase!),
        renamedModule("monitor", "insights", silent!),
        renamedModule("monitor", "insights/v20180301", silent!),
    ];
}
