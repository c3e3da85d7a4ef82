import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import { plannedOnce, type PlannedStack, repository } from "./plans";

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

/** The plan of a shipped stack whose file is changed; each is made once. */
export function plannedFrom(change: (text: string) => string, stack: string, unknowns: boolean): Promise<PlannedStack> {
    const text = change(readFileSync(stackFile(stack), "utf8"));
    return plannedOnce(text, () => shipped(() => text, stack), stack, unknowns);
}

/** {@link plannedFrom} with more settings at the end of the file. */
export const plannedWith = (settings: string, stack: string, unknowns: boolean): Promise<PlannedStack> =>
    plannedFrom((text) => `${text}${settings}`, stack, unknowns);

const stackFile = (stack: string) => path.join(repository, `stacks/Pulumi.${stack}.yaml`);

/** Writes the shipped project with a changed stack file into a folder. */
export function changed(folder: string, change: (text: string) => string, stack = "aws-prod"): string {
    const project = readFileSync(path.join(repository, "Pulumi.yaml"), "utf8");
    writeFileSync(path.join(folder, "Pulumi.yaml"), project.replace("main: dist", `main: ${repository}/dist`));
    writeFileSync(path.join(folder, "package.json"), "{}");
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    mkdirSync(path.join(folder, "stacks"));
    const text = change(readFileSync(stackFile(stack), "utf8"));
    writeFileSync(path.join(folder, `stacks/Pulumi.${stack}.yaml`), text);
    return folder;
}
