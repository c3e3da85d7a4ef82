import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";

/** A release of the stand-in application, packed as the library wants it. */
export interface Artifact {
    file: string;
    sha256: string;
}

/** Packs a version; `change` edits its program, to make one that fails. */
export function packRelease(folder: string, version: string, change = (program: string) => program): Artifact {
    const from = path.join(import.meta.dirname, "../app");
    const to = path.join(folder, `release-${version}`);
    mkdirSync(path.join(to, "node_modules"), { recursive: true });
    for (const name of ["index", "push"]) {
        const outfile = path.join(to, `dist/${name}.cjs`);
        buildSync({
            entryPoints: [path.join(from, `${name}.ts`)],
            outfile,
            bundle: true,
            platform: "node",
            target: "node20",
            format: "cjs",
            external: ["pg-native"],
            define: { VERSION: JSON.stringify(version) },
            logLevel: "error",
        });
    }
    const program = path.join(to, "dist/index.cjs");
    writeFileSync(program, change(readFileSync(program, "utf8")));
    const scripts = { "db:push": "node dist/push.cjs" };
    writeFileSync(path.join(to, "package.json"), JSON.stringify({ name: "minusnow", version, scripts }));
    const file = path.join(folder, `${version}.tar.gz`);
    execFileSync("tar", ["-czf", file, "-C", to, "."]);
    return { file, sha256: createHash("sha256").update(readFileSync(file)).digest("hex") };
}
