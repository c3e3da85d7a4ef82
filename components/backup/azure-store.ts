import * as monitor from "@pulumi/azure-native/monitor";
import * as storage from "@pulumi/azure-native/storage";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";
import { createStorageAccount } from "../azure-storage";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import type { AzureBackupArgs } from "./azure";
import { BackupLock } from "./contract";
import { withDefaults } from "./defaults";

/** Where backups go. */
export interface BackupStore {
    accountId: pulumi.Output<string>;
    /** Address of the account's blobs, known when it has one in the network and its containers. */
    url: pulumi.Output<string>;
    /** Address of the container with configurations. */
    configurationUrl: pulumi.Output<string>;
}

type Child = { parent: pulumi.Resource };

/** Files are copied as a whole once a week; a copy of the changes is worth nothing without the whole one before it. */
const WEEK_DAYS = 7;
/** Days in which what was deleted by mistake can be brought back. */
const SOFT_DELETE_DAYS = 14;

/** A container for each kind of data with the days that its blobs are kept. */
function containers(args: AzureBackupArgs): { name: string; days: number }[] {
    const { retentionDays, auditRetentionDays, configurationRetentionDays } = withDefaults(args);
    return [
        { name: "database", days: retentionDays },
        { name: "files", days: retentionDays + WEEK_DAYS },
        { name: "audit-logs", days: auditRetentionDays },
        { name: "configuration", days: configurationRetentionDays },
    ];
}

/**
 * A storage account that is copied to the region's pair, with a container for each kind of data. What is in them can be
 * neither changed nor deleted before its time.
 */
export function createStore(name: string, args: AzureBackupArgs, child: Child): BackupStore {
    const { lock = BackupLock.Governance, deleteWithStack = false, deletionProtection = true } = args;
    const account = createAccount(name, args, {
        ...child,
        protect: deletionProtection,
        retainOnDelete: !deleteWithStack,
    });
    if (deletionProtection) {
        refuseDeletion(name, account.id, child);
    }
    keepDeleted(name, account, args, child);
    const made = containers(args).flatMap((container) =>
        createContainer(name, container, account, lock !== BackupLock.None, args, child),
    );
    deleteInTime(name, account, args, child);
    logAccess(name, account, args, child);
    const ready = [giveAddress(name, account, args, child), ...made];
    const url = pulumi
        .all([account.name, ...ready.map(({ id }) => id)])
        .apply(([accountName]) => `https://${accountName}.blob.core.windows.net`);
    return { accountId: account.id, url, configurationUrl: pulumi.interpolate`${url}/configuration` };
}

/** Copied to the pair of the region and readable there; only this kind has the archive tier besides. */
function createAccount(
    name: string,
    args: AzureBackupArgs,
    child: pulumi.CustomResourceOptions,
): storage.StorageAccount {
    const {
        storeResourceGroupName: resourceGroupName,
        keyVaultUri: vaultUri,
        keyName,
        keyIdentityId: identityId,
        tags,
    } = args;
    const encryption = { vaultUri, keyName, identityId };
    return createStorageAccount(
        name,
        { resourceGroupName, kind: "StorageV2", sku: "Standard_RAGRS", encryption, tags },
        child,
    );
}

function keepDeleted(name: string, account: storage.StorageAccount, args: AzureBackupArgs, child: Child): void {
    const kept = { enabled: true, days: SOFT_DELETE_DAYS };
    new storage.BlobServiceProperties(
        name,
        {
            resourceGroupName: args.storeResourceGroupName,
            accountName: account.name,
            blobServicesName: "default",
            deleteRetentionPolicy: kept,
            containerDeleteRetentionPolicy: kept,
        },
        child,
    );
}

function createContainer(
    name: string,
    { name: containerName, days }: { name: string; days: number },
    account: storage.StorageAccount,
    locked: boolean,
    { storeResourceGroupName: resourceGroupName }: AzureBackupArgs,
    child: Child,
): pulumi.CustomResource[] {
    // Azure deletes no container that holds locked blobs, and no policy without its entity tag; both go with the account.
    const withAccount = { ...child, retainOnDelete: true };
    const place = { resourceGroupName, accountName: account.name };
    const container = new storage.BlobContainer(
        `${name}-${containerName}`,
        { ...place, containerName, publicAccess: "None" },
        withAccount,
    );
    if (!locked) {
        return [container];
    }
    const policy = new storage.BlobContainerImmutabilityPolicy(
        `${name}-${containerName}`,
        {
            ...place,
            containerName,
            immutabilityPolicyName: "default",
            immutabilityPeriodSinceCreationInDays: days,
            allowProtectedAppendWrites: false,
        },
        { ...withAccount, dependsOn: container },
    );
    return [container, policy];
}

/** A day after nothing holds them any longer. */
function deleteInTime(name: string, account: storage.StorageAccount, args: AzureBackupArgs, child: Child): void {
    const rules = containers(args).map(({ name: container, days }) => ({
        name: container,
        enabled: true,
        type: "Lifecycle",
        definition: {
            filters: { blobTypes: ["blockBlob"], prefixMatch: [`${container}/`] },
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days + 1 } } },
        },
    }));
    new storage.ManagementPolicy(
        name,
        {
            resourceGroupName: args.storeResourceGroupName,
            accountName: account.name,
            managementPolicyName: "default",
            policy: { rules },
        },
        child,
    );
}

/** Who reads, writes and deletes backups. */
function logAccess(name: string, account: storage.StorageAccount, args: AzureBackupArgs, child: Child): void {
    const { workspaceId } = args;
    if (workspaceId === undefined) {
        return;
    }
    const resourceUri = pulumi.interpolate`${account.id}/blobServices/default`;
    const logs = [{ categoryGroup: "allLogs", enabled: true }];
    new monitor.DiagnosticSetting(name, { name, resourceUri, workspaceId, logs }, child);
}

function giveAddress(name: string, account: storage.StorageAccount, args: AzureBackupArgs, child: Child) {
    const { storeResourceGroupName: resourceGroupName, endpointSubnetId: subnetId, dnsZoneId: zoneId, tags } = args;
    const place = { resourceGroupName, subnetId, serviceId: account.id, groupId: "blob", zoneId, tags };
    return createPrivateEndpoint(name, place, child);
}
