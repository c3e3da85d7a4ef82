import { readFileSync } from "node:fs";
import { decodeObject, SECRET, SIGNATURE_KEY, UNKNOWN_STRING, type Values } from "./engine/values";
import type { Resource } from "./engine/resource";
import { UsageError } from "./usage-error";

/** A stack's resources as Pulumi exports them. */
export interface ExportedState {
    project: string;
    stack: string;
    resources: Resource[];
}

interface StateResource {
    urn: string;
    type: string;
    custom?: boolean;
    delete?: boolean;
    id?: string;
    parent?: string;
    provider?: string;
    protect?: boolean;
    inputs?: object;
    outputs?: object;
    dependencies?: string[];
    propertyDependencies?: Record<string, string[] | null>;
}

/** Reads what `pulumi stack export` wrote. */
export function readState(file: string): ExportedState {
    let content: unknown;
    try {
        content = JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
        throw new UsageError(`cannot read the state ${file}: ${(error as Error).message}`);
    }
    const { deployment } = (content ?? {}) as { deployment?: { resources?: unknown } };
    if (!Array.isArray(deployment?.resources)) {
        throw new UsageError(
            `${file} is no exported state: deployment.resources is missing; write it with 'pulumi stack export --file ${file}'`,
        );
    }
    const broken = deployment.resources.findIndex((entry) => !isStateResource(entry));
    if (broken !== -1) {
        throw new UsageError(`${file}: deployment.resources[${broken}] is no resource: it has no urn and type`);
    }
    const entries = (deployment.resources as StateResource[]).filter((resource) => resource.delete !== true);
    const root = entries.find(({ type }) => type === "pulumi:pulumi:Stack");
    const [, , stack = "", project = ""] = /^urn:pulumi:((.*?)::(.*?))::/.exec(root?.urn ?? "") ?? [];
    if (root === undefined) {
        throw new UsageError(`${file} holds no stack: it has no resource of type pulumi:pulumi:Stack`);
    }
    return { project, stack, resources: entries.map(read) };
}

function isStateResource(entry: unknown): entry is StateResource {
    const { urn, type } = (entry ?? {}) as Partial<Record<keyof StateResource, unknown>>;
    return typeof urn === "string" && typeof type === "string";
}

function read(entry: StateResource): Resource {
    const dependencies = Object.entries(entry.propertyDependencies ?? {});
    return {
        urn: entry.urn,
        type: entry.type,
        name: entry.urn.split("::").at(-1) ?? "",
        custom: entry.custom ?? false,
        parent: entry.parent ?? "",
        provider: entry.provider ?? "",
        dependencies: entry.dependencies ?? [],
        propertyDependencies: Object.fromEntries(dependencies.map(([property, urns]) => [property, urns ?? []])),
        options: entry.protect ? { protect: true } : {},
        inputs: decodeObject(openSecrets(entry.inputs ?? {}) as Record<string, never>),
        id: entry.id ?? "",
        outputs: decodeObject(openSecrets(entry.outputs ?? {}) as Record<string, never>),
    };
}

/** Secrets in a state are JSON text where they were exported with --show-secrets, and encrypted otherwise: unknown. */
function openSecrets(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(openSecrets);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const fields = value as Record<string, unknown>;
    if (fields[SIGNATURE_KEY] === SECRET) {
        const { plaintext } = fields;
        return { [SIGNATURE_KEY]: SECRET, value: typeof plaintext === "string" ? parsed(plaintext) : UNKNOWN_STRING };
    }
    return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, openSecrets(item)]));
}

function parsed(text: string): Values[string] {
    try {
        return JSON.parse(text) as Values[string];
    } catch {
        return text;
    }
}
