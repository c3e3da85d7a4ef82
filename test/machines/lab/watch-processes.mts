/**
 * Notes every command line that a machine of a lab ever had: each new process in a control group whose name begins as the
 * lab's. Prints a line of JSON for each. What a test runs on a machine is in the test's own group, and is not the machine's.
 * Usage: node watch-processes.mts <namespace>; ends with its standard input.
 */
import { readdirSync, readFileSync } from "node:fs";

/** A command line, and the machine that it was seen on. */
export interface CommandLine {
    machine: string;
    line: string;
}

const namespace = process.argv[2]!;
const PAUSE_MS = 100;
/** A shell soon becomes what it runs: each process is looked at so many times. */
const LOOKS = 4;
const looks = new Map<string, number>();
const told = new Set<string>();
const own = new RegExp(`/${namespace}-([^/\n]+)`);

function read(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        // It has ended.
        return "";
    }
}

function look(pid: string): void {
    const machine = own.exec(read(`/proc/${pid}/cgroup`))?.[1];
    const line = machine === undefined ? "" : read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const text = JSON.stringify({ machine, line });
    if (line !== "" && !told.has(text)) {
        told.add(text);
        console.log(text);
    }
}

setInterval(() => {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const running = new Set(pids);
    for (const pid of pids) {
        const count = looks.get(pid) ?? 0;
        if (count < LOOKS) {
            looks.set(pid, count + 1);
            look(pid);
        }
    }
    for (const pid of looks.keys()) {
        if (!running.has(pid)) {
            looks.delete(pid);
        }
    }
}, PAUSE_MS);
process.stdin.resume().on("end", () => process.exit());
