import type { Resource } from "../../../plan/engine/resource";
import type { Value, Values } from "../../../plan/engine/values";
import { find, hasName, type Mutation, removeEach, setEach } from "../change";
import { isServer, script } from "./boot";

const GATEWAY = "network.ApplicationGateway";
const MACHINE = "compute.VirtualMachine";
const CARD = "network.NetworkInterface";
const DATABASE = "dbforpostgresql.Server";
const SETTING = "dbforpostgresql.Configuration";
const ACCOUNT = "storage.StorageAccount";

/** Defects of balancer, servers, database, storage and certificates. */
export function infrastructure(all: Resource[]): Mutation[] {
    return [
        ...gateway(all),
        ...certificates(all),
        ...servers(all),
        ...database(all),
        ...settings(all),
        ...storage(all),
    ];
}

function gateway(all: Resource[]): Mutation[] {
    const set = (path: string, value: Value, rule: string) => setEach(all, GATEWAY, path, value, [rule]);
    const health = "load-balancer-health-check";
    const sessions = "load-balancer-sessions";
    const backend = "backendHttpSettingsCollection[0]";
    return [
        ...removeEach(all, GATEWAY, ["load-balancer-present"]),
        ...set("backendAddressPools", [], "app-servers-two-zones"),
        ...set("backendAddressPools[0].backendAddresses", [], "app-servers-two-zones"),
        ...set("backendAddressPools[0].backendAddresses", [{ ipAddress: "10.0.1.200" }], "app-servers-two-zones"),
        ...set("zones", ["1"], "load-balancer-zones"),
        ...set("zones", [], "load-balancer-zones"),
        ...set("zones", ["2", "2"], "load-balancer-zones"),
        ...set("zones", undefined, "load-balancer-zones"),
        ...["/", "/healthz", "/api", "", undefined].flatMap((path) => set("probes[0].path", path, health)),
        ...[10, 30, 60, 86400, undefined].flatMap((interval) => set("probes[0].interval", interval, health)),
        ...[4, 10, 20, undefined].flatMap((threshold) => set("probes[0].unhealthyThreshold", threshold, health)),
        ...set("probes", [], health),
        ...set("probes", undefined, health),
        ...set(`${backend}.probe`, undefined, health),
        ...set(`${backend}.cookieBasedAffinity`, "Disabled", sessions),
        ...set(`${backend}.cookieBasedAffinity`, undefined, sessions),
        ...set(`${backend}.connectionDraining.enabled`, false, sessions),
        ...set(`${backend}.connectionDraining`, undefined, sessions),
        ...[80, 8080, 443, undefined].flatMap((port) => set(`${backend}.port`, port, sessions)),
        ...[0, 600, 3600, 86400, undefined].flatMap((seconds) =>
            set(`${backend}.requestTimeout`, seconds, "load-balancer-timeout"),
        ),
        ...removeEach(all, "authorization.ManagementLockByScope", ["load-balancer-protection"], hasName("-lb")),
        ...setEach(
            all,
            "authorization.ManagementLockByScope",
            "level",
            "NotSpecified",
            ["load-balancer-protection"],
            hasName("-lb"),
        ),
        ...setEach(
            all,
            "authorization.ManagementLockByScope",
            "scope",
            "/subscriptions/x/resourceGroups/x/providers/Microsoft.Network/applicationGateways/another",
            ["load-balancer-protection"],
            hasName("-lb"),
        ),
    ];
}

