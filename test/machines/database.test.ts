import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootDeployment, type Deployment, secretValues } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import { createLedger, type Ledger } from "./lab/ledger";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { postgresPair } from "./lab/postgres-pair";
import { machinesOf, type PlannedMachine, settingsOf } from "./lab/reference";
import { rebootWell } from "./lab/reboot";
import { lineOfKey, numberOfPlaces, plant, secretsSeen, seen } from "./lab/seen";

const ROTATED = "r0tated-once";
/** What the managed service takes, for comparison. */
const RDS = "60 s to 120 s on RDS";

describeMachines("PostgreSQL on two machines, as the plan renders them (guide, steps 3 and 4)", () => {
    let deployment: Deployment;
    let loginId: string;
    const pair = postgresPair(() => deployment);
    const { machine, psql, command: database, status, role, isWell, until, ready, tryWriting } = pair;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const at = await plan("  minusnow:database:\n    kind: vm\n");
            const { app1, db1, db2 } = machinesOf(at);
            loginId = settingsOf(at).database.secretId;
            return [db1, db2, app1] as PlannedMachine[];
        });
        await ready();
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    it("has the guide's settings, its memory counted from the machine", async () => {
        const names = ["max_connections", "maintenance_work_mem", "work_mem", "wal_level", "max_wal_senders"];
        const more = ["wal_keep_size", "random_page_cost", "effective_io_concurrency", "port", "listen_addresses"];
        const list = [...names, ...more].map((name) => `current_setting('${name}')`).join(" || ',' || ");
        expect((await psql("db1", `SELECT ${list}`)).trim()).toBe("200,1GB,64MB,replica,3,1GB,1.1,200,5432,*");
        const shares = await psql(
            "db1",
            "SELECT pg_size_bytes(current_setting('shared_buffers')), pg_size_bytes(current_setting('effective_cache_size'))",
        );
        const memory = Number(await machine("db1").ok("awk '/MemTotal/ { print $2 * 1024 }' /proc/meminfo"));
        const [buffers, cache] = shares.split("|").map((bytes) => Number(bytes) / memory);
        expect(buffers).toBeCloseTo(0.25, 2);
        expect(cache).toBeCloseTo(0.75, 2);
    });

    it("replicates, each commit acknowledged by the standby, with a bound on what is kept for it", async () => {
        const rows = await psql("db1", "SELECT client_addr, state, sync_state FROM pg_stat_replication");
        expect(rows.trim()).toBe("10.0.18.11|streaming|sync");
        const slot = await psql("db1", "SELECT slot_name, active FROM pg_replication_slots");
        expect(slot.trim()).toBe("db2|t");
        expect((await psql("db1", "SHOW max_slot_wal_keep_size")).trim()).toBe("50GB");
        await psql("db1", "CREATE TABLE probe AS SELECT 42 AS answer");
        expect((await psql("db2", "SELECT answer FROM probe")).trim()).toBe("42");
        measured("PostgreSQL: replication (pg_stat_replication)", "streaming, sync", "streaming");
    });

    it("lets the application in over TLS from its subnets, and nobody else (guide, step 7)", async () => {
        const login = `PGPASSWORD='${secretValues.database}' PGCONNECT_TIMEOUT=4`;
        const connect = (from: Machine, host: string, more: string) =>
            from.exec(`${login} psql -XAt 'host=${host} user=minusnow dbname=minusnow_db ${more}' -c 'SELECT 1'`);
        const trusted = "sslmode=verify-full sslrootcert=/etc/minusnow/database-ca.pem";
        expect((await connect(machine("app1"), "10.0.2.10", trusted)).stdout).toBe("1\n");
        const clear = await connect(machine("app1"), "10.0.2.10", "sslmode=disable");
        expect(clear.stderr).toMatch(/no pg_hba.conf entry.*no encryption/);
        expect((await connect(machine("app1"), "10.0.2.10", `${trusted} password=wrong`)).stderr).toMatch(/password/);
        const foreign = await connect(machine("app1"), "10.0.2.10", "dbname=postgres sslmode=require");
        expect(foreign.stderr).toMatch(/no pg_hba.conf entry/);
        // The firewall of the machine first, and PostgreSQL's own rules behind it.
        expect((await connect(deployment.data, "10.0.2.10", "sslmode=require")).stderr).toMatch(/timeout/);
        await machine("db1").ok("ufw allow proto tcp from 10.0.4.0/24 to any port 5432");
        expect((await connect(deployment.data, "10.0.2.10", "sslmode=require")).stderr).toMatch(
            /no pg_hba.conf entry for host "10.0.4.20"/,
        );
        await machine("db1").ok("ufw delete allow proto tcp from 10.0.4.0/24 to any port 5432");
        measured("PostgreSQL: wrong subnet, without TLS, wrong password", "refused", "refused");
    });

    describe("under load", () => {
        let ledger: Ledger;

        async function lose(primary: Machine, how: string): Promise<void> {
            if (how === "is killed") {
                await primary.kill();
            } else if (how === "freezes") {
                primary.freeze(true);
            } else {
                primary.plug(false);
            }
        }

        const lost = (on: string) => pair.lost(ledger, on);

        it("switches over without losing an acknowledged write", async () => {
            ledger = await createLedger(machine("app1"));
            await wait(3000);
            const began = Date.now();
            const { status: code, stdout, stderr } = await database("db2", "switchover");
            expect(stderr + stdout).toContain("db2 is primary");
            expect(code).toBe(0);
            measured("PostgreSQL: planned switchover takes", `${((Date.now() - began) / 1000).toFixed(0)} s`, RDS);
            await until("tickets are written again", 60, () => Promise.resolve(ledger.isWriting(1)));
            measured("PostgreSQL: no write for, at a switchover", `${ledger.longestPause().toFixed(0)} s`, RDS);
            await until("db1 follows in sync", 120, async () => (await status("db2")).inSync);
            await ledger.stop();
            expect(await lost("db2")).toBe(0);
            expect(ledger.acknowledged().length).toBeGreaterThan(100);
            measured(
                "PostgreSQL: acknowledged writes lost at a switchover",
                `0 of ${ledger.acknowledged().length}`,
                "0",
            );
        });

        it.each([
            { how: "is killed", from: "db2", to: "db1" },
            { how: "loses its cable", from: "db1", to: "db2" },
            { how: "freezes", from: "db2", to: "db1" },
        ])(
            "promotes $to when $from $how: no acknowledged write is lost, and that never writes again",
            async ({ how, from, to }) => {
                ledger = await createLedger(machine("app1"));
                await wait(3000);
                await lose(machine(from), how);
                const began = Date.now();
                const { status: code, stdout, stderr } = await database(to, "promote");
                expect(stderr + stdout).toContain(`${to} is primary`);
                expect(code).toBe(0);
                // It was stopped before the other one was promoted, whatever its state.
                expect((await machine(from).exec("true")).stderr).toContain("is off");
                await until("tickets are written again", 90, () => Promise.resolve(ledger.isWriting(1)));
                const seconds = `${((Date.now() - began) / 1000).toFixed(0)} s`;
                measured(`PostgreSQL: primary ${how}, promoted by hand at once: all clients write after`, seconds, RDS);
                // The former primary comes back in the middle of it, and somebody asks it all the time.
                const stray = tryWriting(from, secretValues.database);
                machine(from).start();
                await machine(from).booted();
                await until(`${from} is in sync`, 180, async () => (await status(to)).inSync);
                expect(await role(from)).toBe("standby");
                await ledger.stop();
                expect(await lost(to)).toBe(0);
                const count = `0 of ${ledger.acknowledged().length}`;
                measured(`PostgreSQL: acknowledged writes lost, primary ${how} (synchronous)`, count, "0");
                const journal = await machine(from).ok("journalctl -b -u minusnow-keeper -o cat --no-pager");
                expect(journal).not.toMatch(/is primary$|promoted/m);
                const { taken, tried } = await stray.stop();
                const what = `PostgreSQL: writes that the former primary took when it came back, once it ${how}`;
                measured(what, `${taken} of ${tried} tried`, "0");
                expect(tried).toBeGreaterThan(5);
                expect(taken).toBe(0);
            },
        );

        it("goes on alone when the standby is lost, says so, and is not replaced by it without a word", async () => {
            ledger = await createLedger(machine("app1"));
            await wait(2000);
            machine("db2").freeze(true);
            await until("db1 goes on alone", 90, async () => !(await status("db1")).inSync);
            await until("tickets are written again", 30, () => Promise.resolve(ledger.isWriting(1)));
            measured("PostgreSQL: standby frozen, no write for", `${ledger.longestPause().toFixed(0)} s`, "25 s");
            await ledger.stop();
            machine("db2").freeze(false);
            await machine("db1").kill();
            const refused = await database("db2", "promote");
            expect(refused.status).toBe(1);
            expect(refused.stderr).toContain("db1 went on without db2");
            expect(await role("db2")).toBe("standby");
            const forced = await database("db2", "promote --accept-loss");
            expect(forced.stderr + forced.stdout).toContain("db2 is primary");
            const gone = await lost("db2");
            expect(gone).toBeGreaterThan(0);
            const count = `${gone} of ${ledger.acknowledged().length}`;
            measured(
                "PostgreSQL: acknowledged writes lost, primary lost while alone (--accept-loss)",
                count,
                "told before",
            );
            machine("db1").start();
            await machine("db1").booted();
            await until("db1 follows in sync", 240, async () => (await status("db2")).inSync);
            // What it had written alone is gone from it: it is the same as the primary.
            expect((await psql("db1", "\\c minusnow_db\nSELECT count(*) FROM tickets")).trim()).toBe(
                (await psql("db2", "\\c minusnow_db\nSELECT count(*) FROM tickets")).trim(),
            );
        });
    });

    it("restores a destroyed database to the marker that was written after the backup (runbook)", async () => {
        const archive = (name: string) => machine(name).exec("runuser -u postgres -- pgbackrest info");
        await machine("db2").ok("systemctl start minusnow-backup.service");
        await machine("db1").ok("systemctl start minusnow-backup.service");
        expect((await archive("db2")).stdout).toMatch(/full backup: /);
        await psql("db2", "CREATE TABLE marker AS SELECT now() AS at; SELECT pg_switch_wal();");
        const time = (await psql("db2", "SELECT now()")).trim();
        await wait(1500);
        await psql("db2", "DROP TABLE marker; CHECKPOINT; SELECT pg_switch_wal();");
        await wait(3000);
        // Both machines lose all their data.
        for (const name of ["db1", "db2"]) {
            await machine(name).ok(
                "systemctl stop minusnow-keeper minusnow-database; rm -rf /var/lib/postgresql/minusnow*; systemctl start minusnow-keeper",
            );
        }
        await wait(8000);
        expect(await role("db2")).toBe("off");
        const began = Date.now();
        const { status: code, stdout, stderr } = await database("db2", `restore --time '${time}'`);
        expect(stderr + stdout).toContain("db2 is primary");
        expect(code).toBe(0);
        expect((await psql("db2", "SELECT count(*) FROM marker")).trim()).toBe("1");
        measured(
            "PostgreSQL: restored to a moment after the backup",
            `marker there, ${((Date.now() - began) / 1000).toFixed(0)} s`,
            "marker there",
        );
        await until("db1 follows in sync", 180, async () => (await status("db2")).inSync);
        // What is written after the moment reaches the standby, which goes on following.
        await psql("db2", "CREATE TABLE afterwards AS SELECT 1 AS one");
        await wait(10_000);
        expect((await psql("db1", "SELECT one FROM afterwards")).trim()).toBe("1");
        expect(await role("db1")).toBe("standby");
        expect((await status("db2")).inSync).toBe(true);
        await until("the application is well", 60, () => isWell("app1"));
    });

    it("refuses a restore that cannot be, before anything is stopped", async () => {
        for (const time of ["yesterday", "2020-01-01 00:00:00+00"]) {
            const { status: code, stderr } = await database("db2", `restore --time '${time}'`);
            expect(code).toBe(1);
            expect(stderr).toMatch(/allowed is a moment|no backup ended before/);
        }
        expect((await database("db2", "restore --accept-loss")).status).toBe(2);
        expect(await role("db2")).toBe("primary");
    });

    it("takes up a rotation within two minutes, and the former login stays valid", async () => {
        const login = (username: string, password: string) =>
            machine("app1").exec(
                `PGPASSWORD='${password}' psql -XAt 'host=10.0.18.11 user=${username} dbname=minusnow_db sslmode=verify-full sslrootcert=/etc/minusnow/database-ca.pem' -c 'SELECT current_user'`,
            );
        const password = ROTATED;
        await deployment.give({ secrets: { [loginId]: JSON.stringify({ username: "minusnow_2", password }) } });
        await until("the other login works", 120, async () => (await login("minusnow_2", password)).status === 0);
        expect((await login("minusnow_2", password)).stdout).toBe("minusnow\n");
        expect((await login("minusnow", secretValues.database)).stdout).toBe("minusnow\n");
    });

    it("keeps dumps that any PostgreSQL reads (guide, backup strategy)", async () => {
        const dumps = /^DUMPS=(.*)$/m.exec(await machine("db1").ok("cat /etc/minusnow/host.env"))![1]!;
        const region = "--region us-east-1";
        const list = await machine("db1").ok(`aws s3 ls ${dumps}/ ${region}`);
        const name = list.match(/\S+\.dump$/gm)!.at(-1)!;
        // As the runbook has it, into an empty database.
        const restore = "runuser -u postgres -- pg_restore --dbname=restored --exit-on-error";
        const steps = `cd /tmp; runuser -u postgres -- createdb restored; aws s3 cp ${dumps}/${name} - ${region} | ${restore}`;
        await machine("db2").ok(`set -eo pipefail; ${steps}`);
        const rows = Number(await psql("db2", "\\c restored\nSELECT count(*) FROM tickets"));
        expect(rows).toBeGreaterThan(100);
        expect(await psql("db2", "\\c restored\nSELECT tableowner FROM pg_tables WHERE tablename = 'tickets'")).toBe(
            "minusnow\n",
        );
        await psql("db2", "DROP DATABASE restored");
        measured("PostgreSQL: a dump restored into an empty database", `${rows} rows`, "the rows of its time");
    });

    it("tells how far the standby is behind, that archiving works, and that backups and dumps were made", async () => {
        const metric = async (name: string) => {
            const all = await machine("db1").ok("curl -sf https://monitoring.us-east-1.amazonaws.com/lab/metrics");
            return (JSON.parse(all) as Record<string, number>)[`MinusNow/Database ${name} minusnow-prod-db`];
        };
        // What the alarms ask for, by the same names.
        await until("lag is told", 90, async () => ((await metric("ReplicationLag")) ?? 86_400) < 60);
        expect(await metric("ArchiveFailing")).toBe(0);
        expect(await metric("BackupsMade")).toBe(1);
        expect(await metric("DumpsMade")).toBe(1);
        const lag = `${((await metric("ReplicationLag"))! * 1000).toFixed(0)} ms`;
        measured("PostgreSQL: replication lag as it is told to the alarms", lag, "60 s warns");
        await machine("db1").ok("systemctl stop minusnow-keeper minusnow-database");
        await until("a standby that is gone is told", 150, async () => (await metric("ReplicationLag")) === 86_400);
        await machine("db1").ok("systemctl start minusnow-keeper");
        await until("db1 follows in sync", 120, async () => (await status("db2")).inSync);
    });

    it("reboots into the same roles", async () => {
        const areInRoles = () =>
            until("db2 is primary and db1 in sync", 120, async () => {
                const now = await status("db2");
                return now.inSync && now.db2.role === "primary" && now.db1.role === "standby";
            });
        await rebootWell("the standby database", [machine("db1")], areInRoles);
        await rebootWell("both databases and a server at once", ["db1", "db2", "app1"].map(machine), async () => {
            await areInRoles();
            await until("the application is well", 60, () => isWell("app1"));
        });
        for (const name of ["db1", "db2"]) {
            expect(await machine(name).ok("ufw status")).toContain("Status: active");
        }
    });

    it("shows no password in process lists, readable files, journals and cloud-init's logs", async () => {
        await plant(machine("db1"), "a-planted-secret");
        expect(await seen(machine("db1"), "a-planted-secret")).toHaveLength(numberOfPlaces);
        // Programs that run for a moment were seen themselves.
        expect([...machine("db1").commandLines].join("\n")).toMatch(/pgbackrest .*archive-push/);
        const key = await lineOfKey(machine("db1"), "/etc/minusnow/postgresql/server.key");
        const { database: login, replicator } = secretValues;
        const machines = ["db1", "db2", "app1"].map(machine);
        const found = await secretsSeen(machines, { login, replicator, "rotated login": ROTATED, key });
        measured("Secrets found on machines of a database and a server", found.length, "0");
        expect(found).toEqual([]);
        const exposure = await machine("db1").ok("systemd-analyze security minusnow-database --no-pager | tail -1");
        const level = /: ([\d.]+) /.exec(exposure)![1]!;
        measured("systemd-analyze security minusnow-database", level, "3.0 or less");
    });
});
