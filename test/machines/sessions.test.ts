import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootDeployment, type Deployment, secretValues } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { machinesOf, type PlannedMachine, settingsOf } from "./lab/reference";
import { rebootWell } from "./lab/reboot";
import { secretsSeen } from "./lab/seen";

const STORE = "10.0.4.10";
const FILES = "10.0.3.10";

describeMachines("sessions and files on machines, as the plan renders them (guide, steps 5 and 8)", () => {
    let deployment: Deployment;
    let passwordId: string;
    const machine = (name: string): Machine => deployment.machines[name]!;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const at = await plan(
                "  minusnow:sessionStore:\n    kind: redis\n    memoryPolicy: volatile-lru\n  minusnow:sharedStorage:\n    kind: nfs\n",
            );
            const { app1, app2, sessions, files } = machinesOf(at);
            passwordId = settingsOf(at).sessionStore!.secretId;
            expect(sessions!.address).toBe(STORE);
            expect(files!.address).toBe(FILES);
            return [app1, app2, sessions, files] as PlannedMachine[];
        });
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    /** Speaks Redis's inline protocol. */
    const ask = (from: Machine, ...lines: string[]) =>
        from.exec(
            `exec 3<>/dev/tcp/${STORE}/6379 && printf '%s\\r\\n' ${lines.map((line) => `'${line}'`).join(" ")} >&3 && timeout 2 cat <&3`,
        );

    async function login(app: Machine): Promise<string> {
        const answer = await app.ok("curl -sf -X POST -D - -o /dev/null localhost:5000/login");
        return /sid=([^;]+)/.exec(answer)![1]!;
    }
    const whoIs = (app: Machine, sid: string) => app.ok(`curl -s -H 'Cookie: sid=${sid}' localhost:5000/me`);

    it("lets nobody in without the password, and the application do no harm", async () => {
        expect((await ask(machine("app1"), "PING")).stdout).toMatch(/^-NOAUTH/);
        expect((await ask(machine("app1"), "AUTH wrong", "PING")).stdout).toMatch(/^-WRONGPASS/);
        const login_ = `AUTH ${secretValues.sessions}`;
        expect((await ask(machine("app1"), login_, "PING")).stdout).toMatch(/^\+OK\r\n\+PONG/);
        for (const harmful of ["FLUSHALL", "CONFIG GET *", "ACL LIST", "SHUTDOWN NOSAVE", "KEYS *"]) {
            expect((await ask(machine("app1"), login_, harmful)).stdout, harmful).toContain("-NOPERM");
        }
        measured("Redis: without a password, by a wrong one, harmful commands", "refused", "refused");
    });

    it("answers on its private address to the application's subnets alone", async () => {
        const outsider = await deployment.data.exec(`timeout 3 bash -c 'exec 3<>/dev/tcp/${STORE}/6379'`);
        expect(outsider.status).not.toBe(0);
        expect(await machine("sessions").ok("ss -Hltn 'sport = :6379' | awk '{print $4}' | sort")).toBe(
            `${STORE}:6379\n127.0.0.1:6379\n`,
        );
        measured("Redis: from the database's subnet", "no connection", "refused");
    });

    it("has the guide's memory limit and the policy of the configuration", async () => {
        const info = (await ask(machine("app1"), `AUTH ${secretValues.sessions}`, "INFO memory")).stdout;
        expect(info).toContain(`maxmemory:${256 * 1024 * 1024}`);
        expect(info).toContain("maxmemory_policy:volatile-lru");
    });

    it("keeps sessions for the other server, through a restart of the store and a reboot of its machine", async () => {
        const sid = await login(machine("app1"));
        const isKnown = async (app: string) =>
            expect
                .poll(async () => JSON.parse(await whoIs(machine(app), sid)) as object, { timeout: 60_000 })
                .toEqual({ user: "alice" });
        await isKnown("app2");
        // What it was told is on its disk within a second.
        await wait(1500);
        await machine("sessions").ok("systemctl kill -s KILL minusnow-sessions");
        await isKnown("app2");
        await rebootWell("the session store", [machine("sessions")], () => isKnown("app1"));
        measured("Redis: a session after a kill of the store and a reboot of its machine", "there", "there");
    });

    it("keeps a session when the server is lost that it began on", async () => {
        const sid = await login(machine("app1"));
        await machine("app1").kill();
        expect(JSON.parse(await whoIs(machine("app2"), sid))).toEqual({ user: "alice" });
        machine("app1").start();
        await machine("app1").booted();
        measured("Redis: a session after the loss of the server that it began on", "there", "there");
    });

    it("takes up a new password within two minutes, and the former stays valid until the next", async () => {
        const former = secretValues.sessions;
        await deployment.give({ secrets: { [passwordId]: "next-pass-w0rd" } });
        let began = Date.now();
        while (!(await ask(machine("app1"), "AUTH next-pass-w0rd", "PING")).stdout.startsWith("+OK")) {
            expect(Date.now() - began).toBeLessThan(120_000);
            await wait(2000);
        }
        measured("Redis: a new password is valid after", `${((Date.now() - began) / 1000).toFixed(0)} s`, "120 s");
        expect((await ask(machine("app1"), `AUTH ${former}`, "PING")).stdout).toMatch(/^\+OK/);
        await deployment.give({ secrets: { [passwordId]: "last-pass-w0rd" } });
        began = Date.now();
        while (!(await ask(machine("app1"), "AUTH last-pass-w0rd", "PING")).stdout.startsWith("+OK")) {
            expect(Date.now() - began).toBeLessThan(120_000);
            await wait(2000);
        }
        expect((await ask(machine("app1"), `AUTH ${former}`, "PING")).stdout).toMatch(/^-WRONGPASS/);
        expect((await ask(machine("app1"), "AUTH next-pass-w0rd", "PING")).stdout).toMatch(/^\+OK/);
    });

    it("exports the five directories to the servers' subnets alone, root's rights squashed (guide, step 5)", async () => {
        const lines = (
            await machine("files").ok("exportfs -v | sed 's/\\s*$//' | paste -sd' ' | sed 's#\\s*/exp#\\n/exp#g'")
        )
            .trim()
            .split("\n")
            .map((line) => line.split(/\s+/));
        const found = new Set(
            lines.flatMap(([directory, ...clients]) => clients.map((client) => `${directory} ${client}`)),
        );
        expect(found.size).toBe(10);
        for (const line of found) {
            expect(line).toMatch(
                /^\/exports\/minusnow\/(data|audit-logs|support-tickets|artifacts|uploads) 10\.0\.(1|17)\.0\/24\(/,
            );
            expect(line).toMatch(/sync.*[(,]rw,.*root_squash/);
            expect(line).not.toContain("no_root_squash");
        }
        const owners = await machine("files").ok(
            "stat -c '%u:%g %a' /exports/minusnow/[a-k]* /exports/minusnow/[m-z]*",
        );
        expect(new Set(owners.trim().split("\n"))).toEqual(new Set(["5000:5000 750"]));
        const outsider = await deployment.data.exec(`timeout 3 bash -c 'exec 3<>/dev/tcp/${FILES}/2049'`);
        expect(outsider.status).not.toBe(0);
        measured("NFS: five directories, root squashed, from the database's subnet", "no connection", "refused");
        // The server's configuration, by its own parser.
        const setting = (name: string) => machine("files").ok(`nfsconf --get nfsd ${name}`);
        expect([await setting("vers3"), await setting("vers4")]).toEqual(["n\n", "y\n"]);
        measured("NFS: exports by exportfs, versions by nfsconf", "10 exports, 4 without 3", "as rendered");
    });

    it("keeps its files on a volume of their own, which a first boot formats only when nothing is on it", async () => {
        const files = machine("files");
        await files.ok("echo kept >/exports/minusnow/data/marker; /usr/local/lib/minusnow/setup");
        expect(await files.ok("cat /exports/minusnow/data/marker")).toBe("kept\n");
        expect(await files.ok("findmnt -no FSTYPE,OPTIONS /exports/minusnow")).toMatch(/^ext4 .*nosuid,nodev,noexec/);
        await rebootWell("the file server", [files], async () =>
            expect(await files.ok("cat /exports/minusnow/data/marker; systemctl is-active nfs-server")).toBe(
                "kept\nactive\n",
            ),
        );
    });

    it("shares files between servers, which boot without the file server and mount when it is back", async () => {
        await machine("app1").ok("curl -sf -X POST --data-binary hello 'localhost:5000/uploads?name=greeting'");
        expect(await machine("app2").ok("curl -sf 'localhost:5000/uploads?name=greeting'")).toBe("hello");
        await machine("files").kill();
        await machine("app2").kill();
        machine("app2").start();
        while ((await machine("app2").exec("systemctl is-active ssh")).stdout !== "active\n") {
            await wait(500);
        }
        expect((await machine("app2").exec("curl -s localhost:5000/health")).status).not.toBe(0);
        machine("files").start();
        const began = Date.now();
        while ((await machine("app2").exec("curl -sf 'localhost:5000/uploads?name=greeting'")).stdout !== "hello") {
            expect(Date.now() - began).toBeLessThan(90_000);
            await wait(1000);
        }
        measured(
            "NFS: a server that booted without the file server works after its return in",
            `${((Date.now() - began) / 1000).toFixed(0)} s`,
            "90 s",
        );
    });

    it("keeps no password in clear on its machine", async () => {
        const values = [secretValues.sessions, "next-pass-w0rd", "last-pass-w0rd"];
        const machines = ["sessions", "files", "app1", "app2"].map(machine);
        const { SESSION_SECRET, SMTP_PASS } = secretValues;
        const named = Object.fromEntries(values.map((value, place) => [`password ${place + 1}`, value]));
        const found = await secretsSeen(machines, { ...named, SESSION_SECRET, SMTP_PASS });
        measured("Secrets found on a session store, a file server and two servers", found.length, "0");
        expect(found).toEqual([]);
        for (const value of values) {
            // The store's own files hold digests.
            const search = "IFS= read -r value; grep -raFlf <(printf '%s\\n' \"$value\") /etc /var/lib/redis";
            expect((await machine("sessions").exec(search, `${value}\n`)).stdout).toBe("");
        }
        const exposure = await machine("sessions").ok(
            "systemd-analyze security minusnow-sessions --no-pager | tail -1",
        );
        measured("systemd-analyze security minusnow-sessions", /: ([\d.]+) /.exec(exposure)![1]!, "3.0 or less");
    });
});
