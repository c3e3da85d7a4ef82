import { maskObject } from "../engine/values";
import type { Plan } from "../plan";
import { policyJson } from "./checked-plan";

/** The plan as one JSON document: types as Pulumi tokens, inputs as plain values, secrets masked. */
export function renderJson(plan: Plan): string {
    const { project, stack, unknowns, outcome, refusals, unknownTypes } = plan;
    const resources = plan.resources.map(
        ({
            urn,
            type,
            name,
            custom,
            parent,
            provider,
            dependencies,
            propertyDependencies,
            options,
            inputs,
            outputs,
        }) => ({
            urn,
            type,
            name,
            custom,
            parent,
            provider,
            dependencies,
            propertyDependencies,
            options,
            inputs: maskObject(inputs),
            outputs: maskObject(outputs),
        }),
    );
    const messages = plan.logs.filter(({ severity }) => severity !== "debug");
    return `${JSON.stringify({ stack, project: project.name, unknowns, outcome, resources, outputs: maskObject(plan.outputs), refusals, unknownTypes, messages, ...(plan.policies && policyJson(plan.policies)) }, null, 2)}\n`;
}
