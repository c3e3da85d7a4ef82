import type { Values } from "../../plan/engine/values";

/** A resource that Azure refuses, after those that it needs. */
interface Example {
    type: string;
    inputs: Values;
}

/** Examples of a type, each the right inputs with something changed. */
const of =
    (token: string, right: Values) =>
    (changes: Values = {}): Example => ({
        type: `azure-native:${token}`,
        inputs: { resourceGroupName: "group", location: "eastus2", ...right, ...changes },
    });
const one = (make: (changes: Values) => Example, changes: Values): Example[] => [make(changes)];

const network = of("network:VirtualNetwork", {
    virtualNetworkName: "net",
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
});
const subnet = of("network:Subnet", { virtualNetworkName: "net", subnetName: "app", addressPrefix: "10.0.1.0/24" });
const rule = (changes: Values): Values => ({
    name: "rule",
    priority: 100,
    direction: "Inbound",
    access: "Allow",
    protocol: "Tcp",
    sourceAddressPrefix: "10.0.0.0/24",
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    destinationPortRange: "5000",
    ...changes,
});
const group = (...rules: Values[]): Example =>
    of("network:NetworkSecurityGroup", { networkSecurityGroupName: "group" })({ securityRules: rules.map(rule) });
const card = of("network:NetworkInterface", { networkInterfaceName: "card" });
const at = (changes: Values): Values => ({
    ipConfigurations: [{ name: "default", subnet: { id: "$1.id" }, privateIPAllocationMethod: "Static", ...changes }],
});
const address = of("network:PublicIPAddress", {
    sku: { name: "Standard" },
    publicIPAllocationMethod: "Static",
    zones: ["1"],
});
const nat = of("network:NatGateway", { sku: { name: "Standard" }, zones: ["1"] });
const endpoint = (groupIds: string[]): Example =>
    of(
        "network:PrivateEndpoint",
        {},
    )({
        privateLinkServiceConnections: [
            {
                name: "vault",
                groupIds,
                privateLinkServiceId: "/subscriptions/x/resourceGroups/x/providers/Microsoft.KeyVault/vaults/example",
            },
        ],
    });
const link = of("privatedns:VirtualNetworkLink", {
    privateZoneName: "privatelink.vaultcore.azure.net",
    virtualNetwork: { id: "/subscriptions/x/net" },
});
const flowLog = of("network:FlowLog", { networkWatcherName: "NetworkWatcher_eastus2", flowLogName: "flows" });
const bastion = of("network:BastionHost", {});

const networkExamples: Record<string, Example[]> = {
    "azure-network-prefix": one(network, { addressSpace: { addressPrefixes: ["10.0.0.0/30"] } }),
    "azure-subnet-outside": [network(), subnet({ addressPrefix: "10.1.0.0/24" })],
    "azure-subnet-overlap": [network(), subnet(), subnet({ subnetName: "other", addressPrefix: "10.0.0.0/23" })],
    "azure-subnet-too-small": one(subnet, { addressPrefix: "10.0.0.0/30" }),
    "azure-bastion-subnet-size": one(subnet, { subnetName: "AzureBastionSubnet", addressPrefix: "10.0.0.0/27" }),
    "azure-bastion-subnet-name": [
        network(),
        subnet(),
        bastion({ ipConfigurations: [{ name: "default", subnet: { id: "$1.id" } }] }),
    ],
    "azure-card-address": [network(), subnet(), card(at({ privateIPAddress: "10.0.2.10" }))],
    "azure-card-address-in-use": [
        network(),
        subnet(),
        card(at({ privateIPAddress: "10.0.1.10" })),
        card({ networkInterfaceName: "other", ...at({ privateIPAddress: "10.0.1.10" }) }),
    ],
    "azure-card-static-without-address": [network(), subnet(), card(at({}))],
    "azure-rule-priority": [group({ priority: 4097 })],
    "azure-rule-conflict": [group({}, { name: "other" })],
    "azure-rule-name-twice": [group({}, { priority: 110 })],
    "azure-rule-one-kind-of-source": [group({ sourceAddressPrefixes: ["10.0.1.0/24"] })],
    "azure-rule-tag-in-list": [group({ sourceAddressPrefix: undefined, sourceAddressPrefixes: ["Internet"] })],
    "azure-nat-zones": one(nat, { zones: ["1", "2"] }),
    "azure-nat-address-zone": [address({ zones: ["2"] }), nat({ publicIpAddresses: [{ id: "$0.id" }] })],
    "azure-address-static": one(address, { publicIPAllocationMethod: "Dynamic" }),
    "azure-address-basic": one(address, { sku: { name: "Basic" } }),
    "azure-endpoint-group": [endpoint(["blob"])],
    "azure-endpoint-one-group": [endpoint(["vault", "vault"])],
    "azure-zone-linked-twice": [link(), link({ virtualNetworkLinkName: "again" })],
    "azure-flow-log-storage": [
        of("storage:StorageAccount", {})({ accountName: "premium", kind: "FileStorage", sku: { name: "Premium_ZRS" } }),
        flowLog({ storageId: "$0.id" }),
    ],
    "azure-flow-log-of-group": one(flowLog, {
        targetResourceId: "/subscriptions/x/resourceGroups/x/providers/Microsoft.Network/networkSecurityGroups/x",
    }),
};

