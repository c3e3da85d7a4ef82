import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { load } from "js-yaml";
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
        expect(JSON.parse(JSON.stringify(deriveSchema(repository)))).toEqual(JSON.parse(content("plugin/schema.json")));
    });
});

describe("the Pulumi schema", () => {
    const schema = JSON.parse(content("plugin/schema.json")) as {
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

describe("the JSON Schema", () => {
    const accepts = new Ajv2020({ strict: false }).compile(stackFileSchema());
    const file = (stack: string) => content(`stacks/Pulumi.${stack}.yaml`);
    const stacks = ["aws", "azure"].flatMap((cloud) => ["dev", "staging", "prod"].map((name) => `${cloud}-${name}`));

    it.each(stacks)("accepts %s", (stack) => {
        expect([accepts(load(file(stack))), accepts.errors]).toEqual([true, null]);
    });

    it.each([
        ['minusnow:rotation: "2"', "what `pulumi config set` without --path writes", true],
        ['minusnow:deletionProtection: "false"', "the same for a flag", true],
        ["minusnow:rotation: 2", "a number", true],
        ['minusnow:rotation: "two"', "a word in place of a number", false],
        ["minusnow:deletionProtection: 1", "a number in place of a flag", false],
        ["minusnow:hostnam: a.example.com", "a key that does not exist", false],
        ["minusnow:backup:\n    lock: never", "none of the choices", false],
    ])("%s: %s", (line, _, isRight) => {
        const { config } = load(file("aws-dev")) as { config: object };
        expect(accepts({ config: { ...config, ...(load(`${line}\n`) as object) } })).toBe(isRight);
    });

    it("knows every key that the reference of profiles shows", () => {
        const shown = [
            ...content("docs/configuration.md")
                .split("## Profiles")[1]!
                .matchAll(/`minusnow:([\w.]+)`/g),
        ];
        expect(shown.length).toBeGreaterThan(20);
        for (const [, key] of shown) {
            const [top, nested] = key!.split(".");
            const schema = stackFileSchema().properties!["config"]!.properties![`minusnow:${top}`];
            expect(nested === undefined ? schema : schema?.properties?.[nested], key).toBeDefined();
        }
    });
});

describe("a program that is older than its source", () => {
    it.each(["host.ts", "setup.ps1", "setup.sh", "keeper.mjs", "roles.sql"])("does not run when %s changed", (name) => {
        const root = mkdtempSync(path.join(tmpdir(), "minusnow-build-"));
        for (const folder of ["dist/stacks", "components", "stacks"]) {
            mkdirSync(path.join(root, folder), { recursive: true });
        }
        const program = path.join(root, "dist/stacks/fresh-build.js");
        cpSync(path.join(repository, "dist/stacks/fresh-build.js"), program);
        symlinkSync(path.join(repository, "node_modules"), path.join(root, "node_modules"));
        const source = path.join(root, "components", name);
        writeFileSync(source, "");
        writeFileSync(path.join(root, "dist/.built"), "");
        const { requireFreshBuild } = createRequire(program)(program) as { requireFreshBuild: () => void };
        const [earlier, later] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
        utimesSync(source, earlier, earlier);
        expect(requireFreshBuild).not.toThrow();
        utimesSync(source, later, later);
        expect(requireFreshBuild).toThrow(`components/${name} is newer than the build; run 'npm run build' first`);
        rmSync(root, { recursive: true });
    });
});

describe("the shipped stack files", () => {
    it.each(["aws-dev", "aws-staging", "aws-prod", "azure-dev", "azure-staging", "azure-prod"])(
        "%s has only keys that the JSON Schema knows, and every one it requires",
        (stack) => {
            const { config } = load(content(`stacks/Pulumi.${stack}.yaml`)) as { config: Record<string, unknown> };
            const { properties, required } = stackFileSchema().properties!["config"]!;
            expect(Object.keys(properties!)).toEqual(expect.arrayContaining(Object.keys(config)));
            expect(Object.keys(config)).toEqual(expect.arrayContaining(required!));
        },
    );
});
