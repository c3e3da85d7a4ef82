import { type PostgresSetting, type PostgresSettingName, postgresSettings } from "../reference";

/** A parameter of an RDS parameter group. */
export interface RdsParameter {
    name: string;
    /** In RDS's unit for the parameter, which is not always that of `postgresql.conf`. */
    value: string;
    /** `pending-reboot` for static parameters. */
    applyMethod: "immediate" | "pending-reboot";
}

const KB_PER_MIB = 1024;
/** Memory is counted in blocks of 8 kB, and the machine's is told in bytes. */
const BYTES_PER_BLOCK = 8192;

/** How RDS takes one of the guide's settings. */
interface Translation extends Pick<RdsParameter, "applyMethod"> {
    /** Of amounts of memory. Default kB. */
    unitsPerMib?: number;
}

/**
 * The guide's settings that RDS lets be set. RDS itself sets `listen_addresses`, `port` and `wal_level`, and keeps more WAL
 * senders than the guide's 3 since its own replication uses them.
 */
const translations: { [name in PostgresSettingName]?: Translation } = {
    max_connections: { applyMethod: "pending-reboot" },
    shared_buffers: { applyMethod: "pending-reboot" },
    effective_cache_size: { applyMethod: "immediate" },
    maintenance_work_mem: { applyMethod: "immediate" },
    work_mem: { applyMethod: "immediate" },
    wal_keep_size: { applyMethod: "immediate", unitsPerMib: 1 },
    random_page_cost: { applyMethod: "immediate" },
    effective_io_concurrency: { applyMethod: "immediate" },
};

function valueOf(setting: PostgresSetting, { unitsPerMib = KB_PER_MIB }: Translation): string {
    if ("value" in setting) {
        return String(setting.value);
    }
    if ("mebibytes" in setting) {
        return String(setting.mebibytes * unitsPerMib);
    }
    const quarters = setting.memoryPercent / 25;
    return `{DBInstanceClassMemory${quarters === 1 ? "" : `*${quarters}`}/${BYTES_PER_BLOCK * 4}}`;
}

/** The guide's `postgresql.conf` (step 3) as RDS takes it. */
export const rdsParameters: readonly RdsParameter[] = [
    ...Object.entries(translations).map(([name, translation]) => ({
        name,
        value: valueOf(postgresSettings[name as PostgresSettingName], translation),
        applyMethod: translation.applyMethod,
    })),
    // RDS's own defaults: with another apply method than this one, each update would set them again.
    { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
    { name: "password_encryption", value: "scram-sha-256", applyMethod: "pending-reboot" },
];
