// The files of the balancer's program, and having it take them up without dropping a connection.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { digest, installed, read } from "./files.mjs";

const { PROGRAM: program, CONFIGURATION_FILE: configuration, CERTIFICATE_FILE: certificate, WORKER_USER } = process.env;
const stamp = "/run/minusnow/balancer.stamp";

/** Whoever changes files or reloads holds it. */
export const LOCK = "/run/minusnow/balancer.lock";

/** What the deployment says: the configuration's text, the members' addresses by name, and which certificate. */
export const documentFile = "/etc/minusnow/balancer.json";
const document = () => JSON.parse(read(documentFile) || '{"members":{}}');
export const members = () => document().members;
export const certificateWanted = () => document().certificate;

/** Members that get no requests, one name in each line: those that a release has taken out, and those that are ill. */
export const drainedFile = "/var/lib/minusnow/drained";
export const unhealthyFile = "/run/minusnow/unhealthy";
export const namesIn = (file) => read(file).split("\n").filter(Boolean);

/** The configuration's text, with members taken out that are to get no requests. */
function wantedText() {
    const { text: common, members: all } = document();
    // Balancers of two systems read the same while one of them waits to be renewed.
    const text = common.replace(/^user .*;$/m, `user ${WORKER_USER};`);
    const drained = namesIn(drainedFile);
    if (program === "haproxy") {
        const line = (name) => new RegExp(`^( *server ${name} .*)$`, "m");
        return drained.reduce((text_, name) => text_.replace(line(name), "$1 weight 0"), text);
    }
    const out = [...new Set([...drained, ...namesIn(unhealthyFile)])].filter((name) => name in all);
    const lines = (name) => new RegExp(`(server ${all[name].replaceAll(".", "\\.")}:[^;]*);`, "g");
    return out.reduce((text_, name) => text_.replace(lines(name), "$1 down;"), text);
}

/** Starts the program, or has it take up what changed; a configuration that it refuses is set aside and the former kept. */
export function serve() {
    if (!existsSync(documentFile) || !existsSync(certificate)) {
        return;
    }
    const before = read(configuration);
    const text = wantedText();
    installed(configuration, text);
    const isRunning = spawnSync("systemctl", ["is-active", "--quiet", program]).status === 0;
    const wanted = digest(text, read(certificate));
    if (isRunning && read(stamp) === wanted) {
        return;
    }
    const [command, ...args] =
        program === "haproxy" ? ["haproxy", "-c", "-q", "-f", configuration] : ["nginx", "-t", "-q"];
    try {
        execFileSync(command, args, { stdio: "inherit" });
    } catch (error) {
        renameSync(configuration, `${configuration}.refused`);
        installed(configuration, before);
        throw error;
    }
    execFileSync("systemctl", ["enable", "--quiet", program]);
    execFileSync("systemctl", [isRunning ? "reload" : "start", program]);
    installed(stamp, wanted);
}
