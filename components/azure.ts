/** The components on Azure. This entry point loads no other cloud's SDK. */
export { AzureAppPair, type AzureAppPairArgs } from "./app-pair/azure";
export { AzureBackup, type AzureBackupArgs } from "./backup/azure";
export { AzureDatabase, type AzureDatabaseArgs } from "./database/azure";
export { AzureMachineDatabase, type AzureMachineDatabaseArgs } from "./database/azure-machines";
export { AzureDeployment } from "./deployment/azure";
export { AzureLoadBalancer, type AzureLoadBalancerArgs } from "./load-balancer/azure";
export { AzureProxyLoadBalancer, type AzureProxyLoadBalancerArgs } from "./load-balancer/azure-proxy";
export { AzureMonitoring, type AzureMonitoringArgs } from "./monitoring/azure";
export { AzureNetwork, type AzureNetworkArgs } from "./network/azure";
export type { AzurePrivateDnsZoneIds } from "./network/azure-dns";
export { AzureOperations, type AzureOperationsArgs } from "./operations/azure";
export {
    type AzureGatewayReference,
    type AzureMachineReference,
    type AzureMemberReference,
    AzureRelease,
    type AzureReleaseArgs,
} from "./release/azure";
export { AzureSecrets, type AzureSecretsArgs } from "./secrets/azure";
export { AzureRedisSessionStore, type AzureRedisSessionStoreArgs } from "./session-store/azure-redis";
export { AzureSessionStore, type AzureSessionStoreArgs } from "./session-store/azure";
export { AzureNfsStorage, type AzureNfsStorageArgs } from "./shared-storage/azure-nfs";
export { AzureSharedStorage, type AzureSharedStorageArgs } from "./shared-storage/azure";