const ID =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group/providers/Microsoft.Network/applicationGateways/gateway";
const part = (collection: string, name: string): Values => ({ id: `${ID}/${collection}/${name}` });
const routing = (changes: Values): Values => ({
    name: "https",
    ruleType: "Basic",
    priority: 10,
    httpListener: part("httpListeners", "https"),
    backendAddressPool: part("backendAddressPools", "app"),
    ...changes,
});
const gateway = of("network:ApplicationGateway", {
    applicationGatewayName: "gateway",
    sku: { name: "WAF_v2", tier: "WAF_v2" },
    autoscaleConfiguration: { minCapacity: 2, maxCapacity: 10 },
    identity: { type: "UserAssigned", userAssignedIdentities: ["/subscriptions/x"] },
    gatewayIPConfigurations: [{ name: "edge", subnet: { id: "$2.id" } }],
    backendAddressPools: [{ name: "app" }],
    httpListeners: [{ name: "https", protocol: "Https", sslCertificate: part("sslCertificates", "certificate") }],
    sslCertificates: [{ name: "certificate", keyVaultSecretId: "https://vault.vault.azure.net/secrets/certificate" }],
    requestRoutingRules: [routing({})],
});
const edge = (...rules: Values[]): Example[] => [
    group(...rules),
    network(),
    subnet({ subnetName: "edge", addressPrefix: "10.0.0.0/24", networkSecurityGroup: { id: "$0.id" } }),
];
const manager = {
    name: "manager",
    sourceAddressPrefix: "GatewayManager",
    destinationPortRange: "65200-65535",
    priority: 110,
};
const onEdge = (changes: Values): Example[] => [...edge({}, manager), gateway(changes)];
const backend = (changes: Values): Values => ({
    backendHttpSettingsCollection: [{ name: "app", port: 5000, ...changes }],
});
const probe = (changes: Values): Values => ({ probes: [{ name: "health", path: "/health", ...changes }] });
const policy = of("network:WebApplicationFirewallPolicy", { policyName: "waf" });
const limit = (changes: Values): Values => ({
    customRules: [
        {
            name: "Rate",
            priority: 1,
            ruleType: "RateLimitRule",
            rateLimitThreshold: 100,
            groupByUserSession: [{ groupByVariables: [{ variableName: "ClientAddr" }] }],
            ...changes,
        },
    ],
});

