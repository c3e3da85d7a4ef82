import { type Resource, type Stack, UNKNOWN } from "./stack";

/** How bad it is to go without. Critical rules cannot be exempted. */
export type Severity = "critical" | "high" | "medium" | "low";

/** What one look at one resource found. */
export interface Finding {
    /** `unknown` waits for the update; `warn` is told and blocks nothing. */
    status: "pass" | "fail" | "unknown" | "warn";
    /** The resource that decided; absent where what is missing has none. */
    resource?: Resource;
    message: string;
}

/** One thing that must hold, as part of a checklist item. */
export interface Rule {
    /** Name of the policy. */
    id: string;
    title: string;
    severity: Severity;
    /** What can go wrong without it. */
    risk: string;
    /** How to set it right. */
    fix: string;
    /** Where the guide asks for it. */
    step: string;
    /** Public controls that ask for the same, where there are any. */
    controls: readonly string[];
    /**
     * Decides on a stack, and says which part waits for the update. Nothing found means that the rule does not apply.
     */
    check: (stack: Stack) => Finding[];
}

/** The rules that decide one item of the checklist. */
export interface ItemRules {
    /** Id of the item in the reference. */
    item: string;
    rules: readonly Rule[];
}

export const pass = (resource: Resource | undefined, message: string): Finding => ({
    status: "pass",
    message,
    ...(resource && { resource }),
});
export const fail = (resource: Resource | undefined, message: string): Finding => ({
    status: "fail",
    message,
    ...(resource && { resource }),
});
export const waits = (resource: Resource | undefined, message: string): Finding => ({
    status: "unknown",
    message,
    ...(resource && { resource }),
});

/** Decides by the value at a path. */
export function expectValue(
    resource: Resource,
    path: string,
    isRight: (value: unknown) => boolean,
    allowed: string,
): Finding {
    const value = resource.get(path);
    if (resource.isUnknown(path)) {
        return waits(resource, `${path} is not known before the update; allowed: ${allowed}`);
    }
    return isRight(value)
        ? pass(resource, `${path} is ${shown(value)}`)
        : fail(resource, `${path}: found ${shown(value)}, allowed: ${allowed}`);
}

/** {@link expectValue} for one value only. */
export function expectEqual(resource: Resource, path: string, wanted: string | number | boolean): Finding {
    return expectValue(resource, path, (value) => value === wanted, String(wanted));
}

/** {@link expectValue} for a number in a range. */
export function expectNumber(resource: Resource, path: string, least: number, most = Infinity): Finding {
    const allowed = most === Infinity ? `${least} or more` : `${least} to ${most}`;
    return expectValue(
        resource,
        path,
        (value) => typeof value === "number" && value >= least && value <= most,
        allowed,
    );
}

/** Decides whether anything is set: what is made from another resource's output is, though its value is not known yet. */
export function expectSet(resource: Resource, path: string, allowed: string): Finding {
    const value = resource.get(path);
    if (resource.isUnknown(path) && resource.sourcesOf(path).length > 0) {
        return pass(resource, `${path} is made from another resource`);
    }
    return expectValue(resource, path, () => value !== undefined && value !== null && value !== "", allowed);
}

/** The findings of each, or a failure where there is none. */
export function expectSome(
    resources: Resource[],
    missing: string,
    check: (resource: Resource) => Finding[],
): Finding[] {
    return resources.length === 0 ? [fail(undefined, missing)] : resources.flatMap(check);
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
    if (value === undefined || value === null) {
        return "nothing";
    }
    if (value === UNKNOWN) {
        return "a value that is not known yet";
    }
    if (value === "") {
        return "empty";
    }
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
