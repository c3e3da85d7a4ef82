/** Where a PostgreSQL setting can be changed. */
export interface PostgresSetting {
    name: string;
    /** Value in the unit of `postgresql.conf` as the guide writes it. */
    guide: string;
    purpose: string;
}

/** Settings of `postgresql.conf` (guide, step 3). Memory settings are shares of the machine's memory. */
export const postgresSettings: readonly PostgresSetting[] = [
    { name: "listen_addresses", guide: "*", purpose: "connections" },
    { name: "port", guide: "5432", purpose: "connections" },
    { name: "max_connections", guide: "200", purpose: "connections" },
    { name: "shared_buffers", guide: "25 % of memory", purpose: "memory" },
    { name: "effective_cache_size", guide: "75 % of memory", purpose: "memory" },
    { name: "maintenance_work_mem", guide: "1GB", purpose: "memory" },
    { name: "work_mem", guide: "64MB", purpose: "memory" },
    { name: "wal_level", guide: "replica", purpose: "replication" },
    { name: "max_wal_senders", guide: "3", purpose: "replication" },
    { name: "wal_keep_size", guide: "1GB", purpose: "replication" },
    { name: "random_page_cost", guide: "1.1", purpose: "SSD" },
    { name: "effective_io_concurrency", guide: "200", purpose: "SSD" },
];

/** Lowest PostgreSQL major version (guide, "Recommended Enterprise Architecture"). */
export const minimumPostgresMajor = 15;

/** The application's database, the role that owns it (guide, step 3), and the login that takes turns with the role's own. */
export const applicationDatabase = { name: "minusnow_db", role: "minusnow", alternateLogin: "minusnow_2" } as const;
