import type * as pulumi from "@pulumi/pulumi";
import type { AzureNetwork } from "../network/azure";
import type { AzureSecrets } from "../secrets/azure";
import { AzureSessionStore } from "../session-store/azure";
import { AzureRedisSessionStore } from "../session-store/azure-redis";
import { SessionStoreKind } from "../session-store/contract";
import { AzureSharedStorage } from "../shared-storage/azure";
import { AzureNfsStorage } from "../shared-storage/azure-nfs";
import { SharedStorageKind } from "../shared-storage/contract";
import type { DeploymentArgs } from "./contract";
import { appNetworks, fileServerAddress, firstAddress } from "./settings";

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
