/**
 * Pulumi property values as they cross the wire, and as the plan keeps them.
 *
 * The protocol marks special values with a reserved key whose value names the kind. Here they become instances of the
 * classes below, so that code that reads a property can tell a secret or an unknown from a string.
 */

/** Key that marks a special value on the wire and in a state. */
export const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
/** Kind of a secret. */
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
/** Stands for an unknown value on the wire. */
export const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that only the real cloud can supply. */
export class Unknown {
    public static readonly value = new Unknown();
    public readonly unknown = true;
}

/** A value that Pulumi keeps encrypted; it is never printed. */
export class Secret {
    constructor(public readonly value: Value) {}
}

/** A file or archive passed to a resource; it stands for its content. */
export class Asset {
    constructor(public readonly fields: Values) {}
}

/** A reference to another resource. */
export class ResourceReference {
    constructor(public readonly fields: Values) {}
}

export type Value =
    | null
    | undefined
    | boolean
    | number
    | string
    | Unknown
    | Secret
    | Asset
    | ResourceReference
    | Value[]
    | { [key: string]: Value };

export type Values = { [key: string]: Value };

function isPlainObject(value: Value): value is Values {
    return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Inputs with what a provider adds to them, inside of properties as well; where both have a value, the input's stays. */
export function mergeValues(added: Value, input: Value): Value {
    if (Array.isArray(added) && Array.isArray(input)) {
        return input.map((item, place) => mergeValues(added[place], item));
    }
    if (isPlainObject(added) && isPlainObject(input)) {
        const merged = Object.entries(input).map(([key, value]): [string, Value] => [
            key,
            mergeValues(added[key], value),
        ]);
        return { ...added, ...Object.fromEntries(merged) };
    }
    return input === undefined || input === null ? added : input;
}

/** Inputs with what a provider would add marked as unknown, as a preview shows it. */
export function unknownBeyond(input: Value, added: Value): Value {
    if (Array.isArray(added) && Array.isArray(input)) {
        return input.map((item, place) => unknownBeyond(item, added[place]));
    }
    if (isPlainObject(added) && isPlainObject(input)) {
        const marked = Object.keys(added).map((key): [string, Value] => [key, unknownBeyond(input[key], added[key])]);
        return { ...input, ...Object.fromEntries(marked) };
    }
    return input === undefined || input === null ? (added === undefined ? input : Unknown.value) : input;
}

/** Reads one property value from its wire form. */
export function decode(wire: unknown): Value {
    if (wire === UNKNOWN_STRING) {
        return Unknown.value;
    }
    if (Array.isArray(wire)) {
        return wire.map(decode);
    }
    if (typeof wire !== "object" || wire === null) {
        return wire as Value;
    }
    const object = wire as Record<string, unknown>;
    switch (object[SIGNATURE_KEY]) {
        case undefined:
            return decodeObject(object);
        case SECRET:
            return new Secret(decode(object["value"]));
        case OUTPUT: {
            const value = "value" in object ? decode(object["value"]) : Unknown.value;
            return object["secret"] === true ? new Secret(value) : value;
        }
        case RESOURCE:
            return new ResourceReference(decodeObject(object));
        case ASSET:
        case ARCHIVE:
            return new Asset(object as Values);
        default:
            throw new Error(`unknown property signature ${String(object[SIGNATURE_KEY])}`);
    }
}

/** Reads an object of properties from its wire form. */
export function decodeObject(object: Record<string, unknown>): Values {
    const result: Values = {};
    for (const [key, value] of Object.entries(object)) {
        if (key !== SIGNATURE_KEY) {
            result[key] = decode(value);
        }
    }
    return result;
}

/** Writes a property value in its wire form. */
export function encode(value: Value): unknown {
    if (value instanceof Unknown) {
        return UNKNOWN_STRING;
    }
    if (value instanceof Secret) {
        return { [SIGNATURE_KEY]: SECRET, value: encode(value.value) };
    }
    if (value instanceof Asset) {
        return value.fields;
    }
    if (value instanceof ResourceReference) {
        return { [SIGNATURE_KEY]: RESOURCE, ...encodeObject(value.fields) };
    }
    if (Array.isArray(value)) {
        return value.map(encode);
    }
    if (typeof value === "object" && value !== null) {
        return encodeObject(value);
    }
    return value ?? null;
}

/** Writes an object of properties in its wire form; undefined properties are left out. */
export function encodeObject(values: Values): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) {
        if (value !== undefined) {
            result[key] = encode(value);
        }
    }
    return result;
}

/** A value that JSON can hold. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** What stands in a report for a secret. */
export const MASK = "[secret]";
/** What stands in a report for a value that only the cloud can supply. */
export const UNKNOWN_MARK = "[unknown]";

/** The value as a report may show it: secrets masked, unknowns marked, assets named by their path. */
export function mask(value: Value): Plain {
    if (value instanceof Secret) {
        return MASK;
    }
    if (value instanceof Unknown) {
        return UNKNOWN_MARK;
    }
    if (value instanceof Asset) {
        return maskAsset(value);
    }
    if (value instanceof ResourceReference) {
        return { urn: mask(value.fields["urn"]) };
    }
    if (Array.isArray(value)) {
        return value.map(mask);
    }
    if (typeof value === "object" && value !== null) {
        return maskObject(value);
    }
    return value ?? null;
}

/** {@link mask} for each property of an object. */
export function maskObject(values: Values): { [key: string]: Plain } {
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, mask(value)]));
}

function maskAsset(asset: Asset): Plain {
    const { path, uri, assets } = asset.fields;
    if (typeof assets === "object" && assets !== null) {
        return { archive: Object.keys(assets) };
    }
    return { asset: typeof path === "string" ? path : typeof uri === "string" ? uri : "[text]" };
}

/** The value with secrets opened, as a provider sees it. */
export function reveal(value: Value): Value {
    if (value instanceof Secret) {
        return reveal(value.value);
    }
    if (Array.isArray(value)) {
        return value.map(reveal);
    }
    if (isObject(value)) {
        return revealObject(value);
    }
    return value;
}

/** {@link reveal} for each property of an object. */
export function revealObject(values: Values): Values {
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, reveal(value)]));
}

/** True for a plain object of properties. */
export function isObject(value: Value): value is Values {
    return (
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        Object.getPrototypeOf(value) === Object.prototype
    );
}

/** True when the value, or anything inside it, is unknown. */
export function containsUnknown(value: Value): boolean {
    if (value instanceof Unknown) {
        return true;
    }
    if (value instanceof Secret) {
        return containsUnknown(value.value);
    }
    if (Array.isArray(value)) {
        return value.some(containsUnknown);
    }
    return isObject(value) && Object.values(value).some(containsUnknown);
}
