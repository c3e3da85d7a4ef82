import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { Deployment } from "./deployment";
import type { Ledger } from "./ledger";
import type { Machine, Result } from "./machine";

/** How the two database machines of a deployment are asked, once it is booted. */
export interface PostgresPair {
    machine: (name: string) => Machine;
    psql: (name: string, text: string) => Promise<string>;
    /** The administrator's command on a machine. */
    command: (name: string, command: string) => Promise<Result>;
    status: (
        name: string,
    ) => Promise<{ primary: string; inSync: boolean; db1: { role: string }; db2: { role: string } }>;
    /** What a machine's keeper says that it is. */
    role: (name: string) => Promise<string | undefined>;
    isWell: (app: string) => Promise<boolean>;
    /** Waits, and shows what the keepers said when it took too long; gives the seconds. */
    until: (what: string, seconds: number, isSo: () => Promise<boolean>) => Promise<number>;
    /** Waits until the standby is in sync and the application well. */
    ready: () => Promise<void>;
    /** Tries to write to a machine itself, again and again, as the application; tells how many writes it took. */
    tryWriting: (from: string, password: string) => { stop: () => Promise<{ taken: number; tried: number }> };
    /** How many acknowledged writes are missing on a machine. */
    lost: (ledger: Ledger, on: string) => Promise<number>;
}

export function postgresPair(deployed: () => Deployment): PostgresPair {
    const machine = (name: string) => deployed().machines[name]!;
    const psql = (name: string, text: string) =>
        machine(name).ok("runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -f -", text);
    const command = (name: string, what: string) => machine(name).exec(`minusnow-database ${what}`);
    const pair: PostgresPair = {
        machine,
        psql,
        command,
        status: async (name) => JSON.parse((await command(name, "status")).stdout) as never,
        role: async (name) =>
            (await machine(name).exec("curl -s localhost:8008/state")).stdout.match(/"role":"(\w+)"/)?.[1],
        isWell: async (app) => (await machine(app).exec("curl -sf localhost:5000/api/telemetry/health")).status === 0,
        until: async (what, seconds, isSo) => {
            const began = Date.now();
            while (!(await isSo().catch(() => false))) {
                if (Date.now() - began > seconds * 1000) {
                    const logs = await Promise.all(
                        ["db1", "db2"].map((name) => machine(name).exec("journalctl -n 40 --no-pager -o cat")),
                    );
                    throw new Error(
                        `${seconds} s later it is not so that ${what}\n${logs.map(({ stdout }) => stdout).join("\n---\n")}`,
                    );
                }
                await wait(500);
            }
            return (Date.now() - began) / 1000;
        },
        ready: async () => {
            await pair.until("db2 is in sync", 300, async () => (await pair.status("db1")).inSync);
            await pair.until("the application is well", 300, () => pair.isWell("app1"));
        },
        tryWriting: (from, password) => {
            const count = { taken: 0, tried: 0 };
            const login = `host=${machine(from).address} user=minusnow dbname=minusnow_db connect_timeout=2`;
            const trusted = "sslmode=verify-full sslrootcert=/etc/minusnow/database-ca.pem";
            const write = "INSERT INTO tickets (key) VALUES ('stray-' || gen_random_uuid())";
            const once = `psql -Xq '${login} ${trusted}' -c "${write}" </dev/null 2>/dev/null && echo taken || echo refused`;
            // It ends with its input.
            const loop = `while read -t 0.2; [ $? -gt 128 ]; do ${once}; done`;
            const env = ["-i", "PATH=/usr/bin:/bin", `PGPASSWORD=${password}`];
            const writer = machine("app1").spawn("env", [...env, "bash", "-c", loop], (line) => {
                count.tried++;
                count.taken += Number(line === "taken");
            });
            return { stop: () => writer.stop().then(() => count) };
        },
        lost: async (ledger, on) => {
            const keys = new Set((await psql(on, "\\c minusnow_db\nSELECT key FROM tickets")).split("\n"));
            expect(ledger.acknowledged().length).toBeGreaterThan(100);
            return ledger.acknowledged().filter((key) => !keys.has(key)).length;
        },
    };
    return pair;
}
