import path from "node:path";
import { maskObject, type Plain } from "../../plan/engine/values";
import { plan, type Plan } from "../../plan/plan";

/** The folder of this repository. */
export const repository = path.resolve(import.meta.dirname, "../..");

/** A planned resource with its inputs as a report shows them. */
export interface Planned {
    urn: string;
    type: string;
    name: string;
    inputs: Record<string, Plain>;
    options: Plan["resources"][number]["options"];
    dependencies: string[];
    propertyDependencies: Record<string, string[]>;
    provider: string;
    parent: string;
}

/** A plan with the means to look things up in it. */
export interface PlannedStack {
    plan: Plan;
    resources: Planned[];
    /** All resources of a type, named without provider and module path: `lb.Listener` for `aws:lb/listener:Listener`. */
    all: (type: string) => Planned[];
    /** The only resource of a type, or the one whose name ends so. */
    one: (type: string, nameEnd?: string) => Planned;
}

const plans = new Map<string, Promise<PlannedStack>>();

/** The plan of a stack in a folder; each is made once, by what tells it from others. */
export function plannedOnce(
    key: string,
    folder: () => string,
    stack: string,
    unknowns: boolean,
): Promise<PlannedStack> {
    const whole = `${stack} ${unknowns} ${key}`;
    const known = plans.get(whole) ?? plan({ directory: folder(), stack, unknowns }).then(lookup);
    plans.set(whole, known);
    return known;
}

/** The plan of a shipped stack; each is made once. */
export const planned = (stack: string, unknowns = false): Promise<PlannedStack> =>
    plannedOnce("", () => repository, stack, unknowns);

export function lookup(made: Plan): PlannedStack {
    const resources = made.resources.map((resource) => ({ ...resource, inputs: maskObject(resource.inputs) }));
    const all = (type: string) => resources.filter((resource) => shortType(resource.type) === type);
    const one = (type: string, nameEnd = "") => {
        const found = all(type).filter(({ name }) => name.endsWith(nameEnd));
        if (found.length !== 1) {
            throw new Error(
                `${found.length} resources of type ${type} end in '${nameEnd}': ${found.map(({ name }) => name).join(", ")}`,
            );
        }
        return found[0]!;
    };
    return { plan: made, resources, all, one };
}

/** `lb.Listener` for `aws:lb/listener:Listener`, `network.Subnet` for `azure-native:network:Subnet`. */
export function shortType(type: string): string {
    return type.replace(/^[^:]+:([^/:]+)(?:\/[^:]+)?:/, "$1.");
}

/** Types of the resources that a property of a resource comes from. */
export function dependencyTypes(
    at: PlannedStack,
    resource: { propertyDependencies: Record<string, string[]> },
    property: string,
): string[] {
    return (resource.propertyDependencies[property] ?? []).map((urn) =>
        shortType(at.resources.find((other) => other.urn === urn)!.type),
    );
}

/** All resources that one waits for, directly or through others. */
export function everythingBefore(at: PlannedStack, urn: string, seen = new Set<string>()): Set<string> {
    for (const before of at.resources.find((resource) => resource.urn === urn)?.dependencies ?? []) {
        if (!seen.has(before)) {
            seen.add(before);
            everythingBefore(at, before, seen);
        }
    }
    return seen;
}
