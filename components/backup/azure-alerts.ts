import type * as pulumi from "@pulumi/pulumi";
import { createLogAlert } from "../monitoring/azure-log-alert";
import { AlertLevel } from "../monitoring/contract";
import type { AzureBackupArgs } from "./azure";

/** Told of every job that failed, and of a day without a dump of the database. */
export function alertOnFailure(name: string, args: AzureBackupArgs, child: { parent: pulumi.Resource }): void {
    const { resourceGroupName, workspaceId, alarmTopicId: actionGroupId, tags } = args;
    if (actionGroupId === undefined || workspaceId === undefined) {
        return;
    }
    const common = { resourceGroupName, workspaceId, level: AlertLevel.Critical, actionGroupId, tags };
    createLogAlert(
        `${name}-failed`,
        {
            ...common,
            description: "a backup job failed",
            query: "Syslog | where SyslogMessage has 'minusnow-backup-' and SyslogMessage has 'Failed with result'",
            operator: "GreaterThan",
            threshold: 0,
        },
        child,
    );
    createLogAlert(
        `${name}-absent`,
        {
            ...common,
            description: "no dump of the database was completed in a day",
            query: "Syslog | where SyslogMessage has 'backup of database is complete'",
            operator: "LessThan",
            threshold: 1,
            over: "P1D",
        },
        child,
    );
}
