import { fail, type Finding, pass, waits } from "../rule";
import type { Resource } from "../stack";

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
/** GiB for each processor by family letter, and by what follows the number: `ls` has less and `ms` has more. */
const AZURE_MEMORY: Record<string, number | undefined> = { B: 4, D: 4, E: 8, F: 2 };
const AZURE_F_V6: Record<string, number | undefined> = { als: 2, as: 4, ams: 8 };

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
    const [, family = "", cpus = "", kind = ""] = /^(?:Standard_)?([BDEF])(\d+)([a-z]*)/.exec(size) ?? [];
    const recent = family === "F" && /_v[67]$/.test(size);
    const perCpu = recent ? AZURE_F_V6[kind] : AZURE_MEMORY[family];
    return perCpu === undefined ? undefined : { cpus: Number(cpus), memoryGib: Number(cpus) * perCpu };
}

/** Whether the size that a property names has what the guide asks for at least. */
export function judgeSize(resource: Resource, property: string, minimum: Capacity): Finding {
    const name = resource.text(property);
    const capacity = name === undefined ? undefined : capacityOf(name);
    if (!capacity) {
        return waits(resource, `${property}: it is not known what ${name ?? "this size"} has`);
    }
    const found = `${name} with ${capacity.cpus} CPU and ${capacity.memoryGib} GiB`;
    return capacity.cpus >= minimum.cpus && capacity.memoryGib >= minimum.memoryGib
        ? pass(resource, found)
        : fail(
              resource,
              `${property}: found ${found}, allowed: ${minimum.cpus} CPU and ${minimum.memoryGib} GiB or more`,
          );
}
