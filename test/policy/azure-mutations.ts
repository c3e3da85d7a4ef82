import type { Resource } from "../../plan/engine/resource";
import type { Values } from "../../plan/engine/values";
import { added, find, hasName, type Mutation, removeEach, setEach } from "./change";

const GATEWAY = "network.ApplicationGateway";
const MACHINE = "compute.VirtualMachine";
const DATABASE = "dbforpostgresql.Server";
const GROUP = "network.NetworkSecurityGroup";
const POLICY = "network.WebApplicationFirewallPolicy";

/** Every defect that is planted into the compliant deployment on Azure. */
export function azureMutations(all: Resource[]): Mutation[] {
    return [
        ...gateway(all),
        ...machines(all),
        ...database(all),
        ...storage(all),
        ...groups(all),
        ...waf(all),
        ...operations(all),
    ];
}

function gateway(all: Resource[]): Mutation[] {
    const set = (path: string, value: Parameters<typeof setEach>[3], rule: string) =>
        setEach(all, GATEWAY, path, value, [rule]);
    const listeners = find(all, GATEWAY).inputs["httpListeners"] as Values[];
    return [
        ...removeEach(all, GATEWAY, ["load-balancer-present"]),
        ...set("backendAddressPools", [], "app-servers-two-zones"),
        ...set("zones", ["1"], "load-balancer-zones"),
        ...set("zones", undefined, "load-balancer-zones"),
        ...set("probes[0].path", "/", "load-balancer-health-check"),
        ...set("probes[0].interval", 60, "load-balancer-health-check"),
        ...set("probes[0].unhealthyThreshold", 20, "load-balancer-health-check"),
        ...set("probes", [], "load-balancer-health-check"),
        ...set("backendHttpSettingsCollection[0].probe", undefined, "load-balancer-health-check"),
        ...set("backendHttpSettingsCollection[0].cookieBasedAffinity", "Disabled", "load-balancer-sessions"),
        ...set("backendHttpSettingsCollection[0].connectionDraining.enabled", false, "load-balancer-sessions"),
        ...set("backendHttpSettingsCollection[0].port", 80, "load-balancer-sessions"),
        ...set("sslPolicy", { policyType: "Predefined", policyName: "AppGwSslPolicy20150501" }, "certificates-tls"),
        ...set("sslPolicy", { policyType: "Custom", minProtocolVersion: "TLSv1_0" }, "certificates-tls"),
        ...set("sslPolicy", undefined, "certificates-tls"),
        ...set("sslCertificates", [], "certificates-installed"),
        ...set(
            "httpListeners",
            listeners.map((listener) => ({ ...listener, protocol: "Http" })),
            "certificates-installed",
        ),
        ...set("redirectConfigurations", [], "certificates-redirect"),
        ...set("redirectConfigurations[0].redirectType", "Temporary", "certificates-redirect"),
        ...set("rewriteRuleSets", [], "security-headers-set"),
        ...[0, 1, 2].flatMap((place) =>
            set(
                `rewriteRuleSets[0].rewriteRules[0].actionSet.responseHeaderConfigurations[${place}].headerValue`,
                "off",
                "security-headers-set",
            ),
        ),
        ...set("firewallPolicy", undefined, "waf-attached"),
        ...set("firewallPolicy.id", "/subscriptions/x/other", "waf-attached"),
    ];
}

function machines(all: Resource[]): Mutation[] {
    const data = (change: (text: string) => string) => (server: Resource) => {
        const { customData } = server.inputs["osProfile"] as { customData: string };
        return Buffer.from(change(Buffer.from(customData, "base64").toString())).toString("base64");
    };
    const linux = "osProfile.linuxConfiguration";
    return [
        ...removeEach(all, MACHINE, ["app-servers-two-zones"]),
        ...removeEach(all, "network.NetworkInterface", ["app-servers-two-zones"]),
        ...setEach(all, MACHINE, "zones", ["1"], ["app-servers-two-zones"], hasName("app2")),
        ...setEach(all, MACHINE, "zones", ["2"], ["app-servers-two-zones"], hasName("app1")),
        ...setEach(all, MACHINE, "hardwareProfile.vmSize", "Standard_D2s_v5", ["app-servers-size"]),
        ...setEach(all, MACHINE, "securityProfile.encryptionAtHost", false, ["app-servers-encrypted"]),
        ...setEach(all, MACHINE, "securityProfile", undefined, ["app-servers-encrypted"]),
        ...setEach(all, MACHINE, `${linux}.disablePasswordAuthentication`, false, ["ssh-no-password"]),
        ...setEach(all, MACHINE, "osProfile.adminPassword", "Sup3r-Secret-Password", ["ssh-no-password"]),
        ...setEach(all, MACHINE, `${linux}.ssh.publicKeys`, [], ["ssh-no-password"]),
        ...setEach(
            all,
            MACHINE,
            "osProfile.customData",
            data((text) => `${text}\nssh_pwauth: true\n`),
            ["ssh-no-password"],
        ),
        ...["data", "audit-logs", "support-tickets", "artifacts", "uploads"].flatMap((directory) =>
            setEach(
                all,
                MACHINE,
                "osProfile.customData",
                data((text) => text.replace(new RegExp(`^.*/opt/minusnow/${directory}", "aznfs".*$`, "m"), "")),
                ["shared-storage-mounted"],
            ),
        ),
        ...setEach(all, "network.NetworkInterface", "ipConfigurations[0].publicIPAddress", { id: "/subscriptions/x" }, [
            "app-servers-private",
        ]),
    ];
}

