import { writeFileSync } from "node:fs";
import type { Resource } from "../../plan/engine/resource";
import { encodeObject } from "../../plan/engine/values";

/** Writes resources as `pulumi stack export` does. */
export function writeState(file: string, resources: Resource[]): void {
    const entries = resources.map((resource) => ({
        urn: resource.urn,
        type: resource.type,
        custom: resource.custom,
        id: resource.id,
        parent: resource.parent,
        inputs: encodeObject(resource.inputs),
        outputs: encodeObject({ ...resource.outputs, ...(resource.custom && { id: resource.id }) }),
        dependencies: resource.dependencies,
        propertyDependencies: resource.propertyDependencies,
    }));
    writeFileSync(file, JSON.stringify({ version: 3, deployment: { resources: entries } }));
}
