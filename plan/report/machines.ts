import { parse } from "yaml";
import type { Resource } from "../engine/resource";
import { reveal } from "../engine/values";

/** What one machine does at first boot, read from its user data. */
export interface MachineSummary {
    name: string;
    lines: string[];
}

interface CloudConfig {
    write_files?: { path: string; permissions: string; content: string }[];
    runcmd?: string[][];
}

const machineTypes: Record<string, string> = { "aws:ec2/instance:Instance": "userData" };

/** Machines of a plan with what each will run; machines that run the same are told together. */
export function summarizeMachines(resources: Resource[]): MachineSummary[] {
    const byUserData = new Map<string, string[]>();
    for (const { type, name, inputs } of resources) {
        const property = machineTypes[type];
        const userData = property && reveal(inputs[property]);
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
    return [
        `runs     ${/^ExecStart=(.*)$/m.exec(service)?.[1] ?? "?"} as ${/^User=(.*)$/m.exec(service)?.[1] ?? "?"}, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`,
        `units    ${units.map(({ path }) => path.replace(/^.*\//, "")).join(", ")}`,
        ...mounts.map((mount) => `mounts   ${mount.split(" ").slice(1, 3).join(" ")} from ${mount.split(" ")[0]}`),
        `writable ${/^ReadWritePaths=(.*)$/m.exec(service)?.[1] ?? "?"}`,
        `settings ${variables.get("SETTINGS") ?? "?"} (read by the machine's own role; user data holds no secret)`,
        `first boot ${(config.runcmd ?? []).map((command) => command.join(" ")).join("; ")}, ${Buffer.byteLength(userData)} bytes of user data`,
    ];
}
