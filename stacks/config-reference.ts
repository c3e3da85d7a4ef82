import { z } from "zod";
import { configSchema } from "./config";
import { profiles } from "./profiles";
import { NAMESPACE, pathText, setCommand } from "./read-config";

interface JsonSchema {
    type?: string;
    properties?: Record<string, JsonSchema>;
    required?: string[];
    [keyword: string]: unknown;
}

/** JSON Schema of a stack file, with which editors complete and check `Pulumi.<stack>.yaml`. */
export function stackFileSchema(): JsonSchema {
    const { properties = {}, required = [] } = z.toJSONSchema(configSchema, {
        override: ({ jsonSchema }) => {
            delete jsonSchema["allowed"];
            delete jsonSchema["secret"];
            if (jsonSchema["example"] !== undefined) {
                jsonSchema.examples = [jsonSchema["example"]];
                delete jsonSchema["example"];
            }
        },
    }) as JsonSchema;
    const encrypted = {
        type: "object",
        required: ["secure"],
        properties: { secure: { type: "string" } },
        additionalProperties: false,
    };
    const { password } = properties["mail"]!.properties!;
    properties["mail"]!.properties!["password"] = { description: password!["description"], ...encrypted };
    const keys = Object.keys(properties);
    return {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        title: "MinusNow stack",
        type: "object",
        required: ["config"],
        properties: {
            config: {
                type: "object",
                required: required.map((key) => NAMESPACE + key),
                properties: Object.fromEntries(keys.map((key) => [NAMESPACE + key, orText(properties[key]!)])),
                patternProperties: { [`^${NAMESPACE}(?!(${keys.join("|")})$)`]: false },
            },
        },
    };
}

/** `pulumi config set` without `--path` writes numbers and flags as text. */
function orText(schema: JsonSchema): JsonSchema {
    const texts: Record<string, JsonSchema> = {
        integer: { type: "string", pattern: "^\\d+$" },
        boolean: { enum: ["true", "false"] },
    };
    const text = texts[schema.type ?? ""];
    if (text === undefined) {
        return schema;
    }
    const { description, examples, ...form } = schema;
    return { description, examples, anyOf: [form, text] };
}

/** The configuration reference of the documentation, in Markdown. */
export function configurationReference(): string {
    return [
        "# Configuration",
        "",
        "Generated from the schema by `npm run generate`; edit `stacks/config.ts` instead of this file.",
        "",
        "A stack is configured by `stacks/Pulumi.<stack>.yaml`. Every key has the prefix `minusnow:`. A key that does not",
        "exist, a value of the wrong form and keys that contradict each other are reported together, each with what was",
        "found, what is allowed and the command that sets it.",
        "",
        "| key | needed | allowed | meaning | example |",
        "| --- | --- | --- | --- | --- |",
        ...rows([], configSchema),
        "",
        "## Profiles",
        "",
        "Defaults that `minusnow:environment` chooses; any of them can be set in the stack file.",
        "",
        ...profileTables(),
        "",
    ].join("\n");
}

function rows(path: string[], schema: z.ZodObject, needed = "yes"): string[] {
    return Object.entries(schema.shape).flatMap(([key, field]) => {
        const isOptional = field instanceof z.ZodOptional;
        const inner = (isOptional ? field.unwrap() : field) as z.ZodType;
        const here = [...path, key];
        if (inner instanceof z.ZodObject) {
            return rows(here, inner, isOptional ? "within its group" : needed);
        }
        const { description = "" } = inner.meta() ?? {};
        const cells = [`\`${pathText(here)}\``, isOptional ? "" : needed, allowedForm(inner), description];
        return [`| ${[...cells, `\`${setCommand(here, inner)}\``].map(escapePipes).join(" | ")} |`];
    });
}

function allowedForm(schema: z.ZodType): string {
    const { allowed } = schema.meta() ?? {};
    if (allowed) {
        return allowed;
    }
    if (schema instanceof z.ZodEnum) {
        return schema.options.join(", ");
    }
    return schema instanceof z.ZodBoolean ? "true, false" : schema instanceof z.ZodArray ? "a list" : "text";
}

function escapePipes(text: string): string {
    return text.replaceAll("|", "\\|");
}

/** Defaults that have another key in a stack file, or hold for some kinds only. */
const profileKeys: Record<string, { key: string; of: string } | undefined> = {
    "databaseMachine.size": { key: "database.size", of: ", kind vm" },
    "database.size": { key: "database.size", of: ", kind managed" },
    "loadBalancer.size": { key: "loadBalancer.size", of: ", kinds haproxy and nginx" },
};

function profileTables(): string[] {
    return Object.entries(profiles).flatMap(([cloud, environments]) => {
        const names = Object.keys(environments);
        const settings = names.map((name) => flatten(environments[name as keyof typeof environments]));
        const keys = [...new Set(settings.flatMap((setting) => Object.keys(setting)))];
        return [
            `| ${cloud} | ${names.join(" | ")} |`,
            `| --- | ${names.map(() => "---").join(" | ")} |`,
            ...keys.map(
                (key) =>
                    `| \`${NAMESPACE}${profileKeys[key]?.key ?? key}\`${profileKeys[key]?.of ?? ""} | ${settings.map((setting) => setting[key] ?? "").join(" | ")} |`,
            ),
        ];
    });
}

function flatten(value: object, prefix = ""): Record<string, string> {
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
            typeof item === "object" && item !== null
                ? Object.entries(flatten(item, `${prefix}${key}.`))
                : [[`${prefix}${key}`, String(item)]],
        ),
    );
}
