import { mkdtempSync } from "node:fs";
import path from "node:path";
import { plan } from "../../../plan/plan";
import { lookup, type PlannedStack } from "../../support/plans";
import { changed } from "../../support/projects";
import type { Lab } from "./lab";
import type { Artifact } from "./release";

/** A shipped stack with a release that exists, and its file changed. */
export async function planRelease(
    lab: Lab,
    stack: string,
    version: string,
    { sha256 }: Artifact,
    change: (text: string) => string,
): Promise<PlannedStack> {
    const edit = (text: string) =>
        change(text)
            .replace(/(version: ).*/, `$1${version}`)
            .replace(/(artifact: .*\/).*(\.tar\.gz)/, `$1${version}$2`)
            .replace(/(sha256: ).*/, `$1${sha256}`);
    const directory = changed(mkdtempSync(path.join(lab.folder, "stack-")), edit, stack);
    const made = await plan({ directory, stack, unknowns: false });
    if (made.outcome !== "planned" || made.refusals.length > 0) {
        throw new Error(JSON.stringify([made.outcome, made.refusals, made.logs], undefined, 2));
    }
    return lookup(made);
}
