import { at, listAt, type Value, type Values } from "../../trap";

/** Ids inside a resource of many parts, such as `applicationGateways`, that name no part of it. */
export function missingParts(inputs: Values, kind: string): string[] {
    const own = new RegExp(`/${kind}/[^/]+/\\w+/[^/]+$`);
    return idsIn(inputs)
        .filter((id) => own.test(id))
        .filter((id) => {
            const [name, collection] = id.split("/").reverse();
            return !listAt(inputs, collection!).some((part) => at(part, "name") === name);
        });
}

function idsIn(value: Value): string[] {
    if (typeof value === "string") {
        return value.startsWith("/subscriptions/") ? [value] : [];
    }
    return typeof value === "object" && value !== null ? Object.values(value as Values).flatMap(idsIn) : [];
}

/** Azure's words for an id that names nothing. */
export const missingReference = (id: string) =>
    `InvalidResourceReference: Resource ${id} referenced by resource was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`;
