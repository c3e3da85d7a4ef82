// Files that a machine's programs keep.
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A file's text; empty where there is none. */
export const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

export const digest = (...texts) => texts.reduce((hash, text) => hash.update(text), createHash("sha256")).digest("hex");

/** Writes a file in one step; false when it is there already. */
export function installed(file, content, { mode = 0o644, gid } = {}) {
    if (existsSync(file) && read(file) === content) {
        return false;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    chmodSync(`${file}.new`, mode);
    if (gid !== undefined) {
        chownSync(`${file}.new`, 0, gid);
    }
    renameSync(`${file}.new`, file);
    return true;
}

/** A document of JSON; what the parser says of another would quote it. */
export function parsed(what, text) {
    try {
        return JSON.parse(text);
    } catch {
        throw new Error(`${what}: found no JSON`);
    }
}
