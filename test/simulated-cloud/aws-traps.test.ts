import { describe, expect, it } from "vitest";
import type { Values } from "../../plan/engine/values";
import { createSimulatedCloud } from "../../plan/simulated-cloud";
import { awsTraps } from "../../plan/simulated-cloud/aws/traps";
import { badExamples } from "./bad-examples";

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

describe("what AWS refuses at create time", () => {
    it("has an identifier of its own, a type and a source for every trap", () => {
        expect(new Set(awsTraps.map(({ id }) => id)).size).toBe(awsTraps.length);
        for (const { id, type, source } of awsTraps) {
            expect(id).toMatch(/^[a-z0-9-]+$/);
            expect(type).toMatch(/^aws:\w+\/\w+:\w+$/);
            expect(source).toMatch(/^https:\/\//);
        }
    });

    it("has an example for every trap and none for others", () => {
        expect(Object.keys(badExamples).sort()).toEqual(awsTraps.map(({ id }) => id).sort());
    });

    it.each(Object.entries(badExamples))("%s", (trap, resources) => {
        created = [];
        expect(sprung(resources)).toContain(trap);
    });
});
