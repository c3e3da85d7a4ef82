import * as keyvault from "@pulumi/azure-native/keyvault";
import { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig";
import * as pulumi from "@pulumi/pulumi";
import { worldwideName } from "../azure-names";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import type { AzureSecretsArgs } from "./azure";

/** A key vault with its address in the network. */
export interface CreatedVault {
    /** Known when machines in the network reach the vault. */
    id: pulumi.Output<string>;
    name: pulumi.Output<string>;
    uri: pulumi.Output<string>;
}

/** Days in which a deleted vault, key or secret can be brought back; the longest there is. */
const SOFT_DELETE_DAYS = 90;

/**
 * A key vault that nothing can be purged from, open to roles only and inside the network only. Services that Azure trusts,
 * PostgreSQL and storage among them, may use its keys.
 */
export function createVault(name: string, args: AzureSecretsArgs, child: { parent: pulumi.Resource }): CreatedVault {
    const { resourceGroupName, endpointSubnetId: subnetId, dnsZoneId: zoneId, tags, retainKey = true } = args;
    const vault = new keyvault.Vault(
        name,
        {
            resourceGroupName,
            vaultName: worldwideName(name, child),
            properties: {
                tenantId: getClientConfigOutput(child).tenantId,
                sku: { family: "A", name: "standard" },
                enableRbacAuthorization: true,
                enableSoftDelete: true,
                softDeleteRetentionInDays: SOFT_DELETE_DAYS,
                enablePurgeProtection: true,
                publicNetworkAccess: "Disabled",
                networkAcls: { defaultAction: "Deny", bypass: "AzureServices" },
            },
            tags,
        },
        { ...child, retainOnDelete: retainKey },
    );
    const place = { resourceGroupName, subnetId, serviceId: vault.id, groupId: "vault", zoneId, tags };
    const address = createPrivateEndpoint(name, place, child);
    const id = pulumi.all([vault.id, address.id]).apply(([vaultId]) => vaultId);
    return { id, name: vault.name, uri: vault.properties.apply(({ vaultUri }) => vaultUri) };
}
