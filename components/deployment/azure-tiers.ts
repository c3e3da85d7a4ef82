import type * as pulumi from "@pulumi/pulumi";
import type { AzureAppPair } from "../app-pair/azure";
import type { AzureDatabase } from "../database/azure";
import type { AzureMachineDatabase } from "../database/azure-machines";
import type { AzureLoadBalancer } from "../load-balancer/azure";
import type { AzureProxyLoadBalancer } from "../load-balancer/azure-proxy";
import type { AzureMonitoring } from "../monitoring/azure";
import type { AzureNetwork } from "../network/azure";
import type { AzureOperations } from "../operations/azure";
import type { AzureSecrets } from "../secrets/azure";
import type { AzureSessionStore } from "../session-store/azure";
import type { AzureRedisSessionStore } from "../session-store/azure-redis";
import type { AzureSharedStorage } from "../shared-storage/azure";
import type { AzureNfsStorage } from "../shared-storage/azure-nfs";

/** What a deployment on Azure consists of. */
export interface AzureTiers {
    network: AzureNetwork;
    /** Resource group of what outlives the stack. */
    keptGroupName: pulumi.Output<string>;
    secrets: AzureSecrets;
    storage: AzureSharedStorage | AzureNfsStorage;
    operations: AzureOperations;
    database: AzureDatabase | AzureMachineDatabase;
    sessions: AzureSessionStore | AzureRedisSessionStore | undefined;
    apps: AzureAppPair;
    balancer: AzureLoadBalancer | AzureProxyLoadBalancer;
    monitoring: AzureMonitoring;
}

/** What Azure cannot do without. */
export interface Needed {
    sshPublicKey: pulumi.Input<string>;
}

export interface Child {
    parent: pulumi.Resource;
}

/** The operations machine as those name it who use it. */
export const operationsMachine = ({ machineName, machineIdentifier, principalId }: AzureOperations) => ({
    operationsMachineName: machineName,
    operationsMachineIdentifier: machineIdentifier,
    operationsPrincipalId: principalId,
});

/** The key as services name it that keep data. */
export const encryptionKey = ({ keyVaultUri, keyName, keyIdentityId }: AzureSecrets) => ({
    keyVaultUri,
    keyName,
    keyIdentityId,
});
