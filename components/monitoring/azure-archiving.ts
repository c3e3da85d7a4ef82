import type * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";
import { createLogAlert } from "./azure-log-alert";
import { METRICS_QUERY } from "./azure-metrics";
import type { ActionGroups } from "./azure-receivers";
import { AlertLevel } from "./contract";

/**
 * Write-ahead log that cannot be archived is missing in every restore, and fills the disk of a database on machines; what
 * they back up by themselves is told by them.
 */
export function alertOnArchiving(
    name: string,
    workspaceId: pulumi.Input<string>,
    groups: ActionGroups,
    { resourceGroupName, databaseId, tags }: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    if (databaseId !== undefined) {
        return;
    }
    const untilTold = {
        resourceGroupName,
        workspaceId,
        level: AlertLevel.Critical,
        operator: "LessThan",
        threshold: 1,
        actionGroupId: groups.critical,
        tags,
    } as const;
    createLogAlert(
        name,
        {
            ...untilTold,
            description: "the database's write-ahead log could not be archived for 15 minutes",
            query: `${METRICS_QUERY}\n| where toint(told.ArchiveFailing) == 0`,
        },
        child,
    );
    createLogAlert(
        `${name}-absent`,
        {
            ...untilTold,
            description: "a day without a backup of the database by its machines",
            query: `${METRICS_QUERY}\n| where isnotnull(told.BackupsMade)`,
            over: "P1D",
        },
        child,
    );
}

/** Without its witness a standby takes over no more, and nobody would notice. */
export function alertOnWitness(
    name: string,
    workspaceId: pulumi.Input<string>,
    groups: ActionGroups,
    { resourceGroupName, databaseWitness = false, tags }: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    if (!databaseWitness) {
        return;
    }
    createLogAlert(
        name,
        {
            resourceGroupName,
            workspaceId,
            level: AlertLevel.Warning,
            description: "the witness has not seen the primary database for 15 minutes",
            query: `${METRICS_QUERY}\n| where toint(told.WitnessMissing) == 0`,
            operator: "LessThan",
            threshold: 1,
            actionGroupId: groups.warning,
            tags,
        },
        child,
    );
}
