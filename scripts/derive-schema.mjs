// Derives the Pulumi package schema of the components with Pulumi's own analyzer, as `pulumi package add` does.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const load = createRequire(import.meta.url);
const { Analyzer } = load("@pulumi/pulumi/provider/experimental/analyzer");
const { generateSchema } = load("@pulumi/pulumi/provider/experimental/schema");

export function deriveSchema(root) {
    const { name, version, description } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const classes = Object.keys(load(path.join(root, "dist/components/aws.js"))).filter((exported) =>
        exported.startsWith("Aws"),
    );
    const analyzer = new Analyzer(root, name, { name, version, main: "components/aws.js" }, new Set(classes));
    const { components, typeDefinitions, dependencies } = analyzer.analyze();
    return generateSchema(name, version, description, components, typeDefinitions, dependencies);
}
