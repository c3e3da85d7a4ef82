// Runs one command of npm, as the account of the service that it is: what a release brings does not run as an administrator.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { node, own, take } from "./system.mjs";

const folder = `${own}/work`;
const { directory, args, environmentFile, authorities, mark, lock } = JSON.parse(
    readFileSync(`${folder}/work.json`, "utf8"),
);
const npm = `${own}/node/node_modules/npm/bin/npm-cli.js`;
const LONGEST_OUTPUT = 64 * 1024 * 1024;

function work() {
    if (lock !== undefined) {
        take(lock);
    }
    if (mark !== undefined && existsSync(mark)) {
        return { status: 0, output: "" };
    }
    if (environmentFile !== undefined) {
        process.loadEnvFile(environmentFile);
    }
    const trust = authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities };
    const env = { ...process.env, USERPROFILE: directory, ...trust };
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

writeFileSync(`${folder}/result.json`, JSON.stringify(work()));