function database(all: Resource[]): Mutation[] {
    const isPrimary = ({ inputs }: Resource) => inputs["createMode"] !== "Replica";
    const isReplica = (resource: Resource) => !isPrimary(resource);
    const zone = all.find((resource) => resource.type.endsWith("dbforpostgresql:Server") && isPrimary(resource))!
        .inputs["availabilityZone"];
    return [
        ...removeEach(all, DATABASE, ["database-standby", "database-replica-linked"]),
        ...setEach(all, DATABASE, "highAvailability.mode", "Disabled", ["database-standby"], isPrimary),
        ...setEach(all, DATABASE, "highAvailability.mode", "SameZone", ["database-standby"], isPrimary),
        ...setEach(
            all,
            DATABASE,
            "sourceServerResourceId",
            "/subscriptions/x/other",
            ["database-replica-linked"],
            isReplica,
        ),
        ...setEach(all, DATABASE, "availabilityZone", zone, ["database-replica-zone"], isReplica),
        ...setEach(all, DATABASE, "version", "14", ["database-version"], isPrimary),
        ...setEach(all, DATABASE, "sku.name", "Standard_B2s", ["database-size"]),
        ...setEach(all, DATABASE, "storage.storageSizeGB", 64, ["database-size"], isPrimary),
        ...setEach(all, DATABASE, "network.publicNetworkAccess", "Enabled", ["database-access-private"]),
        ...setEach(all, DATABASE, "network", undefined, ["database-access-private"]),
        ...setEach(all, DATABASE, "backup.backupRetentionDays", 7, ["backups-point-in-time"], isPrimary),
        ...setEach(all, DATABASE, "backup.geoRedundantBackup", "Disabled", ["backups-copied"], isPrimary),
        ...setEach(all, DATABASE, "administratorLoginPassword", "minusnow", ["passwords-services"], isPrimary),
        ...setEach(
            all,
            "dbforpostgresql.Configuration",
            "value",
            "off",
            ["database-access-tls"],
            ({ inputs }) => inputs["configurationName"] === "require_secure_transport",
        ),
        added(
            "public addresses are let into the database",
            ["database-access-private"],
            "azure-native:dbforpostgresql:FirewallRule",
            {
                startIpAddress: "0.0.0.0",
                endIpAddress: "255.255.255.255",
            },
        ),
    ];
}

function storage(all: Resource[]): Mutation[] {
    const isFiles = ({ inputs }: Resource) => inputs["kind"] === "FileStorage";
    return [
        ...removeEach(all, "storage.StorageAccount", ["shared-storage-present"], isFiles),
        ...setEach(all, "storage.StorageAccount", "sku.name", "Premium_LRS", ["shared-storage-zones"], isFiles),
        ...setEach(
            all,
            "storage.StorageAccount",
            "enableHttpsTrafficOnly",
            false,
            ["shared-storage-transport"],
            isFiles,
        ),
        ...setEach(all, "storage.StorageAccount", "allowBlobPublicAccess", true, ["firewall-buckets"]),
        ...setEach(all, "redisenterprise.RedisEnterprise", "highAvailability", "Disabled", ["app-servers-sessions"]),
        ...setEach(all, "storage.FileShare", "enabledProtocols", "SMB", ["shared-storage-directories"]),
        ...setEach(all, "redisenterprise.Database", "clientProtocol", "Plaintext", ["passwords-session-store"]),
        ...setEach(all, "keyvault.Vault", "properties.enablePurgeProtection", false, ["passwords-store"]),
        ...setEach(all, "keyvault.Vault", "properties.enableRbacAuthorization", false, ["passwords-store"]),
        ...setEach(all, "index.RandomPassword", "length", 8, ["passwords-complexity"]),
        ...setEach(all, "index.RandomPassword", "minSpecial", 0, ["passwords-complexity"]),
    ];
}

