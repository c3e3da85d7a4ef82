import { at, form, isSet, numberAt, oneOf, textAt, type Trap, type Values, when } from "../../trap";
import { azurerm, learn } from "./sources";

const SERVER = "azure-native:dbforpostgresql:Server";
const SETTING = "azure-native:dbforpostgresql:Configuration";
const VIRTUAL = "azure-native:dbforpostgresql:VirtualEndpoint";
const CLUSTER = "azure-native:redisenterprise:RedisEnterprise";
const DATABASE = "azure-native:redisenterprise:Database";
const serverSource = azurerm("postgres/postgresql_flexible_server_resource.go");
const parameterGuide = learn("postgresql/flexible-server/concepts-server-parameters");

const isReplica = (inputs: Values) => at(inputs, "createMode") === "Replica";
const hasStandby = (inputs: Values) =>
    ["ZoneRedundant", "SameZone"].includes(textAt(inputs, "highAvailability.mode") ?? "");

/** Parameters that only Azure sets. */
const readOnly = /^(wal_keep_size|listen_addresses|port|wal_level|max_slot_wal_keep_size|data_directory|hba_file|ssl)$/;

/** Ranges of the parameters that this library sets. */
const ranges: Record<string, [number, number] | undefined> = {
    max_connections: [25, 5000],
    shared_buffers: [16, 1_073_741_823],
    effective_cache_size: [1, 2_147_483_647],
    maintenance_work_mem: [1024, 2_097_151],
    work_mem: [4096, 2_097_151],
    max_wal_senders: [5, 100],
    effective_io_concurrency: [0, 1000],
};

/** Regions without a pair, where nothing is geo-redundant. */
export const PAIRLESS =
    /^(polandcentral|italynorth|spaincentral|israelcentral|qatarcentral|mexicocentral|newzealandnorth|austriaeast|chilecentral|indonesiacentral|malaysiawest)$/;