function certificates(all: Resource[]): Mutation[] {
    const set = (path: string, value: Value, rule: string) => setEach(all, GATEWAY, path, value, [rule]);
    const listeners = find(all, GATEWAY).inputs["httpListeners"] as Values[];
    const rules = find(all, GATEWAY).inputs["requestRoutingRules"] as Values[];
    const header = "rewriteRuleSets[0].rewriteRules[0].actionSet.responseHeaderConfigurations";
    const weak = [
        { policyType: "Predefined", policyName: "AppGwSslPolicy20150501" },
        { policyType: "Predefined", policyName: "AppGwSslPolicy20170401" },
        { policyType: "Custom", minProtocolVersion: "TLSv1_0" },
        { policyType: "Custom", minProtocolVersion: "TLSv1_1" },
        undefined,
    ];
    return [
        ...weak.flatMap((policy) => set("sslPolicy", policy, "certificates-tls")),
        ...set("sslCertificates", [], "certificates-installed"),
        ...set("sslCertificates", undefined, "certificates-installed"),
        ...set("httpListeners", [], "certificates-installed"),
        ...set(
            "httpListeners",
            listeners.map((listener) => ({ ...listener, protocol: "Http" })),
            "certificates-installed",
        ),
        ...set("redirectConfigurations", [], "certificates-redirect"),
        ...set("redirectConfigurations", undefined, "certificates-redirect"),
        ...["Temporary", "Found", "SeeOther"].flatMap((kind) =>
            set("redirectConfigurations[0].redirectType", kind, "certificates-redirect"),
        ),
        ...set("rewriteRuleSets", [], "security-headers-set"),
        ...set("rewriteRuleSets", undefined, "security-headers-set"),
        ...set("rewriteRuleSets[0].rewriteRules", [], "security-headers-set"),
        ...set(
            "requestRoutingRules",
            rules.map(({ rewriteRuleSet: _set, ...rule }) => rule),
            "security-headers-set",
        ),
        ...[0, 1, 2].flatMap((place) => [
            ...set(`${header}[${place}].headerValue`, "off", "security-headers-set"),
            ...set(`${header}[${place}].headerValue`, "", "security-headers-set"),
            ...set(`${header}[${place}].headerName`, "X-Other", "security-headers-set"),
        ]),
        ...set(`${header}[0].headerValue`, "max-age=300", "security-headers-set"),
        ...set(`${header}[0].headerValue`, "max-age=31536000", "security-headers-set"),
        ...set(`${header}[2].headerValue`, "ALLOWALL", "security-headers-set"),
    ];
}

function servers(all: Resource[]): Mutation[] {
    const zones = ["app-servers-two-zones"];
    const set = (path: string, value: Parameters<typeof setEach>[3], by: string[]) =>
        setEach(all, MACHINE, path, value, by, isServer);
    const publicAddress = { publicIPAddress: { id: "/subscriptions/x/publicIPAddresses/x" } };
    return [
        ...removeEach(all, MACHINE, zones, isServer),
        ...removeEach(all, CARD, zones, isServer),
        ...setEach(all, MACHINE, "zones", ["1"], zones, hasName("app2")),
        ...setEach(all, MACHINE, "zones", ["2"], zones, hasName("app1")),
        ...setEach(all, CARD, "ipConfigurations[0].privateIPAddress", "10.0.1.77", zones, isServer),
        ...["Standard_D2s_v5", "Standard_B1ms", "Standard_F2s_v2", "Standard_E2s_v5", "Standard_B2s_v2"].flatMap(
            (size) => set("hardwareProfile.vmSize", size, ["app-servers-size"]),
        ),
        ...set("securityProfile.encryptionAtHost", false, ["app-servers-encrypted"]),
        ...set("securityProfile.encryptionAtHost", undefined, ["app-servers-encrypted"]),
        ...set("securityProfile", undefined, ["app-servers-encrypted"]),
        ...setEach(
            all,
            CARD,
            "ipConfigurations",
            ({ inputs }) => (inputs["ipConfigurations"] as Values[]).map((entry) => ({ ...entry, ...publicAddress })),
            ["app-servers-private"],
            isServer,
        ),
        ...removeEach(all, "redisenterprise.RedisEnterprise", ["app-servers-sessions"]),
        ...setEach(all, "redisenterprise.RedisEnterprise", "highAvailability", "Disabled", ["app-servers-sessions"]),
    ];
}

const isPrimary = hasName("-primary");
const isReplica = hasName("-replica");

function database(all: Resource[]): Mutation[] {
    const zone = find(all, DATABASE, "-primary").inputs["availabilityZone"];
    const primary = (path: string, value: Value, rule: string) =>
        setEach(all, DATABASE, path, value, [rule], isPrimary);
    const lock = ({ name, type }: Resource) => type.includes("ManagementLock") && name.endsWith("-db-primary");
    return [
        ...removeEach(all, DATABASE, ["database-standby", "database-replica-linked"]),
        ...["Disabled", "SameZone", undefined].flatMap((mode) =>
            primary("highAvailability.mode", mode, "database-standby"),
        ),
        ...primary("highAvailability", undefined, "database-standby"),
        ...setEach(
            all,
            DATABASE,
            "sourceServerResourceId",
            "/subscriptions/x/another",
            ["database-replica-linked"],
            isReplica,
        ),
        ...setEach(all, DATABASE, "createMode", "Create", ["database-replica-linked"], isReplica),
        ...setEach(all, DATABASE, "availabilityZone", zone, ["database-replica-zone"], isReplica),
        ...["14", "13", "11"].flatMap((version) => primary("version", version, "database-version")),
        ...["Standard_B2s", "Standard_D2ds_v5", "Standard_B1ms", "Standard_E2ds_v5"].flatMap((size) =>
            setEach(all, DATABASE, "sku.name", size, ["database-size", "database-settings"]),
        ),
        ...[32, 64, 128, 256].flatMap((size) => primary("storage.storageSizeGB", size, "database-size")),
        ...setEach(all, DATABASE, "dataEncryption.type", "SystemManaged", ["database-encrypted"]),
        ...setEach(all, DATABASE, "dataEncryption", undefined, ["database-encrypted"]),
        ...removeEach(all, "authorization.ManagementLockByScope", ["database-protected"], lock),
        ...setEach(all, "authorization.ManagementLockByScope", "level", "NotSpecified", ["database-protected"], lock),
        ...setEach(all, DATABASE, "network.publicNetworkAccess", "Enabled", ["database-access-private"]),
        ...setEach(all, DATABASE, "network", undefined, ["database-access-private"]),
        ...setEach(all, DATABASE, "network", {}, ["database-access-private"]),
        ...[7, 14, 29].flatMap((days) => primary("backup.backupRetentionDays", days, "backups-point-in-time")),
        ...primary("backup", undefined, "backups-point-in-time"),
    ];
}