const gatewayExamples: Record<string, Example[]> = {
    "azure-gateway-part-missing": onEdge({ backendAddressPools: [] }),
    "azure-gateway-rule-priority": onEdge({ requestRoutingRules: [routing({ priority: undefined })] }),
    "azure-gateway-rule-priority-twice": onEdge({ requestRoutingRules: [routing({}), routing({ name: "http" })] }),
    "azure-gateway-rule-target": onEdge({ requestRoutingRules: [routing({ backendAddressPool: undefined })] }),
    "azure-gateway-probe-interval": onEdge(probe({ interval: 0 })),
    "azure-gateway-probe-timeout": onEdge(probe({ timeout: 100_000 })),
    "azure-gateway-probe-threshold": onEdge(probe({ unhealthyThreshold: 21 })),
    "azure-gateway-probe-path": onEdge(probe({ path: "health" })),
    "azure-gateway-drain": onEdge(backend({ connectionDraining: { enabled: true, drainTimeoutInSec: 7200 } })),
    "azure-gateway-request-timeout": onEdge(backend({ requestTimeout: 0 })),
    "azure-gateway-vault-identity": onEdge({ identity: undefined }),
    "azure-gateway-vault-address": onEdge({
        sslCertificates: [{ name: "certificate", keyVaultSecretId: "/subscriptions/x/vaults/v/secrets/s" }],
    }),
    "azure-gateway-listener-certificate": onEdge({ httpListeners: [{ name: "https", protocol: "Https" }] }),
    "azure-gateway-capacity": onEdge({ autoscaleConfiguration: { minCapacity: 10, maxCapacity: 2 } }),
    "azure-gateway-firewall-tier": onEdge({
        sku: { name: "Standard_v2", tier: "Standard_v2" },
        firewallPolicy: { id: "/subscriptions/x/policy" },
    }),
    "azure-gateway-subnet-shared": [
        ...edge({}, manager),
        card({
            ipConfigurations: [{ name: "default", subnet: { id: "$2.id" }, privateIPAllocationMethod: "Dynamic" }],
        }),
        gateway(),
    ],
    "azure-gateway-unmanageable": [
        ...edge(
            {},
            { name: "deny", access: "Deny", priority: 4096, sourceAddressPrefix: "*", destinationPortRange: "*" },
        ),
        gateway(),
    ],
    "azure-gateway-cut-off": [
        ...edge({}, manager, { name: "deny-out", direction: "Outbound", access: "Deny", priority: 4096 }),
        gateway(),
    ],
    "azure-gateway-small-subnet": [
        group({}, manager),
        network(),
        subnet({ subnetName: "edge", addressPrefix: "10.0.0.0/28" }),
        gateway({ autoscaleConfiguration: { minCapacity: 2, maxCapacity: 50 } }),
    ],
    "azure-firewall-rate-group": one(policy, limit({ groupByUserSession: undefined })),
    "azure-firewall-rate-threshold": one(policy, limit({ rateLimitThreshold: 0 })),
    "azure-firewall-rule-name": one(policy, limit({ name: "rate-limit" })),
    "azure-firewall-rule-priority": one(policy, limit({ priority: 200 })),
    "azure-firewall-body-size": one(policy, { policySettings: { maxRequestBodySizeInKb: 4000 } }),
    "azure-firewall-file-size": one(policy, { policySettings: { fileUploadLimitInMb: 5000 } }),
    "azure-firewall-rule-set": one(policy, {
        managedRules: { managedRuleSets: [{ ruleSetType: "OWASP", ruleSetVersion: "2.2.9" }] },
    }),
};

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPuc9dULEDOGPWIVZzy3PdP6bnuAtN5c1BM+dpmL0Ec0 administrator";
const linux = (key: Values = {}): Values => ({
    disablePasswordAuthentication: true,
    ssh: { publicKeys: [{ path: "/home/azureuser/.ssh/authorized_keys", keyData: KEY, ...key }] },
});
const profile = (changes: Values): Values => ({
    osProfile: { computerName: "app1", adminUsername: "azureuser", linuxConfiguration: linux(), ...changes },
});
const windows = (changes: Values): Values => ({
    osProfile: {
        computerName: "app1",
        adminUsername: "azureuser",
        adminPassword: "Aa1-secret-enough",
        windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: true },
        ...changes,
    },
});
const machine = of("compute:VirtualMachine", {
    vmName: "app1",
    zones: ["1"],
    hardwareProfile: { vmSize: "Standard_D8s_v5" },
    ...profile({}),
});
const disk = { osDisk: { managedDisk: { storageAccountType: "Premium_LRS" } } };
const command = of("compute:VirtualMachineRunCommandByVirtualMachine", {
    vmName: "app1",
    source: { script: "true" },
});
const extension = of("compute:VirtualMachineExtension", { vmName: "app1", type: "AzureMonitorLinuxAgent" });
const disks = of("compute:DiskEncryptionSet", {
    identity: { type: "UserAssigned" },
    activeKey: { keyUrl: `https://v.vault.azure.net/keys/k/${"a".repeat(32)}` },
});

