import * as network from "@pulumi/azure-native/network";
import type * as pulumi from "@pulumi/pulumi";

/** A managed service that gets an address in the network. */
export interface PrivateEndpointArgs {
    resourceGroupName: pulumi.Input<string>;
    /** Subnet of the address. */
    subnetId: pulumi.Input<string>;
    /** The service. */
    serviceId: pulumi.Input<string>;
    /** Which of the service's parts, for example `vault` or `blob`. */
    groupId: string;
    /** Private DNS zone that resolves the service's name to the address. */
    zoneId: pulumi.Input<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** An address in the network for a managed service, with its name in a private DNS zone; depend on the result. */
export function createPrivateEndpoint(
    name: string,
    args: PrivateEndpointArgs,
    child: pulumi.CustomResourceOptions,
): network.PrivateDnsZoneGroup {
    const { resourceGroupName, subnetId, serviceId, groupId, zoneId, tags } = args;
    const endpoint = new network.PrivateEndpoint(
        name,
        {
            resourceGroupName,
            subnet: { id: subnetId },
            privateLinkServiceConnections: [{ name: groupId, privateLinkServiceId: serviceId, groupIds: [groupId] }],
            tags,
        },
        child,
    );
    return new network.PrivateDnsZoneGroup(
        name,
        {
            resourceGroupName,
            privateEndpointName: endpoint.name,
            privateDnsZoneGroupName: "default",
            privateDnsZoneConfigs: [{ name: groupId, privateDnsZoneId: zoneId }],
        },
        child,
    );
}
