/** A parameter of an RDS parameter group. */
export interface RdsParameter {
    name: string;
    /** In RDS's unit for the parameter, which is not always that of `postgresql.conf`. */
    value: string;
    /** `pending-reboot` for static parameters. */
    applyMethod: "immediate" | "pending-reboot";
}

const KB_PER_GB = 1024 * 1024;
const KB_PER_MB = 1024;
const MB_PER_GB = 1024;

/**
 * The guide's `postgresql.conf` (step 3) as RDS takes it. Memory is counted in blocks of 8 kB, so a quarter of
 * `DBInstanceClassMemory` bytes is that figure divided by 32768. RDS itself sets `listen_addresses`, `port` and
 * `wal_level`, and keeps more WAL senders than the guide's 3 since its own replication uses them.
 */
export const rdsParameters: readonly RdsParameter[] = [
    { name: "max_connections", value: "200", applyMethod: "pending-reboot" },
    { name: "shared_buffers", value: "{DBInstanceClassMemory/32768}", applyMethod: "pending-reboot" },
    { name: "effective_cache_size", value: "{DBInstanceClassMemory*3/32768}", applyMethod: "immediate" },
    { name: "maintenance_work_mem", value: String(1 * KB_PER_GB), applyMethod: "immediate" },
    { name: "work_mem", value: String(64 * KB_PER_MB), applyMethod: "immediate" },
    { name: "wal_keep_size", value: String(1 * MB_PER_GB), applyMethod: "immediate" },
    { name: "random_page_cost", value: "1.1", applyMethod: "immediate" },
    { name: "effective_io_concurrency", value: "200", applyMethod: "immediate" },
    // RDS's own defaults: with another apply method than this one, each update would set them again.
    { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
    { name: "password_encryption", value: "scram-sha-256", applyMethod: "pending-reboot" },
];