export const databaseTraps: readonly Trap[] = [
    form(
        "azure-database-name",
        SERVER,
        "serverName",
        /^(?=.{3,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        (name) => `InvalidServerName: The server name '${name}' has 3 to 63 small letters, digits and dashes.`,
        serverSource,
    ),
    when(
        "azure-database-burstable-standby",
        SERVER,
        (inputs) => at(inputs, "sku.tier") === "Burstable" && hasStandby(inputs),
        "HANotSupportedForBurstableSkuWithMoreInfo: High availability is not supported for the Burstable SKU.",
        learn("postgresql/flexible-server/concepts-high-availability"),
    ),
    when(
        "azure-database-burstable-replica",
        SERVER,
        (inputs, world) => {
            const source = world.find(SERVER, inputs["sourceServerResourceId"]);
            return isReplica(inputs) && textAt(source?.values, "sku.tier") === "Burstable";
        },
        "ReadReplicaNotSupportedForBurstableSku: Read replicas are not supported for the Burstable SKU.",
        learn("postgresql/flexible-server/concepts-read-replicas"),
    ),
    when(
        "azure-database-replica-standby",
        SERVER,
        (inputs) => isReplica(inputs) && (hasStandby(inputs) || isSet(inputs, "backup.geoRedundantBackup")),
        "ReplicaServerHighAvailabilityNotSupported: a read replica has neither high availability nor backups of its own.",
        learn("postgresql/flexible-server/concepts-read-replicas"),
    ),
    when(
        "azure-database-replica-source",
        SERVER,
        (inputs) => isReplica(inputs) && !isSet(inputs, "sourceServerResourceId"),
        "InvalidParameterValue: a replica needs sourceServerResourceId",
        serverSource,
    ),
    when(
        "azure-database-standby-zone",
        SERVER,
        (inputs) =>
            at(inputs, "highAvailability.mode") === "ZoneRedundant" &&
            isSet(inputs, "highAvailability.standbyAvailabilityZone") &&
            at(inputs, "highAvailability.standbyAvailabilityZone") === at(inputs, "availabilityZone"),
        "InvalidStandbyAvailabilityZone: the standby of zone-redundant high availability is in another zone than its primary",
        learn("postgresql/flexible-server/concepts-high-availability"),
    ),
    when(
        "azure-database-retention",
        SERVER,
        (inputs) => {
            const days = numberAt(inputs, "backup.backupRetentionDays") ?? 7;
            return days < 7 || days > 35;
        },
        "InvalidBackupRetentionDays: the retention of backups is 7 to 35 days",
        learn("postgresql/flexible-server/concepts-backup-restore"),
    ),
    oneOf(
        "azure-database-storage",
        SERVER,
        "storage.storageSizeGB",
        [32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767],
        serverSource,
    ),
    oneOf("azure-database-version", SERVER, "version", ["11", "12", "13", "14", "15", "16", "17", "18"], serverSource),
    when(
        "azure-database-tier",
        SERVER,
        (inputs) => {
            const letter = /^Standard_([BDE])/.exec(textAt(inputs, "sku.name") ?? "")?.[1] ?? "";
            const tier = { B: "Burstable", D: "GeneralPurpose", E: "MemoryOptimized" }[letter];
            return tier !== undefined && isSet(inputs, "sku.tier") && at(inputs, "sku.tier") !== tier;
        },
        "InvalidSku: the size does not belong to the tier",
        learn("postgresql/flexible-server/concepts-compute"),
    ),
    when(
        "azure-database-two-networks",
        SERVER,
        (inputs) =>
            isSet(inputs, "network.delegatedSubnetResourceId") &&
            at(inputs, "network.publicNetworkAccess") === "Enabled",
        "ConflictingPublicNetworkAccessAndVirtualNetworkConfiguration: a server in a delegated subnet has no public access",
        serverSource,
    ),
    when(
        "azure-database-delegation",
        SERVER,
        (inputs, world) => {
            const subnet = world.find("azure-native:network:Subnet", at(inputs, "network.delegatedSubnetResourceId"));
            const delegations = JSON.stringify(subnet?.values["delegations"] ?? []);
            return subnet !== undefined && !delegations.includes("Microsoft.DBforPostgreSQL/flexibleServers");
        },
        "SubnetMissingRequiredDelegation: the subnet is not delegated to Microsoft.DBforPostgreSQL/flexibleServers",
        learn("postgresql/flexible-server/concepts-networking-private"),
    ),
    when(
        "azure-database-key-identity",
        SERVER,
        (inputs) =>
            at(inputs, "dataEncryption.type") === "AzureKeyVault" &&
            !(
                isSet(inputs, "identity") &&
                isSet(inputs, "dataEncryption.primaryUserAssignedIdentityId") &&
                isSet(inputs, "dataEncryption.primaryKeyURI")
            ),
        "InvalidParameterValue: encryption by a customer key needs a user-assigned identity, its id and the key's address",
        learn("postgresql/flexible-server/concepts-data-encryption"),
    ),
    when(
        "azure-database-geo-key",
        SERVER,
        (inputs) =>
            at(inputs, "dataEncryption.type") === "AzureKeyVault" &&
            at(inputs, "backup.geoRedundantBackup") === "Enabled" &&
            !isSet(inputs, "dataEncryption.geoBackupKeyURI"),
        "GeoBackupKeyRequired: geo-redundant backup of a server with a customer key needs a second key in the paired region",
        learn("postgresql/flexible-server/concepts-data-encryption"),
    ),
    form(
        "azure-database-administrator",
        SERVER,
        "administratorLogin",
        /^(?!(azure_superuser|azure_pg_admin|admin|administrator|root|guest|public|postgres|sa)$)(?!pg_)[a-zA-Z_][a-zA-Z0-9_]{0,62}$/,
        (login) => `InvalidParameterValue: The administrator login '${login}' is not allowed.`,
        serverSource,
    ),
    when(
        "azure-database-password",
        SERVER,
        (inputs) => {
            const password = textAt(inputs, "administratorLoginPassword");
            const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password ?? "")).length;
            return password !== undefined && (password.length < 8 || password.length > 128 || kinds < 3);
        },
        "PasswordTooWeak: The password of an administrator has 8 to 128 characters of three kinds.",
        serverSource,
    ),
    when(
        "azure-database-password-missing",
        SERVER,
        (inputs) =>
            ["Create", "Default", undefined].includes(textAt(inputs, "createMode")) &&
            at(inputs, "authConfig.passwordAuth") !== "Disabled" &&
            !isSet(inputs, "administratorLoginPassword"),
        "InvalidParameterValue: administratorLogin and administratorLoginPassword are needed when a server is created",
        serverSource,
    ),
    when(
        "azure-setting-read-only",
        SETTING,
        (inputs) => readOnly.test(textAt(inputs, "configurationName") ?? ""),
        "ServerParameterReadOnly: the server parameter is read-only",
        parameterGuide,
    ),
    {
        id: "azure-setting-range",
        type: SETTING,
        source: parameterGuide,
        check: (inputs) => {
            const [name, value] = [textAt(inputs, "configurationName") ?? "", Number(textAt(inputs, "value"))];
            const range = ranges[name];
            return range && !Number.isNaN(value) && (value < range[0] || value > range[1])
                ? `InvalidParameterValue: Invalid value given for parameter ${name}. Allowed range ${range.join("-")}.`
                : undefined;
        },
    },
    form(
        "azure-virtual-endpoint-name",
        VIRTUAL,
        "virtualEndpointName",
        /^(?=.{3,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        (name) => `InvalidVirtualEndpointName: The name '${name}' has 3 to 63 small letters, digits and dashes.`,
        learn("postgresql/flexible-server/concepts-read-replicas-virtual-endpoints"),
    ),
    when(
        "azure-virtual-endpoint-one",
        VIRTUAL,
        (inputs, world) =>
            isSet(inputs, "serverName") &&
            world.ofType(VIRTUAL).some(({ values }) => values["serverName"] === inputs["serverName"]),
        "VirtualEndpointLimitExceeded: a server has one pair of virtual endpoints",
        learn("postgresql/flexible-server/concepts-read-replicas-virtual-endpoints"),
    ),
    form(
        "azure-cache-name",
        CLUSTER,
        "clusterName",
        /^(?=.{3,60}$)(?!.*--)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/,
        (name) => `InvalidName: The name '${name}' of a Redis cluster has 3 to 60 letters, digits and single dashes.`,
        azurerm("managedredis/validate/managed_redis_name.go"),
    ),
    when(
        "azure-cache-zones",
        CLUSTER,
        (inputs) => isSet(inputs, "zones") && !(textAt(inputs, "sku.name") ?? "").startsWith("Enterprise"),
        "BadRequest: Specifying zones for this SKU is not supported. Zone redundancy is enabled by default.",
        "https://github.com/langchain-ai/terraform/pull/107",
    ),
    form(
        "azure-cache-key-version",
        CLUSTER,
        "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl",
        /^https:\/\/[^/]+\/keys\/[^/]+\/[0-9a-f]{32}$/,
        (url) => `InvalidKeyEncryptionKeyUrl: The key '${url}' must name a version.`,
        learn("redis/how-to-encryption"),
    ),
    when(
        "azure-cache-key-identity",
        CLUSTER,
        (inputs) => isSet(inputs, "encryption.customerManagedKeyEncryption") && !isSet(inputs, "identity"),
        "InvalidParameter: encryption by a customer key needs a user-assigned identity of the cluster",
        learn("redis/how-to-encryption"),
    ),
    when(
        "azure-cache-database-name",
        DATABASE,
        (inputs) => isSet(inputs, "databaseName") && at(inputs, "databaseName") !== "default",
        "InvalidDatabaseName: the one database of a cluster is named default",
        azurerm("managedredis/managed_redis_resource.go"),
    ),
    when(
        "azure-cache-port",
        DATABASE,
        (inputs) => isSet(inputs, "port") && at(inputs, "port") !== 10000,
        "InvalidPort: Azure Managed Redis answers on port 10000",
        learn("redis/architecture"),
    ),
    oneOf(
        "azure-cache-eviction",
        DATABASE,
        "evictionPolicy",
        [
            "AllKeysLRU",
            "AllKeysLFU",
            "AllKeysRandom",
            "VolatileLRU",
            "VolatileLFU",
            "VolatileTTL",
            "VolatileRandom",
            "NoEviction",
        ],
        learn("redis/architecture"),
    ),
];
