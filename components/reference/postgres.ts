/** A setting of `postgresql.conf`: a plain value, an amount of memory, or a share of the machine's memory. */
export type PostgresSetting = { value: string | number } | { mebibytes: number } | { memoryPercent: number };

/** Settings of `postgresql.conf` (guide, step 3). */
export const postgresSettings = {
    max_connections: { value: 200 },
    shared_buffers: { memoryPercent: 25 },
    effective_cache_size: { memoryPercent: 75 },
    maintenance_work_mem: { mebibytes: 1024 },
    work_mem: { mebibytes: 64 },
    wal_level: { value: "replica" },
    max_wal_senders: { value: 3 },
    wal_keep_size: { mebibytes: 1024 },
    random_page_cost: { value: 1.1 },
    effective_io_concurrency: { value: 200 },
} as const satisfies Record<string, PostgresSetting>;

/** Name of one of the {@link postgresSettings}. */
export type PostgresSettingName = keyof typeof postgresSettings;

/** Lowest PostgreSQL major version (guide, "Recommended Enterprise Architecture"). */
export const minimumPostgresMajor = 15;

/** The application's database, the role that owns it (guide, step 3), and the login that takes turns with the role's own. */
export const applicationDatabase = { name: "minusnow_db", role: "minusnow", alternateLogin: "minusnow_2" } as const;
