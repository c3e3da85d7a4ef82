#!/usr/bin/env node
// One backup job: `backup.mjs database|files|audit-logs|configuration`. What to copy and where to is in a plan.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
    chownSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { bearer, curl, databaseHost, readParameter, readSecret, storageHeaders } from "./cloud.mjs";

const state = process.env.STATE ?? "/var/lib/minusnow-backup";
const mounts = process.env.MOUNT_PATH ?? "/srv/minusnow";
const plan = JSON.parse(readFileSync(process.env.PLAN, "utf8"));
const now = new Date();
const stamp = now.toISOString().replace(/[-:]/g, "").replace(/\..*/, "Z");

/** Sends what a command prints to a blob, then its checksum beside it: a blob without one is not whole. */
async function archive(blob, command, args, { env = process.env, allowed = [0], reader } = {}) {
    const producer = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"], ...reader });
    const hash = createHash("sha256");
    producer.stdout.on("data", (chunk) => hash.update(chunk));
    const upload = uploader(blob, process.env.TIER);
    producer.stdout.pipe(upload.stdin);
    upload.stdin.on("error", () => producer.kill());
    await Promise.all([ended(command, producer, allowed), ended("azcopy", upload)]);
    const sum = uploader(`${blob}.sha256`);
    sum.stdin.end(`${hash.digest("hex")}  ${blob.split("/").at(-1)}\n`);
    await ended("azcopy", sum);
}

function uploader(blob, tier) {
    const args = ["copy", `${plan.store}/${blob}`, "--from-to=PipeBlob", "--block-size-mb=64"];
    if (tier) {
        args.push(`--block-blob-tier=${tier}`);
    }
    return spawn("azcopy", args, {
        env: { ...process.env, AZCOPY_AUTO_LOGIN_TYPE: "MSI", AZCOPY_MSI_CLIENT_ID: process.env.IDENTITY },
        stdio: ["pipe", "inherit", "inherit"],
    });
}

function ended(name, child, allowed = [0]) {
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) =>
            allowed.includes(code) ? resolve() : reject(new Error(`${name} ended with ${code}`)),
        );
    });
}

/** Before anything is read: a stream cannot be sent a second time. */
function waitForAccess(container) {
    curl(storageHeaders(), "-o", "/dev/null", "-I", `${plan.store}/${container}?restype=container`);
}

/** A dump in PostgreSQL's own compressed form, made by the application's login: it owns everything. */
async function database() {
    const { host, port, name, secretId, certificateId } = plan.database;
    const { username, password } = JSON.parse(readSecret(secretId));
    const connection = { PGHOST: await databaseHost(host), PGPORT: String(port), PGUSER: username };
    const own = `${state}/database-ca.pem`;
    if (certificateId !== undefined) {
        writeFileSync(own, await publishedCertificate(certificateId));
    }
    const authorities = certificateId === undefined ? "/etc/ssl/certs/ca-certificates.crt" : own;
    const trust = { PGSSLMODE: "verify-full", PGSSLROOTCERT: authorities };
    const env = { ...process.env, ...connection, ...trust, PGPASSWORD: password };
    await archive(`database/${name}_${stamp}.dump`, "pg_dump", ["-Fc", name], { env });
}

/** Machines that were made at the same time have none yet: it is waited for. */
async function publishedCertificate(id) {
    for (const end = Date.now() + 1_800_000; ; await wait(10_000)) {
        const text = readParameter(id);
        if (text.startsWith("-----BEGIN")) {
            return text;
        }
        if (Date.now() > end) {
            throw new Error("the database has no certificate yet: its primary is not made");
        }
    }
}

/** GNU tar ends so when a file changed while it was read, which live directories do. */
const copying = { allowed: [0, 1], reader: plan.reader };

