/** What a machine has, as far as its size name tells. */
export interface Capacity {
    cpus: number;
    memoryGib: number;
}

const AWS_CPUS: Record<string, number | undefined> = { nano: 2, micro: 2, small: 2, medium: 2, large: 2, xlarge: 4 };
/** GiB for each processor by family letter: compute, general, memory. */
const AWS_MEMORY: Record<string, number | undefined> = { c: 2, m: 4, r: 8, x: 16 };
/** Burstable sizes have their own memory. */
const AWS_BURSTABLE: Record<string, number | undefined> = {
    nano: 0.5,
    micro: 1,
    small: 2,
    medium: 4,
    large: 8,
    xlarge: 16,
    "2xlarge": 32,
};
const AZURE_MEMORY: Record<string, number | undefined> = { B: 4, D: 4, E: 8, F: 2 };

/** Reads `c7i.2xlarge`, `db.m7g.xlarge` or `Standard_D8s_v5`; undefined for a name of another form. */
export function capacityOf(size: string): Capacity | undefined {
    return awsCapacity(size) ?? azureCapacity(size);
}

function awsCapacity(size: string): Capacity | undefined {
    const [, family = "", step = ""] = /^(?:db\.)?([a-z]+)\d+[a-z0-9-]*\.(\w+)$/.exec(size) ?? [];
    const times = /^(\d+)xlarge$/.exec(step)?.[1];
    const cpus = times === undefined ? AWS_CPUS[step] : Number(times) * AWS_CPUS["xlarge"]!;
    const memoryGib = family.startsWith("t")
        ? AWS_BURSTABLE[step]
        : (AWS_MEMORY[family[0] ?? ""] ?? NaN) * (cpus ?? NaN);
    return cpus === undefined || memoryGib === undefined || Number.isNaN(memoryGib) ? undefined : { cpus, memoryGib };
}

function azureCapacity(size: string): Capacity | undefined {
    const [, family = "", cpus = ""] = /^(?:Standard_)?([BDEF])(\d+)/.exec(size) ?? [];
    const perCpu = AZURE_MEMORY[family];
    return perCpu === undefined ? undefined : { cpus: Number(cpus), memoryGib: Number(cpus) * perCpu };
}
