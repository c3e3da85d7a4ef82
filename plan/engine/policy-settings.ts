import type { Ajv } from "ajv";
import { nearest } from "../../stacks/nearest";
import { UsageError } from "../usage-error";
import type { PolicyInfo } from "./analyzer";
import type { PolicyConfigFile, PolicyLevel, PolicySettings } from "./policy-config";
import { isRecord } from "./project";

const LEVELS: PolicyLevel[] = ["advisory", "mandatory", "disabled", "remediate"];
const ALL = "all";

/**
 * Settings of every policy: the file's over the file's `all` over the policy's own, with the defaults of the schema filled
 * in as the engine does.
 *
 * @throws UsageError that lists every problem of the file.
 */
export function policySettings(
    policies: PolicyInfo[],
    config: PolicyConfigFile,
    source: string,
): Map<string, PolicySettings> {
    const names = policies.map(({ name }) => name);
    const problems = Object.keys(config)
        .filter((name) => name !== ALL && !names.includes(name))
        .map((name) => `${name}: no such policy${suggestion(name, names)}`);
    const settings = new Map<string, PolicySettings>();
    const all = levelOf(config[ALL]);
    if (config[ALL] !== undefined && all === undefined) {
        problems.push(`${ALL}: found ${JSON.stringify(config[ALL])}, allowed are ${LEVELS.join(", ")}`);
    }
    for (const policy of policies) {
        const entry = config[policy.name];
        const level = levelOf(entry);
        if (entry !== undefined && level === undefined && !isRecord(entry)) {
            problems.push(
                `${policy.name}: found ${JSON.stringify(entry)}, allowed are ${LEVELS.join(", ")} or an object`,
            );
        }
        const { enforcementLevel, ...own } = isRecord(entry) ? entry : {};
        if (enforcementLevel !== undefined && level === undefined) {
            problems.push(
                `${policy.name}.enforcementLevel: found ${JSON.stringify(enforcementLevel)}, allowed are ${LEVELS.join(", ")}`,
            );
        }
        problems.push(...schemaProblems(policy, own));
        settings.set(policy.name, {
            level: level ?? all ?? policy.level,
            properties: { ...defaultsOf(policy), ...own },
        });
    }
    if (problems.length > 0) {
        throw new UsageError(
            `the policy configuration ${source} is wrong\n${problems.map((line) => `  ${line}`).join("\n")}`,
        );
    }
    return settings;
}

function levelOf(entry: unknown): PolicyLevel | undefined {
    const level = isRecord(entry) ? entry["enforcementLevel"] : entry;
    return LEVELS.find((known) => known === level);
}

function defaultsOf({ schema }: PolicyInfo): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(schema.properties)
            .filter(([, property]) => property.default !== undefined)
            .map(([key, property]) => [key, property.default]),
    );
}

function schemaProblems({ name, schema }: PolicyInfo, properties: Record<string, unknown>): string[] {
    if (Object.keys(properties).length === 0 && schema.required.length === 0) {
        return [];
    }
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- slow to load, and few policies have properties
    const ajv = require("ajv") as { Ajv: typeof Ajv };
    const validate = new ajv.Ajv({ allErrors: true, strict: false }).compile({ type: "object", ...schema });
    if (validate(properties)) {
        return [];
    }
    return (validate.errors ?? []).map(
        ({ instancePath, message }) => `${name}${instancePath.replaceAll("/", ".")}: ${message}`,
    );
}

function suggestion(name: string, names: string[]): string {
    const guess = nearest(name, names);
    return guess ? `; did you mean '${guess}'?` : "";
}