/** A snapshot of each share, where there are shares, and a copy that outlives the account: whole on Sunday, the changes since on other days. */
async function files() {
    const failed = [];
    const attempt = async (work) => {
        try {
            await work();
        } catch (error) {
            failed.push(error);
        }
    };
    const hasShares = plan.filesAccountId !== undefined;
    for (const directory of plan.directories) {
        if (hasShares) {
            await attempt(() => manage("PUT", shareUrl(directory), "&$expand=snapshots"));
        }
        await attempt(() => copyFiles(directory));
    }
    if (hasShares) {
        await attempt(() => expireSnapshots(new Set(plan.directories)));
    }
    if (failed.length > 0) {
        throw new AggregateError(failed, failed.map(({ message }) => message).join("; "));
    }
}

/** What tar knows of the files becomes the last copy's only when that copy is whole. */
async function copyFiles(directory) {
    const known = `${state}/${directory}.snar`;
    const work = mkdtempSync(`${tmpdir()}/files-`);
    const next = `${work}/${directory}.snar`;
    const changesOnly = existsSync(known) && now.getUTCDay() !== 0;
    if (changesOnly) {
        copyFileSync(known, next);
    }
    for (const path of [work, ...(changesOnly ? [next] : [])].filter(() => plan.reader)) {
        chownSync(path, plan.reader.uid, plan.reader.gid);
    }
    // A share has another device number each time that it is mounted.
    const incremental = ["--no-check-device", `--listed-incremental=${next}`];
    const listed = ["--create", "--zstd", ...incremental, "-C", mounts, directory];
    const kind = changesOnly ? "changes" : "whole";
    try {
        await archive(`files/${stamp}/${directory}.${kind}.tar.zst`, "tar", listed, copying);
        copyFileSync(next, `${known}.new`);
        renameSync(`${known}.new`, known);
    } finally {
        rmSync(work, { recursive: true });
    }
}

/** The audit logs as a whole, to storage that is cheap to keep and slow to read. */
async function auditLogs() {
    const all = ["--create", "--zstd", "-C", mounts, "audit-logs"];
    await archive(`audit-logs/${stamp}.tar.zst`, "tar", all, copying);
}

/** What describes the deployment, whenever it is another than last time. */
async function configuration() {
    for (const [file, secretId] of Object.entries(plan.configuration)) {
        const text = readSecret(secretId);
        const hash = createHash("sha256").update(text).digest("hex");
        const last = `${state}/${file}.sha256`;
        if (!existsSync(last) || readFileSync(last, "utf8") !== hash) {
            const sent = uploader(`configuration/${file}/${stamp}.json`);
            sent.stdin.end(text);
            await ended("azcopy", sent);
            writeFileSync(last, hash);
        }
    }
}

const MANAGEMENT = "https://management.azure.com";
const API = "?api-version=2024-01-01";
const shareUrl = (directory) =>
    `${MANAGEMENT}${plan.filesAccountId}/fileServices/default/shares${directory ? `/${directory}` : ""}${API}`;

function manage(method, url, query = "", headers = []) {
    const body = method === "PUT" ? ["-H", "Content-Type: application/json", "-d", '{"properties":{}}'] : [];
    const text = curl([bearer(`${MANAGEMENT}/`), ...headers], "-X", method, ...body, `${url}${query}`);
    return text ? JSON.parse(text) : {};
}

/** Azure keeps 200 snapshots of a share at most. */
function expireSnapshots(directories) {
    const before = new Date(now.getTime() - plan.retentionDays * 24 * 3600 * 1000);
    for (let url = `${shareUrl()}&$expand=snapshots`; url;) {
        const { value, nextLink } = manage("GET", url);
        for (const { name, properties } of value) {
            const taken = properties?.snapshotTime;
            if (directories.has(name) && taken && new Date(taken) < before) {
                manage("DELETE", shareUrl(name), "", [`x-ms-snapshot: ${taken}`]);
            }
        }
        url = nextLink;
    }
}

const jobs = { database, files, "audit-logs": auditLogs, configuration };
const job = process.argv[2];
if (!jobs[job]) {
    console.error(`found '${job ?? ""}', allowed: ${Object.keys(jobs).join(", ")}`);
    process.exit(2);
}
mkdirSync(state, { recursive: true, mode: 0o700 });
waitForAccess(job);
await jobs[job]();
writeFileSync(`${state}/${job}.completed`, `${now.toISOString()}\n`);
console.log(`backup of ${job} is complete`);
