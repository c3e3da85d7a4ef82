// Compiles the package into dist/, unless dist/ is newer than every source.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";

const root = path.resolve(import.meta.dirname, "..");
const stamp = path.join(root, "dist", ".built");
const folders = ["components", "stacks", "plan", "policy", "plugin"];

const filesIn = (folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => path.join(folder, file));
const sources = folders.flatMap(filesIn).filter((file) => /\.(ts|cts|sh|ps1|mjs|cjs|sql)$/.test(file));
const inputs = [...sources, "tsconfig.json", "package.json", "scripts/build.mjs"];
const modified = (file) => statSync(path.join(root, file)).mtimeMs;

if (existsSync(stamp) && inputs.every((file) => modified(file) <= statSync(stamp).mtimeMs)) {
    process.exit(0);
}

const compiled = spawnSync(
    process.execPath,
    [path.join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root],
    { stdio: "inherit" },
);
if (compiled.status !== 0) {
    process.exit(compiled.status ?? 1);
}

// Files that machines run are used as they are.
for (const file of sources.filter((source) => !source.endsWith(".ts"))) {
    const target = path.join(root, "dist", file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(root, file), target);
}

// What runs elsewhere is one file each. Lambda supplies the AWS SDK.
const bundles = [
    { from: "components/database/bootstrap/handler.ts", to: "components/database/bootstrap/bundle.js" },
    { from: "components/release/handler.ts", to: "components/release/bundle.js" },
    { from: "components/load-balancer/issue/azure-machine.ts", to: "components/load-balancer/issue/machine.cjs" },
    { from: "components/release/azure-machine.ts", to: "components/release/machine.cjs" },
    { from: "components/shared-storage/login/handler.ts", to: "components/shared-storage/login/bundle.js" },
    { from: "components/monitoring/probe/handler.ts", to: "components/monitoring/probe/bundle.js" },
    { from: "components/database/bootstrap/azure-machine.ts", to: "components/database/bootstrap/machine.cjs" },
];
for (const { from, to } of bundles) {
    buildSync({
        entryPoints: [path.join(root, from)],
        outfile: path.join(root, "dist", to),
        bundle: true,
        minify: to.endsWith(".cjs"),
        platform: "node",
        target: "node24",
        external: ["@aws-sdk/*", "pg-native"],
        legalComments: "eof",
    });
}

chmodSync(path.join(root, "dist/plan/cli.js"), 0o755);
writeFileSync(stamp, "");
