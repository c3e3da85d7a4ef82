import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import type { Resource } from "../engine/resource";
import { reveal, type Value, type Values } from "../engine/values";

/** What one machine does at first boot, read from its user data. */
export interface MachineSummary {
    name: string;
    lines: string[];
}

interface CloudConfig {
    write_files?: { path: string; permissions: string; content: string }[];
    runcmd?: string[][];
}

/** First-boot script of a machine, by type. */
const machineTypes: Record<string, ((inputs: Values) => Value) | undefined> = {
    "aws:ec2/instance:Instance": ({ userData, userDataBase64 }) => {
        const compressed = reveal(userDataBase64);
        return typeof compressed === "string"
            ? gunzipSync(Buffer.from(compressed, "base64")).toString()
            : reveal(userData);
    },
    "azure-native:compute:VirtualMachine": ({ osProfile }) => {
        const { customData } = (reveal(osProfile) ?? {}) as Values;
        const encoded = reveal(customData);
        return typeof encoded === "string" ? Buffer.from(encoded, "base64").toString() : undefined;
    },
};

/** Machines of a plan with what each will run; machines that run the same are told together. */
export function summarizeMachines(resources: Resource[]): MachineSummary[] {
    const byUserData = new Map<string, string[]>();
    for (const { type, name, inputs } of resources) {
        const userData = machineTypes[type]?.(inputs);
        if (typeof userData === "string") {
            byUserData.set(userData, [...(byUserData.get(userData) ?? []), name]);
        }
    }
    return [...byUserData].map(([userData, names]) => ({ name: names.join(", "), lines: describe(userData) }));
}

function describe(userData: string): string[] {
    const config = parse(userData) as CloudConfig;
    const files = config.write_files ?? [];
    const content = (path: string) => files.find((file) => file.path === path)?.content ?? "";
    const assignments = [...content("/etc/minusnow/host.env").matchAll(/^(\w+)=(.*)$/gm)];
    const variables = new Map(assignments.map(([, key, value]) => [key, value]));
    const mounts = content("/etc/minusnow/fstab").trim().split("\n").filter(Boolean);
    const units = files.filter(({ path }) => path.startsWith("/etc/systemd/system/"));
    const service = content("/etc/systemd/system/minusnow.service");
    const writable = /^ReadWritePaths=(.*)$/m.exec(service)?.[1];
    const settings = variables.get("SETTINGS");
    return [
        service === ""
            ? `runs     ${files
                  .map(({ path }) => path)
                  .filter((path) => path.startsWith("/usr/local/lib/minusnow/"))
                  .map((path) => path.replace(/^.*\//, ""))
                  .join(", ")}, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`
            : `runs     ${/^ExecStart=(.*)$/m.exec(service)?.[1] ?? "?"} as ${/^User=(.*)$/m.exec(service)?.[1] ?? "?"}, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`,
        ...(units.length > 0 ? [`units    ${units.map(({ path }) => path.replace(/^.*\//, "")).join(", ")}`] : []),
        ...mounts.map((mount) => `mounts   ${mount.split(" ").slice(1, 3).join(" ")} from ${mount.split(" ")[0]}`),
        ...(writable ? [`writable ${writable}`] : []),
        ...(settings ? [`settings ${settings} (read by the machine's own role; user data holds no secret)`] : []),
        `first boot ${(config.runcmd ?? []).map((command) => command.join(" ")).join("; ")}, ${Buffer.byteLength(userData)} bytes of user data`,
    ];
}
