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
    // One cloud's SDK only, and under ts-node as well.
    /* eslint-disable @typescript-eslint/no-require-imports */
    return config.cloud === "aws"
        ? (require("./aws") as typeof import("./aws")).deployToAws(config)
        : (require("./azure") as typeof import("./azure")).deployToAzure(config);
    /* eslint-enable @typescript-eslint/no-require-imports */
}

export = main;
