import { AzureDatabase } from "../database/azure";
import { AzureMachineDatabase } from "../database/azure-machines";
import { DatabaseKind } from "../database/contract";
import { AzureSessionStore } from "../session-store/azure";
import { AzureRedisSessionStore } from "../session-store/azure-redis";
import { SessionStoreKind } from "../session-store/contract";
import { AzureSharedStorage } from "../shared-storage/azure";
import { AzureNfsStorage } from "../shared-storage/azure-nfs";
import { SharedStorageKind, ShareProtocol } from "../shared-storage/contract";
import { type AzureTiers, encryptionKey, type Child, type Needed, operationsMachine } from "./azure-tiers";
import type { DeploymentArgs } from "./contract";
import { appNetworks, databaseAddresses, fileServerAddress, firstAddress, otherSystem, runsWindows } from "./settings";

/** Where the one machine of a tier is. */
const placeOf = (
    tier: "storage" | "cache",
    { network, secrets }: Pick<AzureTiers, "network" | "secrets">,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
) => ({
    resourceGroupName: network.resourceGroupName,
    subnetId: network.subnetIds[tier][0]!,
    firewallGroupId: network.firewallGroupIds[tier],
    appNetworks: appNetworks(args),
    zone: network.zones.apply(([first]) => first!),
    diskEncryptionSetId: secrets.diskEncryptionSetId,
    sshPublicKey,
    os: otherSystem(args),
});

export function createSharedStorage(
    name: string,
    tiers: Pick<AzureTiers, "network" | "secrets">,
    needed: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureTiers["storage"] {
    const { network, secrets } = tiers;
    const { deletionProtection, tags } = args;
    const { kind, ...settings } = args.sharedStorage ?? {};
    if (kind === SharedStorageKind.Nfs) {
        return new AzureNfsStorage(
            `${name}-files`,
            {
                ...settings,
                ...placeOf("storage", tiers, needed, args),
                privateAddress: fileServerAddress(args),
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
            ...encryptionKey(secrets),
            ...(runsWindows(args) && {
                protocol: ShareProtocol.Smb,
                vaultId: secrets.vaultId,
            }),
            deletionProtection,
            tags,
        },
        child,
    );
}

export function createSessionStore(
    name: string,
    tiers: Pick<AzureTiers, "network" | "secrets">,
    needed: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureTiers["sessions"] {
    const { kind, renew, ...settings } = args.sessionStore ?? {};
    if (kind === SessionStoreKind.None) {
        return undefined;
    }
    const { network, secrets } = tiers;
    const { rotation, tags } = args;
    if (kind === SessionStoreKind.Redis) {
        return new AzureRedisSessionStore(
            `${name}-sessions`,
            {
                ...settings,
                ...placeOf("cache", tiers, needed, args),
                privateAddress: firstAddress(args, "cache"),
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

export function createDatabase(
    name: string,
    {
        network,
        secrets,
        operations,
        keptGroupName,
    }: Pick<AzureTiers, "network" | "secrets" | "operations" | "keptGroupName">,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureTiers["database"] {
    const { rotation, deletionProtection, tags } = args;
    const { kind, finalSnapshot: _ofAws, os, renew, automaticFailover, ...settings } = args.database ?? {};
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
                ...operationsMachine(operations),
            },
            options,
        );
    }
    const { version, size, storageGib, backupRetentionDays } = settings;
    return new AzureMachineDatabase(
        `${name}-db`,
        {
            ...{ version, os, size, storageGib, backupRetentionDays, renew, automaticFailover, ...common },
            ...encryptionKey(secrets),
            ...databaseAddresses(args),
            archiveResourceGroupName: keptGroupName,
            subnetId: network.subnetIds.database[0]!,
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
