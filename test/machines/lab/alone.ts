import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** What labs keep from run to run. */
export const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "minusnow-machines");

const lock = `${cache}.lock`;

/** Does something while no other lab does: several run at the same time, each in a process of its own. */
export function alone(work: () => void): void {
    mkdirSync(path.dirname(lock), { recursive: true });
    while (!isTaken()) {
        const owner = ownerOf();
        if (owner !== "" && !existsSync(`/proc/${owner}`)) {
            rmSync(lock, { force: true });
        }
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
    try {
        work();
    } finally {
        rmSync(lock);
    }
}

function isTaken(): boolean {
    try {
        writeFileSync(lock, String(process.pid), { flag: "wx" });
        return true;
    } catch {
        return false;
    }
}

/** Empty while the owner has not yet written, or has just left. */
function ownerOf(): string {
    try {
        return readFileSync(lock, "utf8");
    } catch {
        return "";
    }
}
