import type { ConfigurationProblem } from "./configuration-error";

/** A problem of a key, named without its prefix. */
export function problem(path: string, found: string, allowed: string, fix: string): ConfigurationProblem {
    return { path: `minusnow:${path}`, found, allowed, fix };
}

/** The command that sets a key. */
export function set(path: string, value: string, flag = "--path"): string {
    const key = /^[\w.]+$/.test(path) ? `minusnow:${path}` : `'minusnow:${path}'`;
    const flags = flag === "--secret" ? "--secret --path " : flag && `${flag} `;
    return `pulumi config set ${flags}${key} ${value}`;
}
