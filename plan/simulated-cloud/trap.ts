import type { Value, Values } from "../engine/values";
import { at, isSet, listAt, numberAt, textAt, textOf, type World } from "./world";

/** One thing that a cloud refuses only when a resource is created. */
export interface Trap {
    id: string;
    /** Pulumi type token. */
    type: string;
    /** The documentation, API model or report that states the rule. */
    source: string;
    /** The cloud's message when it would refuse; undefined when all is well or not yet known. */
    check: (inputs: Values, world: World) => string | undefined;
}

/** A number outside its range. */
export function range(id: string, type: string, path: string, [least, most]: [number, number], source: string): Trap {
    return {
        id,
        type,
        source,
        check: (inputs) => {
            const value = numberAt(inputs, path);
            return value === undefined || (value >= least && value <= most)
                ? undefined
                : `ValidationError: '${path}' value '${value}' must be between ${least} and ${most}`;
        },
    };
}

/** A text that is none of the allowed ones. */
export function oneOf(
    id: string,
    type: string,
    path: string,
    allowed: readonly (string | number)[],
    source: string,
): Trap {
    return {
        id,
        type,
        source,
        check: (inputs) => {
            const value = at(inputs, path);
            const known = typeof value === "string" || typeof value === "number";
            return !known || allowed.includes(value)
                ? undefined
                : `ValidationError: Value '${value}' at '${path}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(", ")}]`;
        },
    };
}

/** A text that does not have the form. */
export function form(
    id: string,
    type: string,
    path: string,
    pattern: RegExp,
    message: (value: string) => string,
    source: string,
): Trap {
    return {
        id,
        type,
        source,
        check: (inputs) => {
            const value = textAt(inputs, path);
            return value === undefined || pattern.test(value) ? undefined : message(value);
        },
    };
}

/** A condition among several inputs. */
export function when(
    id: string,
    type: string,
    refused: (inputs: Values, world: World) => boolean,
    message: string,
    source: string,
): Trap {
    return { id, type, source, check: (inputs, world) => (refused(inputs, world) ? message : undefined) };
}

export { at, isSet, listAt, numberAt, textAt, textOf, type Value, type Values, type World };
