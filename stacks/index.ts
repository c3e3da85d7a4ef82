import "./fast-start";
import * as pulumi from "@pulumi/pulumi";
import { requireFreshBuild } from "./fresh-build";
import { readConfig } from "./read-config";

/** The program of every stack: reads the stack's configuration and deploys to its cloud, loading only that cloud's SDK. */
function main() {
    requireFreshBuild();
    const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
    const config = readConfig({
        stack: pulumi.getStack(),
        values: pulumi.runtime.allConfig(),
        isSecret: (key) => secretKeys.includes(key),
    });
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- one cloud's SDK only, and under ts-node as well
    const { deployToAws } = require("./aws") as typeof import("./aws");
    return deployToAws(config);
}

export = main;
