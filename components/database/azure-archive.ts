import * as storage from "@pulumi/azure-native/storage";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";
import { type AccountKey, createStorageAccount } from "../azure-storage";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import { databaseMachines } from "./host/settings";

/** What an account for a database's backups is like. */
export interface ArchiveArgs {
    /** Resource group that outlives the stack. */
    resourceGroupName: pulumi.Input<string>;
    endpointSubnetId: pulumi.Input<string>;
    dnsZoneId: pulumi.Input<string>;
    key: AccountKey;
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Where machines keep base backups and write-ahead log, and what they agree on. */
export interface Archive {
    accountId: pulumi.Output<string>;
    /** Name of the account, known when it has an address in the network and its containers. */
    accountName: pulumi.Output<string>;
    /** What says who is primary, in its metadata. */
    primary: storage.BlobContainer;
}

interface Child {
    parent: pulumi.Resource;
}

/** Container of base backups and write-ahead log. */
export const BACKUPS = "pgbackrest";
/** Days in which what was deleted by mistake, or by an intruder, can be brought back. */
const SOFT_DELETE_DAYS = 14;

/**
 * What both machines agree on, each the metadata of a container of its own: Azure answers with the last value that was
 * written. The stack gives the first value, and the machines the later ones.
 */
const agreements = { primary: databaseMachines[0] as string, cluster: "none", "in-sync": false };

/** An account that is copied to the pair of the region; it stays when the stack is deleted while it is protected. */
export function createArchive(name: string, args: ArchiveArgs, child: Child): Archive {
    const { resourceGroupName, key: encryption, deletionProtection, tags } = args;
    const account = createStorageAccount(
        name,
        { resourceGroupName, kind: "StorageV2", sku: "Standard_RAGZRS", encryption, tags },
        { ...child, protect: deletionProtection, retainOnDelete: deletionProtection },
    );
    if (deletionProtection) {
        refuseDeletion(name, account.id, child);
    }
    const place = { resourceGroupName, accountName: account.name };
    const kept = { enabled: true, days: SOFT_DELETE_DAYS };
    new storage.BlobServiceProperties(
        name,
        { ...place, blobServicesName: "default", deleteRetentionPolicy: kept, containerDeleteRetentionPolicy: kept },
        child,
    );
    const container = (containerName: string, metadata?: Record<string, string>) =>
        new storage.BlobContainer(
            `${name}-${containerName}`,
            { ...place, containerName, publicAccess: "None", ...(metadata && { metadata }) },
            // Made anew, it would say again what was so at first.
            { ...child, retainOnDelete: true, ignoreChanges: ["metadata"] },
        );
    const backups = container(BACKUPS);
    const agreed = Object.entries(agreements).map(([what, first]) => container(what, { value: JSON.stringify(first) }));
    const endpoint = createPrivateEndpoint(
        name,
        {
            resourceGroupName,
            subnetId: args.endpointSubnetId,
            serviceId: account.id,
            groupId: "blob",
            zoneId: args.dnsZoneId,
            tags,
        },
        child,
    );
    const ready = [endpoint, backups, ...agreed].map(({ id }) => id);
    return {
        accountId: account.id,
        accountName: pulumi.all([account.name, ...ready]).apply(([accountName]) => accountName!),
        primary: agreed[0]!,
    };
}

const CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers";

/** What a machine may do with it: everything that pgBackRest does, which deletes what is past its time. */
export const ARCHIVING = {
    actions: [`${CONTAINERS}/read`, `${CONTAINERS}/write`],
    dataActions: ["read", "write", "add/action", "delete"].map((action) => `${CONTAINERS}/blobs/${action}`),
};