const dataDisk = of("compute:Disk", { diskName: "files", zones: ["1"], diskSizeGB: 500 });
const attached = (...luns: number[]): Values => ({
    zones: ["2"],
    storageProfile: { dataDisks: luns.map((lun) => ({ lun, createOption: "Attach", managedDisk: { id: "$0.id" } })) },
});

const computeExamples: Record<string, Example[]> = {
    "azure-machine-computer-name": one(machine, profile({ computerName: "app_1" })),
    "azure-machine-login": one(machine, profile({ linuxConfiguration: { disablePasswordAuthentication: true } })),
    "azure-machine-key": one(machine, profile({ linuxConfiguration: linux({ keyData: "ssh-dss AAAA" }) })),
    "azure-machine-key-path": one(
        machine,
        profile({ linuxConfiguration: linux({ path: "/root/.ssh/authorized_keys" }) }),
    ),
    "azure-machine-user": one(
        machine,
        profile({ adminUsername: "admin", linuxConfiguration: linux({ path: undefined }) }),
    ),
    "azure-machine-custom-data": one(machine, profile({ customData: Buffer.alloc(70_000).toString("base64") })),
    "azure-machine-custom-data-encoding": one(machine, profile({ customData: "#cloud-config" })),
    "azure-machine-zone": one(machine, { location: "westus" }),
    "azure-machine-one-zone": one(machine, { zones: ["1", "2"] }),
    "azure-disk-zone": [dataDisk(), machine(attached(0))],
    "azure-disk-lun-twice": [dataDisk(), machine(attached(0, 0))],
    "azure-disk-size": one(dataDisk, { diskSizeGB: 100_000 }),
    "azure-disk-encryption": one(dataDisk, { encryption: { type: "EncryptionAtRestWithCustomerKey" } }),
    "azure-machine-premium-disk": one(machine, { hardwareProfile: { vmSize: "Standard_D8_v5" }, storageProfile: disk }),
    "azure-machine-nvme": one(machine, {
        hardwareProfile: { vmSize: "Standard_D8s_v6" },
        storageProfile: { diskControllerType: "SCSI" },
    }),
    "azure-machine-accelerated-network": [
        card({ enableAcceleratedNetworking: true, ipConfigurations: [] }),
        machine({
            hardwareProfile: { vmSize: "Standard_B2ms".replace("ms", "s") },
            networkProfile: { networkInterfaces: [{ id: "$0.id" }] },
        }),
    ],
    "azure-machine-trusted-image": one(machine, {
        securityProfile: { securityType: "TrustedLaunch" },
        storageProfile: { imageReference: { sku: "18.04-lts" } },
    }),
    "azure-machine-card-in-use": [
        card({ ipConfigurations: [] }),
        machine({ networkProfile: { networkInterfaces: [{ id: "$0.id" }] } }),
        machine({ vmName: "app2", networkProfile: { networkInterfaces: [{ id: "$0.id" }] } }),
    ],
    "azure-command-count": Array.from({ length: 26 }, (_, place) => command({ runCommandName: `command-${place}` })),
    "azure-command-source": one(command, { source: { script: "true", commandId: "RunShellScript" } }),
    "azure-command-timeout": one(command, { timeoutInSeconds: 0 }),
    "azure-machine-two-systems": one(machine, profile({ linuxConfiguration: linux({}), windowsConfiguration: {} })),
    "azure-windows-computer-name": one(machine, windows({ computerName: "minusnow-prod-app-app1" })),
    "azure-windows-password": one(machine, windows({ adminPassword: "onlysmallletters" })),
    "azure-windows-disk": one(machine, {
        storageProfile: {
            imageReference: { publisher: "MicrosoftWindowsServer", sku: "2025-datacenter-azure-edition" },
            osDisk: { diskSizeGB: 64 },
        },
    }),
    "azure-windows-patches": one(
        machine,
        windows({
            windowsConfiguration: {
                enableAutomaticUpdates: false,
                patchSettings: { patchMode: "AutomaticByPlatform" },
            },
        }),
    ),
    "azure-extension-system": [
        machine(windows({})),
        extension({ vmName: "$0.name", type: "AzureMonitorLinuxAgent", publisher: "Microsoft.Azure.Monitor" }),
    ],
    "azure-extension-version": one(extension, { typeHandlerVersion: "1.33.0" }),
    "azure-extension-twice": [extension(), extension({ vmExtensionName: "again" })],
    "azure-disks-key-version": one(disks, { activeKey: { keyUrl: "https://v.vault.azure.net/keys/k" } }),
    "azure-disks-identity": one(disks, { identity: undefined }),
};

