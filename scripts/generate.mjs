// Writes the files that are derived from the code; tests fail when one of them is out of date.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const load = createRequire(import.meta.url);
const { stackFileSchema, configurationReference } = load("../dist/stacks/config-reference.js");
const { policyReference } = load("../dist/policy/reference.js");
const { deriveSchema } = await import("./derive-schema.mjs");

const write = (file, text) => writeFileSync(path.join(root, file), text);
write("stacks/config.schema.json", `${JSON.stringify(stackFileSchema(), null, 2)}\n`);
write("docs/configuration.md", configurationReference());
write("docs/policies.md", policyReference());
write("plugin/schema.json", `${JSON.stringify(deriveSchema(root), null, 2)}\n`);
