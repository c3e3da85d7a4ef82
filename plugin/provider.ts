import "../stacks/fast-start";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** What the schema says of each component. */
interface Schema {
    version: string;
    resources: { [token: string]: { properties?: { [output: string]: unknown } } };
}

type Component = new (
    name: string,
    args: pulumi.Inputs,
    opts: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource & { [output: string]: unknown };

const text = readFileSync(path.resolve(__dirname, "../../plugin/schema.json"), "utf8");
const schema = JSON.parse(text) as Schema;

/** Loads the SDK of the component's cloud alone. */
function classOf(token: string): Component {
    const name = token.split(":")[2]!;
    if (!(token in schema.resources)) {
        throw new Error(`found ${token}, allowed are ${Object.keys(schema.resources).join(", ")}`);
    }
    /* eslint-disable @typescript-eslint/no-require-imports */
    const components = (
        name.startsWith("Azure") ? require("../components/azure") : require("../components/aws")
    ) as Record<string, Component>;
    /* eslint-enable @typescript-eslint/no-require-imports */
    return components[name]!;
}

/** Makes components for programs in other languages, as `pulumi package add` tells them of. */
class Components implements pulumi.provider.Provider {
    public readonly version = schema.version;
    public readonly schema = text;

    public construct(
        name: string,
        token: string,
        inputs: pulumi.Inputs,
        options: pulumi.ComponentResourceOptions,
    ): Promise<pulumi.provider.ConstructResult> {
        const component = new (classOf(token))(name, inputs, options);
        const outputs = Object.keys(schema.resources[token]!.properties ?? {});
        const state = Object.fromEntries(outputs.map((output) => [output, component[output]]));
        return Promise.resolve({ urn: component.urn, state });
    }
}

void pulumi.provider.main(new Components(), process.argv.slice(2));
