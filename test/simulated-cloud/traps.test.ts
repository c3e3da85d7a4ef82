import { describe, expect, it } from "vitest";
import type { Values } from "../../plan/engine/values";
import { createSimulatedCloud } from "../../plan/simulated-cloud";
import { awsTraps } from "../../plan/simulated-cloud/aws/traps";
import { azureTraps } from "../../plan/simulated-cloud/azure/traps";
import { awsExamples } from "./aws-examples";
import { azureExamples } from "./azure-examples";

/** Creates resources one after the other and tells which traps were sprung. */
function sprung(resources: { type: string; inputs: Values; provider?: string }[]): string[] {
    const cloud = createSimulatedCloud({ unknowns: false, defaultRegion: "us-east-1" });
    resources.forEach(({ type, inputs }, place) => {
        const opened = resolveReferences(inputs, created);
        const { id, outputs } = cloud.create({
            urn: `urn:pulumi:test::test::${type}::r${place}`,
            type,
            name: `r${place}`,
            provider: "",
            inputs: opened,
        });
        created[place] = { id, ...outputs };
    });
    return cloud.refusals.map(({ trap }) => trap);
}

/** In examples `$0.id` stands for the id of the first resource. */
let created: Values[] = [];
function resolveReferences<T>(value: T, known: Values[]): T {
    if (typeof value === "string") {
        const [, place, key] = /^\$(\d+)\.(\w+)$/.exec(value) ?? [];
        return (place === undefined ? value : known[Number(place)]![key!]) as T;
    }
    if (Array.isArray(value)) {
        return value.map((item: unknown) => resolveReferences(item, known)) as T;
    }
    return typeof value === "object" && value !== null
        ? (Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, known)])) as T)
        : value;
}

const clouds = [
    { cloud: "AWS", traps: awsTraps, examples: awsExamples, token: /^aws:\w+\/\w+:\w+$/ },
    { cloud: "Azure", traps: azureTraps, examples: azureExamples, token: /^azure-native:\w+:\w+$/ },
];

describe.each(clouds)("what $cloud refuses at create time", ({ traps, examples, token }) => {
    it("has an identifier of its own, a type and a source for every trap", () => {
        expect(new Set(traps.map(({ id }) => id)).size).toBe(traps.length);
        for (const { id, type, source } of traps) {
            expect(id).toMatch(/^[a-z0-9-]+$/);
            expect(type).toMatch(token);
            expect(source).toMatch(/^https:\/\//);
        }
    });

    it("has an example for every trap and none for others", () => {
        expect(Object.keys(examples).sort()).toEqual(traps.map(({ id }) => id).sort());
    });

    it.each(Object.entries(examples))("%s", (trap, resources) => {
        created = [];
        expect(sprung(resources)).toContain(trap);
    });
});
