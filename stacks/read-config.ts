import { z } from "zod";
import { checkRelations } from "./check-relations";
import { configSchema, type StackConfig } from "./config";
import { ConfigurationError, type ConfigurationProblem } from "./configuration-error";
import { nearest } from "./nearest";

/** Configuration as Pulumi hands it to a program: full keys, values as text, structures as JSON. */
export interface RawConfiguration {
    /** Name of the stack, for messages. */
    stack: string;
    values: Record<string, string>;
    /** True for a key whose value is encrypted in the stack file. */
    isSecret: (key: string) => boolean;
}

/** Namespace of this project's keys. */
export const NAMESPACE = "minusnow:";

/**
 * Checks a stack's configuration.
 *
 * @throws ConfigurationError that lists every problem with path, found, allowed and fix.
 */
export function readConfig({ stack, values, isSecret }: RawConfiguration): StackConfig {
    const input: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) {
        if (key.startsWith(NAMESPACE)) {
            const name = key.slice(NAMESPACE.length);
            input[name] = parseValue(name, value);
        }
    }
    const parsed = configSchema.safeParse(input);
    const issues = parsed.success ? [] : oneForEachPath(parsed.error.issues);
    const problems = issues.flatMap((issue) => describeIssue(issue, input));
    problems.push(...Object.keys(values).flatMap(ineffective));
    problems.push(...checkRelations(wellFormedPart(input, issues), isSecret));
    if (!parsed.success || problems.length > 0) {
        throw new ConfigurationError(stack, problems);
    }
    return parsed.data;
}

/** Settings of the default providers, which this program does not use: it makes its own from the stack's region. */
const PROVIDERS: Record<string, string | undefined> = {
    aws: `${NAMESPACE}region and ${NAMESPACE}tags; credentials come from the environment, as AWS_PROFILE`,
    "azure-native": `${NAMESPACE}region; credentials come from the environment, as ARM_SUBSCRIPTION_ID`,
};

/** A key of another namespace that somebody believes to have an effect. */
function ineffective(key: string): ConfigurationProblem[] {
    const [space = "", name = ""] = key.split(/:(.*)/s);
    const fix = `pulumi config rm ${key}`;
    const allowed = PROVIDERS[space];
    if (allowed !== undefined) {
        return [{ path: key, found: "a setting of a provider that this program does not use", allowed, fix }];
    }
    return `${space}:` !== NAMESPACE && nearest(`${space}:`, [NAMESPACE]) !== undefined
        ? [{ path: key, found: "a namespace that does not exist", allowed: `${NAMESPACE}${name}`, fix }]
        : [];
}

/** Pulumi passes structures, numbers and flags as text; what should be text stays so. */
function parseValue(name: string, value: string): unknown {
    const schema = (configSchema.shape as Record<string, z.ZodType>)[name];
    if (schema === undefined || unwrap(schema) instanceof z.ZodString) {
        return value;
    }
    try {
        return JSON.parse(value);
    } catch {
        return value;
    }
}

/** What is right by itself, so that relations can be checked beside other mistakes: a wrong list goes as a whole. */
function wellFormedPart(input: Record<string, unknown>, issues: Issue[]): Partial<StackConfig> {
    const rest = structuredClone(input);
    for (const { path } of issues) {
        const list = path.findIndex((key) => typeof key === "number");
        const wrong = list === -1 ? path : path.slice(0, list);
        const last = wrong[wrong.length - 1];
        const parent = valueAt(rest, wrong.slice(0, -1));
        if (last !== undefined && typeof parent === "object" && parent !== null) {
            Reflect.deleteProperty(parent, last);
        }
    }
    return rest;
}

type Issue = z.core.$ZodIssue;

/** A value that is wrong in several ways is told once. */
function oneForEachPath(issues: Issue[]): Issue[] {
    const places = issues.map(({ path }) => JSON.stringify(path));
    return issues.filter((_, place) => places.indexOf(places[place]!) === place);
}

