#!/usr/bin/env node
// The releases of this server. Safe to interrupt and to run again; what went wrong is on the last line, after REASON.
//   release.mjs first                                  installs what the settings name, at first boot
//   release.mjs install <version> <artifact> <sha256>  installs, restarts, verifies; brings the former back if that fails
//   release.mjs rollback                               brings the former back
//   release.mjs status <version> <sha256>              0: it runs and is healthy; 3: it runs and is ill; 1: it does not run
//   release.mjs healthy                                0: whatever it runs is healthy
//   release.mjs watch <version> <sha256> <seconds>     as status, once it was ill three times in a row or the time is over
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as system from "./system.mjs";
import { download, readSetting } from "./cloud.mjs";

const { link, run } = system;
const { APP_DIRECTORY: app, APP_PORT = "5000" } = process.env;
const { HEALTHY_SECONDS = "90", WATCH_MS = "5000" } = process.env;

/** A version with another archive is another release. */
const nameOf = (version, sha256) => `${version}-${sha256.slice(0, 12)}`;
const pathOf = (name) => `${app}/releases/${name}`;
/** The release that a link names. */
const linked = (link) => (existsSync(`${app}/${link}`) ? basename(readlinkSync(`${app}/${link}`)) : undefined);

/** Downloads and builds a release, or finds it done; removes those that nothing names. */
function fetchRelease({ version, artifact, sha256 }) {
    const name = nameOf(version, sha256);
    const target = pathOf(name);
    if (existsSync(target)) {
        return name;
    }
    const partial = `${target}.partial`;
    const archive = `${partial}/artifact.tar.gz`;
    mkdirSync(`${app}/releases`, { recursive: true });
    const kept = ["current", "verified", "previous"].map(linked);
    for (const old of readdirSync(`${app}/releases`).filter((other) => !kept.includes(other))) {
        rmSync(pathOf(old), { recursive: true, maxRetries: 10, retryDelay: 500 });
    }
    mkdirSync(partial);
    download(artifact, archive);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) {
        throw new Error(`${artifact}: found SHA-256 ${found}, allowed is ${sha256}`);
    }
    run("tar", "-xzf", archive, "-C", partial, "--no-same-owner");
    rmSync(archive);
    const isBuilt = existsSync(`${partial}/node_modules`) && existsSync(`${partial}/dist`);
    if (!isBuilt) {
        system.open(partial);
    }
    if (!existsSync(`${partial}/node_modules`)) {
        system.npm(partial, "install", ...(existsSync(`${partial}/dist`) ? ["--omit=dev"] : []));
    }
    if (!existsSync(`${partial}/dist`)) {
        system.npm(partial, "run", "build");
    }
    system.move(system.seal(partial), target);
    return name;
}

/** Brings the schema to a release, once for all servers. */
const migrate = (name) => system.migrate(pathOf(name), `${app}/data/.schema-${name}`, `${app}/data/.schema.lock`);

/** Makes a release current, and remembers the last one that was seen to run. Until it was, none counts as running. */
function use(name) {
    const verified = linked("verified");
    if (verified !== undefined && verified !== name) {
        link(pathOf(verified), `${app}/previous`);
    }
    system.unlink(`${app}/verified`);
    link(pathOf(name), `${app}/current`);
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

const ill = (why) => Object.assign(new Error(why), { exitCode: 3 });

async function restart() {
    system.restart();
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

async function install(wanted) {
    const name = nameOf(wanted.version, wanted.sha256);
    // Another run may have done it while this one waited.
    if (linked("verified") === name && (await illness()) === undefined) {
        return;
    }
    fetchRelease(wanted);
    migrate(name);
    use(name);
    await restart();
}

const actions = {
    first: () => install(readSetting("release")),
    install: async (version, artifact, sha256) => {
        try {
            await install({ version, artifact, sha256 });
        } catch (error) {
            if (linked("current") !== nameOf(version, sha256) || linked("previous") === undefined) {
                throw error;
            }
            await rollback().catch((second) => {
                throw new Error(`${error.message}; the former release did not come back: ${second.message}`);
            });
            throw new Error(`${error.message}; the former release is back`);
        }
    },
    rollback,
    status: async (version, sha256) => {
        const verified = linked("verified");
        if (verified !== nameOf(version, sha256)) {
            throw new Error(`it runs ${verified ?? "no verified release"}`);
        }
        await actions.healthy();
    },
    healthy: async () => {
        const why = await illness();
        if (why !== undefined) {
            throw ill(why);
        }
    },
    watch: async (version, sha256, seconds) => {
        const began = Date.now();
        const passed = () => (Date.now() - began) / 1000;
        for (let failed = 0; passed() < Number(seconds) || failed > 0; await wait(Number(WATCH_MS))) {
            const why = await actions.status(version, sha256).then(
                () => undefined,
                (error) => error.message,
            );
            failed = why === undefined ? 0 : failed + 1;
            if (failed === 3) {
                throw ill(`it fell ill after ${Math.round(passed())} s: ${why}`);
            }
        }
    },
};

const [, program, action, ...args] = process.argv;
if (!(action in actions)) {
    console.error(`usage: release.mjs ${Object.keys(actions).join("|")}`);
    process.exit(2);
}
const changesNothing = ["status", "healthy", "watch"].includes(action);
if (changesNothing || system.alone(program, [action, ...args])) {
    try {
        await actions[action](...args);
    } catch (error) {
        console.log(`REASON: ${error.message.replaceAll("\n", " ")}`);
        process.exitCode = error.exitCode ?? 1;
    }
}
