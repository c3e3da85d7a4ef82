import * as pulumi from "@pulumi/pulumi";
import type { AwsAppPair } from "../app-pair/aws";
import type { AwsDatabase } from "../database/aws";
import { AwsMachineDatabase } from "../database/aws-machines";
import { databaseMachines, WITNESS } from "../database/host/settings";
import type { AwsLoadBalancer } from "../load-balancer/aws";
import { AwsProxyLoadBalancer } from "../load-balancer/aws-proxy";
import { AwsMonitoring, type MonitoredMachines } from "../monitoring/aws";
import { databaseStorageGib } from "../reference";
import type { AwsSessionStore } from "../session-store/aws";
import { AwsRedisSessionStore } from "../session-store/aws-redis";
import type { AwsSharedStorage } from "../shared-storage/aws";
import { AwsNfsStorage } from "../shared-storage/aws-nfs";
import type { AwsWindowsStorage } from "../shared-storage/aws-windows";
import { EXPORTS } from "../shared-storage/host/exports";
import type { DeploymentArgs } from "./contract";
import { runsWindows } from "./settings";

/** What is watched. */
interface WatchedTiers {
    database: AwsDatabase | AwsMachineDatabase;
    storage: AwsSharedStorage | AwsNfsStorage | AwsWindowsStorage;
    sessions: AwsSessionStore | AwsRedisSessionStore | undefined;
    apps: AwsAppPair;
    balancer: AwsLoadBalancer | AwsProxyLoadBalancer;
}

const balancersOf = ({ balancerIds, balancersTag, roleName }: AwsProxyLoadBalancer): MonitoredMachines => ({
    names: balancerIds.map((_, place) => `lb${place + 1}`),
    ids: balancerIds,
    tag: balancersTag,
    roleName,
});

const databaseMachinesOf = ({ machineIds, machinesTag, roleName }: AwsMachineDatabase): MonitoredMachines => ({
    names: [...databaseMachines],
    ids: machineIds,
    tag: machinesTag,
    roleName,
});

const witnessOf = ({ witnessId, witnessTag, witnessRoleName }: AwsMachineDatabase): MonitoredMachines[] =>
    witnessId && witnessTag && witnessRoleName
        ? [{ names: [WITNESS], ids: [witnessId], tag: witnessTag, roleName: witnessRoleName }]
        : [];

const fileServer = ({ machineId, machineTag, roleName }: AwsNfsStorage): MonitoredMachines => ({
    names: ["files"],
    ids: [machineId],
    tag: machineTag,
    roleName,
    dataPath: EXPORTS,
});

const sessionMachine = ({ machineId, machineTag, roleName }: AwsRedisSessionStore): MonitoredMachines => ({
    names: ["sessions"],
    ids: [machineId],
    tag: machineTag,
    roleName,
});

/** Watches everything of a deployment that has metrics. */
export function createMonitoring(
    name: string,
    tiers: WatchedTiers,
    args: DeploymentArgs,
    child: { parent: pulumi.Resource },
): AwsMonitoring {
    const { database, storage, sessions, apps, balancer } = tiers;
    return new AwsMonitoring(
        `${name}-watch`,
        {
            receivers: args.alertReceivers,
            url: pulumi.interpolate`https://${balancer.hostname}`,
            memberIds: apps.memberIds,
            memberRoleName: apps.roleName,
            serversTag: apps.serversTag,
            membersRunWindows: runsWindows(args),
            loadBalancerKind: args.loadBalancer?.kind,
            otherMachines: [
                ...(balancer instanceof AwsProxyLoadBalancer ? [balancersOf(balancer)] : []),
                ...(sessions instanceof AwsRedisSessionStore ? [sessionMachine(sessions)] : []),
                ...(storage instanceof AwsNfsStorage ? [fileServer(storage)] : []),
                ...(database instanceof AwsMachineDatabase
                    ? [databaseMachinesOf(database), ...witnessOf(database)]
                    : []),
            ],
            loadBalancerSuffix: balancer.loadBalancerSuffix,
            targetGroupSuffix: balancer.targetGroupSuffix,
            ...(database instanceof AwsMachineDatabase
                ? {
                      databaseMetrics: database.machinesTag,
                      databaseWitness: database.witnessId !== undefined,
                      databaseArchive: database.backupBucket,
                      databaseArchiveCopy: database.backupCopyBucket,
                  }
                : { databaseId: database.primaryId, replicaId: database.replicaId }),
            databaseStorageGib: args.database?.storageGib ?? databaseStorageGib,
            tags: args.tags,
        },
        child,
    );
}
