import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configurationReference, stackFileSchema } from "../../stacks/config-reference";
import { policyReference } from "../../policy/reference";
import { repository } from "../support/plans";

const content = (file: string) => readFileSync(path.join(repository, file), "utf8");

/** All of these are written by `npm run generate`. */
describe("generated files are up to date", () => {
    it("the JSON Schema of stack files", () => {
        expect(JSON.parse(content("stacks/config.schema.json"))).toEqual(JSON.parse(JSON.stringify(stackFileSchema())));
    });

    it("the configuration reference", () => {
        expect(content("docs/configuration.md")).toBe(configurationReference());
    });

    it("the reference of policies", () => {
        expect(content("docs/policies.md")).toBe(policyReference());
    });

    it("the Pulumi schema that Pulumi's own analyzer derives from the components", async () => {
        const { deriveSchema } = (await import(path.join(repository, "scripts/derive-schema.mjs"))) as {
            deriveSchema: (root: string) => unknown;
        };
        expect(JSON.parse(JSON.stringify(deriveSchema(repository)))).toEqual(
            JSON.parse(content("test/package/schema.golden.json")),
        );
    });
});

describe("the Pulumi schema", () => {
    const schema = JSON.parse(content("test/package/schema.golden.json")) as {
        resources: Record<string, { description?: string; inputProperties: Record<string, { description?: string }> }>;
    };

    it("describes every component and every argument", () => {
        for (const [token, { description, inputProperties }] of Object.entries(schema.resources)) {
            expect(description, token).toBeTruthy();
            for (const [name, property] of Object.entries(inputProperties)) {
                expect(property.description, `${token} ${name}`).toBeTruthy();
            }
        }
    });
});

describe("the shipped stack files", () => {
    it.each(["aws-dev", "aws-staging", "aws-prod", "azure-dev", "azure-staging", "azure-prod"])(
        "%s has only keys that the JSON Schema knows, and every one it requires",
        (stack) => {
            const { config } = parse(content(`stacks/Pulumi.${stack}.yaml`)) as { config: Record<string, unknown> };
            const { properties, required } = stackFileSchema().properties!["config"]!;
            expect(Object.keys(properties!)).toEqual(expect.arrayContaining(Object.keys(config)));
            expect(Object.keys(config)).toEqual(expect.arrayContaining(required!));
        },
    );
});
