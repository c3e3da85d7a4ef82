#!/usr/bin/env node
// What an administrator does with the database: see docs/database-machines.md.
import { renameSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readSetting, stopMachine, writeSetting } from "./account.mjs";
import * as postgres from "./postgres.mjs";

const { data, peer, peerAddress, self, sql } = postgres;
const usage = `usage: minusnow-database status | switchover | promote [--accept-loss] | restore [--time TIME]
  status       who is primary, and what runs here and on the other machine
  switchover   makes this standby the primary; nothing is lost, writes wait for about 15 s
  promote      makes this standby the primary when the other machine is lost; that one is stopped first
  restore      puts back the newest backup and replays what was written until TIME, or to the end`;

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

async function lead(seconds) {
    await writeSetting("primary", self);
    await until(`${self} is primary`, seconds, isPrimary);
    console.log(`${self} is primary`);
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
        await until(`${peer} has stopped`, 90, async () => (await postgres.peerState()).role === "standby");
        const { lsn } = await postgres.peerState();
        await until(`${self} has everything`, 30, async () => {
            const [[has]] = await sql(`SELECT pg_last_wal_replay_lsn() >= '${lsn}'`);
            return has === "t";
        });
    } catch (error) {
        await writeSetting("primary", peer);
        throw error;
    }
    await lead(60);
}

async function promote({ "accept-loss": acceptLoss }) {
    await demandStandby();
    const before = await readSetting("in-sync");
    const loss = `${peer} went on without ${self}: what was written since is on ${peer} alone`;
    if (!before && !acceptLoss) {
        throw new Refusal(`${loss}. Start ${peer} again, or promote --accept-loss`);
    }
    console.log(`stops ${peer}`);
    await stopMachine(peerAddress);
    if (!(await readSetting("in-sync")) && !acceptLoss) {
        throw new Refusal(`${loss}, which is stopped now. Start it again, or promote --accept-loss`);
    }
    await lead(120);
}

async function restore({ time }) {
    await writeSetting("primary", "nobody");
    await postgres.run("systemctl", ["stop", "minusnow-keeper.service", postgres.service], { seconds: 600 });
    await until(`${peer} has stopped`, 90, async () => (await postgres.peerState()).role !== "primary");
    if (!postgres.isEmpty()) {
        renameSync(data, `${data}.set-aside-${new Date().toISOString().replace(/\W/g, "")}`);
    }
    await postgres.run("install", ["-d", "-o", "postgres", "-g", "postgres", "-m", "0700", data]);
    const target = time === undefined ? [] : ["--type=time", `--target=${time}`, "--target-action=promote"];
    const args = ["--stanza=minusnow", ...target, "restore"];
    console.log(await postgres.asPostgres("pgbackrest", args, { seconds: 24 * 3600 }));
    await writeSetting("in-sync", false);
    await writeSetting("primary", self);
    await postgres.run("systemctl", ["start", "minusnow-keeper.service"]);
    await until(`${self} is primary`, 24 * 3600, isPrimary);
    console.log(`${self} is primary; ${peer} follows as soon as it can`);
}

async function status() {
    const [primary, inSync] = await Promise.all([readSetting("primary"), readSetting("in-sync")]);
    const lines = { primary, inSync, [self]: await postgres.ownState(), [peer]: await postgres.peerState() };
    console.log(JSON.stringify(lines, undefined, 2));
}

const commands = { status, switchover, promote, restore };
const options = { "accept-loss": { type: "boolean" }, time: { type: "string" } };
try {
    const { positionals, values } = parseArgs({ options, allowPositionals: true });
    const command = commands[positionals[0]];
    if (!command || positionals.length > 1) {
        throw new Refusal(usage);
    }
    await command(values);
} catch (error) {
    console.error(error instanceof Refusal ? error.message : `${error.message}\n${usage}`);
    process.exitCode = error instanceof Refusal && error.message !== usage ? 1 : 2;
}
