// Files of the balancer's program, and having it take them up without dropping a connection.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const { PROGRAM: program, CONFIGURATION_FILE: configuration, CERTIFICATE_FILE: certificate } = process.env;
const stamp = "/run/minusnow-balancer.stamp";

/** Writes a file in one step; false when it is there already. */
export function installed(file, content, mode) {
    if (existsSync(file) && readFileSync(file, "utf8") === content) {
        return false;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, content, { mode });
    chmodSync(`${file}.new`, mode);
    renameSync(`${file}.new`, file);
    return true;
}

const digest = (text) => createHash("sha256").update(text).digest("hex");

/** Fails, and tells why, when the program would not run with its files. */
export function check() {
    const command = program === "haproxy" ? ["haproxy", "-c", "-q", "-f", configuration] : ["nginx", "-t", "-q"];
    execFileSync(command[0], command.slice(1), { stdio: "inherit" });
}

/** Starts the program, or has it take up what changed since it last did. */
export function serve() {
    if (![configuration, certificate].every((file) => existsSync(file))) {
        return;
    }
    const wanted = [configuration, certificate].map((file) => readFileSync(file, "utf8")).join("");
    const isRunning = spawnSync("systemctl", ["is-active", "--quiet", program]).status === 0;
    if (isRunning && existsSync(stamp) && readFileSync(stamp, "utf8") === digest(wanted)) {
        return;
    }
    check();
    execFileSync("systemctl", ["enable", program]);
    execFileSync("systemctl", [isRunning ? "reload" : "start", program]);
    writeFileSync(stamp, digest(wanted));
}
