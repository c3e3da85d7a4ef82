import { RunError } from "@pulumi/pulumi/errors";
import { configurationHeadline } from "./configuration-headline";

/** One thing that is wrong with a stack's configuration. */
export interface ConfigurationProblem {
    /** Full path, for example `minusnow:appPair.count`. */
    path: string;
    found: string;
    allowed: string;
    fix: string;
}

/** Every problem of a configuration in one message; Pulumi shows it without a stack trace. */
export class ConfigurationError extends RunError {
    constructor(
        stack: string,
        public readonly problems: ConfigurationProblem[],
    ) {
        super(
            `${configurationHeadline} stack ${stack} has ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}\n\n${problems.map(describe).join("\n\n")}\n`,
        );
    }
}

function describe({ path, found, allowed, fix }: ConfigurationProblem): string {
    return [`  ${path}`, `    found:   ${found}`, `    allowed: ${allowed}`, `    fix:     ${fix}`].join("\n");
}