const server = of("dbforpostgresql:Server", {
    serverName: "database",
    createMode: "Create",
    version: "17",
    sku: { name: "Standard_D8ds_v5", tier: "GeneralPurpose" },
    administratorLogin: "minusnow_admin",
    administratorLoginPassword: "Aa1-secret-enough",
});
const replica = of("dbforpostgresql:Server", {
    serverName: "replica",
    createMode: "Replica",
    sourceServerResourceId: "$0.id",
});
const small = { sku: { name: "Standard_B2ms", tier: "Burstable" } };
const setting = of("dbforpostgresql:Configuration", { serverName: "database", source: "user-override" });
const virtual = of("dbforpostgresql:VirtualEndpoint", { serverName: "database", virtualEndpointName: "database-rw" });
const encrypted = {
    type: "AzureKeyVault",
    primaryKeyURI: "https://v.vault.azure.net/keys/k",
    primaryUserAssignedIdentityId: "/subscriptions/x",
};
const cluster = of("redisenterprise:RedisEnterprise", { clusterName: "sessions", sku: { name: "Balanced_B1" } });
const database = of("redisenterprise:Database", { clusterName: "sessions" });
const wrapped = (keyEncryptionKeyUrl: string): Values => ({
    encryption: { customerManagedKeyEncryption: { keyEncryptionKeyUrl } },
});

const databaseExamples: Record<string, Example[]> = {
    "azure-database-name": one(server, { serverName: "Database" }),
    "azure-database-burstable-standby": one(server, { ...small, highAvailability: { mode: "ZoneRedundant" } }),
    "azure-database-burstable-replica": [server(small), replica()],
    "azure-database-replica-standby": [server(), replica({ highAvailability: { mode: "ZoneRedundant" } })],
    "azure-database-replica-source": one(replica, { sourceServerResourceId: undefined }),
    "azure-database-standby-zone": one(server, {
        availabilityZone: "1",
        highAvailability: { mode: "ZoneRedundant", standbyAvailabilityZone: "1" },
    }),
    "azure-database-retention": one(server, { backup: { backupRetentionDays: 5 } }),
    "azure-database-storage": one(server, { storage: { storageSizeGB: 500 } }),
    "azure-database-version": one(server, { version: "10" }),
    "azure-database-tier": one(server, { sku: { name: "Standard_D8ds_v5", tier: "Burstable" } }),
    "azure-database-two-networks": one(server, {
        network: { delegatedSubnetResourceId: "/subscriptions/x", publicNetworkAccess: "Enabled" },
    }),
    "azure-database-delegation": [
        network(),
        subnet({ subnetName: "database" }),
        server({ network: { delegatedSubnetResourceId: "$1.id" } }),
    ],
    "azure-database-key-identity": one(server, { dataEncryption: encrypted }),
    "azure-database-geo-key": one(server, {
        dataEncryption: encrypted,
        identity: { type: "UserAssigned" },
        backup: { geoRedundantBackup: "Enabled" },
    }),
    "azure-database-administrator": one(server, { administratorLogin: "postgres" }),
    "azure-database-password": one(server, { administratorLoginPassword: "minusnow" }),
    "azure-database-password-missing": one(server, { administratorLoginPassword: undefined }),
    "azure-setting-read-only": one(setting, { configurationName: "wal_keep_size", value: "1024" }),
    "azure-setting-range": one(setting, { configurationName: "max_connections", value: "10" }),
    "azure-virtual-endpoint-name": one(virtual, { virtualEndpointName: "-database" }),
    "azure-virtual-endpoint-one": [virtual(), virtual({ virtualEndpointName: "another" })],
    "azure-cache-name": one(cluster, { clusterName: "a--b" }),
    "azure-cache-zones": one(cluster, { zones: ["1", "2"] }),
    "azure-cache-key-version": one(cluster, {
        ...wrapped("https://v.vault.azure.net/keys/k"),
        identity: { type: "UserAssigned" },
    }),
    "azure-cache-key-identity": one(cluster, wrapped(`https://v.vault.azure.net/keys/k/${"a".repeat(32)}`)),
    "azure-cache-database-name": one(database, { databaseName: "sessions" }),
    "azure-cache-port": one(database, { port: 6379 }),
    "azure-cache-eviction": one(database, { evictionPolicy: "allkeys-lru" }),
};

