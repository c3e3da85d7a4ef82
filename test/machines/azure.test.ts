import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { azureDeployment, BALANCER, SMTP_PASSWORD } from "./lab/azure-deployment";
import { secretOf } from "./lab/azure-reference";
import { HOSTNAME } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import { createLedger } from "./lab/ledger";
import { measured, printMeasurements } from "./lab/measurements";
import { rebootWell } from "./lab/reboot";
import { lineOfKey, numberOfPlaces, plant, secretsSeen, seen } from "./lab/seen";

const UPLOADS = "/opt/minusnow/uploads";
/** A backup job's variables on the operations machine, with what azcopy gets kept there. */
const asJob = "set -a; . /etc/minusnow/host.env; PLAN=/root/plan.json; PATH=/usr/local/bin:$PATH";

describeMachines("everything on Azure that may be a machine", () => {
    const azure = azureDeployment({ proxy: "haproxy", os: "rhel-9", automaticFailover: true });
    const { machine, planOf, bothAnswer, database, status, psql, until } = azure;
    beforeAll(azure.boot);
    afterAll(() => {
        printMeasurements();
        azure.close();
    });

    it("keeps files on the disk of the file server, and sessions in Redis", async () => {
        for (const name of ["app1", "app2", "ops"]) {
            const under = name === "ops" ? "/srv/minusnow" : "/opt/minusnow";
            expect(await machine(name).ok(`findmnt --noheadings --output TARGET | grep -c ${under}/`)).toMatch(
                /^5\n?$/,
            );
        }
        expect(await machine("files").ok("findmnt --noheadings --output SOURCE /exports/minusnow")).toContain("/dev/");
        const wrong = await machine("app1").exec("redis-cli -h 10.0.4.10 ping");
        expect(`${wrong.stdout}${wrong.stderr}`).toContain("NOAUTH");
        expect(await machine("sessions").ok("ss -Hltn | awk '{print $4}'")).toMatch(/^10\.0\.4\.10:6379$/m);
    });

    it("copies files as the application's user, as whom alone a file server lets them be read", async () => {
        const at = await planOf("1.0.0");
        const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-backup-files");
        const parameters = inputs["parameters"] as { name: string; value: string }[];
        const plan = parameters.find(({ name }) => name === "PLAN")!.value;
        expect(JSON.parse(plan)).toMatchObject({ reader: { uid: 5000, gid: 5000 } });
        await machine("app1").ok(`runuser -u minusnow -- sh -c 'echo kept >${UPLOADS}/kept'`);
        // What azcopy gets is kept in place of being sent.
        const name = "$(sed 's#https://[^/]*/##; s#/#_#g' <<<\"$2\")";
        const copy = `#!/bin/bash\nmkdir -p /root/sent && cat >"/root/sent/${name}"\n`;
        await machine("ops").ok("cat >/usr/local/bin/azcopy && chmod 755 /usr/local/bin/azcopy", copy);
        await machine("ops").ok("cat >/root/plan.json", plan);
        await machine("ops").ok(`${asJob}; /usr/local/lib/minusnow/backup.mjs files`);
        const list = await machine("ops").ok("tar --list --zstd -f /root/sent/files_*_uploads.whole.tar.zst");
        expect(list).toContain("uploads/kept");
    });

    it("brings files back from a copy that was made before they were lost (runbook)", async () => {
        await machine("app2").ok(`rm ${UPLOADS}/kept`);
        const archive = await machine("ops").ok("base64 -w0 /root/sent/files_*_uploads.whole.tar.zst");
        const extract = "base64 -d | runuser -u minusnow -- tar --extract --zstd --listed-incremental=/dev/null -C";
        await machine("app1").ok(`${extract} $(dirname ${UPLOADS})`, archive);
        expect(await machine("app2").ok(`cat ${UPLOADS}/kept`)).toBe("kept\n");
        measured("Azure: a lost file from the copy of a day", "there", "there");
    });

    it("keeps the configuration, and dumps the database over TLS by its own certificate (guide, backup strategy)", async () => {
        const at = await planOf("1.0.0");
        await machine("app1").ok("runuser -u minusnow -- sh -c 'echo signed in >/opt/minusnow/audit-logs/today'");
        await machine("app1").ok(`curl -sf -X POST localhost:5000/tickets -d '{"key":"kept"}'`);
        for (const job of ["database", "configuration", "audit-logs"]) {
            const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", `-backup-${job}`);
            const parameters = inputs["parameters"] as { name: string; value: string }[];
            await machine("ops").ok("cat >/root/plan.json", parameters.find(({ name }) => name === "PLAN")!.value);
            await machine("ops").ok(`${asJob}; /usr/local/lib/minusnow/backup.mjs ${job}`);
        }
        const archive = await machine("ops").ok("ls /root/sent | grep '^audit-logs_.*zst$'");
        expect(await machine("ops").ok(`tar --list --zstd -f /root/sent/${archive.trim()}`)).toContain("today");
        // As the runbook has it, into an empty database.
        const dump = await machine("ops").ok("base64 -w0 /root/sent/database_minusnow_db_*.dump");
        const restore = "base64 -d | runuser -u postgres -- pg_restore --dbname=restored --exit-on-error";
        await machine("db1").ok(`cd /tmp; runuser -u postgres -- createdb restored </dev/null; ${restore}`, dump);
        const rows = await psql("db1", "\\c restored\nSELECT count(*) FROM tickets");
        expect(rows).toBe(await psql("db1", "\\c minusnow_db\nSELECT count(*) FROM tickets"));
        expect(Number(rows)).toBeGreaterThan(0);
        await psql("db1", "DROP DATABASE restored");
        measured("Azure: a dump restored into an empty database", `${rows.trim()} rows`, "all rows");
        for (const file of ["settings", "release"]) {
            const kept = await machine("ops").ok(`cat /root/sent/configuration_${file}.json_*.json`);
            expect(JSON.parse(kept)).toEqual(JSON.parse(secretOf(at, `-app-${file}`)));
        }
    });

    it("has the standby's address on both machines, which connections to it keep", async () => {
        for (const name of ["db1", "db2"]) {
            expect(await machine(name).ok("ip -brief address show dev lo")).toContain("10.0.2.13/32");
        }
    });

    it("archives write-ahead log and base backups in the account", async () => {
        const info = async () => (await machine("db1").exec("runuser -u postgres -- pgbackrest info")).stdout;
        await until("a backup is there", 120, async () => (await info()).includes("full backup: "));
        expect(await info()).toMatch(/status: ok/);
    });

    it("switches over when it is asked to", async () => {
        const { status: code, stdout, stderr } = await database("db2", "switchover");
        expect(stderr + stdout).toContain("db2 is primary");
        expect(code).toBe(0);
        await until("db1 is in sync", 120, async () => (await status("db2")).inSync);
        await bothAnswer();
    });

    it("takes over by itself when the primary is lost, which Azure turns off first", async () => {
        const seconds = await lose("db2", () =>
            until("db1 is primary", 180, async () => (await status("db1")).primary === "db1"),
        );
        measured(
            "PostgreSQL on Azure: primary cut off, standby takes over by itself: writes after",
            seconds,
            "a minute",
        );
    });

    it("leaves it to a person while the witness is lost, who promotes the standby", async () => {
        await machine("witness").kill();
        await lose("db1", async () => {
            await until("db2 has asked in vain", 150, async () =>
                (await machine("db2").ok("journalctl -b -u minusnow-keeper -o cat --no-pager")).includes(
                    "the witness does not answer",
                ),
            );
            const { status: code, stdout, stderr } = await database("db2", "promote");
            expect(stderr + stdout).toContain("db2 is primary");
            expect(code).toBe(0);
        });
        machine("witness").start();
        await machine("witness").booted();
    });

    /** Cuts the primary off under load, has the other one promoted, and brings the former back; how long nobody wrote. */
    async function lose(primary: string, promoted: () => Promise<unknown>): Promise<string> {
        const other = primary === "db1" ? "db2" : "db1";
        const ledger = await createLedger(machine("app1"));
        await wait(3000);
        machine(primary).plug(false);
        await promoted();
        expect((await machine(primary).exec("true")).stderr).toContain("is off");
        await until("tickets are written again", 90, () => Promise.resolve(ledger.isWriting(1)));
        machine(primary).start();
        await machine(primary).booted();
        await until(`${primary} is in sync`, 180, async () => (await status(other)).inSync);
        await ledger.stop();
        const keys = new Set((await psql(other, "\\c minusnow_db\nSELECT key FROM tickets")).split("\n"));
        const lost = ledger.acknowledged().filter((key) => !keys.has(key));
        expect((await status(other))[primary as "db1"].role).toBe("standby");
        expect(lost).toEqual([]);
        expect(ledger.acknowledged().length).toBeGreaterThan(100);
        const count = `0 of ${ledger.acknowledged().length}`;
        measured(`PostgreSQL on Azure: acknowledged writes lost, ${primary} cut off`, count, "0");
        await bothAnswer();
        return `${ledger.longestPause().toFixed(0)} s`;
    }

    it("has every machine reboot into a working state, all at once", async () => {
        await rebootWell(`all ${azure.machines().length} machines on Azure at once`, azure.machines(), async () => {
            await until("the standby is in sync", 150, async () => (await status("db1")).inSync);
            await bothAnswer();
            await until("users are served", 60, async () => {
                const address = `https://${HOSTNAME}/health`;
                const options = ["--noproxy", "*", "--max-time", "5", "--connect-to", `${HOSTNAME}::${BALANCER}:`];
                return (await azure.lab().look("curl", "-sk", ...options, address)).startsWith("OK");
            });
        });
    });

    it("shows no secret to others on any machine", async () => {
        const at = await planOf("1.0.0");
        const { password } = JSON.parse(secretOf(at, "-db-app")) as { password: string };
        await plant(machine("ops"), "a-planted-secret");
        expect(await seen(machine("ops"), "a-planted-secret")).toHaveLength(numberOfPlaces);
        const found = await secretsSeen(azure.machines(), {
            "database password": password,
            "replication password": secretOf(at, "-db-replicator"),
            "session secret": secretOf(at, "-secrets-session"),
            "session store password": secretOf(at, "-sessions-password"),
            "mail password": SMTP_PASSWORD,
            "balancer's key": await lineOfKey(machine("lb1"), "$CERTIFICATE_FILE"),
            "database's key": await lineOfKey(machine("db1"), "/etc/minusnow/postgresql/server.key"),
        });
        measured(`Secrets found on ${azure.machines().length} machines on Azure`, found.length, "0");
        expect(found).toEqual([]);
    });
});
