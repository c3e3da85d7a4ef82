// Derives the Pulumi package schema of the components with Pulumi's own analyzer; the plugin serves it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const load = createRequire(import.meta.url);
const { Analyzer } = load("@pulumi/pulumi/provider/experimental/analyzer");
const { generateSchema } = load("@pulumi/pulumi/provider/experimental/schema");

const clouds = { aws: "Aws", azure: "Azure" };

export function deriveSchema(root) {
    const { name, version, description } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const analyzed = Object.entries(clouds).map(([cloud, prefix]) => {
        const main = `components/${cloud}.js`;
        const classes = Object.keys(load(path.join(root, "dist", main))).filter((each) => each.startsWith(prefix));
        return new Analyzer(root, name, { name, version, main }, new Set(classes)).analyze();
    });
    const merged = (part) => Object.assign({}, ...analyzed.map((each) => each[part]));
    const known = new Map(analyzed.flatMap(({ dependencies }) => dependencies).map((each) => [each.name, each]));
    return generateSchema(name, version, description, merged("components"), merged("typeDefinitions"), [
        ...known.values(),
    ]);
}
