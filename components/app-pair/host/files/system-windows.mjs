// What an application server's programs ask of Windows.
import { execFileSync } from "node:child_process";
import {
    appendFileSync,
    constants,
    openSync,
    readFileSync,
    renameSync,
    rmSync,
    symlinkSync,
    unlinkSync,
    writeFileSync,
} from "node:fs";
import { parseEnv } from "node:util";

/** Where these programs are, and what they keep. */
export const own = import.meta.dirname.replaceAll("\\", "/");
process.loadEnvFile(`${own}/host.env`);
if (process.env.CLI_FOLDER !== undefined) {
    // What first boot installed is not on the path of agents that ran before.
    process.env.PATH = `${process.env.PATH};${process.env.CLI_FOLDER}`;
}
const log = `${own}/release.log`;
export const node = `${own}/node/node.exe`;
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 60_000);

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

/** Does what Windows refuses while somebody has a file open, a virus scanner mostly. */
function patiently(action) {
    for (const end = Date.now() + PATIENCE_MS; ; pause(500)) {
        try {
            return action();
        } catch (error) {
            if (!["EPERM", "EBUSY", "EACCES"].includes(error.code) || Date.now() > end) {
                throw error;
            }
        }
    }
}

/** Gives a file or folder another name. */
export const move = (from, to) => patiently(() => renameSync(from, to));

/** icacls and robocopy read a slash as an option. */
const native = (path) => path.replaceAll("/", "\\");
const ADMINISTRATORS = ["*S-1-5-18:F", "*S-1-5-32-544:F"];

/** Lets the application alone read a file, beside administrators. */
export function protect(file) {
    run("icacls.exe", native(file), "/inheritance:r", "/grant:r", ...ADMINISTRATORS, "NT SERVICE\\minusnow:R", "/Q");
}

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
    stopWorker();
    return true;
}

const WORKER = "minusnow-work";
/** Longest that npm may take, in seconds. */
const WORK_SECONDS = 1400;

const workerHasStopped = () => execFileSync("sc.exe", ["query", WORKER], { encoding: "utf8" }).includes("STOPPED");

function awaitWorker(seconds) {
    for (const end = Date.now() + seconds * 1000; !workerHasStopped(); pause(1000)) {
        if (Date.now() > end) {
            throw new Error(`${WORKER} still runs after ${seconds} s`);
        }
    }
}

/** Ends what a run that was broken off left at work, with all that it began. */
function stopWorker() {
    if (!workerHasStopped()) {
        run("sc.exe", "stop", WORKER);
        awaitWorker(60);
    }
}

/** Has the service with an account of its own do it, which reaches neither the machine's credentials nor its files. */
function asUser(work) {
    writeFileSync(`${own}/result.json`, "");
    writeFileSync(`${own}/work.json`, JSON.stringify(work));
    try {
        run("sc.exe", "start", WORKER);
        awaitWorker(WORK_SECONDS);
    } finally {
        stopWorker();
        writeFileSync(`${own}/work.json`, "");
    }
    const { status, output } = JSON.parse(readFileSync(`${own}/result.json`, "utf8") || '{"status":"no result"}');
    appendFileSync(log, output ?? "");
    if (status !== 0) {
        throw new Error(`npm ${work.args.join(" ")} ended with ${status}, see ${log}`);
    }
}

/** Gives a release's folder to the worker, once and before anything of it ran: what is made there later inherits it. */
export function open(directory) {
    run("icacls.exe", native(directory), "/grant", `NT SERVICE\\${WORKER}:(OI)(CI)M`, "/Q");
}

/** Builds in a release's folder, as the worker. */
export const npm = (directory, ...args) => asUser({ directory, args });

/**
 * Gives a copy that the worker never could write. Neither rights nor owners are taken back in the worker's own folder: it may
 * have left junctions there, and a command that walks the folder would follow them.
 */
export function seal(directory) {
    const sealed = `${directory}.sealed`;
    rmSync(sealed, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    const quiet = ["/NFL", "/NDL", "/NJH", "/NJS", "/NP"];
    try {
        run("robocopy.exe", native(directory), native(sealed), "/E", "/XJ", "/COPY:DAT", "/R:30", "/W:2", ...quiet);
    } catch (error) {
        // Below 8 it says that it copied.
        if (!/ended with [1-7],/.test(error.message)) {
            throw error;
        }
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    return sealed;
}

/** Brings the schema to a release: one server at a time, and never again what is marked. The worker learns one secret. */
export function migrate(directory, mark, lock) {
    const { DATABASE_URL } = parseEnv(readFileSync(process.env.ENVIRONMENT_FILE, "utf8"));
    const environment = { DATABASE_URL, NODE_EXTRA_CA_CERTS: databaseAuthorities };
    asUser({ directory, args: ["run", "db:push"], environment, mark, lock });
}

/** Removes a link, if it is there; what it leads to stays. */
export function unlink(path) {
    try {
        unlinkSync(path);
    } catch (error) {
        if (error.code !== "ENOENT") {
            throw error;
        }
    }
}

/** Replaces a link; Windows has no step that replaces one to a folder. */
export function link(to, path) {
    unlink(`${path}.new`);
    symlinkSync(to, `${path}.new`);
    unlink(path);
    move(`${path}.new`, path);
}

/** Starts the application anew, with an environment file that was just assembled. */
export function restart() {
    run(node, `${own}/environment.mjs`);
    run("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Restart-Service -Force minusnow");
}
