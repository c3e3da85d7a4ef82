#!/usr/bin/env node
// Looks whether either database machine serves as primary, and tells both: the third vote on whether one is gone. It decides
// nothing, and needs no rights in the cloud.
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const { ADDRESS, MACHINES, ROLE_PORT, STATE_DIRECTORY } = process.env;
const PAUSE_MS = 5000;
const machines = MACHINES.split(",");
const memory = (address) => join(STATE_DIRECTORY, address);

/**
 * Looks in a row at which each machine was not primary; a clock would count the time in which this one was frozen. A machine
 * that has never answered has no count: it may not know of the witness yet.
 */
const missed = Object.fromEntries(machines.filter((address) => existsSync(memory(address))).map((known) => [known, 0]));

/** Whether a machine is primary; undefined where it does not answer. */
async function look(address) {
    try {
        return (await fetch(`http://${address}:${ROLE_PORT}/primary`, { signal: AbortSignal.timeout(3000) })).ok;
    } catch {
        return undefined;
    }
}

createServer((_, response) => response.end(JSON.stringify({ missed }))).listen(Number(ROLE_PORT), ADDRESS);
for (;;) {
    const found = await Promise.all(machines.map(look));
    // Where nobody answers it is this machine that is cut off.
    if (found.some((isPrimary) => isPrimary !== undefined)) {
        machines.forEach((address, place) => {
            if (found[place] !== undefined && !(address in missed)) {
                writeFileSync(memory(address), "");
                missed[address] = 0;
            }
            if (address in missed) {
                missed[address] = found[place] ? 0 : missed[address] + 1;
            }
        });
    }
    await wait(PAUSE_MS);
}
