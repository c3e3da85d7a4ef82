#!/usr/bin/env node
// What an administrator does with the database: see docs/database-machines.md.
import { existsSync, renameSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readSetting, startMachine, stopMachine, writeSetting } from "./account.mjs";
import * as postgres from "./postgres.mjs";

const { asPostgres, data, peer, peerAddress, self, sql } = postgres;
const usage = `usage: minusnow-database status | switchover | promote | restore
  status       who is primary, and what runs here and on the other machine
  switchover   makes this standby the primary; nothing is lost, writes wait for about 15 s
  promote      makes this standby the primary when the other machine is lost; that one is stopped first
    --accept-loss   although the other machine had gone on alone
    --peer-is-off   you have made sure that the other machine is off, and it cannot be stopped from here
  restore      puts back the newest backup that fits, and replays what was written after it
    --time TIME     until then, for example '2026-11-29 14:05:00+00'; default: to the end
    --timeline N    along this timeline, with --time; default: the newest
    --peer-is-off   as above`;

class Refusal extends Error {}

async function until(what, seconds, isSo) {
    const end = Date.now() + seconds * 1000;
    while (!(await isSo())) {
        if (Date.now() > end) {
            throw new Refusal(`${seconds} s later it is not so that ${what}`);
        }
        await wait(1000);
    }
}

const isPrimary = async () => (await postgres.ownState()).role === "primary";

async function demandStandby() {
    const role = await postgres.role();
    if (role !== "standby") {
        throw new Refusal(`found ${role} on ${self}, allowed is standby: run it on ${peer}`);
    }
}

/** What all else depends on is tried for some minutes. */
async function decide(name, value) {
    const end = Date.now() + 600_000;
    for (;;) {
        try {
            return await writeSetting(name, value);
        } catch (error) {
            if (Date.now() > end) {
                throw error;
            }
            await wait(5000);
        }
    }
}

async function lead(seconds) {
    await decide("primary", self);
    await until(`${self} is primary`, seconds, isPrimary);
    console.log(`${self} is primary`);
}

/**
 * A machine that is off, or whose PostgreSQL only follows or has no data, takes no writes while nobody is to be primary. One
 * that answers is given the time to stop in order, which archives everything; one that does not is stopped.
 */
async function fence(isOff) {
    if (isOff) {
        return;
    }
    const end = Date.now() + 330_000;
    for (;;) {
        const { role, empty, fresh } = await postgres.peerState();
        if (fresh && (role === "standby" || (role === "off" && empty))) {
            return;
        }
        if (role === "unknown" || Date.now() > end) {
            console.log(`stops ${peer}: start it again when this is done`);
            return stopMachine(peerAddress);
        }
        await wait(2000);
    }
}

async function switchover() {
    await demandStandby();
    const { role, streaming } = await postgres.ownState();
    if (role !== "standby" || !streaming || (await readSetting("in-sync")) !== true) {
        throw new Refusal(`${self} is not in sync with ${peer}: wait until it is, or see promote`);
    }
    await writeSetting("primary", "nobody");
    try {
        // A primary that is stopped sends everything first, and is a standby only after that.
        await until(`${peer} has stopped`, 330, async () => (await postgres.peerState()).role === "standby");
        const { lsn } = await postgres.peerState();
        await until(`${self} has everything`, 30, async () => {
            const [[has]] = await sql(`SELECT pg_last_wal_replay_lsn() >= '${lsn}'`);
            return has === "t";
        });
    } catch (error) {
        await decide("primary", peer);
        throw error;
    }
    await lead(60);
}

async function promote({ "accept-loss": acceptLoss, "peer-is-off": isOff }) {
    await demandStandby();
    const former = await readSetting("primary");
    const loss = `${peer} went on without ${self}: what was written since is on ${peer} alone`;
    if (!(await readSetting("in-sync")) && !acceptLoss) {
        throw new Refusal(`${loss}. Start ${peer} again, or promote --accept-loss`);
    }
    if (!isOff) {
        console.log(`stops ${peer}`);
        await stopMachine(peerAddress);
    }
    const decided = await readSetting("primary");
    if (decided !== former) {
        throw new Refusal(`found ${decided} as primary, allowed is ${former} as before: somebody else decides too`);
    }
    if (!(await readSetting("in-sync")) && !acceptLoss) {
        // It had gone on alone before it was off, and is the only one that may serve.
        const outcome = await startMachine(peerAddress).then(
            () => "is started again",
            ({ message }) => `is stopped, and could not be started again: ${message}`,
        );
        throw new Refusal(`${loss}, which ${outcome}. Let it be the primary, or promote --accept-loss`);
    }
    await demandStandby();
    await lead(120);
}

