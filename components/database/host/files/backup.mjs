#!/usr/bin/env node
// Every six hours: a backup that write-ahead log is replayed on, and a dump that any PostgreSQL reads (guide, "Backup
// Strategy"). The dump is made on the standby, so that users do not notice it.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { upload } from "./account.mjs";
import { asPostgres, role, run, sql } from "./postgres.mjs";

const { BUCKET, DATABASE } = process.env;
const WEEK_SECONDS = 7 * 24 * 3600;

async function backUp() {
    const [stanza] = JSON.parse(await asPostgres("pgbackrest", ["--stanza=minusnow", "info", "--output=json"]));
    const full = (stanza?.backup ?? []).filter(({ type }) => type === "full").at(-1);
    const isRecent = full !== undefined && Date.now() / 1000 - full.timestamp.stop < WEEK_SECONDS - 3600;
    const type = isRecent ? "incr" : "full";
    await asPostgres("pgbackrest", ["--stanza=minusnow", `--type=${type}`, "backup"], { seconds: 12 * 3600 });
    console.log(`backed up: ${type}`);
}

async function dump() {
    const folder = mkdtempSync("/var/lib/postgresql/dump-");
    try {
        await run("chown", ["postgres", folder]);
        const file = join(folder, "dump");
        await asPostgres("pg_dump", ["-Fc", "-f", file, DATABASE], { seconds: 6 * 3600 });
        const name = `${DATABASE}_${new Date()
            .toISOString()
            .replace(/[-:]|\..*/g, "")
            .replace("T", "_")}.dump`;
        await upload(file, `s3://${BUCKET}/dumps/${name}`);
        console.log(`dumped: ${name}`);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

const own = await role();
const [[isAlone]] = own === "primary" ? await sql("SELECT count(*) = 0 FROM pg_stat_replication") : [["f"]];
const work = [...(own === "primary" ? [backUp] : []), ...(own === "standby" || isAlone === "t" ? [dump] : [])];
for (const part of work) {
    // A part that fails keeps the other from nothing.
    await part().catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