function groups(all: Resource[]): Mutation[] {
    const rule = (changes: Values) => ({
        name: "planted",
        priority: 90,
        direction: "Inbound",
        access: "Allow",
        protocol: "Tcp",
        sourcePortRange: "*",
        destinationAddressPrefix: "*",
        ...changes,
    });
    const plus =
        (changes: Values) =>
        ({ inputs }: Resource) => [rule(changes), ...(inputs["securityRules"] as Values[])];
    const open = ["firewall-internet", "ssh-no-open-port", "firewall-tiers"];
    const isDatabase = hasName("database-nsg");
    return [
        ...["*", "Internet", "0.0.0.0/0"].flatMap((source) =>
            setEach(all, GROUP, "securityRules", plus({ sourceAddressPrefix: source, destinationPortRange: "9000" }), [
                "firewall-internet",
            ]),
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            plus({ sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: "22" }),
            ["ssh-no-open-port"],
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            plus({ sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: "3000-4000" }),
            ["ssh-no-open-port"],
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            plus({ sourceAddressPrefix: "VirtualNetwork", destinationPortRange: "*" }),
            open,
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            plus({ sourceAddressPrefixes: ["198.51.100.0/24"], destinationPortRange: "5432" }),
            ["database-access-app-only"],
            isDatabase,
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            plus({ sourceAddressPrefix: "10.0.0.0/16", destinationPortRange: "5432" }),
            ["database-access-app-only"],
            isDatabase,
        ),
        ...setEach(
            all,
            GROUP,
            "securityRules",
            ({ inputs }) => (inputs["securityRules"] as Values[]).filter(({ access }) => access === "Allow"),
            ["firewall-default"],
        ),
        ...setEach(all, GROUP, "securityRules", [], ["firewall-default"]),
        ...setEach(all, "network.Subnet", "networkSecurityGroup", undefined, ["firewall-default"]),
        ...removeEach(all, GROUP, ["firewall-default"]),
    ];
}

function waf(all: Resource[]): Mutation[] {
    const limits = ["rate-limiting-by-address"];
    return [
        ...removeEach(all, POLICY, ["waf-attached"]),
        ...setEach(all, POLICY, "policySettings.state", "Disabled", ["waf-blocks"]),
        ...setEach(all, POLICY, "policySettings.mode", "Detection", ["waf-blocks"]),
        ...setEach(all, POLICY, "managedRules.managedRuleSets", [], ["waf-blocks"]),
        ...setEach(all, POLICY, "customRules", [], limits),
        ...setEach(all, POLICY, "customRules[0].state", "Disabled", limits),
        ...setEach(all, POLICY, "customRules[0].action", "Log", limits),
        ...setEach(all, POLICY, "customRules[0].rateLimitThreshold", 1_000_000, limits),
    ];
}

function operations(all: Resource[]): Mutation[] {
    const metric = (type: string) => [
        ...removeEach(all, type, ["alerting-thresholds"], watched),
        ...setEach(all, type, "enabled", false, ["alerting-active"]),
        ...setEach(
            all,
            type,
            "criteria.allOf[0].threshold",
            ({ name }) => (name.startsWith("memory") ? 1 : 1_000_000),
            ["alerting-thresholds"],
            watched,
        ),
    ];
    return [
        ...removeEach(all, "compute.VirtualMachineExtension", ["monitoring-agent"]),
        ...removeEach(all, "monitor.DataCollectionRuleAssociation", ["monitoring-agent"]),
        ...metric("monitor.MetricAlert"),
        ...metric("monitor.ScheduledQueryRule"),
        ...setEach(all, "monitor.MetricAlert", "actions", [], ["alerting-routed"], watched),
        ...setEach(all, "monitor.ActionGroup", "emailReceivers", [], ["alerting-heard"], hasName("warning")),
        ...setEach(all, "monitor.ActionGroup", "enabled", false, ["alerting-heard"]),
        ...removeEach(all, "dataprotection.BackupInstance", ["backups-every-resource"], hasName("database-backup")),
        ...setEach(
            all,
            "dataprotection.BackupVault",
            "properties.securitySettings.immutabilitySettings.state",
            "Disabled",
            ["backups-locked"],
        ),
        ...setEach(all, "dataprotection.BackupVault", "properties.securitySettings.softDeleteSettings.state", "Off", [
            "backups-locked",
        ]),
    ];
}

/** Memory of the database is no metric that the guide's thresholds are asked of. */
function watched({ name }: Resource): boolean {
    return !name.startsWith("database-memory");
}
