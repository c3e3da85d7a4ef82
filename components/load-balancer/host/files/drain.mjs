#!/usr/bin/env node
// Takes a server out of the balancer and waits until it has no request left, or puts it back. Usage: drain.mjs app1 out|in
// What went wrong is on the last line, after REASON.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { installed } from "./files.mjs";

process.loadEnvFile("/etc/minusnow/host.env");
const { drainedFile, LOCK, members, namesIn, serve, unhealthyFile } = await import("./balancer-files.mjs");
const { PROGRAM: program, ADMIN_SOCKET: socket, DRAIN_SECONDS = "50" } = process.env;
const [, self, name, direction] = process.argv;
if (!(name in members()) || !["out", "in"].includes(direction)) {
    console.error(`usage: drain.mjs ${Object.keys(members()).join("|")} out|in`);
    process.exit(2);
}
// Nothing else may reload the balancer meanwhile: its new workers would know nothing of the requests of the old ones.
if (process.env.DRAIN_LOCKED === undefined) {
    const env = { ...process.env, DRAIN_LOCKED: "1" };
    mkdirSync(dirname(LOCK), { recursive: true });
    process.exit(spawnSync("flock", [LOCK, self, name, direction], { stdio: "inherit", env }).status ?? 1);
}
try {
    await (direction === "out" ? takeOut() : putBack());
} catch (error) {
    console.log(`REASON: ${error.message}`);
    process.exitCode = 1;
}

async function takeOut() {
    const others = Object.keys(members()).filter((other) => other !== name);
    // A server that an earlier run left out comes back first, when it is healthy.
    const healthy = [];
    for (const other of others) {
        if (await isHealthy(other)) {
            healthy.push(other);
            await setWeight(other, 100);
        }
    }
    if (healthy.length === 0 && (await isHealthy(name))) {
        throw new Error(`${name} is the last healthy server`);
    }
    const before = new Set(workers());
    setDrained([...namesIn(drainedFile).filter((other) => !healthy.includes(other) && other !== name), name]);
    if (program === "haproxy") {
        await setWeight(name, 0);
        await until(`${name} has no request left`, async () => Number(await statistic(name, "scur")) === 0);
        serve();
    } else {
        serve();
        await until(`Nginx has answered what ${name} was asked`, () => !workers().some((pid) => before.has(pid)));
    }
}

async function putBack() {
    await until(`${name} is healthy`, () => isHealthy(name));
    setDrained(namesIn(drainedFile).filter((other) => other !== name));
    await setWeight(name, 100);
    serve();
}

function setDrained(names) {
    installed(drainedFile, names.map((one) => `${one}\n`).join(""));
}

/** Waits, for as long as a request may take; then goes on, and tells. */
async function until(what, done) {
    for (const end = Date.now() + Number(DRAIN_SECONDS) * 1000; !(await done()); await wait(200)) {
        if (Date.now() > end) {
            console.log(`it is not so after ${DRAIN_SECONDS} s that ${what}`);
            return;
        }
    }
}

/** What the balancer itself found; DRAIN says healthy and weight 0. */
async function isHealthy(server) {
    return program === "haproxy"
        ? /^(UP|DRAIN)/.test(await statistic(server, "status"))
        : !namesIn(unhealthyFile).includes(server);
}

/** Nginx's processes that answer requests. */
function workers() {
    const processes = execFileSync("ps", ["-e", "-o", "pid=,args="], { encoding: "utf8" }).split("\n");
    return processes.filter((line) => line.includes("nginx: worker process")).map((line) => line.trim().split(" ")[0]);
}

async function setWeight(server, weight) {
    if (program === "haproxy") {
        await command(`set weight minusnow_app_servers/${server} ${weight}`);
    }
}

/** A value of a server in HAProxy's statistics. */
async function statistic(server, title) {
    const rows = (await command("show stat")).split("\n").map((line) => line.split(","));
    const own = rows.find(([backend, other]) => backend === "minusnow_app_servers" && other === server);
    return own[rows[0].indexOf(title)];
}

function command(text) {
    return new Promise((resolve, reject) => {
        const connection = createConnection(socket, () => connection.end(`${text}\n`));
        let answer = "";
        connection.on("data", (chunk) => (answer += chunk));
        connection.on("error", reject);
        connection.on("close", () => resolve(answer.replace(/^# /, "")));
    });
}