const account = of("storage:StorageAccount", {
    accountName: "example",
    kind: "StorageV2",
    sku: { name: "Standard_RAGRS" },
    allowBlobPublicAccess: false,
});
const files = (changes: Values = {}): Example =>
    account({ kind: "FileStorage", sku: { name: "Premium_ZRS" }, ...changes });
const share = of("storage:FileShare", {
    accountName: "example",
    shareName: "data",
    enabledProtocols: "NFS",
    shareQuota: 100,
});
const container = of("storage:BlobContainer", { accountName: "example", containerName: "database" });
const immutable = of("storage:BlobContainerImmutabilityPolicy", {
    accountName: "example",
    containerName: "database",
    immutabilityPolicyName: "default",
});
const lifecycleRule = (name: string, actions: Values = { baseBlob: { delete: {} } }): Values => ({
    name,
    definition: { actions },
});
const lifecycle = of("storage:ManagementPolicy", {
    accountName: "example",
    managementPolicyName: "default",
    policy: { rules: [lifecycleRule("a")] },
});
const vault = of("keyvault:Vault", { vaultName: "example-vault" });
const key = of("keyvault:Key", { vaultName: "example-vault", keyName: "key" });
const secret = of("keyvault:Secret", { vaultName: "example-vault", secretName: "secret" });

const storageExamples: Record<string, Example[]> = {
    "azure-account-name": one(account, { accountName: "my-files" }),
    "azure-account-name-taken": [account(), account()],
    "azure-account-files-sku": one(account, { kind: "FileStorage", sku: { name: "Standard_LRS" } }),
    "azure-account-geo": one(account, { location: "polandcentral" }),
    "azure-account-key-identity": one(account, { encryption: { keySource: "Microsoft.Keyvault" } }),
    "azure-share-name": one(share, { shareName: "Data" }),
    "azure-share-nfs-account": [account(), share()],
    "azure-share-squash": one(share, { enabledProtocols: "SMB", rootSquash: "RootSquash" }),
    "azure-share-quota": [files(), share({ shareQuota: 50 })],
    "azure-container-name": one(container, { containerName: "audit--logs" }),
    "azure-container-in-files": [files(), container()],
    "azure-container-public": [account(), container({ publicAccess: "Blob" })],
    "azure-immutability-days": one(immutable, { immutabilityPeriodSinceCreationInDays: 0 }),
    "azure-immutability-append": one(immutable, {
        allowProtectedAppendWrites: true,
        allowProtectedAppendWritesAll: true,
    }),
    "azure-lifecycle-name": one(lifecycle, { managementPolicyName: "mine" }),
    "azure-lifecycle-rules": one(lifecycle, { policy: { rules: [lifecycleRule("a"), lifecycleRule("a")] } }),
    "azure-lifecycle-archive": [
        account({ sku: { name: "Standard_ZRS" } }),
        lifecycle({ policy: { rules: [lifecycleRule("a", { baseBlob: { tierToArchive: {} } })] } }),
    ],
    "azure-lifecycle-filter": one(lifecycle, {
        policy: { rules: [{ name: "a", definition: { filters: { prefixMatch: ["a/"] } } }] },
    }),
    "azure-vault-name": one(vault, { vaultName: "1-vault" }),
    "azure-vault-purge-protection": one(vault, { properties: { enablePurgeProtection: false } }),
    "azure-vault-soft-delete": one(vault, { properties: { softDeleteRetentionInDays: 365 } }),
    "azure-key-size": one(key, { properties: { keySize: 1024 } }),
    "azure-key-operations": one(key, { properties: { keyOps: ["wrap"] } }),
    "azure-secret-name": one(secret, { secretName: "smtp_password" }),
    "azure-secret-size": one(secret, { properties: { value: "x".repeat(26_000) } }),
    "azure-secret-content-type": one(secret, { properties: { contentType: "x".repeat(300) } }),
};

