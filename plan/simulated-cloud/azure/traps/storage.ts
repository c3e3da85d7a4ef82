import { at, form, isSet, listAt, numberAt, textAt, type Trap, type Values, when, type World } from "../../trap";
import { PAIRLESS } from "./database";
import { azurerm, learn, spec } from "./sources";

const ACCOUNT = "azure-native:storage:StorageAccount";
const SHARE = "azure-native:storage:FileShare";
const CONTAINER = "azure-native:storage:BlobContainer";
const IMMUTABLE = "azure-native:storage:BlobContainerImmutabilityPolicy";
const LIFECYCLE = "azure-native:storage:ManagementPolicy";
const VAULT = "azure-native:keyvault:Vault";
const KEY = "azure-native:keyvault:Key";
const SECRET = "azure-native:keyvault:Secret";
const accountGuide = learn("storage/common/storage-account-overview");
const lifecycleGuide = learn("storage/blobs/lifecycle-management-overview");

const accountOf = (inputs: Values, world: World) => world.find(ACCOUNT, inputs["accountName"])?.values;
const sku = (inputs: Values | undefined) => textAt(inputs, "sku.name") ?? "";
/** Longest value of a secret, in bytes. */
const SECRET_BYTES = 25 * 1024;

export const storageTraps: readonly Trap[] = [
    form(
        "azure-account-name",
        ACCOUNT,
        "accountName",
        /^[a-z0-9]{3,24}$/,
        (name) =>
            `AccountNameInvalid: ${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
        accountGuide,
    ),
    when(
        "azure-account-name-taken",
        ACCOUNT,
        (inputs, world) =>
            isSet(inputs, "accountName") &&
            world.ofType(ACCOUNT).some(({ values }) => values["accountName"] === inputs["accountName"]),
        "StorageAccountAlreadyTaken: The storage account is already taken.",
        accountGuide,
    ),
    when(
        "azure-account-files-sku",
        ACCOUNT,
        (inputs) =>
            at(inputs, "kind") === "FileStorage" &&
            isSet(inputs, "sku.name") &&
            !/^(Premium|StandardV2|PremiumV2)_/.test(sku(inputs)),
        "InvalidSkuForKind: a storage account of the kind FileStorage has a premium or provisioned SKU",
        accountGuide,
    ),
    when(
        "azure-account-geo",
        ACCOUNT,
        (inputs) => /GRS|GZRS/.test(sku(inputs)) && PAIRLESS.test(textAt(inputs, "location") ?? ""),
        "SkuNotSupportedInRegion: the region has no pair, so nothing is geo-redundant there",
        learn("reliability/regions-paired"),
    ),
    when(
        "azure-account-key-identity",
        ACCOUNT,
        (inputs) =>
            at(inputs, "encryption.keySource") === "Microsoft.Keyvault" &&
            !(isSet(inputs, "identity") && isSet(inputs, "encryption.keyVaultProperties.keyName")),
        "InvalidRequestPropertyValue: encryption by a customer key needs an identity and the key's name",
        learn("storage/common/customer-managed-keys-configure-new-account"),
    ),
    form(
        "azure-share-name",
        SHARE,
        "shareName",
        /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
        (name) => `InvalidResourceName: The share name '${name}' has 3 to 63 small letters, digits and single dashes.`,
        learn("azure-resource-manager/management/resource-name-rules"),
    ),
    when(
        "azure-share-nfs-account",
        SHARE,
        (inputs, world) => {
            const account = accountOf(inputs, world);
            return (
                at(inputs, "enabledProtocols") === "NFS" && account !== undefined && account["kind"] !== "FileStorage"
            );
        },
        "NfsShareNotSupported: a share over NFS needs a premium account of the kind FileStorage",
        learn("storage/files/files-nfs-protocol"),
    ),
    when(
        "azure-share-squash",
        SHARE,
        (inputs) => isSet(inputs, "rootSquash") && at(inputs, "enabledProtocols") !== "NFS",
        "InvalidRequestPropertyValue: rootSquash is for shares over NFS",
        spec("storage"),
    ),
    when(
        "azure-share-quota",
        SHARE,
        (inputs, world) => {
            const quota = numberAt(inputs, "shareQuota");
            const least = sku(accountOf(inputs, world)).startsWith("Premium_") ? 100 : 1;
            return quota !== undefined && (quota < least || quota > 102_400);
        },
        "InvalidHeaderValue: the quota of a premium share is 100 to 102400 GiB",
        learn("storage/files/storage-files-scale-targets"),
    ),
    form(
        "azure-container-name",
        CONTAINER,
        "containerName",
        /^(\$root|\$web|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/,
        (name) =>
            `InvalidResourceName: The container name '${name}' has 3 to 63 small letters, digits and single dashes.`,
        learn("azure-resource-manager/management/resource-name-rules"),
    ),
    when(
        "azure-container-in-files",
        CONTAINER,
        (inputs, world) => accountOf(inputs, world)?.["kind"] === "FileStorage",
        "FeatureNotSupportedForAccount: Blob is not supported for the account.",
        accountGuide,
    ),
    when(
        "azure-container-public",
        CONTAINER,
        (inputs, world) =>
            isSet(inputs, "publicAccess") &&
            at(inputs, "publicAccess") !== "None" &&
            accountOf(inputs, world)?.["allowBlobPublicAccess"] === false,
        "PublicAccessNotPermitted: Public access is not permitted on this storage account.",
        learn("storage/blobs/anonymous-read-access-prevent"),
    ),
    when(
        "azure-immutability-days",
        IMMUTABLE,
        (inputs) => {
            const days = numberAt(inputs, "immutabilityPeriodSinceCreationInDays") ?? 1;
            return days < 1 || days > 146_000;
        },
        "InvalidImmutabilityPeriod: a policy keeps blobs for 1 to 146000 days",
        learn("storage/blobs/immutable-container-level-worm-policies"),
    ),
    when(
        "azure-immutability-append",
        IMMUTABLE,
        (inputs) => inputs["allowProtectedAppendWrites"] === true && inputs["allowProtectedAppendWritesAll"] === true,
        "InvalidRequestPropertyValue: allowProtectedAppendWrites and allowProtectedAppendWritesAll exclude each other",
        spec("storage"),
    ),
    when(
        "azure-lifecycle-name",
        LIFECYCLE,
        (inputs) => isSet(inputs, "managementPolicyName") && at(inputs, "managementPolicyName") !== "default",
        "InvalidValuesForRequestParameters: the one management policy of an account is named default",
        lifecycleGuide,
    ),
    when(
        "azure-lifecycle-rules",
        LIFECYCLE,
        (inputs) => {
            const names = listAt(inputs, "policy.rules").map((rule) => textAt(rule, "name"));
            return names.length === 0 || new Set(names).size < names.length;
        },
        "InvalidManagementPolicy: a management policy has rules of different names",
        lifecycleGuide,
    ),
    when(
        "azure-lifecycle-archive",
        LIFECYCLE,
        (inputs, world) =>
            /_(ZRS|GZRS|RAGZRS)$/.test(sku(accountOf(inputs, world))) &&
            JSON.stringify(inputs["policy"] ?? {}).includes("tierToArchive"),
        "InvalidManagementPolicy: the archive tier is not supported for zone-redundant accounts",
        learn("storage/blobs/access-tiers-overview"),
    ),
    when(
        "azure-lifecycle-filter",
        LIFECYCLE,
        (inputs) =>
            listAt(inputs, "policy.rules").some(
                (rule) => isSet(rule, "definition.filters") && !isSet(rule, "definition.filters.blobTypes"),
            ),
        "InvalidManagementPolicy: filters name the types of blobs",
        lifecycleGuide,
    ),
    form(
        "azure-vault-name",
        VAULT,
        "vaultName",
        /^(?=.{3,24}$)(?!.*--)[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9]$/,
        (name) =>
            `VaultNameNotValid: The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`,
        azurerm("keyvault/validate/vault_name.go"),
    ),
    when(
        "azure-vault-purge-protection",
        VAULT,
        (inputs) => at(inputs, "properties.enablePurgeProtection") === false,
        'BadRequest: The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
        learn("key-vault/general/soft-delete-overview"),
    ),
    when(
        "azure-vault-soft-delete",
        VAULT,
        (inputs) => {
            const days = numberAt(inputs, "properties.softDeleteRetentionInDays") ?? 90;
            return days < 7 || days > 90;
        },
        "BadRequest: The property softDeleteRetentionInDays must be between 7 and 90.",
        learn("key-vault/general/soft-delete-overview"),
    ),
    when(
        "azure-key-size",
        KEY,
        (inputs) =>
            isSet(inputs, "properties.keySize") &&
            ![2048, 3072, 4096].includes(numberAt(inputs, "properties.keySize") ?? 0),
        "BadParameter: The specified RSA key size is not supported.",
        learn("key-vault/keys/about-keys"),
    ),
    when(
        "azure-key-operations",
        KEY,
        (inputs) => {
            const known = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import", "release"];
            return listAt(inputs, "properties.keyOps").some(
                (operation) => typeof operation !== "string" || !known.includes(operation),
            );
        },
        "BadParameter: an operation of a key is unknown",
        learn("key-vault/keys/about-keys"),
    ),
    form(
        "azure-secret-name",
        SECRET,
        "secretName",
        /^[0-9a-zA-Z-]{1,127}$/,
        (name) => `BadParameter: The request URI contains an invalid name: ${name}`,
        learn("key-vault/general/about-keys-secrets-certificates"),
    ),
    when(
        "azure-secret-size",
        SECRET,
        (inputs) => Buffer.byteLength(textAt(inputs, "properties.value") ?? "") > SECRET_BYTES,
        "BadParameter: The value of a secret has at most 25 KB.",
        learn("key-vault/secrets/about-secrets"),
    ),
    when(
        "azure-secret-content-type",
        SECRET,
        (inputs) => (textAt(inputs, "properties.contentType") ?? "").length > 255,
        "BadParameter: The content type of a secret has at most 255 characters.",
        learn("key-vault/secrets/about-secrets"),
    ),
];
