import type { Check } from "./check-kinds";
import type { StackConfig } from "./config";
import { problem, set } from "./problem";

type Cloud = StackConfig["cloud"];
type ByCloud<T> = { [cloud in Cloud]: T };

/** A tier that has a size, with an example of its machine's and, where a cloud may run it, of the managed one's. */
interface SizedTier {
    tier: "appPair" | "loadBalancer" | "database" | "sharedStorage" | "sessionStore";
    machine: ByCloud<string>;
    managed?: { what: string; sizes: ByCloud<{ form: RegExp; example: string }> };
    /** Kind that has machines of yours. Default: any. */
    machineKind?: string;
}

const machineForms: ByCloud<RegExp> = {
    aws: /^(?!db\.|cache\.)[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
    azure: /^Standard_[A-Z][A-Za-z0-9_-]+$/,
};

const sizedTiers: SizedTier[] = [
    { tier: "appPair", machine: { aws: "c7i.2xlarge", azure: "Standard_D8s_v5" } },
    { tier: "loadBalancer", machine: { aws: "c7i.xlarge", azure: "Standard_D4s_v5" } },
    { tier: "sharedStorage", machine: { aws: "m7i.large", azure: "Standard_D2s_v5" } },
    {
        tier: "database",
        machine: { aws: "m7i.2xlarge", azure: "Standard_D8s_v5" },
        machineKind: "vm",
        managed: {
            what: "database",
            sizes: {
                aws: { form: /^db\.[a-z][a-z0-9-]*\.[a-z0-9-]+$/, example: "db.m7g.2xlarge" },
                azure: { form: /^Standard_[BDE]\d+[a-z]*(_v\d+)?$/, example: "Standard_D8ds_v5" },
            },
        },
    },
    {
        tier: "sessionStore",
        machine: { aws: "t3.small", azure: "Standard_B2s_v2" },
        machineKind: "redis",
        managed: {
            what: "cache",
            sizes: {
                aws: { form: /^cache\.[a-z][a-z0-9]*\.[a-z0-9]+$/, example: "cache.t4g.small" },
                azure: {
                    form: /^(Balanced|MemoryOptimized|ComputeOptimized)_[BMX]\d+$/,
                    example: "Balanced_B1",
                },
            },
        },
    },
];

/** What a cloud calls a size, by tier and kind. */
export const checkSizes: Check = (config) =>
    sizedTiers.flatMap(({ tier, machine, machineKind, managed }) => {
        const { cloud = "aws" } = config;
        const { size, kind = "managed" } = (config[tier] ?? {}) as { size?: string; kind?: string };
        const isManaged = managed !== undefined && kind !== machineKind;
        const { form, example } = isManaged
            ? managed.sizes[cloud]
            : { form: machineForms[cloud], example: machine[cloud] };
        if (size === undefined || form.test(size)) {
            return [];
        }
        const found = machineKind === undefined ? size : `${size} with kind ${kind}`;
        const allowed = `a ${isManaged ? managed.what : "machine"} size such as ${example}`;
        return [problem(`${tier}.size`, found, allowed, set(`${tier}.size`, example))];
    });
