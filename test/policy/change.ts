import type { Resource } from "../../plan/engine/resource";
import { reveal, Secret, type Value, type Values } from "../../plan/engine/values";
import { listAt, textAt } from "../../plan/simulated-cloud/world";

/** A planned defect: what is done to a compliant plan, and the rules of which one must notice. */
export interface Mutation {
    name: string;
    by: string[];
    change: (resources: Resource[]) => Resource[];
}

/** The text of a property, secret or not. */
export function textOf(resource: Resource, property: string): string {
    return textAt({ value: reveal(resource.inputs[property]) }, "value") ?? "";
}

/** A resource's type without its module path: `lb.Listener` for `aws:lb/listener:Listener`. */
export function shortType({ type }: Resource): string {
    return type.replace(/^[^:]+:([^/:]+)(?:\/[^:]+)?:/, "$1.");
}

/** The value with another at a path; parts of the path that are not there are made. */
export function withValue(value: Value, path: (string | number)[], replacement: Value): Value {
    const [key, ...rest] = path;
    if (key === undefined) {
        return replacement;
    }
    if (value instanceof Secret) {
        return new Secret(withValue(value.value, path, replacement));
    }
    if (Array.isArray(value)) {
        return value.map((item, place) => (place === Number(key) ? withValue(item, rest, replacement) : item));
    }
    const object = (typeof value === "object" && value !== null ? value : {}) as Values;
    if (rest.length === 0 && replacement === undefined) {
        return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
    }
    return { ...object, [key]: withValue(object[key], rest, replacement) };
}

/** Splits `rules[0].schedule` into its parts. */
export function parts(path: string): (string | number)[] {
    return path.split(/[.[\]]+/).filter(Boolean);
}

/** A resource with another value at a path, as an input and as an output. */
export function changed(resource: Resource, path: string, replacement: Value): Resource {
    return {
        ...resource,
        inputs: withValue(resource.inputs, parts(path), replacement) as Values,
        outputs: withValue(resource.outputs, parts(path), replacement) as Values,
        // A value that is written down by hand was made from nothing.
        propertyDependencies: Object.fromEntries(
            Object.entries(resource.propertyDependencies).filter(([property]) => property !== parts(path)[0]),
        ),
    };
}

/** One mutation for each resource of a type: the value at a path is replaced. */
export function setEach(
    all: Resource[],
    type: string,
    path: string,
    replacement: Value | ((resource: Resource) => Value),
    by: string[],
    only: (resource: Resource) => boolean = () => true,
): Mutation[] {
    return all
        .filter((resource) => shortType(resource) === type && only(resource))
        .map((target) => {
            const value = typeof replacement === "function" ? replacement(target) : replacement;
            return {
                name: `${target.name} (${type}): ${path} becomes ${value === undefined ? "nothing" : JSON.stringify(value)}`.slice(
                    0,
                    160,
                ),
                by,
                change: (resources) =>
                    resources.map((resource) =>
                        resource.urn === target.urn ? changed(resource, path, value) : resource,
                    ),
            };
        });
}

/** One mutation for each resource of a type: it is gone. */
export function removeEach(
    all: Resource[],
    type: string,
    by: string[],
    only: (resource: Resource) => boolean = () => true,
): Mutation[] {
    return all
        .filter((resource) => shortType(resource) === type && only(resource))
        .map((target) => ({
            name: `${target.name} (${type}) is gone`,
            by,
            change: (resources) => resources.filter(({ urn }) => urn !== target.urn),
        }));
}

/** A mutation that adds a resource. */
export function added(name: string, by: string[], type: string, outputs: Values): Mutation {
    const resource: Resource = {
        urn: `urn:pulumi:test::minusnow::${type}::planted`,
        type,
        name: "planted",
        custom: true,
        parent: "",
        provider: "",
        dependencies: [],
        propertyDependencies: {},
        options: {},
        inputs: outputs,
        id: "planted",
        outputs,
    };
    return { name, by, change: (resources) => [...resources, resource] };
}

/** The only resource of a type whose name ends so. */
export function find(resources: Resource[], type: string, nameEnd = ""): Resource {
    const found = resources.filter((resource) => shortType(resource) === type && resource.name.endsWith(nameEnd));
    if (found.length === 0) {
        throw new Error(`no resource of type ${type} ends in '${nameEnd}'`);
    }
    return found[0]!;
}

export function hasName(nameEnd: string) {
    return ({ name }: Resource) => name.endsWith(nameEnd);
}

/** Path of a rule in the network security group of a role. */
export function rulePath(all: Resource[], role: string, name: string): string {
    const { inputs } = find(all, "network.NetworkSecurityGroup", `-net-${role}`);
    return `securityRules[${listAt(inputs, "securityRules").findIndex((rule) => textAt(rule, "name") === name)}]`;
}
