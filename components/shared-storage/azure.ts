import * as storage from "@pulumi/azure-native/storage";
import * as pulumi from "@pulumi/pulumi";
import { createStorageAccount } from "../azure-storage";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import { type SharedDirectory, sharedDirectories } from "../reference";
import { storeSecret } from "../secrets/azure-generated";
import { type Mount, ShareProtocol, type SharedStorage } from "./contract";

/** Arguments of {@link AzureSharedStorage}. */
export interface AzureSharedStorageArgs {
    /** Name of the resource group. A change leaves the files behind. */
    resourceGroupName: pulumi.Input<string>;
    /** Subnet of the private address. A change is made in place, with an interruption. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.file.core.windows.net`. */
    dnsZoneId: pulumi.Input<string>;
    /** Address of the key vault with the key that encrypts the files. A change is made in place. */
    keyVaultUri: pulumi.Input<string>;
    /** Name of the key in it. */
    keyName: pulumi.Input<string>;
    /** Id of the identity that may use the key. */
    keyIdentityId: pulumi.Input<string>;
    /**
     * How servers reach the files. Default NFS. With SMB they use a key of the account, which is kept in `vaultId`. A change
     * replaces the shares, which `deletionProtection` refuses: copy the files first.
     */
    protocol?: ShareProtocol;
    /** Protocol SMB: resource id of the key vault for the login. */
    vaultId?: pulumi.Input<string>;
    /** GiB of each shared directory, at least 100: premium shares are paid by it. Default 100. It can shrink. In place. */
    shareGib?: number;
    /** Protects the files from deletion by Pulumi. Default true; deleted shares can be brought back for 30 days. In place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Smallest premium share, in GiB. */
const SMALLEST_SHARE_GIB = 100;
/** Days in which a deleted share can be brought back; the guide keeps files as long. */
const SOFT_DELETE_DAYS = 30;

/**
 * Mounts for the directories that all application servers share: shares of Azure Files in all zones of the region (guide,
 * steps 5 and 8). They are encrypted in transit, over NFS by Azure's mount helper, over SMB by the protocol.
 */
export class AzureSharedStorage extends pulumi.ComponentResource implements SharedStorage {
    /** One mount per shared directory, in the guide's order. */
    public readonly mounts: pulumi.Output<Mount[]>;
    /** Protocol SMB: resource id of the secret with `username` and `password` for the shares. */
    public readonly loginSecretId?: pulumi.Output<string>;
    /** Resource id of the storage account. */
    public readonly accountId: pulumi.Output<string>;
    /** Name of the storage account. */
    public readonly accountName: pulumi.Output<string>;

