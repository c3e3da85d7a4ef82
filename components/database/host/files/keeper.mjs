#!/usr/bin/env node
// Keeps this machine's PostgreSQL what the deployment says it is: the primary, or the standby of the other machine. Who is
// primary is a parameter in the cloud's store. A server starts only after that was read, so a former primary that comes back
// takes no writes. Tells balancers, and the other machine, what runs here.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { publishMetrics, readSetting, writeSetting } from "./account.mjs";
import { applyRoles, forgetRoles, prepareCredentials, publishCertificate, rememberReplicator } from "./credentials.mjs";
import * as postgres from "./postgres.mjs";
import { isTakingOver, sawPrimary, startOver, takeOver } from "./takeover.mjs";

const { asPostgres, bin, data, peer, rewinding, self, sql, witnessAddress } = postgres;
const PAUSE_MS = 5000;
const MINUTE_MS = 60_000;
/**
 * Balancers are told nothing that is older: a machine that was frozen must ask first who is primary. It is longer than a
 * pause and a store that does not answer (`account.mjs`).
 */
const FRESH_MS = 20_000;
/** Writes wait so long for a standby that is gone; then the primary goes on alone. */
const ALONE_AFTER_MS = 10_000;
const REJOIN_AFTER_MS = 60_000;
/** A balancer has noticed by then who is primary. */
const STRAYS_AFTER_MS = 30_000;

const seen = { role: "off", leads: false, streaming: false, lsn: "", empty: true, at: 0 };
let told = "";
const tell = (text) => text !== told && console.log((told = text));

const systemctl = (...args) => postgres.run("systemctl", args, { seconds: 600 });
const start = () => systemctl("start", postgres.service);
const stop = () => systemctl("stop", postgres.service);

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
    if (role === "off" && existsSync(rewinding)) {
        return tell("what is here is half wound back: promote the other machine, or restore a backup");
    }
    if (role === "off") {
        await prepareCredentials({ mayMake: true });
        return start();
    }
    if (role === "standby") {
        return existsSync(`${data}/recovery.signal`) ? tell("replays a backup") : promote();
    }
    await endRestore();
    await keepSlot();
    await keepSynchronous();
    if (cluster === "none") {
        await applyRoles();
        await publishCluster();
    }
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
    owesBackup = true;
}

let owesBackup = false;

/** One that runs may be another machine's work: it is waited for. */
async function backUp() {
    const state = await postgres.run("systemctl", ["show", "--property=ActiveState", "minusnow-backup.service"]);
    if (owesBackup && /=(inactive|failed)$/.test(state)) {
        await systemctl("start", "--no-block", "minusnow-backup.service");
        owesBackup = false;
    }
}

/** Before anything is written here, nobody may rely on the standby's acknowledgement any more. */
async function promote() {
    await tellInSync(false);
    forgetRoles();
    await sql("ALTER SYSTEM RESET ALL; SELECT pg_reload_conf(); SELECT pg_promote(true, 60)", { seconds: 90 });
    tell("promoted");
    // What the former primary had not archived yet is missing in between: a new backup needs it no more.
    owesBackup = true;
}

/** What a restore has left would have every copy of this machine stop at the same moment, and promote itself there. */
async function endRestore() {
    const [[left]] = await sql(`SELECT count(*) FROM pg_file_settings
        WHERE sourcefile LIKE '%/postgresql.auto.conf' AND name <> 'synchronous_standby_names'`);
    if (left !== "0") {
        await tellInSync(false);
        forgetRoles();
        await sql("ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()");
        owesBackup = true;
    }
}

let isToldInSync;

async function tellInSync(value) {
    isToldInSync = undefined;
    await writeSetting("in-sync", value);
    isToldInSync = value;
}

/** One that was given up because it held too much is of no use any more. */
const keepSlot = () =>
    sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE wal_status = 'lost' AND NOT active;
        SELECT pg_create_physical_replication_slot('${peer}', true)
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${peer}')`);