const actions = of("monitor:ActionGroup", { groupShortName: "minusnow" });
const metric = of("monitor:MetricAlert", {
    ruleName: "alert",
    location: "global",
    severity: 0,
    evaluationFrequency: "PT1M",
    windowSize: "PT5M",
    scopes: ["/subscriptions/x"],
    criteria: {
        odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        allOf: [{ metricName: "cpu_percent" }],
    },
});
const counting = (changes: Values): Values => ({ criteria: { allOf: [{ timeAggregation: "Count", ...changes }] } });
const query = of("monitor:ScheduledQueryRule", {
    ruleName: "alert",
    severity: 0,
    evaluationFrequency: "PT5M",
    windowSize: "PT5M",
    scopes: ["/subscriptions/x"],
    ...counting({}),
});
const collection = of("monitor:DataCollectionRule", {
    dataSources: { syslog: [{ name: "syslog", streams: ["Microsoft-Syslog"] }] },
    destinations: { logAnalytics: [{ name: "workspace" }] },
    dataFlows: [{ streams: ["Microsoft-Syslog"], destinations: ["workspace"] }],
});
const diagnostic = of("monitor:DiagnosticSetting", {
    resourceUri: "/subscriptions/x",
    name: "logs",
    workspaceId: "/subscriptions/x",
});
const test = of("applicationinsights:WebTest", {
    webTestName: "test",
    frequency: 300,
    locations: [{ location: "us-va-ash-azr" }],
    request: { requestUrl: "https://minusnow.example.com/health" },
});
const role = of("authorization:RoleAssignment", {
    principalId: "00000000-0000-0000-0000-000000000001",
    roleDefinitionId: "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/y",
    scope: "/subscriptions/x",
});
const definition = of("authorization:RoleDefinition", {
    roleName: "role",
    scope: "/subscriptions/x",
    assignableScopes: ["/subscriptions/x"],
});
const lock = of("authorization:ManagementLockByScope", { scope: "/subscriptions/x", level: "CanNotDelete" });

