// Runs one command of npm, as the account of the service that it is: what a release brings does not run as an administrator.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { node, own, take } from "./system.mjs";

const { directory, args, environment, mark, lock } = JSON.parse(readFileSync(`${own}/work.json`, "utf8"));
const npm = `${own}/node/node_modules/npm/bin/npm-cli.js`;
const LONGEST_OUTPUT = 64 * 1024 * 1024;

function work() {
    if (lock !== undefined) {
        take(lock);
    }
    if (mark !== undefined && existsSync(mark)) {
        return { status: 0, output: "" };
    }
    // What packages run finds the same Node.js.
    const path = `${own}/node${delimiter}${process.env.PATH}`;
    const env = { ...process.env, ...environment, PATH: path, USERPROFILE: directory };
    try {
        const options = { cwd: directory, env, encoding: "utf8", maxBuffer: LONGEST_OUTPUT };
        const output = execFileSync(node, [npm, ...args], options);
        if (mark !== undefined) {
            writeFileSync(mark, "");
        }
        return { status: 0, output };
    } catch (error) {
        return { status: error.status ?? error.message, output: `${error.stdout ?? ""}${error.stderr ?? ""}` };
    }
}

// The file is there: this account may write it and make no other.
writeFileSync(`${own}/result.json`, JSON.stringify(work()), { flag: "r+" });