    constructor(name: string, args: AzureSharedStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureSharedStorage", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const account = createAccount(name, args, child);
        const service = configureService(name, account, args, child);
        const shares = sharedDirectories.map((directory) =>
            createShare(name, directory, account, args, { ...child, dependsOn: service }),
        );
        const address = giveAddress(name, account, args, child);

        this.mounts = mountsFor(account, shares, address, args);
        this.loginSecretId = isSmb(args) ? storeLogin(name, account, args, child) : undefined;
        this.accountId = account.id;
        this.accountName = account.name;
        this.registerOutputs({
            mounts: this.mounts,
            loginSecretId: this.loginSecretId,
            accountId: this.accountId,
            accountName: this.accountName,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

const isSmb = ({ protocol = ShareProtocol.Nfs }: AzureSharedStorageArgs) => protocol === ShareProtocol.Smb;

function checkArguments(args: AzureSharedStorageArgs): void {
    const { shareGib = SMALLEST_SHARE_GIB, vaultId } = args;
    const problems = [];
    if (!Number.isInteger(shareGib) || shareGib < SMALLEST_SHARE_GIB || shareGib > 102_400) {
        problems.push(`shareGib: found ${shareGib}, allowed are 100 to 102400`);
    }
    if (isSmb(args) && vaultId === undefined) {
        problems.push("vaultId: found nothing, allowed with protocol smb is the id of a key vault");
    }
    if (problems.length > 0) {
        throw new Error(`AzureSharedStorage: ${problems.join("; ")}`);
    }
}

/** Protected from deletion by Pulumi, not by a lock: a lock would keep expired snapshots from being deleted as well. */
function createAccount(name: string, args: AzureSharedStorageArgs, child: Child): storage.StorageAccount {
    const { resourceGroupName, keyVaultUri, keyName, keyIdentityId, deletionProtection = true, tags } = args;
    return createStorageAccount(
        name,
        {
            resourceGroupName,
            kind: "FileStorage",
            sku: "Premium_ZRS",
            encryption: { vaultUri: keyVaultUri, keyName, identityId: keyIdentityId },
            sharedKeys: isSmb(args),
            tags,
        },
        { ...child, protect: deletionProtection },
    );
}

/** Keeps deleted shares for a while, and lets nothing weaker in over SMB than Windows Server 2025 speaks by itself. */
function configureService(
    name: string,
    account: storage.StorageAccount,
    args: AzureSharedStorageArgs,
    child: Child,
): storage.FileServiceProperties {
    return new storage.FileServiceProperties(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            accountName: account.name,
            fileServicesName: "default",
            shareDeleteRetentionPolicy: { enabled: true, days: SOFT_DELETE_DAYS },
            ...(isSmb(args) && {
                protocolSettings: {
                    smb: { versions: "SMB3.1.1;", authenticationMethods: "NTLMv2;", channelEncryption: "AES-256-GCM;" },
                },
            }),
        },
        child,
    );
}

/**
 * Root on a server may write as root: Azure gives a new share to root, so that only root can hand it to the application's
 * user. Squashing root would protect nothing, since root on a server can become that user.
 */
function createShare(
    name: string,
    directory: SharedDirectory,
    account: storage.StorageAccount,
    args: AzureSharedStorageArgs,
    child: pulumi.CustomResourceOptions,
): storage.FileShare {
    return new storage.FileShare(
        `${name}-${directory}`,
        {
            resourceGroupName: args.resourceGroupName,
            accountName: account.name,
            shareName: directory,
            ...(isSmb(args) ? { enabledProtocols: "SMB" } : { enabledProtocols: "NFS", rootSquash: "NoRootSquash" }),
            shareQuota: args.shareGib ?? SMALLEST_SHARE_GIB,
        },
        child,
    );
}

function giveAddress(name: string, account: storage.StorageAccount, args: AzureSharedStorageArgs, child: Child) {
    const { resourceGroupName, endpointSubnetId: subnetId, dnsZoneId: zoneId, tags } = args;
    const place = { resourceGroupName, subnetId, serviceId: account.id, groupId: "file", zoneId, tags };
    return createPrivateEndpoint(name, place, child);
}

/** Resolves only when the shares have an address in the network, so that a server that uses a mount boots after it. */
function mountsFor(
    account: storage.StorageAccount,
    shares: storage.FileShare[],
    address: pulumi.CustomResource,
    args: AzureSharedStorageArgs,
): pulumi.Output<Mount[]> {
    const names = pulumi.all(shares.map((share) => share.name));
    return pulumi.all([account.name, names, address.id]).apply(([accountName, shareNames]) =>
        sharedDirectories.map((directory, place) => {
            const host = `${accountName}.file.core.windows.net`;
            return isSmb(args)
                ? { directory, source: `\\\\${host}\\${shareNames[place]}`, type: "smb", options: "RequirePrivacy" }
                : {
                      directory,
                      source: `${host}:/${accountName}/${shareNames[place]}`,
                      type: "aznfs",
                      options: "_netdev,nofail,hard,vers=4,minorversion=1,sec=sys,nconnect=4",
                  };
        }),
    );
}

/** Over SMB whoever has a key of the account is its owner; a machine finds it in the key vault. */
function storeLogin(
    name: string,
    account: storage.StorageAccount,
    { resourceGroupName, vaultId, tags }: AzureSharedStorageArgs,
    child: Child,
): pulumi.Output<string> {
    const { keys } = storage.listStorageAccountKeysOutput({ resourceGroupName, accountName: account.name }, child);
    const username = pulumi.interpolate`localhost\\${account.name}`;
    const password = pulumi.secret(keys.apply(([first]) => first!.value));
    const login = pulumi.jsonStringify({ username, password });
    return storeSecret(
        `${name}-login`,
        "MinusNow: login of the shared directories",
        login,
        { vaultId: vaultId!, tags },
        child,
    );
}
