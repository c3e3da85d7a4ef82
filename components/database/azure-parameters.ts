import { type PostgresSetting, type PostgresSettingName, postgresSettings } from "../reference";

/** A server parameter of Azure Database for PostgreSQL. */
export interface AzureParameter {
    name: string;
    /** In the parameter's own unit: blocks of 8 kB, kB, or none. */
    value: string;
    /** True where a change needs a restart, which Azure leaves to its owner. */
    restart: boolean;
}

const BLOCKS_PER_GIB = 1024 * 128;
const KB_PER_MIB = 1024;

/**
 * The guide's settings that Azure lets be set, and whether a change needs a restart. Azure itself sets `listen_addresses`,
 * `port`, `wal_level` and `wal_keep_size`, and keeps more WAL senders than the guide's 3.
 */
const restarts: { [name in PostgresSettingName]?: boolean } = {
    max_connections: true,
    shared_buffers: true,
    effective_cache_size: false,
    maintenance_work_mem: false,
    work_mem: false,
    random_page_cost: false,
    effective_io_concurrency: false,
};

function valueOf(setting: PostgresSetting, memoryGib: number): string {
    if ("value" in setting) {
        return String(setting.value);
    }
    return String(
        "mebibytes" in setting
            ? setting.mebibytes * KB_PER_MIB
            : (memoryGib * BLOCKS_PER_GIB * setting.memoryPercent) / 100,
    );
}

/**
 * The guide's `postgresql.conf` (step 3) as Azure takes it, for a server with so much memory.
 *
 * @see https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-server-parameters
 */
export function azureParameters(memoryGib: number): AzureParameter[] {
    return [
        ...Object.entries(restarts).map(([name, restart]) => ({
            name,
            value: valueOf(postgresSettings[name as PostgresSettingName], memoryGib),
            restart,
        })),
        { name: "require_secure_transport", value: "on", restart: false },
        { name: "ssl_min_protocol_version", value: "TLSv1.2", restart: false },
        { name: "password_encryption", value: "scram-sha-256", restart: false },
    ];
}

/** GiB for each processor by the first letter of a size: general and burstable, and memory. */
const memoryPerCpu: Record<string, number | undefined> = { B: 4, D: 4, E: 8 };
const sizeTiers: Record<string, string | undefined> = { B: "Burstable", D: "GeneralPurpose", E: "MemoryOptimized" };
/** The small burstable sizes have their own memory. */
const smallSizes: Record<string, number | undefined> = { Standard_B1ms: 2, Standard_B2s: 4 };

/** Sizes of storage in GiB that Azure offers. */
export const azureStorageGib: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32767];

/** A size of Azure Database for PostgreSQL. */
export interface AzureDatabaseSize {
    tier: string;
    memoryGib: number;
}

/** Reads `Standard_D8ds_v5`; undefined for a name of another form. */
export function azureDatabaseSize(name: string): AzureDatabaseSize | undefined {
    const [, family = "", cpus = ""] = /^Standard_([BDE])(\d+)[a-z]*(?:_v\d+)?$/.exec(name) ?? [];
    const perCpu = memoryPerCpu[family];
    const tier = sizeTiers[family];
    return perCpu === undefined || tier === undefined
        ? undefined
        : { tier, memoryGib: smallSizes[name] ?? Number(cpus) * perCpu };
}
