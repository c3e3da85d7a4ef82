/** A metric with the values at which someone is told (guide, "Alerting Thresholds"). */
export interface Threshold {
    metric: string;
    unit: "percent" | "seconds";
    warning: number;
    critical: number;
}

/** Alerting thresholds: an alarm is raised above the value. */
export const thresholds: readonly Threshold[] = [
    { metric: "cpu", unit: "percent", warning: 70, critical: 90 },
    { metric: "memory", unit: "percent", warning: 75, critical: 90 },
    { metric: "disk", unit: "percent", warning: 70, critical: 85 },
    { metric: "response-time", unit: "seconds", warning: 2, critical: 5 },
    { metric: "error-rate", unit: "percent", warning: 1, critical: 5 },
    { metric: "replication-lag", unit: "seconds", warning: 60, critical: 300 },
];

/** How one kind of data is backed up (guide, "Backup Strategy"). */
export interface BackupRule {
    data: "database" | "files" | "configuration" | "audit-logs";
    frequency: string;
    /** Hours between backups; absent where each change is kept. */
    everyHours?: number;
    retentionDays: number;
    method: string;
}

/** The backup strategy. */
export const backupStrategy: readonly BackupRule[] = [
    {
        data: "database",
        frequency: "every 6 hours",
        everyHours: 6,
        retentionDays: 30,
        method: "pg_dump and WAL archiving",
    },
    { data: "files", frequency: "daily", everyHours: 24, retentionDays: 30, method: "rsync or cloud snapshots" },
    { data: "configuration", frequency: "on change", retentionDays: 90, method: "version control" },
    { data: "audit-logs", frequency: "weekly", everyHours: 168, retentionDays: 365, method: "archive to cold storage" },
];
