import * as privatedns from "@pulumi/azure-native/privatedns";
import type * as pulumi from "@pulumi/pulumi";

/** Ids of the private DNS zones by managed service. */
export interface AzurePrivateDnsZoneIds {
    /** `privatelink.postgres.database.azure.com`. */
    database: pulumi.Input<string>;
    /** `privatelink.file.core.windows.net`. */
    files: pulumi.Input<string>;
    /** `privatelink.blob.core.windows.net`. */
    blobs: pulumi.Input<string>;
    /** `privatelink.vaultcore.azure.net`. */
    vault: pulumi.Input<string>;
    /** `privatelink.redis.azure.net`. */
    cache: pulumi.Input<string>;
}

const zoneNames: { [service in keyof AzurePrivateDnsZoneIds]: string } = {
    database: "privatelink.postgres.database.azure.com",
    files: "privatelink.file.core.windows.net",
    blobs: "privatelink.blob.core.windows.net",
    vault: "privatelink.vaultcore.azure.net",
    cache: "privatelink.redis.azure.net",
};

/** A private DNS zone for each managed service, used by the network. */
export function createDnsZones(
    name: string,
    args: {
        resourceGroupName: pulumi.Input<string>;
        networkId: pulumi.Input<string>;
        tags?: { [key: string]: pulumi.Input<string> };
    },
    child: { parent: pulumi.Resource },
): AzurePrivateDnsZoneIds {
    const { resourceGroupName, networkId, tags } = args;
    const zone = (service: keyof AzurePrivateDnsZoneIds) => {
        const zoneName = { privateZoneName: zoneNames[service], location: "global" };
        const created = new privatedns.PrivateZone(
            `${name}-${service}`,
            { resourceGroupName, ...zoneName, tags },
            child,
        );
        new privatedns.VirtualNetworkLink(
            `${name}-${service}`,
            {
                resourceGroupName,
                privateZoneName: created.name,
                virtualNetworkLinkName: name,
                location: "global",
                registrationEnabled: false,
                virtualNetwork: { id: networkId },
                // Names that the zone does not hold, those of other accounts for example, resolve as they do outside.
                resolutionPolicy: "NxDomainRedirect",
                tags,
            },
            child,
        );
        return created.id;
    };
    return {
        database: zone("database"),
        files: zone("files"),
        blobs: zone("blobs"),
        vault: zone("vault"),
        cache: zone("cache"),
    };
}
