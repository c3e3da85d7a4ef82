// What an application server's programs ask of Windows.
import { execFileSync } from "node:child_process";
import {
    appendFileSync,
    constants,
    existsSync,
    openSync,
    readFileSync,
    renameSync,
    rmSync,
    symlinkSync,
    unlinkSync,
    writeFileSync,
} from "node:fs";

/** Where these programs are, and what they keep. */
export const own = import.meta.dirname.replaceAll("\\", "/");
process.loadEnvFile(`${own}/host.env`);
const { APP_DIRECTORY: app } = process.env;
const log = `${own}/release.log`;
export const node = `${own}/node/node.exe`;
// Programs that were installed after the agent started are not on its path.
process.env.Path = `${process.env.Path};C:\\Program Files\\Amazon\\AWSCLIV2`;

/** Authorities that the database's certificate is known by. */
export const databaseAuthorities = `${own}/database-ca.pem`;

/** A line of the environment file, in the form that Node.js reads: it has no escapes, and three quotation marks. */
export function environmentLine(name, value) {
    const text = String(value);
    const mark = ["'", '"', "`"].find((one) => !text.includes(one) && !(one === '"' && text.includes("\\n")));
    if (mark === undefined) {
        throw new Error(`${name}: a value with all of ', " and \` cannot be written to an environment file`);
    }
    return `${name}=${mark}${text}${mark}`;
}

/** What commands say goes to a file: npm says much, and a caller gets a part of it only. */
export function run(command, ...args) {
    const said = openSync(log, "a");
    try {
        execFileSync(command, args, { stdio: ["ignore", said, said], windowsHide: true });
    } catch (error) {
        throw new Error(`${[command, ...args].join(" ")} ended with ${error.status ?? error.signal}, see ${log}`);
    }
}

const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/** libuv's UV_FS_O_EXLOCK. */
const EXCLUSIVE = 0x10000000;

/** Waits until nobody else has a file open, here or on another server, and keeps it until this process ends. */
export function take(file) {
    for (;;) {
        try {
            return openSync(file, constants.O_RDWR | constants.O_CREAT | EXCLUSIVE);
        } catch (error) {
            if (error.code !== "EBUSY") {
                throw error;
            }
            pause(1000);
        }
    }
}

/** Goes on once no other program that changes releases runs. */
export function alone() {
    take(`${own}/release.lock`);
    return true;
}

const WORKER = "minusnow-work";

/** Has the service with an account of its own do it, which reaches neither the machine's credentials nor its files. */
function asUser(work) {
    const folder = `${own}/work`;
    const result = `${folder}/result.json`;
    rmSync(result, { force: true });
    writeFileSync(`${folder}/work.json`, JSON.stringify(work));
    run("sc.exe", "start", WORKER);
    while (!execFileSync("sc.exe", ["query", WORKER], { encoding: "utf8" }).includes("STOPPED")) {
        pause(1000);
    }
    const { status, output } = existsSync(result)
        ? JSON.parse(readFileSync(result, "utf8"))
        : { status: "no result", output: "" };
    appendFileSync(log, output);
    if (status !== 0) {
        throw new Error(`npm ${work.args.join(" ")} ended with ${status}, see ${log}`);
    }
}

/** Builds in a release's folder as the worker, which gets the folder for it. */
export function npm(directory, ...args) {
    run("icacls.exe", directory, "/grant", `NT SERVICE\\${WORKER}:(OI)(CI)M`, "/T", "/Q");
    asUser({ directory, args });
}

/** Nobody but administrators may change a release that is built. */
export function seal(directory) {
    run("icacls.exe", directory, "/setowner", "*S-1-5-32-544", "/T", "/Q");
    run("icacls.exe", directory, "/reset", "/T", "/Q");
}

/** Brings the schema to a release: one server at a time, and never again what is marked. */
export function migrate(directory, mark, lock) {
    const { ENVIRONMENT_FILE: environmentFile } = process.env;
    asUser({ directory, args: ["run", "db:push"], environmentFile, authorities: databaseAuthorities, mark, lock });
}

/** Replaces a link; Windows has no step that replaces one to a folder. */
export function link(to, path) {
    rmSync(`${path}.new`, { force: true });
    symlinkSync(to, `${path}.new`);
    try {
        unlinkSync(path);
    } catch (error) {
        if (error.code !== "ENOENT") {
            throw error;
        }
    }
    renameSync(`${path}.new`, path);
}

/** Starts the application anew, with an environment file that was just assembled. */
export function restart() {
    run(node, `${own}/environment.mjs`);
    run("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Restart-Service -Force minusnow");
}
