import * as pulumi from "@pulumi/pulumi";
import { AzureMachineDatabase } from "../database/azure-machines";
import { databaseMachines, WITNESS } from "../database/host/settings";
import { AzureProxyLoadBalancer } from "../load-balancer/azure-proxy";
import { type AzureMonitoredMachine, AzureMonitoring } from "../monitoring/azure";
import { AzureRedisSessionStore } from "../session-store/azure-redis";
import { AzureNfsStorage } from "../shared-storage/azure-nfs";
import { EXPORTS } from "../shared-storage/host/exports";
import type { AzureTiers, Child } from "./azure-tiers";
import type { DeploymentArgs } from "./contract";
import { runsWindows } from "./settings";

const balancersOf = ({ balancerIds, balancerNames, identityId }: AzureProxyLoadBalancer): AzureMonitoredMachine[] =>
    balancerIds.map((id, place) => ({ part: `lb${place + 1}`, id, name: balancerNames[place]!, identityId }));

const databaseMachinesOf = ({ machineIds, machineNames, identityId }: AzureMachineDatabase): AzureMonitoredMachine[] =>
    machineIds.map((id, place) => ({ part: databaseMachines[place]!, id, name: machineNames[place]!, identityId }));

const witnessOf = ({ witnessId, witnessName, witnessIdentityId }: AzureMachineDatabase): AzureMonitoredMachine[] =>
    witnessId && witnessName && witnessIdentityId
        ? [{ part: WITNESS, id: witnessId, name: witnessName, identityId: witnessIdentityId }]
        : [];

const fileServer = ({ machineId: id, machineName, identityId }: AzureNfsStorage): AzureMonitoredMachine => ({
    part: "files",
    id,
    name: machineName,
    identityId,
    dataPath: EXPORTS,
});

const sessionMachine = ({ machineId: id, machineName, identityId }: AzureRedisSessionStore) => ({
    part: "sessions",
    id,
    name: machineName,
    identityId,
});

/** Watches everything of a deployment that has metrics. */
export function createMonitoring(
    name: string,
    tiers: Omit<AzureTiers, "keptGroupName" | "monitoring">,
    args: DeploymentArgs,
    child: Child,
): AzureMonitoring {
    const { network, secrets, database, storage, sessions, apps, operations, balancer } = tiers;
    return new AzureMonitoring(
        `${name}-watch`,
        {
            resourceGroupName: network.resourceGroupName,
            receivers: args.alertReceivers,
            url: pulumi.interpolate`https://${balancer.hostname}`,
            memberIds: apps.memberIds,
            memberNames: apps.memberNames,
            memberIdentityId: apps.identityId,
            membersRunWindows: runsWindows(args),
            operationsMachineId: operations.machineId,
            operationsMachineName: operations.machineName,
            operationsIdentityId: operations.identityId,
            otherMachines: [
                ...(balancer instanceof AzureProxyLoadBalancer ? balancersOf(balancer) : []),
                ...(database instanceof AzureMachineDatabase
                    ? [...databaseMachinesOf(database), ...witnessOf(database)]
                    : []),
                ...(storage instanceof AzureNfsStorage ? [fileServer(storage)] : []),
                ...(sessions instanceof AzureRedisSessionStore ? [sessionMachine(sessions)] : []),
            ],
            ...(balancer instanceof AzureProxyLoadBalancer
                ? { loadBalancerId: balancer.loadBalancerId }
                : { gatewayId: balancer.gatewayId }),
            ...(database instanceof AzureMachineDatabase
                ? { databaseWitness: database.witnessId !== undefined }
                : { databaseId: database.primaryId, replicaId: database.replicaId }),
            vaultId: secrets.vaultId,
            tags: args.tags,
        },
        child,
    );
}
