import type { Resource } from "../../plan/engine/resource";
import { reveal, type Value, type Values } from "../../plan/engine/values";
import { script } from "./azure-mutations/boot";
import { added, changed, find, hasName, setEach, shortType } from "./change";
import { type Harmless, renamed } from "./harmless";

const MACHINE = "compute.VirtualMachine";
const GATEWAY = "network.ApplicationGateway";
const COMMAND = "compute.VirtualMachineRunCommandByVirtualMachine";
/** The guide's alarms that fire above a value; those on memory fire below what Azure counts as available. */
const firesAbove = ({ inputs, name }: Resource) =>
    "metric" in ((inputs["tags"] ?? {}) as Values) && !/-memory-app\d/.test(name);

/** Changes that break nothing, or make things stricter; no rule may object. */
export function azureHarmless(all: Resource[]): Harmless[] {
    const set = (
        type: string,
        path: string,
        value: Value | ((resource: Resource) => Value),
        only?: (resource: Resource) => boolean,
    ) => setEach(all, type, path, value, [], only);
    const calendar = (text: string) =>
        set(
            COMMAND,
            "source.script",
            ({ inputs }) =>
                ((inputs["source"] as Values)["script"] as string).replace(/OnCalendar=.*/, `OnCalendar=${text}`),
            hasName("-backup-database"),
        );
    return [
        ...set(GATEWAY, "tags.team", "platform"),
        ...set(GATEWAY, "probes[0].timeout", 3),
        ...set(GATEWAY, "probes[0].unhealthyThreshold", 2),
        ...set(GATEWAY, "backendHttpSettingsCollection[0].requestTimeout", 60),
        ...set(GATEWAY, "backendHttpSettingsCollection[0].connectionDraining.drainTimeoutInSec", 30),
        ...set(GATEWAY, "zones", ["1", "2", "3"]),
        ...set(GATEWAY, "autoscaleConfiguration.minCapacity", 4),
        ...set(GATEWAY, "sslPolicy", { policyType: "Predefined", policyName: "AppGwSslPolicy20220101" }),
        ...set(GATEWAY, "sslPolicy", {
            policyType: "CustomV2",
            minProtocolVersion: "TLSv1_3",
            cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
        }),
        ...set("network.WebApplicationFirewallPolicy", "customRules[0].rateLimitThreshold", 1500),
        ...set("network.WebApplicationFirewallPolicy", "tags.team", "platform"),
        ...set(MACHINE, "hardwareProfile.vmSize", "Standard_D16s_v5", hasName("-app1")),
        ...set(MACHINE, "hardwareProfile.vmSize", "Standard_E8s_v5", hasName("-app2")),
        ...set(MACHINE, "storageProfile.osDisk.diskSizeGB", 256),
        ...set(MACHINE, "storageProfile.imageReference.version", "24.04.202611010"),
        ...[
            "# never set PasswordAuthentication yes here",
            "sed -i 's/^PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config",
        ].flatMap((line) =>
            set(
                MACHINE,
                "osProfile.customData",
                script((text) => `${text}\n${line}\n`),
                hasName("-app1"),
            ),
        ),
        ...set("dbforpostgresql.Server", "sku", { name: "Standard_D8ads_v5", tier: "GeneralPurpose" }),
        ...set("dbforpostgresql.Server", "storage.storageSizeGB", 2048, hasName("-primary")),
        ...set("dbforpostgresql.Server", "version", "18", hasName("-primary")),
        ...set("dbforpostgresql.Server", "backup.backupRetentionDays", 35, hasName("-primary")),
        ...set("dbforpostgresql.Server", "availabilityZone", "3", hasName("-replica")),
        ...set("storage.StorageAccount", "minimumTlsVersion", "TLS1_3"),
        ...set("storage.StorageAccount", "sku.name", "Standard_RAGZRS", hasName("-backup")),
        ...set("storage.FileShare", "shareQuota", 1024),
        ...set("redisenterprise.RedisEnterprise", "sku.name", "MemoryOptimized_M10"),
        ...set("redisenterprise.Database", "evictionPolicy", "VolatileLRU"),
        ...set("index.RandomPassword", "length", 128),
        ...set("keyvault.Vault", "properties.sku.name", "premium"),
        ...set("keyvault.Key", "properties.keySize", 4096),
        ...set("monitor.MetricAlert", "criteria.allOf[0].threshold", lowered("criteria"), firesAbove),
        ...set("monitor.MetricAlert", "evaluationFrequency", "PT1M", firesAbove),
        ...set("monitor.MetricAlert", "criteria.allOf[0].operator", "GreaterThanOrEqual", firesAbove),
        ...set("operationalinsights.Workspace", "retentionInDays", 730),
        ...set("storage.BlobContainerImmutabilityPolicy", "immutabilityPeriodSinceCreationInDays", 400),
        ...calendar("*-*-* *:00:00 UTC"),
        ...calendar("*-*-* 00,04,08,12,16,20:30:00 UTC"),
        ...calendar("hourly"),
        ...set("network.Subnet", "tags.note", "password rotation is described in the wiki"),
        ...set("network.NatGateway", "idleTimeoutInMinutes", 10),
        ...set("network.PrivateEndpoint", "tags.team", "platform"),
        added("a queue", [], "azure-native:servicebus:Queue", { id: "queue", name: "queue" }),
        added("a worker that no gateway sends requests to", [], "azure-native:compute:VirtualMachine", {
            ...find(all, MACHINE, "-ops").outputs,
            id: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/worker",
        }),
        added("an alert on something else", [], "azure-native:monitor:MetricAlert", {
            id: "queue",
            scopes: ["queue"],
            severity: 3,
            enabled: true,
            criteria: { allOf: [{ metricName: "ActiveMessages", threshold: 5, operator: "GreaterThan" }] },
        }),
        {
            name: "another security group that denies everything",
            change: (resources) => [
                ...resources,
                {
                    ...find(resources, "network.NetworkSecurityGroup", "-database"),
                    urn: "urn:pulumi:x::x::azure-native:network:NetworkSecurityGroup::spare",
                    name: "spare",
                    id: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/spare",
                },
            ],
        },
        {
            name: "the application subnets one by one instead of together may reach the database",
            change: (resources) =>
                resources.map((resource) =>
                    shortType(resource) === "network.NetworkSecurityGroup" && resource.name.endsWith("-net-database")
                        ? changed(resource, "securityRules", splitSources(resource.inputs["securityRules"]))
                        : resource,
                ),
        },
        renamed("eastus2", "westeurope"),
        renamed("minusnow-prod", "servicedesk-live"),
        {
            name: "the order of the resources is the other way round",
            change: (resources) => resources.toReversed(),
        },
    ];
}

/** A threshold a tenth below the guide's. */
function lowered(property: string) {
    return ({ inputs }: Resource): Value => {
        const { allOf } = reveal(inputs[property]) as { allOf: { threshold: number }[] };
        return allOf[0]!.threshold * 0.9;
    };
}

/** One rule for each source of a rule with several. */
function splitSources(rules: Value): Value {
    return (rules as Values[]).flatMap((rule) => {
        const { sourceAddressPrefixes, ...rest } = rule;
        const sources = (sourceAddressPrefixes ?? []) as string[];
        return sources.length === 0
            ? [rule]
            : sources.map((source, place) => ({
                  ...rest,
                  name: `${rest["name"] as string}-${place}`,
                  priority: (rest["priority"] as number) + place,
                  sourceAddressPrefix: source,
              }));
    });
}
