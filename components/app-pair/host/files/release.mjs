#!/usr/bin/env node
// The releases of this server. Safe to interrupt and to run again.
//   release.mjs first                                  installs what the settings name, at first boot
//   release.mjs install <version> <artifact> <sha256>  installs, restarts, verifies; brings the former back if that fails
//   release.mjs rollback                               brings the former back
//   release.mjs status <version>                       whether that version runs and is healthy
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readlinkSync,
    renameSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const HOST = "/etc/minusnow/host.env";
if (existsSync(HOST)) {
    process.loadEnvFile(HOST);
}
const { APP_DIRECTORY: app, APP_USER: user, APP_PORT = "5000", ENVIRONMENT_FILE: environmentFile } = process.env;
const { RELEASE_LOCK = "/run/minusnow-release.lock", HEALTHY_SECONDS = "90" } = process.env;
const { download, readSetting } = await import("./cloud.mjs");

const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
/** The machine's credentials are not those of packages that a release brings. */
const metadata = "169.254.169.254";
const asUnit = (directory, ...options) => {
    const own = [`--property=User=${user}`, `--property=IPAddressDeny=${metadata}`, `--working-directory=${directory}`];
    return ["--wait", "--pipe", "--quiet", ...own, ...options, "--"];
};

/** Downloads and builds a version, or finds it done. */
function install({ version, artifact, sha256 }) {
    const target = `${app}/releases/${version}`;
    if (existsSync(target)) {
        return;
    }
    const partial = `${target}.partial`;
    const archive = `${partial}/artifact.tar.gz`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    download(artifact, archive);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) {
        throw new Error(`${artifact}: found SHA-256 ${found}, allowed is ${sha256}`);
    }
    run("tar", "-xzf", archive, "-C", partial, "--no-same-owner");
    rmSync(archive);
    const asUser = (...command) => run("systemd-run", ...asUnit(partial, `--setenv=HOME=${partial}`), ...command);
    if (!existsSync(`${partial}/node_modules`)) {
        run("chown", "-R", user, partial);
        asUser("npm", "install", ...(existsSync(`${partial}/dist`) ? ["--omit=dev"] : []));
    }
    if (!existsSync(`${partial}/dist`)) {
        run("chown", "-R", user, partial);
        asUser("npm", "run", "build");
    }
    run("chown", "-R", "root:root", partial);
    chmodSync(partial, 0o755);
    renameSync(partial, target);
}

/** Brings the schema to a version, once for all servers: the mark is in a shared directory. */
function migrate(version) {
    const mark = `${app}/data/.schema-${version}`;
    if (existsSync(mark)) {
        return;
    }
    const certificates = "--setenv=NODE_EXTRA_CA_CERTS=/etc/minusnow/database-ca.pem";
    const unit = [`--property=EnvironmentFile=${environmentFile}`, certificates];
    const push = ["systemd-run", ...asUnit(`${app}/releases/${version}`, ...unit), "npm", "run", "db:push"];
    run("flock", `${app}/data/.schema.lock`, ...push);
    writeFileSync(mark, "");
}

function link(to, path) {
    rmSync(`${path}.new`, { force: true });
    symlinkSync(to, `${path}.new`);
    renameSync(`${path}.new`, path);
}

/** The version that a link names. */
const linked = (name) => (existsSync(`${app}/${name}`) ? basename(readlinkSync(`${app}/${name}`)) : undefined);

/** Makes a version current, and remembers the one before. Until it was seen to run, none counts as running. */
function use(version) {
    const before = linked("current");
    rmSync(`${app}/verified`, { force: true });
    if (before !== undefined && before !== version && version !== linked("previous")) {
        link(`${app}/releases/${before}`, `${app}/previous`);
    }
    link(`${app}/releases/${version}`, `${app}/current`);
    for (const entry of ["dist", "node_modules", "package.json"]) {
        link(`current/${entry}`, `${app}/${entry}`);
    }
}

/** Why this server cannot serve; undefined when it can. */
async function illness() {
    for (const path of ["/health", "/api/telemetry/health"]) {
        try {
            const response = await fetch(`http://127.0.0.1:${APP_PORT}${path}`, { signal: AbortSignal.timeout(4000) });
            if (response.status !== 200) {
                return `${path} answers ${response.status}: ${(await response.text()).slice(0, 300)}`;
            }
        } catch (error) {
            return `${path} does not answer: ${(error.cause ?? error).message}`;
        }
    }
    return undefined;
}

async function restart() {
    run("systemctl", "restart", "minusnow.service");
    const end = Date.now() + Number(HEALTHY_SECONDS) * 1000;
    for (;;) {
        const why = await illness();
        if (why === undefined) {
            link(readlinkSync(`${app}/current`), `${app}/verified`);
            return;
        }
        if (Date.now() > end) {
            throw new Error(`not healthy within ${HEALTHY_SECONDS} s: ${why}`);
        }
        await wait(1000);
    }
}

async function rollback() {
    const previous = linked("previous");
    if (previous === undefined || previous === linked("current")) {
        throw new Error("there is no former release to bring back");
    }
    use(previous);
    await restart();
}

const actions = {
    first: async () => {
        const wanted = readSetting("release");
        install(wanted);
        migrate(wanted.version);
        use(wanted.version);
        await restart();
    },
    install: async (version, artifact, sha256) => {
        install({ version, artifact, sha256 });
        migrate(version);
        use(version);
        try {
            await restart();
        } catch (error) {
            await rollback();
            throw error;
        }
    },
    rollback,
    status: async (version) => {
        const verified = linked("verified");
        const why = verified === version ? await illness() : `it runs ${verified ?? "no verified release"}`;
        if (why !== undefined) {
            throw new Error(why);
        }
    },
};

const [, program, action, ...args] = process.argv;
if (!(action in actions)) {
    console.error(`usage: release.mjs ${Object.keys(actions).join("|")}`);
    process.exit(2);
}
if (action !== "status" && process.env.RELEASE_LOCKED === undefined) {
    process.env.RELEASE_LOCKED = "1";
    try {
        run("flock", RELEASE_LOCK, program, action, ...args);
    } catch (error) {
        process.exit(error.status ?? 1);
    }
} else {
    try {
        await actions[action](...args);
    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
}