let goneSince;
let ticksInSync = 0;
/** Where write-ahead log was when every session waited for the standby; undefined, asked for, or there. */
let waitedSince;

/** Commits wait for the standby while it is there. It is told before that is no longer so, and after it is so again. */
async function keepSynchronous() {
    const [[names]] = await sql("SELECT current_setting('synchronous_standby_names') || '.'");
    const since = typeof waitedSince === "string" ? waitedSince : "FFFFFFFF/FFFFFFFF";
    const [standby] = await sql(`SELECT sync_state, flush_lsn >= '${since}',
            pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn) < 16 * 1024 * 1024
        FROM pg_stat_replication WHERE application_name = '${peer}' AND state = 'streaming'`);
    if (!standby) {
        ticksInSync = 0;
        goneSince ??= Date.now();
        if (names !== "." && Date.now() - goneSince > ALONE_AFTER_MS) {
            await tellInSync(false);
            await waitFor("");
            console.log(`${peer} is gone: goes on alone`);
        }
        return;
    }
    goneSince = undefined;
    const [state, hasAllBefore, isNear] = standby;
    if (names !== `${peer}.`) {
        return isNear === "t" ? waitFor(peer) : undefined;
    }
    waitedSince ?? confirmWaiting();
    ticksInSync = state === "sync" && hasAllBefore === "t" ? ticksInSync + 1 : 0;
    if (ticksInSync > 1 && isToldInSync !== true) {
        await tellInSync(true);
        console.log(`${peer} is in sync`);
    }
}

async function waitFor(name) {
    waitedSince = undefined;
    ticksInSync = 0;
    await sql(`ALTER SYSTEM SET synchronous_standby_names = '${name}'; SELECT pg_reload_conf()`);
}

/** The checkpointer tells sessions of a new setting, between two checkpoints: after one of ours it has done so. */
function confirmWaiting() {
    const asked = (waitedSince = Symbol("asked"));
    const checkpoint = async () => {
        await wait(1000);
        await sql("CHECKPOINT", { seconds: 3600 });
        const [[now]] = await sql("SELECT pg_current_wal_flush_lsn()");
        return now;
    };
    const settle = (value) => (waitedSince = waitedSince === asked ? value : waitedSince);
    checkpoint().then(settle, () => settle(undefined));
}

// The standby

let lost = { since: 0, lsn: "" };
let straysSince;

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
        return existsSync(`${data}/standby.signal`) && !existsSync(rewinding) ? standBy() : rejoin();
    }
    await sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
    const isLost = !seen.streaming && leader === peer && lost.lsn === seen.lsn && !(await isCommanded());
    lost = isLost ? lost : { since: Date.now(), lsn: seen.lsn };
    if (Date.now() - lost.since > REJOIN_AFTER_MS && (await isPeerPrimary())) {
        lost.since = Date.now();
        await stop();
        return rejoin();
    }
    await endStrays(leader);
    if (seen.streaming) {
        sawPrimary();
        return tell(`follows ${peer}`);
    }
    const mayTakeOver = witnessAddress !== undefined && leader === peer;
    tell(mayTakeOver ? await takeOver() : `waits for ${peer}`);
}

/** Whoever came here while nobody was primary and wants to write is sent away once. */
async function endStrays(leader) {
    if (leader !== peer || !seen.streaming) {
        straysSince = Date.now();
    } else if (straysSince !== undefined && Date.now() - straysSince > STRAYS_AFTER_MS) {
        straysSince = undefined;
        await sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'postgres' AND backend_type = 'client backend'",
        );
    }
}

/** A standby has no settings of its own but those that are in the configuration. */
async function standBy() {
    await asPostgres("touch", [`${data}/standby.signal`]);
    await asPostgres("truncate", ["-s", "0", `${data}/postgresql.auto.conf`]);
    await start();
}

async function isPeerPrimary() {
    const { role, leads, fresh } = await postgres.peerState();
    return role === "primary" && leads && fresh;
}

