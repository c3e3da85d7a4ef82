import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import { plan } from "../../plan/plan";
import { lookup, type PlannedStack, repository } from "./plans";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A Pulumi project in a folder of its own that uses this repository's packages. */
export function project(program: string, stackFile = "config: {}\n"): string {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-plan-"));
    folders.push(folder);
    writeFileSync(
        path.join(folder, "Pulumi.yaml"),
        "name: sample\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n",
    );
    writeFileSync(path.join(folder, "Pulumi.dev.yaml"), stackFile);
    writeFileSync(path.join(folder, "package.json"), '{ "name": "sample", "version": "1.0.0" }');
    writeFileSync(path.join(folder, "index.js"), program);
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    return folder;
}

/** The shipped project with one change in a production stack's file. */
export function shipped(change: (text: string) => string, stack = "aws-prod"): string {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-stack-"));
    folders.push(folder);
    return changed(folder, change, stack);
}

const plans = new Map<string, Promise<PlannedStack>>();

/** The plan of a shipped production stack with more settings at the end of its file; each is made once. */
export function plannedWith(settings: string, stack: string, unknowns: boolean): Promise<PlannedStack> {
    const key = `${stack} ${unknowns} ${settings}`;
    const known =
        plans.get(key) ??
        plan({ directory: shipped((text) => `${text}${settings}`, stack), stack, unknowns }).then(lookup);
    plans.set(key, known);
    return known;
}

/** Writes the shipped project with a changed stack file into a folder. */
export function changed(folder: string, change: (text: string) => string, stack = "aws-prod"): string {
    const project = readFileSync(path.join(repository, "Pulumi.yaml"), "utf8");
    writeFileSync(path.join(folder, "Pulumi.yaml"), project.replace("main: dist", `main: ${repository}/dist`));
    writeFileSync(path.join(folder, "package.json"), "{}");
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    mkdirSync(path.join(folder, "stacks"));
    const own = `stacks/Pulumi.${stack}.yaml`;
    writeFileSync(path.join(folder, own), change(readFileSync(path.join(repository, own), "utf8")));
    return folder;
}
