import { outputsOf } from "../../plan/engine/analyzer";
import type { Resource } from "../../plan/engine/resource";
import { Asset, ResourceReference, reveal, Unknown, type Value } from "../../plan/engine/values";
import { checklist } from "../../policy/checklist";
import { evaluate } from "../../policy/evaluate";
import { type PolicyResource, Stack } from "../../policy/stack";

const rules = checklist.flatMap((item) => item.rules);

/** Ids of the rules that block, in order, with what each says. */
export type Failures = Map<string, string[]>;

/**
 * Judges here what the pack judges in a process of its own: the policy SDK unpacks a whole stack anew for each of the
 * pack's policies, which takes some twenty times as long as the rules do. {@link startPack} is the real thing.
 */
export function judgeHere(resources: Resource[]): Failures {
    const handed = new Map(resources.map((resource) => [resource.urn, handedOver(resource)]));
    const sources = resources.map((resource): PolicyResource => {
        const referred = (urns: string[]) => urns.flatMap((urn) => handed.get(urn) ?? []);
        return {
            ...handed.get(resource.urn)!,
            dependencies: referred(resource.dependencies),
            propertyDependencies: Object.fromEntries(
                Object.entries(resource.propertyDependencies).map(([property, urns]) => [property, referred(urns)]),
            ),
        };
    });
    const stack = new Stack(sources, true, new Date().toISOString().slice(0, 10));
    return new Map(
        rules
            .map((rule) => evaluate(rule, stack, []))
            .filter(({ status }) => status === "fail")
            .map(({ id, findings }) => [
                id,
                findings.filter(({ status }) => status === "fail").map(({ message }) => message),
            ]),
    );
}

const known = new WeakMap<Resource, PolicyResource>();

/** A resource without its relations, as the policy SDK hands it over. */
function handedOver(resource: Resource): PolicyResource {
    const { urn, type, name } = resource;
    const made = known.get(resource) ?? {
        urn,
        type,
        name,
        props: handedValue(outputsOf(resource)) as Record<string, unknown>,
        dependencies: [],
        propertyDependencies: {},
    };
    known.set(resource, made);
    return made;
}

/** Secrets are unpacked, and reading what is not known throws. */
function handedValue(given: Value): unknown {
    const value = reveal(given);
    if (value instanceof Asset || value instanceof ResourceReference) {
        return handedValue(value.fields);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const handed: object = Array.isArray(value) ? [] : {};
    for (const [key, part] of Object.entries(value)) {
        if (part instanceof Unknown) {
            Object.defineProperty(handed, key, { enumerable: true, get: refuse });
        } else if (part !== undefined) {
            Object.assign(handed, { [key]: handedValue(part as Value) });
        }
    }
    return handed;
}

function refuse(): never {
    throw new Error("a value that is not known during a preview");
}
