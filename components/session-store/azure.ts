import * as redisenterprise from "@pulumi/azure-native/redisenterprise";
import * as pulumi from "@pulumi/pulumi";
import { createPrivateEndpoint } from "../network/azure-private-endpoint";
import { storeSecret } from "../secrets/azure-generated";
import { cachePort } from "./azure-port";
import { MemoryPolicy, type SessionStore } from "./contract";

/** Arguments of {@link AzureSessionStore}. */
export interface AzureSessionStoreArgs {
    /** Name of the resource group. A change ends all sessions. */
    resourceGroupName: pulumi.Input<string>;
    /** Size. Default Balanced_B1: 1 GB, four times the guide's 256 MB (step 8). A larger one is taken in place. */
    size?: pulumi.Input<string>;
    /** Subnet of the private address. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.redis.azure.net`. */
    dnsZoneId: pulumi.Input<string>;
    /** Address of the key's present version, with which sessions are encrypted at rest. A change is made in place. */
    keyUriWithVersion: pulumi.Input<string>;
    /** Id of the identity that may use the key. */
    keyIdentityId: pulumi.Input<string>;
    /** Resource id of the key vault for the password. */
    vaultId: pulumi.Input<string>;
    /** What happens when memory is full. Default allkeys-lru (guide, step 8). A change is made in place. */
    memoryPolicy?: MemoryPolicy;
    /**
     * Odd numbers use the store's primary password, even ones its secondary. Default 1. Azure makes both: regenerate the one
     * not in use before the next rotation. Servers read theirs when the service starts.
     */
    rotation?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

const evictionPolicies: { [policy in MemoryPolicy]: string } = {
    "allkeys-lru": "AllKeysLRU",
    "volatile-lru": "VolatileLRU",
    noeviction: "NoEviction",
};

/** Sessions in Azure Managed Redis: two nodes, in different zones where the region has them (guide, step 8). */
export class AzureSessionStore extends pulumi.ComponentResource implements SessionStore {
    /** Name of the store; it follows a failover. */
    public readonly host: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Always true. */
    public readonly tls: pulumi.Output<boolean>;
    /** Resource id of the secret with the password. */
    public readonly secretId: pulumi.Output<string>;
    /** Resource id of the store. */
    public readonly storeId: pulumi.Output<string>;

    constructor(name: string, args: AzureSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureSessionStore", name, args, opts);
        const child = { parent: this };

        const cluster = createCluster(name, args, child);
        const database = createDatabase(name, cluster, args, child);
        const address = giveAddress(name, cluster, args, child);

        this.host = pulumi.all([cluster.hostName, database.id, address.id]).apply(([host]) => host);
        this.port = pulumi.output(cachePort);
        this.tls = pulumi.output(true);
        this.secretId = storePassword(name, cluster, database, args, child);
        this.storeId = cluster.id;
        this.registerOutputs({
            host: this.host,
            port: this.port,
            tls: this.tls,
            secretId: this.secretId,
            storeId: this.storeId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

/** Zones are Azure's choice: it refuses to be told any. */
function createCluster(name: string, args: AzureSessionStoreArgs, child: Child): redisenterprise.RedisEnterprise {
    const { resourceGroupName, size = "Balanced_B1", keyUriWithVersion, keyIdentityId, tags } = args;
    return new redisenterprise.RedisEnterprise(
        name,
        {
            resourceGroupName,
            sku: { name: size },
            highAvailability: "Enabled",
            minimumTlsVersion: "1.2",
            publicNetworkAccess: "Disabled",
            identity: { type: "UserAssigned", userAssignedIdentities: [keyIdentityId] },
            encryption: {
                customerManagedKeyEncryption: {
                    keyEncryptionKeyUrl: keyUriWithVersion,
                    keyEncryptionKeyIdentity: {
                        identityType: "userAssignedIdentity",
                        userAssignedIdentityResourceId: keyIdentityId,
                    },
                },
            },
            tags,
        },
        child,
    );
}

/** One address for all nodes, as a client without knowledge of clusters needs it. */
function createDatabase(
    name: string,
    cluster: redisenterprise.RedisEnterprise,
    args: AzureSessionStoreArgs,
    child: Child,
): redisenterprise.Database {
    const { resourceGroupName, memoryPolicy = MemoryPolicy.AllkeysLru } = args;
    return new redisenterprise.Database(
        name,
        {
            resourceGroupName,
            clusterName: cluster.name,
            databaseName: "default",
            port: cachePort,
            clientProtocol: "Encrypted",
            clusteringPolicy: "EnterpriseCluster",
            evictionPolicy: evictionPolicies[memoryPolicy],
            accessKeysAuthentication: "Enabled",
        },
        child,
    );
}

function giveAddress(
    name: string,
    cluster: redisenterprise.RedisEnterprise,
    args: AzureSessionStoreArgs,
    child: Child,
) {
    const { resourceGroupName, endpointSubnetId: subnetId, dnsZoneId: zoneId, tags } = args;
    const place = { resourceGroupName, subnetId, serviceId: cluster.id, groupId: "redisEnterprise", zoneId, tags };
    return createPrivateEndpoint(name, place, child);
}

function storePassword(
    name: string,
    cluster: redisenterprise.RedisEnterprise,
    database: redisenterprise.Database,
    args: AzureSessionStoreArgs,
    child: Child,
): pulumi.Output<string> {
    const { resourceGroupName, vaultId, rotation = 1, tags } = args;
    const keys = redisenterprise.listDatabaseKeysOutput(
        { resourceGroupName, clusterName: cluster.name, databaseName: database.name },
        child,
    );
    const password = pulumi.secret(rotation % 2 === 1 ? keys.primaryKey : keys.secondaryKey);
    const place = { vaultId, tags };
    return storeSecret(`${name}-password`, "MinusNow: password of the session store", password, place, child);
}
