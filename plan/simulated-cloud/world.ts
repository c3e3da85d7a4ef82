import { createHash } from "node:crypto";
import { Unknown, type Value, type Values } from "../engine/values";

/** A resource that exists in the simulated cloud. */
export interface Existing {
    urn: string;
    type: string;
    id: string;
    /** Inputs and outputs together. */
    values: Values;
}

/** What exists so far; a later resource is checked against it as the real cloud would. */
export class World {
    private all: Existing[] = [];

    public add(existing: Existing): void {
        this.all.push(existing);
    }

    public remove(type: string, id: string): void {
        this.all = this.all.filter((existing) => existing.type !== type || existing.id !== id);
    }

    public ofType(type: string): Existing[] {
        return this.all.filter((existing) => existing.type === type);
    }

    /** The resource of a type whose id, name or ARN is the given one. */
    public find(type: string, reference: Value): Existing | undefined {
        const matches = ({ id, values }: Existing) =>
            [id, values["arn"], values["name"], values["identifier"]].includes(reference);
        return typeof reference === "string" ? this.ofType(type).find(matches) : undefined;
    }
}

/** The value at a path such as `healthCheck.interval` or `rules[0].priority`, when it is known. */
export function at(values: Value, path: string): Value {
    return path.split(/[.[\]]+/).reduce<Value>((value, key) => {
        if (key === "" || value instanceof Unknown || typeof value !== "object" || value === null) {
            return key === "" ? value : undefined;
        }
        return (value as Values)[key];
    }, values);
}

/** {@link at}, when it is text. */
export function textAt(values: Value, path: string): string | undefined {
    const value = at(values, path);
    return typeof value === "string" ? value : undefined;
}

/** {@link at}, when it is a number. */
export function numberAt(values: Value, path: string): number | undefined {
    const value = at(values, path);
    return typeof value === "number" ? value : undefined;
}

/** {@link at}, when it is a list; otherwise an empty one. */
export function listAt(values: Value, path: string): Value[] {
    const value = at(values, path);
    return Array.isArray(value) ? value : [];
}

/** A value as part of a text. */
export function textOf(value: Value): string {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** True when a property has a value, known or not. */
export function isSet(values: Value, path: string): boolean {
    const value = at(values, path);
    return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** Hexadecimal digits that are always the same for the same text. */
export function digits(text: string, length: number): string {
    return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/** A UUID that is always the same for the same text. */
export function uuid(text: string): string {
    return digits(text, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
