import type * as pulumi from "@pulumi/pulumi";
import { AzureDatabase } from "../database/azure";
import { AzureMachineDatabase } from "../database/azure-machines";
import { DatabaseKind } from "../database/contract";
import type { AzureNetwork } from "../network/azure";
import type { AzureSecrets } from "../secrets/azure";
import { AzureSessionStore } from "../session-store/azure";
import { AzureRedisSessionStore } from "../session-store/azure-redis";
import { SessionStoreKind } from "../session-store/contract";
import { AzureSharedStorage } from "../shared-storage/azure";
import { AzureNfsStorage } from "../shared-storage/azure-nfs";
import { SharedStorageKind } from "../shared-storage/contract";
import type { DeploymentArgs } from "./contract";
import { appNetworks, databaseAddresses, fileServerAddress, firstAddress } from "./settings";

interface Child {
    parent: pulumi.Resource;
}

/** What a machine on Azure cannot do without. */
interface Needed {
    sshPublicKey: pulumi.Input<string>;
}

/** The key as services name it that keep data. */
export function keyOf(secrets: AzureSecrets) {
    return {
        keyVaultUri: secrets.keyVaultUri,
        keyName: secrets.keyName,
        keyIdentityId: secrets.keyIdentityId,
    };
}

export function createSharedStorage(
    name: string,
    network: AzureNetwork,
    secrets: AzureSecrets,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureSharedStorage | AzureNfsStorage {
    const { deletionProtection, tags } = args;
    const { kind, ...settings } = args.sharedStorage ?? {};
    if (kind === SharedStorageKind.Nfs) {
        return new AzureNfsStorage(
            `${name}-files`,
            {
                ...settings,
                resourceGroupName: network.resourceGroupName,
                subnetId: network.subnetIds.storage[0]!,
                privateAddress: fileServerAddress(args),
                firewallGroupId: network.firewallGroupIds.storage,
                appNetworks: appNetworks(args),
                zone: network.zones.apply(([first]) => first!),
                diskEncryptionSetId: secrets.diskEncryptionSetId,
                sshPublicKey,
                deletionProtection,
                tags,
            },
            { ...child, dependsOn: network },
        );
    }
    return new AzureSharedStorage(
        `${name}-files`,
        {
            resourceGroupName: network.resourceGroupName,
            endpointSubnetId: network.subnetIds.storage[0]!,
            dnsZoneId: network.privateDnsZoneIds.files,
            ...keyOf(secrets),
            deletionProtection,
            tags,
        },
        child,
    );
}

export function createSessionStore(
    name: string,
    network: AzureNetwork,
    secrets: AzureSecrets,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureSessionStore | AzureRedisSessionStore | undefined {
    const { kind, renew, ...settings } = args.sessionStore ?? {};
    if (kind === SessionStoreKind.None) {
        return undefined;
    }
    const { rotation, tags } = args;
    if (kind === SessionStoreKind.Redis) {
        return new AzureRedisSessionStore(
            `${name}-sessions`,
            {
                ...settings,
                resourceGroupName: network.resourceGroupName,
                subnetId: network.subnetIds.cache[0]!,
                privateAddress: firstAddress(args, "cache"),
                firewallGroupId: network.firewallGroupIds.cache,
                appNetworks: appNetworks(args),
                zone: network.zones.apply(([first]) => first!),
                diskEncryptionSetId: secrets.diskEncryptionSetId,
                sshPublicKey,
                vaultId: secrets.vaultId,
                rotation,
                renew,
                tags,
            },
            { ...child, dependsOn: network },
        );
    }
    return new AzureSessionStore(
        `${name}-sessions`,
        {
            ...settings,
            resourceGroupName: network.resourceGroupName,
            endpointSubnetId: network.subnetIds.cache[0]!,
            dnsZoneId: network.privateDnsZoneIds.cache,
            keyUriWithVersion: secrets.keyUriWithVersion,
            keyIdentityId: secrets.keyIdentityId,
            vaultId: secrets.vaultId,
            rotation,
            tags,
        },
        child,
    );
}

/** The operations machine as those name it who use it, and what outlives the stack. */
interface DatabaseTiers {
    network: AzureNetwork;
    secrets: AzureSecrets;
    operations: {
        operationsMachineName: pulumi.Input<string>;
        operationsMachineIdentifier: pulumi.Input<string>;
        operationsPrincipalId: pulumi.Input<string>;
    };
    keptGroupName: pulumi.Input<string>;
}

export function createDatabase(
    name: string,
    { network, secrets, operations, keptGroupName }: DatabaseTiers,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureDatabase | AzureMachineDatabase {
    const { rotation, deletionProtection, tags } = args;
    const { kind, finalSnapshot: _ofAws, os: _ofMachines, renew, ...settings } = args.database ?? {};
    const common = {
        resourceGroupName: network.resourceGroupName,
        zones: network.zones,
        vaultId: secrets.vaultId,
        rotation,
        deletionProtection,
        tags,
    };
    const options = { ...child, dependsOn: network };
    if (kind !== DatabaseKind.Vm) {
        return new AzureDatabase(
            `${name}-db`,
            {
                ...settings,
                ...common,
                endpointSubnetId: network.subnetIds.database[0]!,
                dnsZoneId: network.privateDnsZoneIds.database,
                keyUri: secrets.keyUri,
                keyIdentityId: secrets.keyIdentityId,
                ...operations,
            },
            options,
        );
    }
    const { version, size, storageGib, backupRetentionDays } = settings;
    const [db1, db2, writerAddress, readerAddress] = databaseAddresses(args);
    return new AzureMachineDatabase(
        `${name}-db`,
        {
            ...{ version, size, storageGib, backupRetentionDays, renew, ...common, ...keyOf(secrets) },
            archiveResourceGroupName: keptGroupName,
            subnetId: network.subnetIds.database[0]!,
            privateAddresses: [db1, db2],
            writerAddress,
            readerAddress,
            firewallGroupId: network.firewallGroupIds.database,
            appNetworks: appNetworks(args),
            endpointSubnetId: network.subnetIds.storage[0]!,
            dnsZoneId: network.privateDnsZoneIds.blobs,
            diskEncryptionSetId: secrets.diskEncryptionSetId,
            sshPublicKey,
        },
        options,
    );
}
