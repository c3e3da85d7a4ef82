import { readFileSync } from "node:fs";
import path from "node:path";
import type { Resource } from "../../plan/engine/resource";
import type { Values } from "../../plan/engine/values";

interface FixtureResource {
    type: string;
    name: string;
    props: Values;
    dependsOnProps?: Record<string, string[]>;
}

/** A compliant deployment on Azure as a policy sees it, written by hand: the pack is for any program. */
export function azureDeployment(): Resource[] {
    const file = path.join(import.meta.dirname, "fixtures", "azure.json");
    const fixture = JSON.parse(readFileSync(file, "utf8")) as FixtureResource[];
    const urns = new Map(fixture.map(({ type, name }) => [name, `urn:pulumi:azure::minusnow::${type}::${name}`]));
    return fixture.map(({ type, name, props, dependsOnProps = {} }) => ({
        urn: urns.get(name)!,
        type,
        name,
        custom: true,
        parent: "",
        provider: "",
        dependencies: [],
        propertyDependencies: Object.fromEntries(
            Object.entries(dependsOnProps).map(([property, names]) => [
                property,
                names.map((other) => urns.get(other)!),
            ]),
        ),
        options: {},
        inputs: props,
        id: "",
        outputs: props,
    }));
}
