#!/usr/bin/env node
// Keeps this machine's PostgreSQL what the deployment says it is: the primary, or the standby of the other machine. Who is
// primary is a parameter in the cloud's store. A server starts only after that was read, so a former primary that comes back
// takes no writes. Tells balancers, and the other machine, what runs here.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { publishMetrics, readSetting, writeSetting } from "./account.mjs";
import { applyRoles, prepareCredentials, publishCertificate, rememberReplicator } from "./credentials.mjs";
import * as postgres from "./postgres.mjs";

const { asPostgres, bin, data, peer, self, sql } = postgres;
const PAUSE_MS = 5000;
const MINUTE_MS = 60_000;
/** Balancers are told nothing that is older: a machine that was frozen must ask first who is primary. */
const FRESH_MS = 20_000;
/** Writes wait so long for a standby that is gone; then the primary goes on alone. */
const ALONE_AFTER_MS = 10_000;
const REJOIN_AFTER_MS = 60_000;

const seen = { role: "off", leads: false, streaming: false, lsn: "", at: 0 };
let told = "";
const tell = (text) => text !== told && console.log((told = text));

const systemctl = (...args) => postgres.run("systemctl", args, { seconds: 600 });
const start = () => systemctl("start", postgres.service);
const stop = () => systemctl("stop", postgres.service);

const doneAt = {};
async function everyMinute(action) {
    if (Date.now() - (doneAt[action.name] ?? 0) > MINUTE_MS) {
        await action();
        doneAt[action.name] = Date.now();
    }
}

// The primary

let cluster = "none";

async function lead(role) {
    cluster = cluster === "none" ? await readSetting("cluster") : cluster;
    if (postgres.isEmpty()) {
        if (cluster !== "none") {
            return tell(`nothing is here of cluster ${cluster}: promote the other machine, or restore a backup`);
        }
        await initialize();
    }
    if (cluster !== "none" && (await postgres.clusterId()) !== cluster) {
        return tell(`what is here is of another cluster than ${cluster}: set ${data} aside`);
    }
    if (role === "off") {
        await prepareCredentials({ mayMake: true });
        return start();
    }
    if (role === "standby") {
        return existsSync(`${data}/recovery.signal`) ? tell("replays a backup") : promote();
    }
    await everyMinute(applyRoles);
    if (cluster === "none") {
        await publishCluster();
    }
    await keepSlot();
    await keepSynchronous();
    await everyMinute(measure);
    tell("is primary");
}

/** An empty cluster, made aside so that one that was broken off is never taken for a whole one. */
async function initialize() {
    tell("makes a new cluster");
    rmSync(`${data}.new`, { recursive: true, force: true });
    const encoding = ["--locale=C.UTF-8", "--encoding=UTF8", "--data-checksums"];
    await asPostgres(`${bin}/initdb`, ["-D", `${data}.new`, ...encoding, "--auth-local=peer", "--auth-host=reject"]);
    putInPlace();
}

function putInPlace() {
    rmSync(data, { recursive: true, force: true });
    renameSync(`${data}.new`, data);
}

/** Once the cluster is known by its number, no machine makes another one. */
async function publishCluster() {
    await publishCertificate();
    await asPostgres("pgbackrest", ["--stanza=minusnow", "stanza-create"], { seconds: 300 });
    await writeSetting("cluster", await postgres.clusterId());
    await systemctl("start", "--no-block", "minusnow-backup.service");
}

let isToldInSync;

/** Before anything is written here, nobody may rely on the standby's acknowledgement any more. */
async function promote() {
    await tellInSync(false);
    const settings = "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf();";
    await sql(`${settings} SELECT pg_promote(true, 60)`, { seconds: 90 });
    tell("promoted");
}

async function tellInSync(value) {
    await writeSetting("in-sync", value);
    isToldInSync = value;
}

const keepSlot = () =>
    sql(`SELECT pg_create_physical_replication_slot('${peer}', true)
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${peer}')`);

let goneSince;
let ticksInSync = 0;

/** Commits wait for the standby while it is there. It is told before that is no longer so, and after it is so again. */
async function keepSynchronous() {
    const [[isAlone]] = await sql("SELECT current_setting('synchronous_standby_names') = ''");
    const [standby] = await sql(`SELECT sync_state, flush_lsn >= pg_current_wal_flush_lsn()
        FROM pg_stat_replication WHERE application_name = '${peer}' AND state = 'streaming'`);
    const waitFor = (name) => sql(`ALTER SYSTEM SET synchronous_standby_names = '${name}'; SELECT pg_reload_conf()`);
    if (!standby) {
        ticksInSync = 0;
        goneSince ??= Date.now();
        if (isAlone === "f" && Date.now() - goneSince > ALONE_AFTER_MS) {
            await tellInSync(false);
            await waitFor("");
            console.log(`${peer} is gone: goes on alone`);
        }
        return;
    }
    goneSince = undefined;
    const [state, isCaughtUp] = standby;
    ticksInSync = state === "sync" && isCaughtUp === "t" ? ticksInSync + 1 : 0;
    if (isAlone === "t") {
        await waitFor(peer);
    } else if (ticksInSync > 1 && isToldInSync !== true) {
        await tellInSync(true);
        console.log(`${peer} is in sync`);
    }
}

