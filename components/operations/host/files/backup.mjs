#!/usr/bin/env node
// One backup job: `backup.mjs database|files|audit-logs|configuration`. What to copy and where to is in a plan.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { databaseHost, readSecret, token } from "./cloud.mjs";

const state = process.env.STATE ?? "/var/lib/minusnow-backup";
const mounts = process.env.MOUNT_PATH ?? "/srv/minusnow";
const plan = JSON.parse(readFileSync(process.env.PLAN, "utf8"));
const now = new Date();
const stamp = now.toISOString().replace(/[-:]/g, "").replace(/\..*/, "Z");

/** Sends what a command prints to a blob, then its checksum beside it: a blob without one is not whole. */
async function archive(blob, command, args, { env = process.env } = {}) {
    const producer = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const hash = createHash("sha256");
    producer.stdout.on("data", (chunk) => hash.update(chunk));
    const upload = uploader(blob, process.env.TIER);
    producer.stdout.pipe(upload.stdin);
    upload.stdin.on("error", () => producer.kill());
    await Promise.all([ended(command, producer), ended("azcopy", upload)]);
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

function ended(name, child) {
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with ${code}`))));
    });
}

/** A dump in PostgreSQL's own compressed form, made by the application's login: it owns everything. */
async function database() {
    const { host, port, name, secretId } = plan.database;
    const { username, password } = JSON.parse(readSecret(secretId));
    const connection = { PGHOST: await databaseHost(host), PGPORT: String(port), PGUSER: username };
    const trust = { PGSSLMODE: "verify-full", PGSSLROOTCERT: "/etc/ssl/certs/ca-certificates.crt" };
    const env = { ...process.env, ...connection, ...trust, PGPASSWORD: password };
    await archive(`database/${name}_${stamp}.dump`, "pg_dump", ["-Fc", name], { env });
}

/** A snapshot of each share, and a copy that outlives the account: whole on Sunday, the changes since on other days. */
async function files() {
    const whole = now.getUTCDay() === 0;
    for (const directory of plan.directories) {
        snapshot(directory);
        mount(directory);
        const known = `${state}/${directory}.snar`;
        if (whole) {
            rmSync(known, { force: true });
        }
        const kind = existsSync(known) ? "changes" : "whole";
        const listed = ["--create", "--zstd", `--listed-incremental=${known}`, "-C", mounts, directory];
        await archive(`files/${stamp}/${directory}.${kind}.tar.zst`, "tar", listed);
    }
    plan.directories.forEach(expireSnapshots);
}

/** The audit logs as a whole, to storage that is cheap to keep and slow to read. */
async function auditLogs() {
    mount("audit-logs");
    const all = ["--create", "--zstd", "-C", mounts, "audit-logs"];
    await archive(`audit-logs/${stamp}.tar.zst`, "tar", all);
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

function mount(directory) {
    const target = `${mounts}/${directory}`;
    const isMounted = () => {
        try {
            execFileSync("mountpoint", ["-q", target]);
            return true;
        } catch {
            return false;
        }
    };
    if (!isMounted()) {
        execFileSync("mount", [target], { stdio: "inherit" });
    }
}

const shareUrl = (directory) =>
    `https://management.azure.com${plan.filesAccountId}/fileServices/default/shares/${directory}?api-version=2024-01-01&$expand=snapshots`;

function manage(method, url, headers = []) {
    const all = [`Authorization: Bearer ${token("https://management.azure.com/")}`, ...headers];
    const input = all.map((header) => `header = "${header}"\n`).join("");
    const body = method === "PUT" ? ["-H", "Content-Type: application/json", "-d", '{"properties":{}}'] : [];
    const text = execFileSync("curl", ["-fsS", "--retry", "5", "-X", method, "--config", "-", ...body, url], {
        input,
        encoding: "utf8",
    });
    return text ? JSON.parse(text) : {};
}

function snapshot(directory) {
    manage("PUT", shareUrl(directory));
}

/** Azure keeps 200 snapshots of a share at most. */
function expireSnapshots(directory) {
    const before = new Date(now.getTime() - plan.retentionDays * 24 * 3600 * 1000);
    const listUrl = `https://management.azure.com${plan.filesAccountId}/fileServices/default/shares?api-version=2024-01-01&$expand=snapshots`;
    const { value = [] } = manage("GET", listUrl);
    for (const { name, properties } of value) {
        const taken = properties?.snapshotTime;
        if (name === directory && taken && new Date(taken) < before) {
            const share = shareUrl(directory).replace("&$expand=snapshots", "");
            manage("DELETE", share, [`x-ms-snapshot: ${taken}`]);
        }
    }
}

const jobs = { database, files, "audit-logs": auditLogs, configuration };
const job = process.argv[2];
if (!jobs[job]) {
    console.error(`found '${job ?? ""}', allowed: ${Object.keys(jobs).join(", ")}`);
    process.exit(2);
}
mkdirSync(state, { recursive: true, mode: 0o700 });
await jobs[job]();
console.log(`backup of ${job} is complete`);
