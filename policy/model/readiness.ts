import { minusnow } from "../types";
import { type Resource, type Stack, UNKNOWN } from "../stack";
import { fail, type Finding, pass, shown, waits } from "../rule";

/** Longest that a person's word holds, in days. */
const LONGEST_DAYS = 366;
const MS_PER_DAY = 86_400_000;

/** What every attestation and licence carries. */
export interface Attested {
    owner?: unknown;
    evidence?: unknown;
    date?: unknown;
    expires?: unknown;
    example?: unknown;
    [key: string]: unknown;
}

/** The readiness components of a stack. */
export function readiness(stack: Stack): Resource[] {
    return stack.of(minusnow.readiness);
}

/** A list of the readiness component. */
export function attested(component: Resource, list: "attestations" | "licences" | "inUse"): Attested[] {
    return component.objects(list);
}

/** Whole days from one day to another. */
export function daysBetween(from: string, to: string): number {
    return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / MS_PER_DAY);
}

/** True for a day that exists, as `2026-11-25`. */
export function isDay(value: unknown): value is string {
    return (
        typeof value === "string" &&
        /^\d{4}-\d{2}-\d{2}$/.test(value) &&
        !Number.isNaN(Date.parse(value)) &&
        new Date(value).toISOString().startsWith(value)
    );
}

/**
 * Whether a record holds today. An example is accepted by a preview with a warning, whatever its days, and refused by an
 * update.
 */
export function judgeRecord(stack: Stack, component: Resource, what: string, record: Attested): Finding[] {
    const { owner, evidence, date, expires } = record;
    if ([owner, evidence, date, expires].includes(UNKNOWN)) {
        return [waits(component, `${what} is not known before the update`)];
    }
    const problems = [
        ...(filled(owner) ? [] : ["owner: found nothing, allowed: a person or a team"]),
        ...(/^https:\/\/\S+\.\S+/.test(String(evidence))
            ? []
            : [`evidence: found ${shown(evidence)}, allowed: an https address`]),
        ...dayProblems(stack, date, expires, record.example === true),
    ];
    if (problems.length > 0) {
        return problems.map((problem) => fail(component, `${what}: ${problem}`));
    }
    if (record.example !== true) {
        return [pass(component, `${what}: ${String(owner)}, until ${String(expires)}`)];
    }
    return stack.isPreview
        ? [
              pass(component, `${what}: an example`),
              {
                  status: "warn",
                  resource: component,
                  message: `${what} is an example, whose days are not checked; replace it before the update`,
              },
          ]
        : [fail(component, `${what} is an example; allowed: a real one`)];
}

function dayProblems(stack: Stack, date: unknown, expires: unknown, isExample: boolean): string[] {
    if (!isDay(date) || !isDay(expires)) {
        return [`date and expires: found ${String(date)} and ${String(expires)}, allowed: days as 2026-11-25`];
    }
    const days = daysBetween(date, expires);
    return [
        ...(days > LONGEST_DAYS ? [`it holds ${days} days, allowed: up to ${LONGEST_DAYS}`] : []),
        ...(days < 0 ? [`it expires on ${expires}, before its date ${date}`] : []),
        ...(date > stack.today && !isExample ? [`its date ${date} is in the future`] : []),
        ...(expires < stack.today && !isExample ? [`it expired on ${expires}`] : []),
    ];
}

/** True for a text with something in it. */
export function filled(value: unknown): boolean {
    return typeof value === "string" && value.trim() !== "";
}
