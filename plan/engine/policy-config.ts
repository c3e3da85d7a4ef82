import { readFileSync } from "node:fs";
import { UsageError } from "../usage-error";

/** What a violation does: told, blocking, not looked for, or repaired. */
export type PolicyLevel = "advisory" | "mandatory" | "disabled" | "remediate";

/** Level and properties that a policy runs with. */
export interface PolicySettings {
    level: PolicyLevel;
    properties: Record<string, unknown>;
}

/** A pack's configuration file as Pulumi takes it: by policy a level, or a level with properties; `all` is for the rest. */
export type PolicyConfigFile = Record<string, unknown>;

/** Reads a pack's configuration file. */
export function readPolicyConfig(file: string): PolicyConfigFile {
    let content: unknown;
    try {
        content = JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
        throw new UsageError(`cannot read the policy configuration ${file}: ${(error as Error).message}`);
    }
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
        throw new UsageError(`${file}: found ${JSON.stringify(content)}, allowed is a mapping of policies to levels`);
    }
    return content as PolicyConfigFile;
}
