#!/usr/bin/env node
// Checks the servers as HAProxy does by itself, since open-source Nginx does not, and takes out those that are ill.
import { execFileSync } from "node:child_process";
import { get } from "node:http";
import { certificateWanted, LOCK, members, namesIn, unhealthyFile } from "./balancer-files.mjs";
import { installed } from "./files.mjs";

const { HEALTH_PATH: path, HEALTH_STATUS: status, APP_PORT: port } = process.env;
const [interval, fastInterval, timeout, fall, rise] = ["INTERVAL", "FAST_INTERVAL", "TIMEOUT", "FALL", "RISE"].map(
    (key) => Number(process.env[`HEALTH_${key}`]),
);
/** Checks in a row that speak against a server's present state, by name. */
const against = new Map();

function isHealthy(address) {
    return new Promise((resolve) => {
        const asked = get(
            { host: address, port, path, headers: { host: certificateWanted().hostname }, agent: false },
            (response) => {
                response.resume();
                resolve(response.statusCode === Number(status));
            },
        );
        const timer = setTimeout(() => asked.destroy(), timeout * 1000);
        asked.on("error", () => resolve(false));
        asked.on("close", () => {
            clearTimeout(timer);
            resolve(false);
        });
    });
}

async function check() {
    const before = namesIn(unhealthyFile);
    const states = await Promise.all(
        Object.entries(members()).map(async ([name, address]) => {
            const isOut = before.includes(name);
            const speaksAgainst = (await isHealthy(address)) === isOut;
            against.set(name, speaksAgainst ? (against.get(name) ?? 0) + 1 : 0);
            const turns = against.get(name) >= (isOut ? rise : fall);
            if (turns) {
                against.set(name, 0);
                console.log(`${name} is ${isOut ? "healthy again" : "ill"}`);
            }
            return { name, isOut: turns ? !isOut : isOut };
        }),
    );
    const out = states.filter(({ isOut }) => isOut).map(({ name }) => `${name}\n`);
    // When none is healthy, asking one of them is better than asking nobody.
    if (installed(unhealthyFile, out.length < states.length ? out.join("") : "")) {
        execFileSync("flock", [LOCK, "/usr/local/lib/minusnow/balancer.mjs", "--local"]);
    }
}

for (;;) {
    await check().catch((error) => console.error(error.message));
    const isTurning = [...against.values()].some((count) => count > 0);
    await new Promise((resolve) => setTimeout(resolve, (isTurning ? fastInterval : interval) * 1000));
}