/** Seconds that the standby is behind, a day where there is none, and whether archiving of write-ahead log fails. */
async function measure() {
    const [[lag, failing]] = await sql(`SELECT
        coalesce((SELECT coalesce(extract(epoch FROM replay_lag), 0) FROM pg_stat_replication
            WHERE application_name = '${peer}' AND state = 'streaming'), 86400),
        (SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)::int FROM pg_stat_archiver)`);
    await publishMetrics({ ReplicationLag: Number(lag), ArchiveFailing: Number(failing) });
}

// The standby

let lostSince;

async function follow(role, leader) {
    if (role === "primary") {
        tell(leader === peer ? `${peer} is primary: stops` : "nobody is to be primary: stops");
        await stop();
        return standBy();
    }
    if (postgres.isEmpty()) {
        return (await isPeerPrimary()) ? copyPeer() : tell("waits for a primary to copy");
    }
    if (role === "off") {
        await prepareCredentials({ mayMake: false });
        return existsSync(`${data}/standby.signal`) ? start() : rejoin();
    }
    await everyMinute(rememberReplicator);
    await sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
    lostSince = seen.streaming || leader !== peer ? undefined : (lostSince ?? Date.now());
    if (lostSince !== undefined && Date.now() - lostSince > REJOIN_AFTER_MS && (await isPeerPrimary())) {
        lostSince = undefined;
        await stop();
        return rejoin();
    }
    tell(seen.streaming ? `follows ${peer}` : `waits for ${peer}`);
}

async function standBy() {
    await asPostgres("touch", [`${data}/standby.signal`]);
    await start();
}

const isPeerPrimary = async () => (await postgres.peerState()).role === "primary";

async function copyPeer() {
    tell(`copies ${peer}`);
    await prepareCredentials({ mayMake: false });
    rmSync(`${data}.new`, { recursive: true, force: true });
    const to = ["-D", `${data}.new`, "-X", "stream", "-S", self, "-c", "fast"];
    const from = ["-d", postgres.peerConnection("replication")];
    await asPostgres(`${bin}/pg_basebackup`, [...from, ...to], { seconds: 24 * 3600 });
    putInPlace();
    await standBy();
}

/** What was primary and went another way is wound back to where the ways parted, or set aside: it is never deleted. */
async function rejoin() {
    if (!(await isPeerPrimary())) {
        return tell(`waits for ${peer} to be primary`);
    }
    tell(`winds back to where ${peer} went on`);
    const from = ["--source-server", postgres.peerConnection("postgres"), "--restore-target-wal"];
    const to = ["--target-pgdata", data, "--config-file", `${postgres.folder}/postgresql.conf`];
    try {
        await asPostgres(`${bin}/pg_rewind`, [...from, ...to], { seconds: 12 * 3600 });
    } catch (error) {
        const aside = `${data}.set-aside-${new Date().toISOString().replace(/\W/g, "")}`;
        console.log(`${error.message}; sets it aside as ${aside}`);
        renameSync(data, aside);
        mkdirSync(data);
        return;
    }
    await standBy();
}

// What is told

async function look() {
    const role = await postgres.role();
    const facts = `SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
        EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')`;
    const [[lsn, streaming]] = role === "off" ? [["", "f"]] : await sql(facts);
    Object.assign(seen, { role, lsn, streaming: streaming === "t" });
    return role;
}

/** Who is primary. While the store does not answer, what runs goes on, unless this machine slept meanwhile. */
async function leaderNow() {
    try {
        const leader = await readSetting("primary");
        Object.assign(seen, { leads: leader === self, at: Date.now() });
        return leader;
    } catch (error) {
        tell(`who is primary cannot be read: ${error.message}`);
        seen.at = Date.now() - seen.at < FRESH_MS ? Date.now() : seen.at;
        return undefined;
    }
}

createServer((request, response) => {
    const isFresh = Date.now() - seen.at < FRESH_MS;
    const yes = {
        "/primary": isFresh && seen.leads && seen.role === "primary",
        "/standby": isFresh && seen.role === "standby" && seen.streaming,
        "/state": true,
    };
    const body = request.url === "/state" ? JSON.stringify({ ...seen, fresh: isFresh, told }) : "";
    response.writeHead(yes[request.url] ? 200 : 503, { connection: "close" }).end(body);
}).listen(8008);

for (;;) {
    try {
        const role = await look();
        const leader = await leaderNow();
        if (leader !== undefined) {
            await (leader === self ? lead(role) : follow(role, leader));
        } else if (role === "primary") {
            await keepSynchronous();
        }
    } catch (error) {
        tell(error.message);
    }
    await wait(PAUSE_MS);
}
