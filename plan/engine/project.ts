import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { load, type Mark } from "js-yaml";
import { nearest } from "../../stacks/nearest";
import { UsageError } from "../usage-error";

/** A Pulumi project on disk, as its `Pulumi.yaml` describes it. */
export interface Project {
    name: string;
    /** The folder that holds `Pulumi.yaml`. */
    root: string;
    /** Working directory of the program. */
    programDirectory: string;
    /** Entry point relative to the program directory; `.` leaves the choice to `package.json`. */
    entryPoint: string;
    /** True when Pulumi would start the program through ts-node. */
    typescript: boolean;
    /** The folder of the `Pulumi.<stack>.yaml` files. */
    stackDirectory: string;
    /** Configuration that `Pulumi.yaml` sets for every stack. */
    defaults: Configuration;
}

/** Configuration as a program receives it: full keys, values as strings, structures as JSON. */
export interface Configuration {
    values: Record<string, string>;
    secretKeys: string[];
}

/** What stands for an encrypted value, which a plan cannot and need not decrypt. */
export const SECRET_PLACEHOLDER = "encrypted-in-the-stack-file";

/** Reads the project that holds `directory`, looking upwards as Pulumi does. */
export function loadProject(directory: string): Project {
    const file = findUpwards(path.resolve(directory), "Pulumi.yaml");
    if (!file) {
        throw new UsageError(
            `no Pulumi.yaml in ${path.resolve(directory)} or any folder above it; run this inside a Pulumi project or pass --cwd`,
        );
    }
    const root = path.dirname(file);
    const settings = readYaml(file);
    const { name, runtime } = settings;
    const runtimeName = isRecord(runtime) ? runtime["name"] : runtime;
    if (typeof name !== "string" || name === "") {
        throw new UsageError(
            `${file}: name: found ${JSON.stringify(name)}, allowed is a project name; add a line "name: <project>"`,
        );
    }
    if (runtimeName !== "nodejs") {
        throw new UsageError(
            `${file}: runtime: found ${JSON.stringify(runtimeName)}, allowed is nodejs; a plan runs Node.js programs only`,
        );
    }
    const options = isRecord(runtime) && isRecord(runtime["options"]) ? runtime["options"] : {};
    return {
        name,
        root,
        ...entryPointOf(file, root, settings["main"]),
        typescript: options["typescript"] !== false,
        stackDirectory: path.join(
            root,
            typeof settings["stackConfigDir"] === "string" ? settings["stackConfigDir"] : ".",
        ),
        defaults: flatten(file, name, isRecord(settings["config"]) ? defaultValues(settings["config"]) : {}),
    };
}

/** Reads the configuration of a stack, over the project's defaults. */
export function loadStackConfiguration(project: Project, stack: string): Configuration {
    const file = stackFile(project, stack);
    if (!existsSync(file)) {
        throw new UsageError(unknownStack(project, stack));
    }
    const content = readYaml(file);
    const { config } = content;
    if (config !== undefined && config !== null && !isRecord(config)) {
        throw new UsageError(
            `${file}: config: found ${JSON.stringify(config)}, allowed is a mapping of "<project>:<key>" to values`,
        );
    }
    const own = flatten(file, project.name, config ?? {});
    return {
        values: { ...project.defaults.values, ...own.values },
        secretKeys: [...new Set([...project.defaults.secretKeys, ...own.secretKeys])],
    };
}

/** Where the configuration of a stack is kept. */
export function stackFile(project: Project, stack: string): string {
    return path.join(project.stackDirectory, `Pulumi.${stack}.yaml`);
}

/** The stacks that have a configuration file. */
export function knownStacks(project: Project): string[] {
    if (!existsSync(project.stackDirectory)) {
        return [];
    }
    return readdirSync(project.stackDirectory)
        .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
        .filter((stack) => stack !== undefined)
        .sort();
}

function unknownStack(project: Project, stack: string): string {
    const known = knownStacks(project);
    const guess = nearest(stack, known);
    return [
        `no stack '${stack}': ${stackFile(project, stack)} does not exist`,
        guess ? `did you mean '${guess}'?` : undefined,
        known.length > 0
            ? `stacks of this project: ${known.join(", ")}`
            : `this project has no stack files yet; create one with 'pulumi stack init ${stack}'`,
    ]
        .filter((line) => line !== undefined)
        .join("\n");
}

function entryPointOf(file: string, root: string, main: unknown): Pick<Project, "programDirectory" | "entryPoint"> {
    if (typeof main !== "string" || main === "") {
        return { programDirectory: root, entryPoint: "." };
    }
    const target = path.resolve(root, main);
    if (!existsSync(target)) {
        throw new UsageError(`${file}: main: ${target} does not exist; build the program first with 'npm run build'`);
    }
    return statSync(target).isDirectory()
        ? { programDirectory: target, entryPoint: "." }
        : { programDirectory: path.dirname(target), entryPoint: path.basename(target) };
}

function findUpwards(directory: string, name: string): string | undefined {
    const candidate = path.join(directory, name);
    if (existsSync(candidate)) {
        return candidate;
    }
    const parent = path.dirname(directory);
    return parent === directory ? undefined : findUpwards(parent, name);
}

/**
 * The mapping that a file holds.
 *
 * @throws UsageError when it cannot be read, or holds anything else.
 */
export function readYaml(file: string): Record<string, unknown> {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
    }
    const content = parsed(file, text) ?? {};
    if (!isRecord(content)) {
        throw new UsageError(`${file}: found ${JSON.stringify(content)}, allowed is a mapping of keys to values`);
    }
    return content;
}

function parsed(file: string, text: string): unknown {
    try {
        return load(text);
    } catch (error) {
        // Several documents in one file have no place.
        const { message, reason = message, mark } = error as Error & { reason?: string; mark?: Mark };
        const place = mark ? ` at line ${mark.line + 1}, column ${mark.column + 1}:\n\n${mark.snippet}` : "";
        throw new UsageError(`not well-formed YAML\n${file}: ${reason}${place}`);
    }
}

/** Pulumi.yaml sets values directly or under `value` or `default`. */
function defaultValues(config: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(config)
            .map(([key, entry]) => [key, isRecord(entry) ? (entry["value"] ?? entry["default"]) : entry] as const)
            .filter(([, value]) => value !== undefined),
    );
}

function flatten(file: string, project: string, config: Record<string, unknown>): Configuration {
    const values: Record<string, string> = {};
    const secretKeys: string[] = [];
    for (const [key, value] of Object.entries(config)) {
        if (value === null || value === undefined) {
            throw new UsageError(`${file}: config: ${key}: has no value; give it one or remove the line`);
        }
        const fullKey = key.includes(":") ? key : `${project}:${key}`;
        const secret = { found: false };
        const opened = openSecrets(value, secret);
        values[fullKey] = typeof opened === "string" ? opened : JSON.stringify(opened);
        if (secret.found) {
            secretKeys.push(fullKey);
        }
    }
    return { values, secretKeys };
}

function openSecrets(value: unknown, secret: { found: boolean }): unknown {
    if (value instanceof Date) {
        return asPulumiWrites(value);
    }
    if (Array.isArray(value)) {
        return value.map((item) => openSecrets(item, secret));
    }
    if (!isRecord(value)) {
        return value;
    }
    if (typeof value["secure"] === "string" && Object.keys(value).length === 1) {
        secret.found = true;
        return SECRET_PLACEHOLDER;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, openSecrets(item, secret)]));
}

/** A date that is not in quotation marks is a moment for Pulumi, which hands it on like this. */
const asPulumiWrites = (date: Date) => `${date.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;

/** True for a mapping of keys to values. */
export function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