function settings(all: Resource[]): Mutation[] {
    const guided = [
        "max_connections",
        "shared_buffers",
        "effective_cache_size",
        "maintenance_work_mem",
        "work_mem",
        "random_page_cost",
        "effective_io_concurrency",
    ];
    const isSetting =
        (name: string) =>
        ({ inputs }: Resource) =>
            inputs["configurationName"] === name;
    return [
        ...guided.flatMap((name) => [
            ...setEach(all, SETTING, "value", "1", ["database-settings"], isSetting(name)),
            ...setEach(all, SETTING, "value", undefined, ["database-settings"], isSetting(name)),
            ...removeEach(all, SETTING, ["database-settings"], isSetting(name)),
            ...setEach(all, SETTING, "serverName", "another", ["database-settings"], isSetting(name)),
        ]),
        ...["off", "OFF", "0", ""].flatMap((value) =>
            setEach(all, SETTING, "value", value, ["database-access-tls"], isSetting("require_secure_transport")),
        ),
    ];
}

function storage(all: Resource[]): Mutation[] {
    const isFiles = ({ inputs }: Resource) => inputs["kind"] === "FileStorage";
    const directories = ["data", "audit-logs", "support-tickets", "artifacts", "uploads"];
    const set = (path: string, value: Value, rule: string) => setEach(all, ACCOUNT, path, value, [rule], isFiles);
    const withoutMount = (directory: string) =>
        script((text) => text.replaceAll(new RegExp(`^.*/opt/minusnow/${directory} aznfs.*$`, "gm"), ""));
    return [
        ...removeEach(all, ACCOUNT, ["shared-storage-present"], isFiles),
        ...set("kind", "StorageV2", "shared-storage-present"),
        ...["Premium_LRS", "Standard_LRS", "Standard_GRS"].flatMap((sku) =>
            set("sku.name", sku, "shared-storage-zones"),
        ),
        ...set("enableHttpsTrafficOnly", false, "shared-storage-transport"),
        ...set("enableHttpsTrafficOnly", undefined, "shared-storage-transport"),
        ...set("encryption.keySource", "Microsoft.Storage", "shared-storage-encrypted"),
        ...set("encryption", undefined, "shared-storage-encrypted"),
        ...setEach(all, "storage.FileShare", "enabledProtocols", "SMB", ["shared-storage-directories"]),
        ...setEach(all, "storage.FileShare", "enabledProtocols", undefined, ["shared-storage-directories"]),
        ...directories.flatMap((directory) =>
            setEach(
                all,
                MACHINE,
                "osProfile.customData",
                withoutMount(directory),
                ["shared-storage-mounted"],
                isServer,
            ).map((mutation) => ({ ...mutation, name: `${mutation.name.split(":")[0]} does not mount ${directory}` })),
        ),
        ...setEach(all, MACHINE, "osProfile.customData", undefined, ["shared-storage-mounted"], isServer),
        ...[" nfs4 ", " aznfs notls,"].flatMap((way) =>
            setEach(
                all,
                MACHINE,
                "osProfile.customData",
                script((text) => text.replaceAll(/ aznfs (?=\S)/g, way)),
                ["shared-storage-transport"],
            ).map((mutation) => ({ ...mutation, name: `${mutation.name.split(":")[0]} mounts by${way}` })),
        ),
        ...setEach(
            all,
            MACHINE,
            "osProfile.customData",
            Buffer.from("#cloud-config\n").toString("base64"),
            ["shared-storage-mounted"],
            isServer,
        ),
    ];
}