function describeIssue(issue: Issue, input: unknown): ConfigurationProblem[] {
    if (issue.code === "unrecognized_keys") {
        const schema = schemaAt(issue.path);
        const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
        return issue.keys.map((key) => unknownKey([...issue.path, key], key, known));
    }
    const found = valueAt(input, issue.path);
    const schema = schemaAt(issue.path);
    if (found === undefined && schema instanceof z.ZodObject) {
        return requiredFields(schema).map((key) => missing([...issue.path, key], schema.shape[key] as z.ZodType));
    }
    if (found === undefined) {
        return [missing(issue.path, schema)];
    }
    return [
        {
            path: pathText(issue.path),
            found: metaOf(schema).secret ? "a value that is not text" : JSON.stringify(found),
            allowed: allowedText(issue, schema),
            fix: setCommand(issue.path, schema),
        },
    ];
}

function unknownKey(path: PropertyKey[], key: string, known: string[]): ConfigurationProblem {
    const guess = nearest(key, known);
    return {
        path: pathText(path),
        found: "a key that does not exist",
        allowed: known.join(", "),
        fix: guess
            ? `did you mean '${guess}'? Rename it in the stack file`
            : `pulumi config rm --path ${quotePath(path)}`,
    };
}

function missing(path: PropertyKey[], schema: z.ZodType | undefined): ConfigurationProblem {
    return { path: pathText(path), found: "nothing", allowed: descriptionOf(schema), fix: setCommand(path, schema) };
}

function requiredFields(schema: z.ZodObject): string[] {
    return Object.entries(schema.shape)
        .filter(([, field]) => !(field instanceof z.ZodOptional))
        .map(([key]) => key);
}

function allowedText(issue: Issue, schema: z.ZodType | undefined): string {
    const { allowed } = metaOf(schema);
    if (issue.code === "invalid_value") {
        return issue.values.map(String).join(", ");
    }
    if (issue.code === "invalid_type" && allowed === undefined) {
        return expectedNames[issue.expected] ?? issue.expected;
    }
    return allowed ?? descriptionOf(schema);
}

const expectedNames: Record<string, string> = {
    object: "a mapping of keys to values",
    array: "a list",
    string: "text",
    boolean: "true or false",
    int: "a whole number",
    record: "a mapping of names to text",
};

function descriptionOf(schema: z.ZodType | undefined): string {
    const { allowed, description } = metaOf(schema);
    return allowed ? `${allowed} (${description})` : (description ?? "a value");
}

/** The command that sets a value of the right form. */
export function setCommand(path: PropertyKey[], schema: z.ZodType | undefined): string {
    const { example, secret } = metaOf(schema);
    if (secret) {
        return `pulumi config set --secret --path ${quotePath(path)}`;
    }
    const nested = path.length > 1 || Array.isArray(example) || typeof example === "object";
    if (Array.isArray(example)) {
        return (example as unknown[])
            .map((item, place) => ({ path: [...path, place], item }))
            .map(({ path: itemPath, item }) => `pulumi config set --path ${quotePath(itemPath)} ${quote(item)}`)
            .join(" && ");
    }
    if (typeof example === "object" && example !== null) {
        const [key, value] = Object.entries(example as Record<string, unknown>)[0] ?? ["key", "value"];
        return `pulumi config set --path ${quotePath([...path, key])} ${quote(value)}`;
    }
    return `pulumi config set ${nested ? "--path " : ""}${quotePath(path)} ${quote(example ?? "…")}`;
}

/** The full key, for example `minusnow:appPair.renew[0]`. */
export function pathText(path: PropertyKey[]): string {
    const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    return `${NAMESPACE}${text.replace(/^\./, "")}`;
}

function quotePath(path: PropertyKey[]): string {
    return quote(pathText(path));
}

function quote(value: unknown): string {
    const text = String(value);
    return /^[\w:./@-]+$/.test(text) ? text : `'${text}'`;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
    return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

/** The schema of a path, without the wrapper that makes it optional. */
export function schemaAt(path: PropertyKey[]): z.ZodType | undefined {
    return path.reduce<z.ZodType | undefined>((schema, key) => {
        if (schema instanceof z.ZodObject) {
            return unwrap(schema.shape[String(key)] as z.ZodType | undefined);
        }
        if (schema instanceof z.ZodArray) {
            return unwrap(schema.element as z.ZodType);
        }
        return schema instanceof z.ZodRecord ? (schema.valueType as z.ZodType) : undefined;
    }, configSchema);
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
    return schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
}

function metaOf(schema: z.ZodType | undefined): z.GlobalMeta {
    return schema?.meta() ?? {};
}
