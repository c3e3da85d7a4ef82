#!/usr/bin/env node
// Looks whether either database machine serves as primary, and tells both: the third vote on whether one is gone. It decides
// nothing, and needs no rights in the cloud.
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

const { MACHINES, ROLE_PORT } = process.env;
const PAUSE_MS = 5000;

/** Looks in a row at which each machine was not primary. A clock would count the time in which this one was frozen. */
const missed = Object.fromEntries(MACHINES.split(",").map((address) => [address, 0]));

async function isPrimary(address) {
    try {
        return (await fetch(`http://${address}:${ROLE_PORT}/primary`, { signal: AbortSignal.timeout(3000) })).ok;
    } catch {
        return false;
    }
}

createServer((_, response) => response.end(JSON.stringify({ missed }))).listen(Number(ROLE_PORT));
for (;;) {
    await Promise.all(
        Object.keys(missed).map(
            async (address) => (missed[address] = (await isPrimary(address)) ? 0 : missed[address] + 1),
        ),
    );
    await wait(PAUSE_MS);
}
