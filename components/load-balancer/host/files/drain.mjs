#!/usr/bin/env node
// Takes a server out of the balancer and waits until it has no request left, or puts it back. Usage: drain.mjs app1 out|in
import { execFileSync } from "node:child_process";
import { createConnection } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

process.loadEnvFile("/etc/minusnow/host.env");
const { drainedFile, installed, members, namesIn, unhealthyFile } = await import("./balancer-files.mjs");
const { PROGRAM: program, ADMIN_SOCKET: socket, DRAIN_SECONDS = "50" } = process.env;
const [, , name, direction] = process.argv;
if (!(name in members()) || !["out", "in"].includes(direction)) {
    console.error(`usage: drain.mjs ${Object.keys(members()).join("|")} out|in`);
    process.exit(2);
}

if (direction === "in") {
    await until(`${name} is healthy`, isHealthy);
}

const others = namesIn(drainedFile).filter((other) => other !== name);
if (direction === "out" && Object.keys(members()).every((member) => member === name || others.includes(member))) {
    console.error(`drain: ${name} is the last server that gets requests`);
    process.exit(3);
}
// Kept, so that a configuration that comes later leaves the server out.
installed(drainedFile, [...others, ...(direction === "out" ? [name] : [])].map((one) => `${one}\n`).join(""));
if (program === "haproxy") {
    await command(`set weight minusnow_app_servers/${name} ${direction === "out" ? 0 : 100}`);
}
execFileSync("flock", ["/run/minusnow/balancer.lock", "/usr/local/lib/minusnow/balancer.mjs", "--local"]);
if (direction === "out") {
    await until(`${name} has no request left`, async () => (await requestsLeft()) === 0);
}

/** Waits, for as long as a request may take; then goes on, and tells. */
async function until(what, done) {
    for (const end = Date.now() + Number(DRAIN_SECONDS) * 1000; !(await done()); await wait(200)) {
        if (Date.now() > end) {
            console.error(`drain: it is not so after ${DRAIN_SECONDS} s that ${what}`);
            return;
        }
    }
}

/** What the balancer itself found. */
async function isHealthy() {
    return program === "haproxy"
        ? /^(UP|DRAIN)/.test(await statistic("status"))
        : !namesIn(unhealthyFile).includes(name);
}

/** Requests that the server has not answered; Nginx tells by workers that wait for their last ones. */
async function requestsLeft() {
    if (program === "haproxy") {
        return Number(await statistic("scur"));
    }
    const processes = execFileSync("ps", ["-e", "-o", "args="], { encoding: "utf8" });
    return processes.split("\n").filter((line) => line.startsWith("nginx: worker process is shutting down")).length;
}

/** A value of the server in HAProxy's statistics. */
async function statistic(title) {
    const rows = (await command("show stat")).split("\n").map((line) => line.split(","));
    const own = rows.find(([backend, server]) => backend === "minusnow_app_servers" && server === name);
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
