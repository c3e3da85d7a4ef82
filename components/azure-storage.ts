import * as storage from "@pulumi/azure-native/storage";
import type * as pulumi from "@pulumi/pulumi";
import { worldwideName } from "./azure-names";

/** What differs between storage accounts. */
export interface StorageAccountArgs {
    resourceGroupName: pulumi.Input<string>;
    kind: "StorageV2" | "FileStorage";
    /** Replication and tier, for example `Premium_ZRS`. */
    sku: string;
    /** Key that encrypts it, with the identity that may use the key. Default Azure's own key. */
    encryption?: AccountKey;
    /** True lets in who knows an account key, as shares of SMB do. Default false: identities alone. */
    sharedKeys?: boolean;
    /** True lets services that Azure trusts, such as flow logs, write from outside the network. Default false. */
    trustedServices?: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A key of a key vault as storage accounts name it. */
export interface AccountKey {
    vaultUri: pulumi.Input<string>;
    keyName: pulumi.Input<string>;
    identityId: pulumi.Input<string>;
}

/** A storage account that answers over TLS 1.2 and private endpoints only, to identities and, unless told, not to keys. */
export function createStorageAccount(
    name: string,
    args: StorageAccountArgs,
    child: pulumi.CustomResourceOptions,
): storage.StorageAccount {
    const { resourceGroupName, kind, sku, encryption, sharedKeys = false, trustedServices = false, tags } = args;
    return new storage.StorageAccount(
        name,
        {
            resourceGroupName,
            accountName: worldwideName(name, child),
            kind,
            sku: { name: sku },
            enableHttpsTrafficOnly: true,
            minimumTlsVersion: "TLS1_2",
            allowBlobPublicAccess: false,
            allowSharedKeyAccess: sharedKeys,
            allowCrossTenantReplication: false,
            publicNetworkAccess: trustedServices ? "Enabled" : "Disabled",
            networkRuleSet: { defaultAction: "Deny", bypass: trustedServices ? "AzureServices" : "None" },
            ...(encryption && keyOf(encryption)),
            tags,
        },
        child,
    );
}

/** Without a version of the key, the account follows its rotation. */
function keyOf({ vaultUri, keyName, identityId }: AccountKey) {
    return {
        identity: { type: "UserAssigned", userAssignedIdentities: [identityId] },
        encryption: {
            keySource: "Microsoft.Keyvault",
            identity: { encryptionUserAssignedIdentity: identityId },
            keyVaultProperties: { keyVaultUri: vaultUri, keyName },
            requireInfrastructureEncryption: true,
            services: { blob: { enabled: true }, file: { enabled: true } },
        },
    };
}
