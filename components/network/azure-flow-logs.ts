import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveRole, identityWithRoles } from "../azure-roles";
import { createStorageAccount } from "../azure-storage";

/** What to record and how long to keep it. */
interface FlowLogArgs {
    resourceGroupName: pulumi.Input<string>;
    location: pulumi.Output<string>;
    networkId: pulumi.Output<string>;
    retentionDays: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * Records every connection of a network, accepted or refused. Azure makes a network watcher in each region that has a
 * virtual network, in a resource group of that fixed name.
 */
export function recordFlows(name: string, args: FlowLogArgs, child: { parent: pulumi.Resource }): void {
    const { resourceGroupName, location, networkId, retentionDays, tags } = args;
    const account = createStorageAccount(
        name,
        { resourceGroupName, kind: "StorageV2", sku: "Standard_ZRS", trustedServices: true, tags },
        child,
    );
    // The account takes no shared keys, by which flow logs are written otherwise.
    const identity = createIdentity(name, { resourceGroupName, tags }, child);
    const role = giveRole(name, "blobContributor", identity.principalId, account.id, child);
    const identityId = identityWithRoles(identity, [role]);
    new network.FlowLog(
        name,
        {
            resourceGroupName: "NetworkWatcherRG",
            networkWatcherName: pulumi.interpolate`NetworkWatcher_${location}`,
            flowLogName: name,
            location,
            targetResourceId: networkId,
            storageId: account.id,
            enabled: true,
            identity: { type: "UserAssigned", userAssignedIdentities: [identityId] },
            format: { type: "JSON", version: 2 },
            retentionPolicy: { enabled: true, days: retentionDays },
            tags,
        },
        child,
    );
}