/** Whether somebody is changing roles, who counts on this standby as it is. */
async function isCommanded() {
    const state = await systemctl("show", "--property=ActiveState", "minusnow-database-command.service");
    return isTakingOver() || /=(active|activating)$/.test(state);
}

async function copyPeer() {
    tell(`copies ${peer}`);
    await prepareCredentials({ mayMake: false });
    rmSync(`${data}.new`, { recursive: true, force: true });
    rmSync(rewinding, { force: true });
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
    await rememberReplicator();
    await asPostgres("psql", ["-XAtqc", "SELECT 1", postgres.peerConnection("postgres")]);
    if (existsSync(rewinding)) {
        return setAside("a rewind was broken off");
    }
    tell(`winds back to where ${peer} went on`);
    const from = ["--source-server", postgres.peerConnection("postgres"), "--restore-target-wal"];
    const to = ["--target-pgdata", data, "--config-file", `${postgres.folder}/postgresql.conf`];
    writeFileSync(rewinding, "");
    try {
        await asPostgres(`${bin}/pg_rewind`, [...from, ...to], { seconds: 12 * 3600 });
    } catch (error) {
        return setAside(error.message);
    }
    rmSync(rewinding);
    await standBy();
}

function setAside(reason) {
    const aside = `${data}.set-aside-${new Date().toISOString().replace(/\W/g, "")}`;
    console.log(`${reason}; sets it aside as ${aside}`);
    renameSync(data, aside);
    mkdirSync(data);
    rmSync(rewinding, { force: true });
}

// What is told

async function look() {
    const role = await postgres.role();
    const facts = `SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
        EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')`;
    const [[lsn, streaming]] = role === "off" ? [["", "f"]] : await sql(facts);
    Object.assign(seen, { role, lsn, streaming: streaming === "t", empty: postgres.isEmpty() });
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

/** A machine that was made from another's backup has its name, and not its address. */
const isAtHome = () =>
    Object.values(networkInterfaces())
        .flat()
        .some(({ address }) => address === process.env.ADDRESS);

async function tick() {
    const role = await look();
    if (!isAtHome()) {
        return tell(`this machine is not at ${process.env.ADDRESS}: it is a copy of ${self}, and starts nothing`);
    }
    const leader = await leaderNow();
    if (role !== "standby" || (leader !== undefined && leader !== peer)) {
        startOver();
    }
    if (leader !== undefined) {
        await (leader === self ? lead(role) : follow(role, leader));
    } else if (role === "primary") {
        await keepSynchronous();
    }
}

/** Seconds that the standby is behind, a day where there is none, and whether archiving of write-ahead log fails. */
async function measure() {
    const [[lag, failing]] = await sql(`SELECT
        coalesce((SELECT coalesce(extract(epoch FROM replay_lag), 0) FROM pg_stat_replication
            WHERE application_name = '${peer}' AND state = 'streaming'), 86400),
        (SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)::int FROM pg_stat_archiver)`);
    const witness = witnessAddress === undefined ? {} : { WitnessMissing: Number(!(await isWitnessed())) };
    await publishMetrics({ ReplicationLag: Number(lag), ArchiveFailing: Number(failing), ...witness });
}

/** Whether the third voter sees this machine; a single look may miss it. */
const isWitnessed = async () => ((await postgres.witnessState()).missed?.[process.env.ADDRESS] ?? Infinity) < 3;

async function repeat(pause, actions) {
    for (;;) {
        for (const action of actions()) {
            await action().catch((error) => tell(error.message));
        }
        await wait(pause);
    }
}

void repeat(PAUSE_MS, () => [tick]);
// What may take its time, or fail, holds nothing up.
void repeat(MINUTE_MS, () => {
    const isPrimary = seen.role === "primary" && seen.leads && cluster !== "none";
    return isPrimary ? [applyRoles, backUp, measure] : seen.role === "standby" ? [rememberReplicator] : [];
});
