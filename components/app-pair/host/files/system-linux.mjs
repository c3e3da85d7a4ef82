// What an application server's programs ask of Linux.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, openSync, renameSync, symlinkSync, unlinkSync } from "node:fs";

const HOST = "/etc/minusnow/host.env";
if (existsSync(HOST)) {
    process.loadEnvFile(HOST);
}
const { APP_USER: user, ENVIRONMENT_FILE: environmentFile } = process.env;
const { RELEASE_LOCK = "/run/minusnow-release.lock", RELEASE_LOG: log = "/var/log/minusnow-release.log" } = process.env;

/** Authorities that the database's certificate is known by. */
export const databaseAuthorities = "/etc/minusnow/database-ca.pem";

/** A line of the environment file, in the form that systemd reads. */
export const environmentLine = (name, value) => `${name}="${String(value).replace(/["\\$`]/g, "\\$&")}"`;

/** What commands say goes to a file: npm says much, and a caller gets a part of it only. */
export function run(command, ...args) {
    const said = openSync(log, "a", 0o640);
    try {
        execFileSync(command, args, { stdio: ["ignore", said, said] });
    } catch (error) {
        throw new Error(`${[command, ...args].join(" ")} ended with ${error.status ?? error.signal}, see ${log}`);
    }
}

/** Goes on once no other program that changes releases runs; true in the process that is to do the work. */
export function alone(program, args) {
    if (process.env.RELEASE_LOCKED !== undefined) {
        return true;
    }
    process.env.RELEASE_LOCKED = "1";
    try {
        execFileSync("flock", [RELEASE_LOCK, program, ...args], { stdio: "inherit" });
    } catch (error) {
        process.exitCode = error.status ?? 1;
    }
    return false;
}

/** The machine's credentials are not those of packages that a release brings. */
const metadata = "169.254.169.254";

function asUser(directory, options, ...command) {
    const own = [`--property=User=${user}`, `--property=IPAddressDeny=${metadata}`, `--working-directory=${directory}`];
    run("systemd-run", "--wait", "--pipe", "--quiet", ...own, ...options, "--", ...command);
}

/** Gives a release's folder to the application's user, who is to build in it. */
export const open = (directory) => run("chown", "-R", user, directory);

/** Builds in a release's folder, as the application's user. */
export const npm = (directory, ...args) => asUser(directory, [`--setenv=HOME=${directory}`], "npm", ...args);

/** Nobody but root may change a release that is built; gives its folder. */
export function seal(directory) {
    run("chown", "-R", "root:root", directory);
    chmodSync(directory, 0o755);
    return directory;
}

/** A file is written for root alone. */
export const protect = () => undefined;

/** Gives a file or folder another name. */
export const move = renameSync;

/** One server at a time, and never again what is marked. */
const once = 'exec 9>"$2" && flock 9 && { [ -e "$1" ] || { npm run db:push && : >"$1"; }; }';

/** Brings the schema to a release; mark and lock are in a shared directory, where root has no rights. */
export function migrate(directory, mark, lock) {
    const certificates = `--setenv=NODE_EXTRA_CA_CERTS=${databaseAuthorities}`;
    const options = [`--property=EnvironmentFile=${environmentFile}`, certificates];
    asUser(directory, options, "sh", "-c", once, "migrate", mark, lock);
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

/** Replaces a link in one step. */
export function link(to, path) {
    unlink(`${path}.new`);
    symlinkSync(to, `${path}.new`);
    renameSync(`${path}.new`, path);
}

/** Starts the application anew, with an environment file that was just assembled. */
export const restart = () => run("systemctl", "restart", "minusnow.service");
