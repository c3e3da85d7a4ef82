import type { Resource } from "../../plan/engine/resource";
import type { Value, Values } from "../../plan/engine/values";
import type { Mutation } from "./change";

/** A change that breaks nothing, or makes things stricter; no rule may object. */
export type Harmless = Omit<Mutation, "by">;

/** Every name and value that holds a text holds another. */
export function renamed(from: string, to: string): Harmless {
    return {
        name: `${from} is called ${to}`,
        change: (resources) => JSON.parse(JSON.stringify(resources.map(plain)).replaceAll(from, to)) as Resource[],
    };
}

/** Without classes, so that it can be written and read as JSON. */
function plain(resource: Resource): Resource {
    const open = (value: Value): Value => {
        if (Array.isArray(value)) {
            return value.map(open);
        }
        if (typeof value !== "object" || value === null) {
            return value;
        }
        if ("fields" in value || "unknown" in value) {
            return "asset";
        }
        const entries = Object.entries(value as Values);
        return value.constructor.name === "Secret"
            ? open((value as Values)["value"])
            : Object.fromEntries(entries.map(([key, item]) => [key, open(item)]));
    };
    return { ...resource, inputs: open(resource.inputs) as Values, outputs: open(resource.outputs) as Values };
}
