import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { RunError } from "@pulumi/pulumi/errors";

/**
 * Refuses to run code that is older than its source, so that an update never deploys what is no longer written.
 *
 * @throws RunError when a source file is newer than the build; nothing happens in an installed package.
 */
export function requireFreshBuild(): void {
    const build = path.resolve(__dirname, "..");
    const root = path.dirname(build);
    const built = modified(path.join(build, ".built"));
    if (path.basename(build) !== "dist" || built === 0) {
        return;
    }
    const newer = ["components", "stacks"]
        .flatMap((folder) => sources(path.join(root, folder)))
        .find((file) => modified(file) > built);
    if (newer) {
        throw new RunError(`${path.relative(root, newer)} is newer than the build; run 'npm run build' first`);
    }
}

function sources(folder: string): string[] {
    try {
        return readdirSync(folder, { recursive: true, encoding: "utf8" })
            .filter((file) => /\.(ts|sh|ps1|mjs|cjs|sql)$/.test(file))
            .map((file) => path.join(folder, file));
    } catch {
        return [];
    }
}

function modified(file: string): number {
    try {
        return statSync(file).mtimeMs;
    } catch {
        return 0;
    }
}
