import { gunzipSync } from "node:zlib";
import { load } from "js-yaml";
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

const WINDOWS = "C:\\ProgramData\\MinusNow\\";

function describe(userData: string): string[] {
    return userData.startsWith("#cloud-config") ? describeLinux(userData) : describeWindows(userData);
}

const variablesOf = (text: string) =>
    new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]));

function mountLines(table: string): string[] {
    const mounts = table.trim().split("\n").filter(Boolean);
    return mounts.map((mount) => `mounts   ${mount.split(" ").slice(1, 3).join(" ")} from ${mount.split(" ")[0]}`);
}

const settingsLines = (variables: Map<string | undefined, string | undefined>) =>
    variables.get("SETTINGS")
        ? [`settings ${variables.get("SETTINGS")} (read by the machine's own role; user data holds no secret)`]
        : [];

/** EC2 takes a script within a document, Azure as it is. */
function scriptOf(userData: string): string {
    const document = userData.startsWith("version:") ? (load(userData) as Ec2LaunchDocument) : undefined;
    return document?.tasks.find(({ task }) => task === "executeScript")?.inputs?.[0]?.content ?? userData;
}

interface Ec2LaunchDocument {
    tasks: { task: string; inputs?: { content: string }[] }[];
}

function describeWindows(userData: string): string[] {
    const script = scriptOf(userData);
    const written = [...script.matchAll(/^Write-Text '([^']+)' @'\n([\s\S]*?)\n'@$/gm)];
    const texts = new Map(written.map(([, path, text]) => [path!.replace(WINDOWS, ""), text!]));
    const [, bundle = ""] = /^Write-Bundle '([^']+)'$/m.exec(script) ?? [];
    const bundled = JSON.parse(gunzipSync(Buffer.from(bundle, "base64")).toString()) as { path: string }[];
    const variables = variablesOf(texts.get("host.env") ?? "");
    const programs = bundled.map(({ path }) => path.replace(WINDOWS, ""));
    return [
        `runs     dist/index.cjs as the service minusnow with an account of its own, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`,
        `programs ${programs.filter((path) => /\.(ps1|mjs)$/.test(path)).join(", ")}`,
        ...mountLines(texts.get("mounts") ?? ""),
        ...settingsLines(variables),
        `first boot ${WINDOWS}setup.ps1 until it succeeds, ${Buffer.byteLength(userData)} bytes of user data`,
    ];
}

function describeLinux(userData: string): string[] {
    const config = load(userData) as CloudConfig;
    const files = config.write_files ?? [];
    const content = (path: string) => files.find((file) => file.path === path)?.content ?? "";
    const variables = variablesOf(content("/etc/minusnow/host.env"));
    const units = files.filter(({ path }) => path.startsWith("/etc/systemd/system/"));
    const service = content("/etc/systemd/system/minusnow.service");
    const writable = /^ReadWritePaths=(.*)$/m.exec(service)?.[1];
    return [
        service === ""
            ? `runs     ${files
                  .map(({ path }) => path)
                  .filter((path) => path.startsWith("/usr/local/lib/minusnow/"))
                  .map((path) => path.replace(/^.*\//, ""))
                  .join(", ")}, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`
            : `runs     ${/^ExecStart=(.*)$/m.exec(service)?.[1] ?? "?"} as ${/^User=(.*)$/m.exec(service)?.[1] ?? "?"}, Node.js ${variables.get("NODE_MAJOR") ?? "?"}`,
        ...(units.length > 0 ? [`units    ${units.map(({ path }) => path.replace(/^.*\//, "")).join(", ")}`] : []),
        ...mountLines(content("/etc/minusnow/fstab")),
        ...(writable ? [`writable ${writable}`] : []),
        ...settingsLines(variables),
        `first boot ${(config.runcmd ?? []).map((command) => command.join(" ")).join("; ")}, ${Buffer.byteLength(userData)} bytes of user data`,
    ];
}
