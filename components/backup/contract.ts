import type * as pulumi from "@pulumi/pulumi";

/** What keeps backups from being deleted early. */
export const BackupLock = {
    /** Nothing but permissions. */
    None: "none",
    /** A lock that only privileged people may lift. */
    Governance: "governance",
    /** A lock that nobody can lift once its grace of three days is over, the cloud's own staff included. */
    Compliance: "compliance",
} as const;
export type BackupLock = (typeof BackupLock)[keyof typeof BackupLock];

/** How a deployment is backed up, the same on every cloud. */
export interface BackupSettings {
    /** Hours between backups of the database: 6, 8, 12 or 24. Default 6 (guide). A change is made in place. */
    databaseEveryHours?: number;
    /** Days that backups of the database and of files are kept. Default 30 (guide). Applies to backups from then on. */
    retentionDays?: number;
    /** Days that archives of the audit logs are kept, at least 91. Default 365 (guide). Applies to archives from then on. */
    auditRetentionDays?: number;
    /** Days that former versions of the configuration are kept. Default 90 (guide). A change is made in place. */
    configurationRetentionDays?: number;
    /** Second region that every backup is copied to. Default none. A change leaves the former copies where they are. */
    copyRegion?: string;
    /**
     * Deletes all backups together with the stack. Default false: vaults, keys and role stay, and their deletion is a
     * decision of its own. A change is made in place.
     */
    deleteWithStack?: boolean;
    /** What keeps backups from being deleted early. Default governance. `compliance` cannot be undone. */
    lock?: BackupLock;
}

/** What the backup tier gives on every cloud. */
export interface Backup {
    /** Id of the plan for the database. */
    readonly databasePlanId: pulumi.Output<string>;
    /** Id of the plan for files. */
    readonly filesPlanId: pulumi.Output<string>;
    /** Id of the plan for audit logs. */
    readonly auditLogsPlanId: pulumi.Output<string>;
    /** Where versions of the configuration are kept. */
    readonly configurationStore: pulumi.Output<string>;
}
