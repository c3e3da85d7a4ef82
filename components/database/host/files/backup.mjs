#!/usr/bin/env node
// Every six hours: a backup that write-ahead log is replayed on, and a dump that any PostgreSQL reads (guide, "Backup
// Strategy"). The dump is made on the standby while it follows, so that users do not notice it.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as account from "./account.mjs";
import { asPostgres, role, run, self, sql } from "./postgres.mjs";

const { DUMPS, DATABASE } = process.env;
const WEEK_SECONDS = 7 * 24 * 3600;
const place = "/var/lib/postgresql";

async function backUp() {
    const [stanza] = JSON.parse(await asPostgres("pgbackrest", ["--stanza=minusnow", "info", "--output=json"]));
    const full = (stanza?.backup ?? []).filter(({ type }) => type === "full").at(-1);
    const isRecent = full !== undefined && Date.now() / 1000 - full.timestamp.stop < WEEK_SECONDS - 3600;
    const type = isRecent ? "incr" : "full";
    await asPostgres("pgbackrest", ["--stanza=minusnow", `--type=${type}`, "backup"], { seconds: 12 * 3600 });
    console.log(`backed up: ${type}`);
    await account.publishMetrics({ BackupsMade: 1 });
}

async function dump() {
    const folder = mkdtempSync(join(place, "dump-"));
    try {
        await run("chown", ["postgres", folder]);
        const file = join(folder, "dump");
        await asPostgres("pg_dump", ["-Fc", "-f", file, DATABASE], { seconds: 6 * 3600 });
        const time = new Date()
            .toISOString()
            .replace(/[-:]|\..*/g, "")
            .replace("T", "_");
        const name = `${DATABASE}_${time}_${self}.dump`;
        await account.upload(file, `${DUMPS}/${name}`);
        console.log(`dumped: ${name}`);
        await account.publishMetrics({ DumpsMade: 1 });
    } finally {
        rmSync(folder, { recursive: true });
    }
}

// Left by one that a reboot has broken off.
for (const left of readdirSync(place).filter((name) => name.startsWith("dump-"))) {
    rmSync(join(place, left), { recursive: true });
}
const own = await role();
const follower = own === "primary" ? "pg_stat_replication WHERE state" : "pg_stat_wal_receiver WHERE status";
const [[isFollowed]] = own === "off" ? [["f"]] : await sql(`SELECT EXISTS (SELECT FROM ${follower} = 'streaming')`);
// Where another machine makes the dumps, these make none.
const dumps = DUMPS ? [dump] : [];
const work = {
    primary: [backUp, ...(isFollowed === "t" ? [] : dumps)],
    standby: isFollowed === "t" ? dumps : [],
    off: [],
};
for (const part of work[own]) {
    await part().catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
