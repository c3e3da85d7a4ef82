import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";

/** Logs of requests, of what the firewall blocked, of queries and of reads of secrets; the backup store sends its own. */
export function collectLogs(
    name: string,
    workspaceId: pulumi.Input<string>,
    args: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const sources: { part: string; resourceUri: pulumi.Input<string>; ownTables?: boolean }[] = [
        ...(args.gatewayId === undefined
            ? [{ part: "balancer", resourceUri: args.loadBalancerId! }]
            : [{ part: "gateway", resourceUri: args.gatewayId, ownTables: true }]),
        ...(args.databaseId === undefined ? [] : [{ part: "primary", resourceUri: args.databaseId }]),
        ...(args.replicaId === undefined ? [] : [{ part: "replica", resourceUri: args.replicaId }]),
        { part: "vault", resourceUri: args.vaultId },
    ];
    for (const { part, resourceUri, ownTables } of sources) {
        new monitor.DiagnosticSetting(
            `${name}-${part}`,
            {
                name: `${name}-${part}`,
                resourceUri,
                workspaceId,
                logs: [{ categoryGroup: "allLogs", enabled: true }],
                ...(ownTables && { logAnalyticsDestinationType: "Dedicated" }),
            },
            child,
        );
    }
}