const operationsExamples: Record<string, Example[]> = {
    "azure-action-group-short-name": one(actions, { groupShortName: "minusnow-critical" }),
    "azure-action-group-receivers": one(actions, { emailReceivers: [{ name: "a" }, { name: "a" }] }),
    "azure-metric-alert-name": one(metric, { ruleName: "cpu > 90" }),
    "azure-metric-alert-frequency": one(metric, { evaluationFrequency: "PT2M" }),
    "azure-metric-alert-window": one(metric, { windowSize: "PT10M" }),
    "azure-metric-alert-window-short": one(metric, { evaluationFrequency: "PT15M" }),
    "azure-metric-alert-severity": one(metric, { severity: 5 }),
    "azure-metric-alert-location": one(metric, { location: "eastus2" }),
    "azure-metric-alert-criteria": one(metric, {
        criteria: { odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", allOf: [] },
    }),
    "azure-metric-alert-web-test": one(metric, {
        criteria: { odataType: "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria" },
    }),
    "azure-query-alert-name": one(query, { ruleName: "disk?" }),
    "azure-query-alert-frequency": one(query, { evaluationFrequency: "PT7M" }),
    "azure-query-alert-window": one(query, { windowSize: "PT7M" }),
    "azure-query-alert-window-short": one(query, { evaluationFrequency: "PT1H" }),
    "azure-query-alert-severity": one(query, { severity: -1 }),
    "azure-query-alert-scope": one(query, { scopes: ["/subscriptions/x", "/subscriptions/y"] }),
    "azure-query-alert-measure": one(query, counting({ metricMeasureColumn: "disk" })),
    "azure-query-alert-periods": one(
        query,
        counting({ failingPeriods: { numberOfEvaluationPeriods: 2, minFailingPeriodsToAlert: 3 } }),
    ),
    "azure-collection-stream": one(collection, { dataFlows: [] }),
    "azure-collection-destination": one(collection, { destinations: {} }),
    "azure-diagnostic-target": one(diagnostic, { workspaceId: undefined }),
    "azure-diagnostic-category": one(diagnostic, { logs: [{ enabled: true }] }),
    "azure-web-test-frequency": one(test, { frequency: 60 }),
    "azure-web-test-locations": one(test, { locations: [] }),
    "azure-web-test-address": one(test, { request: { requestUrl: "/health" } }),
    "azure-web-test-certificate": one(test, {
        request: { requestUrl: "http://minusnow.example.com/" },
        validationRules: { sSLCertRemainingLifetimeCheck: 14 },
    }),
    "azure-workbook-name": [of("applicationinsights:Workbook", {})({ resourceName: "minusnow" })],
    "azure-workspace-retention": [of("operationalinsights:Workspace", {})({ retentionInDays: 14 })],
    "azure-role-principal": one(role, { principalId: "someone" }),
    "azure-role-twice": [role(), role()],
    "azure-role-scope": one(role, { scope: "group" }),
    "azure-definition-wildcard": one(definition, { assignableScopes: ["/"] }),
    "azure-definition-name": [definition(), definition({ scope: "/subscriptions/y" })],
    "azure-definition-name-length": one(definition, { roleName: "x".repeat(600) }),
    "azure-lock-level": one(lock, { level: "Never" }),
    "azure-lock-notes": one(lock, { notes: "x".repeat(600) }),
};

const BALANCER_ID =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group/providers/Microsoft.Network/loadBalancers/balancer";
const forwarding = (changes: Values): Values => ({
    name: "https",
    protocol: "Tcp",
    frontendPort: 443,
    backendPort: 443,
    frontendIPConfiguration: { id: `${BALANCER_ID}/frontendIPConfigurations/users` },
    backendAddressPool: { id: `${BALANCER_ID}/backendAddressPools/balancers` },
    probe: { id: `${BALANCER_ID}/probes/health` },
    ...changes,
});
const asking = (changes: Values): Values => ({
    probes: [{ name: "health", protocol: "Http", port: 80, requestPath: "/health", intervalInSeconds: 5, ...changes }],
});
const balancer = of("network:LoadBalancer", {
    loadBalancerName: "balancer",
    sku: { name: "Standard" },
    frontendIPConfigurations: [{ name: "users", publicIPAddress: { id: "$0.id" } }],
    backendAddressPools: [{ name: "balancers" }],
    ...asking({}),
    loadBalancingRules: [forwarding({})],
});
const entered = (changes: Values): Example[] => [address(), balancer(changes)];

const loadBalancerExamples: Record<string, Example[]> = {
    "azure-balancer-part-missing": entered({ probes: [] }),
    "azure-balancer-pool-missing": [
        ...entered({}),
        card({
            ipConfigurations: [
                { loadBalancerBackendAddressPools: [{ id: `${BALANCER_ID}/backendAddressPools/servers` }] },
            ],
        }),
    ],
    "azure-balancer-basic": entered({ sku: { name: "Basic" } }),
    "azure-balancer-address-sku": [address({ sku: { name: "Basic" } }), balancer()],
    "azure-balancer-port-twice": entered({ loadBalancingRules: [forwarding({}), forwarding({ name: "other" })] }),
    "azure-balancer-backend-twice": entered({
        loadBalancingRules: [forwarding({}), forwarding({ name: "other", frontendPort: 8443 })],
    }),
    "azure-balancer-two-internal": [
        ...["one", "two"].map((loadBalancerName) =>
            balancer({
                loadBalancerName,
                frontendIPConfigurations: [{ name: "users", subnet: { id: "/subscriptions/x/subnets/y" } }],
                loadBalancingRules: [],
            }),
        ),
        card({
            ipConfigurations: [
                {
                    loadBalancerBackendAddressPools: ["one", "two"].map((name) => ({
                        id: `${BALANCER_ID.replace(/balancer$/, name)}/backendAddressPools/balancers`,
                    })),
                },
            ],
        }),
    ],
    "azure-balancer-probe-interval": entered(asking({ intervalInSeconds: 2 })),
    "azure-balancer-probe-path": entered(asking({ protocol: "Tcp" })),
    "azure-balancer-probe-port": entered(asking({ port: 25 })),
    "azure-balancer-idle-timeout": entered({ loadBalancingRules: [forwarding({ idleTimeoutInMinutes: 60 })] }),
};

/** For each trap the resources that spring it, in order; `$0.id` stands for the id of the first. */
export const azureExamples: Record<string, Example[]> = {
    ...networkExamples,
    ...gatewayExamples,
    ...loadBalancerExamples,
    ...computeExamples,
    ...databaseExamples,
    ...storageExamples,
    ...operationsExamples,
};
