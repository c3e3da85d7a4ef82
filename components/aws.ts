/** The components on AWS. This entry point loads no other cloud's SDK. */
export { AwsAppPair, type AwsAppPairArgs } from "./app-pair/aws";
export { AwsBackup, type AwsBackupArgs } from "./backup/aws";
export { AwsDatabase, type AwsDatabaseArgs } from "./database/aws";
export { AwsMachineDatabase, type AwsMachineDatabaseArgs } from "./database/aws-machines";
export { AwsDeployment } from "./deployment/aws";
export { AwsLoadBalancer, type AwsLoadBalancerArgs } from "./load-balancer/aws";
export { AwsProxyLoadBalancer, type AwsProxyLoadBalancerArgs } from "./load-balancer/aws-proxy";
export { AwsMonitoring, type AwsMonitoringArgs } from "./monitoring/aws";
export { AwsNetwork, type AwsNetworkArgs } from "./network/aws";
export { AwsRelease, type AwsReleaseArgs } from "./release/aws";
export { AwsSecrets, type AwsSecretsArgs } from "./secrets/aws";
export { AwsSessionStore, type AwsSessionStoreArgs } from "./session-store/aws";
export { AwsRedisSessionStore, type AwsRedisSessionStoreArgs } from "./session-store/aws-redis";
export { AwsNfsStorage, type AwsNfsStorageArgs } from "./shared-storage/aws-nfs";
export { AwsSharedStorage, type AwsSharedStorageArgs } from "./shared-storage/aws";
export { AwsWindowsStorage, type AwsWindowsStorageArgs } from "./shared-storage/aws-windows";
