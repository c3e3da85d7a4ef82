import { backupStrategy, type BackupRule } from "../reference";
import type { BackupSettings } from "./contract";

const database = rule("database");

/** How often and how long, with the guide's numbers where the settings give none (guide, "Backup Strategy"). */
export function withDefaults({
    databaseEveryHours = database.everyHours!,
    retentionDays = database.retentionDays,
    auditRetentionDays = rule("audit-logs").retentionDays,
    configurationRetentionDays = rule("configuration").retentionDays,
}: BackupSettings) {
    return { databaseEveryHours, retentionDays, auditRetentionDays, configurationRetentionDays };
}

function rule(data: BackupRule["data"]): BackupRule {
    return backupStrategy.find((entry) => entry.data === data)!;
}