/** A moment as pgBackRest and PostgreSQL take it. */
const MOMENT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:?\d\d)?$/;

/** In milliseconds; JavaScript wants minutes in an offset. */
const momentOf = (time) => Date.parse(time.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));

/** Everything that can be known to be wrong is, before anything is stopped. */
async function checkRestore({ time, timeline }) {
    if (time !== undefined && !MOMENT.test(time)) {
        throw new Refusal(`--time: found '${time}', allowed is a moment such as '2026-11-29 14:05:00+00'`);
    }
    if (timeline !== undefined && (time === undefined || !/^\d+$/.test(timeline))) {
        throw new Refusal(`--timeline: found '${timeline}', allowed is a number, and --time with it`);
    }
    const [stanza] = JSON.parse(await asPostgres("pgbackrest", ["--stanza=minusnow", "info", "--output=json"]));
    const fitting = (stanza?.backup ?? []).filter(
        ({ timestamp }) => time === undefined || timestamp.stop * 1000 <= momentOf(time),
    );
    if (fitting.length === 0) {
        throw new Refusal(`no backup ended before ${time ?? "now"}: see 'pgbackrest info' as postgres`);
    }
    const free = Number(
        (await postgres.run("df", ["--output=avail", "-B1", "/var/lib/postgresql"])).split("\n").at(-1),
    );
    const needed = fitting.at(-1).info.size;
    if (free < needed) {
        throw new Refusal(`found ${free} bytes free, allowed are ${needed}: what is here is set aside, not deleted`);
    }
}

async function restore({ time, timeline, "peer-is-off": isOff }) {
    await checkRestore({ time, timeline });
    const former = await readSetting("primary");
    await writeSetting("primary", "nobody");
    const keeper = "minusnow-keeper.service";
    const aside = `${data}.set-aside-${new Date().toISOString().replace(/\W/g, "")}`;
    try {
        await postgres.run("systemctl", ["stop", keeper, postgres.service], { seconds: 600 });
        await fence(isOff);
        if (!postgres.isEmpty()) {
            renameSync(data, aside);
        }
        rmSync(postgres.rewinding, { force: true });
        await postgres.run("install", ["-d", "-o", "postgres", "-g", "postgres", "-m", "0700", data]);
        const target = time === undefined ? [] : ["--type=time", `--target=${time}`, "--target-action=promote"];
        const along = timeline === undefined ? [] : [`--target-timeline=${timeline}`];
        console.log("puts the backup back");
        await asPostgres("pgbackrest", ["--stanza=minusnow", ...target, ...along, "restore"], { seconds: 24 * 3600 });
    } catch (error) {
        if (existsSync(aside)) {
            rmSync(data, { recursive: true, force: true });
            renameSync(aside, data);
        }
        await postgres.run("systemctl", ["start", keeper]);
        await decide("primary", former);
        throw error;
    }
    await decide("in-sync", false);
    await decide("primary", self);
    await postgres.run("systemctl", ["start", keeper]);
    console.log("replays what was written; progress is in 'journalctl -fu minusnow-database'");
    await until(`${self} is primary`, 24 * 3600, isPrimary);
    console.log(`${self} is primary; ${peer} follows as soon as it can`);
}

async function status() {
    const [primary, inSync] = await Promise.all([readSetting("primary"), readSetting("in-sync")]);
    const lines = { primary, inSync, [self]: await postgres.ownState(), [peer]: await postgres.peerState() };
    console.log(JSON.stringify(lines, undefined, 2));
}

const commands = { status, switchover, promote, restore };
const options = {
    "accept-loss": { type: "boolean" },
    "peer-is-off": { type: "boolean" },
    time: { type: "string" },
    timeline: { type: "string" },
};
const allowed = { promote: ["accept-loss", "peer-is-off"], restore: ["time", "timeline", "peer-is-off"] };

function parsed() {
    try {
        const { positionals, values } = parseArgs({ options, allowPositionals: true });
        const [name] = positionals;
        const isKnown = positionals.length === 1 && name === process.argv[2] && Object.keys(commands).includes(name);
        const isAllowed = Object.keys(values).every((option) => allowed[name]?.includes(option));
        return isKnown && isAllowed ? { command: commands[name], values } : undefined;
    } catch {
        return undefined;
    }
}

// Whoever started it may be gone before it ends.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
const asked = parsed();
if (asked === undefined) {
    console.error(usage);
    process.exitCode = 2;
} else {
    await asked.command(asked.values).catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
