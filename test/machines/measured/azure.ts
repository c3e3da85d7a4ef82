import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { everythingBefore, type PlannedStack } from "../../support/plans";
import { acme } from "../lab/acme.mjs";
import {
    azureAccountOf,
    type AzureMachine,
    azureMachinesOf,
    commandOf,
    releaseCommandsOf,
    type RunCommand,
    secretOf,
} from "../lab/azure-reference";
import { HOSTNAME } from "../lab/deployment";
import { describeMachines } from "../lab/describe-machines";
import { createLedger } from "../lab/ledger";
import { createLab, type Lab, outside } from "../lab/lab";
import { failed, failures, lost, rateOf, type Sample, startLoad } from "../lab/load";
import type { Machine } from "../lab/machine";
import { measured, printMeasurements } from "../lab/measurements";
import { planRelease } from "../lab/planned-release";
import { type Artifact, packRelease } from "../lab/release";
import { rebootWell } from "../lab/reboot";
import { lineOfKey, numberOfPlaces, plant, secretsSeen, seen } from "../lab/seen";
import { certificateServed } from "../lab/served";

const stackFile = [
    "  minusnow:loadBalancer:\n    kind: haproxy\n",
    "  minusnow:database:\n    kind: vm\n",
    "  minusnow:sharedStorage:\n    kind: nfs\n",
    "  minusnow:sessionStore:\n    kind: redis\n",
].join("");
const BALANCER = "10.0.0.10";
const DISK = "/dev/disk/azure/scsi1/lun0";
const DISK_MIB = 200;

describeMachines("everything on Azure that may be a machine", () => {
    let lab: Lab;
    let machines: Record<string, Machine>;
    let planned: AzureMachine[];
    let outsideSecrets: Record<string, string>;
    /** What users trust. */
    let root: string;
    const releases: Record<string, Artifact> = {};

    const planOf = (version: string): Promise<PlannedStack> =>
        planRelease(lab, "azure-prod", version, releases[version]!, (text) =>
            // Let's Encrypt issues one where none is brought along.
            text.replace(/^ *minusnow:certificateId: .*\n/m, "").concat(stackFile),
        );

    beforeAll(async () => {
        lab = createLab();
        releases["1.0.0"] = packRelease(lab.folder, "1.0.0");
        const at = await planOf("1.0.0");
        const { db1, db2, app1, app2, lb1, lb2, ops, files, sessions } = azureMachinesOf(at);
        planned = [db1, db2, app1, app2, lb1, lb2, ops, files, sessions] as AzureMachine[];
        outsideSecrets = outsideOf(at);
        await lab.azure(azureAccountOf(at, planned, outsideSecrets, releases));
        await lab.acme();
        await standBefore(lab, at);
        machines = {};
        // The stack has a certificate before it has balancers.
        const balancers = [lb1, lb2] as AzureMachine[];
        await boot(planned.filter((machine) => !balancers.includes(machine)));
        await issueCertificate(at);
        await boot(balancers);
        await until("db2 is in sync", 120, async () => (await status("db1")).inSync);
        await bothAnswer();
        await wait(12_000);
    });
    afterAll(() => {
        printMeasurements();
        lab.close();
    });

    async function boot(some: AzureMachine[]): Promise<void> {
        const booting = some.map(({ name, address, userData, id }) => {
            const devices: Record<string, string> = name === "files" ? { [DISK]: lab.disk(DISK_MIB) } : {};
            const machine = lab.machine(name, address, userData, devices);
            machines[name] = lab.machinesById[id] = machine;
            machine.start();
            return machine;
        });
        await Promise.all(booting.map((machine) => machine.booted()));
    }

    /** The stack's command that has the certificate issued, as Azure's agent runs it; name servers take no time here. */
    async function issueCertificate(at: PlannedStack): Promise<void> {
        const { script, variables } = commandOf(at, "-certificate");
        const ops = machines["ops"]!;
        await ops.ok(`rm -f /etc/resolv.conf; echo nameserver ${outside.aws} >/etc/resolv.conf`);
        await ops.ok("cat >>/etc/minusnow/host.env", `SPREAD_MS=0\nNODE_EXTRA_CA_CERTS=${AUTHORITIES}\n`);
        await ops.ok(`export PLAN='${variables["PLAN"]!}'; exec bash -c "$(cat)"`, script);
        root = await lab.look("curl", "-sk", acme.root);
        writeFileSync(path.join(lab.folder, "root.pem"), root);
    }

    const certificateAt = (address: string) => certificateServed(lab, address, "root.pem");

    const bothAnswer = () =>
        until("both servers answer", 120, async () => {
            const answers = await Promise.all(["app1", "app2"].map((name) => machines[name]!.exec(WELL)));
            return answers.every(({ status: code }) => code === 0);
        });
    const database = (name: string, command: string) => machines[name]!.exec(`minusnow-database ${command}`);
    const status = async (name: string) =>
        JSON.parse((await database(name, "status")).stdout) as { inSync: boolean; db1: Role; db2: Role };
    const psql = (name: string, text: string) =>
        machines[name]!.ok("runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -f -", text);

    async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
        const end = Date.now() + seconds * 1000;
        while (!(await isSo().catch(() => false))) {
            await wait(500);
            if (Date.now() > end) {
                const logs = await Promise.all(
                    Object.values(machines).map(({ name }) =>
                        machines[name]!.exec("journalctl -n 25 --no-pager -o cat"),
                    ),
                );
                throw new Error(`not so that ${what}\n${logs.map(({ stdout }) => stdout).join("\n---\n")}`);
            }
        }
    }

    /** A run command of the plan on the operations machine, as Azure's agent runs it. */
    function run({ script, variables }: RunCommand, bakeSeconds: number) {
        const request = JSON.stringify({ ...(JSON.parse(variables["REQUEST"]!) as object), bakeSeconds });
        const given = `export REQUEST='${request}' NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`;
        return machines["ops"]!.exec(`${given}; exec bash -c "$(cat)"`, script);
    }

    /** An update with a release, as Pulumi would make it: it stops at the first failure. */
    async function release(version: string, bakeSeconds: number): Promise<{ status: number; message: string }> {
        const at = await planOf(version);
        await lab.azure(azureAccountOf(at, planned, outsideSecrets, releases));
        for (const command of releaseCommandsOf(at)) {
            const { status, stderr } = await run(command, bakeSeconds);
            if (status !== 0) {
                return { status, message: stderr.trim() };
            }
        }
        return { status: 0, message: "" };
    }

    async function underLoad<T>(work: () => Promise<T>): Promise<{ result: T; samples: Sample[] }> {
        const load = startLoad(lab, BALANCER, { perSecond: 220, authority: root });
        await wait(3000);
        const result = await work();
        await wait(3000);
        return { result, samples: await load.stop() };
    }

    const lastServers = (samples: Sample[]) => [...new Set(samples.slice(-200).map(({ server }) => server))].sort();

    it("has Let's Encrypt issue a certificate, which balancers take from the vault", async () => {
        const first = await certificateAt(BALANCER);
        expect(first.issuer).toContain("Pebble");
        const log = await machines["ops"]!.ok(
            "journalctl --unit minusnow-issue-certificate@keep --output cat --no-pager",
        );
        expect(log).toMatch(new RegExp(`^${HOSTNAME} has a certificate until 20`, "m"));
    });

    it("leaves a certificate that lasts alone, and looks for one twice a day", async () => {
        const before = await certificateAt(BALANCER);
        await machines["ops"]!.ok("systemctl start minusnow-issue-certificate@keep");
        await machines["lb1"]!.ok("systemctl start minusnow-certificate");
        expect((await certificateAt(BALANCER)).serialNumber).toBe(before.serialNumber);
        const next = "systemctl show minusnow-issue-certificate.timer -P NextElapseUSecRealtime";
        const left = await machines["ops"]!.ok(`echo $(( $(date -d "$(${next})" +%s) - $(date +%s) ))`);
        expect(Number(left)).toBeGreaterThan(0);
        expect(Number(left)).toBeLessThan(18 * 3600);
    });

    it("has another one issued when it is asked to, and takes it up without dropping a connection", async () => {
        const before = await certificateAt(BALANCER);
        const { samples } = await underLoad(async () => {
            await machines["ops"]!.ok("systemctl start minusnow-issue-certificate@renew");
            await machines["lb1"]!.ok("systemctl start minusnow-certificate");
        });
        measured("Azure: a certificate of Let's Encrypt taken up: failed", failed(samples), "0");
        expect(lost(samples)).toEqual([]);
        expect((await certificateAt(BALANCER)).serialNumber).not.toBe(before.serialNumber);
    });

    it("keeps files on the disk of the file server, and sessions in Redis", async () => {
        for (const name of ["app1", "app2", "ops"]) {
            const under = name === "ops" ? "/srv/minusnow" : "/opt/minusnow";
            expect(await machines[name]!.ok(`findmnt --noheadings --output TARGET | grep -c ${under}/`)).toMatch(
                /^5\n?$/,
            );
        }
        expect(await machines["files"]!.ok("findmnt --noheadings --output SOURCE /exports/minusnow")).toContain(
            "/dev/",
        );
        const wrong = await machines["app1"]!.exec("redis-cli -h 10.0.4.10 ping");
        expect(`${wrong.stdout}${wrong.stderr}`).toContain("NOAUTH");
        expect(await machines["sessions"]!.ok("ss -Hltn | awk '{print $4}'")).toMatch(/^10\.0\.4\.10:6379$/m);
    });

    it("copies files as the application's user, as whom alone a file server lets them be read", async () => {
        const at = await planOf("1.0.0");
        const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-backup-files");
        const parameters = inputs["parameters"] as { name: string; value: string }[];
        const plan = parameters.find(({ name }) => name === "PLAN")!.value;
        expect(JSON.parse(plan)).toMatchObject({ reader: { uid: 5000, gid: 5000 } });
        await machines["app1"]!.ok(`runuser -u minusnow -- sh -c 'echo kept >${UPLOADS}/kept'`);
        // What azcopy gets is kept in place of being sent.
        const name = "$(sed 's#https://[^/]*/##; s#/#_#g' <<<\"$2\")";
        const copy = `#!/bin/bash\nmkdir -p /root/sent && cat >"/root/sent/${name}"\n`;
        await machines["ops"]!.ok("cat >/usr/local/bin/azcopy && chmod 755 /usr/local/bin/azcopy", copy);
        await machines["ops"]!.ok("cat >/root/plan.json", plan);
        await machines["ops"]!.ok(`${asJob}; /usr/local/lib/minusnow/backup.mjs files`);
        const list = await machines["ops"]!.ok("tar --list --zstd -f /root/sent/files_*_uploads.whole.tar.zst");
        expect(list).toContain("uploads/kept");
    });

    it("brings files back from a copy that was made before they were lost (runbook)", async () => {
        await machines["app2"]!.ok(`rm ${UPLOADS}/kept`);
        const archive = await machines["ops"]!.ok("base64 -w0 /root/sent/files_*_uploads.whole.tar.zst");
        const extract = "base64 -d | runuser -u minusnow -- tar --extract --zstd --listed-incremental=/dev/null -C";
        await machines["app1"]!.ok(`${extract} $(dirname ${UPLOADS})`, archive);
        expect(await machines["app2"]!.ok(`cat ${UPLOADS}/kept`)).toBe("kept\n");
        measured("Azure: a lost file from the copy of a day", "there", "there");
    });

    it("keeps the configuration, and dumps the database over TLS by its own certificate (guide, backup strategy)", async () => {
        const at = await planOf("1.0.0");
        await machines["app1"]!.ok("runuser -u minusnow -- sh -c 'echo signed in >/opt/minusnow/audit-logs/today'");
        for (const job of ["database", "configuration", "audit-logs"]) {
            const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", `-backup-${job}`);
            const parameters = inputs["parameters"] as { name: string; value: string }[];
            await machines["ops"]!.ok("cat >/root/plan.json", parameters.find(({ name }) => name === "PLAN")!.value);
            await machines["ops"]!.ok(`${asJob}; /usr/local/lib/minusnow/backup.mjs ${job}`);
        }
        const archive = await machines["ops"]!.ok("ls /root/sent | grep ^audit-logs_");
        expect(await machines["ops"]!.ok(`tar --list --zstd -f /root/sent/${archive.trim()}`)).toContain("today");
        // As the runbook has it, into an empty database.
        const dump = await machines["ops"]!.ok("base64 -w0 /root/sent/database_minusnow_db_*.dump");
        const restore = "base64 -d | runuser -u postgres -- pg_restore --dbname=restored --exit-on-error";
        await machines["db1"]!.ok(`cd /tmp; runuser -u postgres -- createdb restored </dev/null; ${restore}`, dump);
        const rows = await psql("db1", "\\c restored\nSELECT count(*) FROM tickets");
        expect(rows).toBe(await psql("db1", "\\c minusnow_db\nSELECT count(*) FROM tickets"));
        expect(Number(rows)).toBeGreaterThan(0);
        await psql("db1", "DROP DATABASE restored");
        measured("Azure: a dump restored into an empty database", `${rows.trim()} rows`, "all rows");
        for (const file of ["settings", "release"]) {
            const kept = await machines["ops"]!.ok(`cat /root/sent/configuration_${file}.json_*.json`);
            expect(JSON.parse(kept)).toEqual(JSON.parse(secretOf(at, `-app-${file}`)));
        }
    });

    it("has the standby's address on both machines, which connections to it keep", async () => {
        for (const name of ["db1", "db2"]) {
            expect(await machines[name]!.ok("ip -brief address show dev lo")).toContain("10.0.2.13/32");
        }
    });

    it("archives write-ahead log and base backups in the account", async () => {
        const info = async () => (await machines["db1"]!.exec("runuser -u postgres -- pgbackrest info")).stdout;
        await until("a backup is there", 120, async () => (await info()).includes("full backup: "));
        expect(await info()).toMatch(/status: ok/);
    });

    it("promotes the standby when the primary is lost, which Azure turns off first: no acknowledged write is lost", async () => {
        const ledger = await createLedger(machines["app1"]!);
        await wait(3000);
        machines["db1"]!.plug(false);
        const { status: code, stdout, stderr } = await database("db2", "promote");
        expect(stderr + stdout).toContain("db2 is primary");
        expect(code).toBe(0);
        expect((await machines["db1"]!.exec("true")).stderr).toContain("is off");
        await until("tickets are written again", 90, () => Promise.resolve(ledger.isWriting(1)));
        machines["db1"]!.start();
        await machines["db1"]!.booted();
        await until("db1 is in sync", 180, async () => (await status("db2")).inSync);
        await ledger.stop();
        const keys = new Set((await psql("db2", "\\c minusnow_db\nSELECT key FROM tickets")).split("\n"));
        const lost = ledger.acknowledged().filter((key) => !keys.has(key));
        expect((await status("db2")).db1.role).toBe("standby");
        expect(lost).toEqual([]);
        expect(ledger.acknowledged().length).toBeGreaterThan(100);
        const count = `0 of ${ledger.acknowledged().length}`;
        measured("PostgreSQL on Azure: acknowledged writes lost, primary cut off", count, "0");
        await bothAnswer();
    });

    it("switches back without losing anything", async () => {
        const { status: code, stdout, stderr } = await database("db1", "switchover");
        expect(stderr + stdout).toContain("db1 is primary");
        expect(code).toBe(0);
        await until("db2 is in sync", 120, async () => (await status("db1")).inSync);
        await bothAnswer();
    });

    it("releases to app2 before app1", async () => {
        const at = await planOf("1.0.0");
        const [first, second] = releaseCommandsOf(at).map(({ name }) =>
            at.one("compute.VirtualMachineRunCommandByVirtualMachine", name),
        );
        expect([first!.name, second!.name].map((name) => name.replace(/^.*-/, ""))).toEqual(["app2", "app1"]);
        expect(everythingBefore(at, second!.urn).has(first!.urn)).toBe(true);
    });

    it("fails no request under 200 requests a second, by run commands from the operations machine", async () => {
        releases["2.0.0"] = packRelease(lab.folder, "2.0.0");
        const { result, samples } = await underLoad(() => release("2.0.0", 10));
        expect(result).toEqual({ status: 0, message: "" });
        const rate = rateOf(samples);
        measured(
            "Release on Azure of 2 servers: failed",
            `${failed(samples)}, at ${rate} a second`,
            "0, at 200 a second",
        );
        expect(rate).toBeGreaterThanOrEqual(200);
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
    });

    it("rolls back a release that does not start on app2, leaves app1 alone, and fails the update", async () => {
        releases["3.0.0"] = packRelease(lab.folder, "3.0.0", () => "process.exit(1);");
        const pid = "systemctl show minusnow -p MainPID --value";
        const before = await machines["app1"]!.ok(pid);
        const { result, samples } = await underLoad(() => release("3.0.0", 10));
        expect(result.status).toBe(1);
        expect(result.message).toMatch(/^app2: release 3\.0\.0 failed.*the former release is back$/);
        measured("A release on Azure that does not start: failed", failed(samples), "0, rolled back");
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
        expect(await machines["app1"]!.ok(pid)).toBe(before);
    });

    it("loses no request that may be asked twice when app1 is killed, and takes it out when it freezes", async () => {
        const app1 = machines["app1"]!;
        const killed = await underLoad(async () => {
            await app1.kill();
            await wait(10_000);
            app1.start();
            await app1.booted();
        });
        const lostGets = failures(killed.samples).idempotent.length;
        measured("Azure, app1 killed: failed GETs", `${lostGets} of ${killed.samples.length}`, "0");
        expect(lostGets).toBe(0);
        await bothAnswer();
        await wait(12_000);
        let at = 0;
        const frozen = await underLoad(async () => {
            app1.freeze(true);
            at = Date.now();
            await wait(25_000);
            app1.freeze(false);
        });
        const { idempotent, writes } = failures(frozen.samples);
        const last = Math.max(at, ...[...idempotent, ...writes].map(({ began }) => began)) - at;
        measured("Azure, app1 freezes: last request begun that failed", `${(last / 1000).toFixed(1)} s`, "15 s");
        expect(last).toBeLessThan(15_000);
        await bothAnswer();
    });

    it("has every machine reboot into a working state, all at once", async () => {
        await rebootWell("all nine machines on Azure at once", Object.values(machines), async () => {
            await until("db2 is in sync", 150, async () => (await status("db1")).inSync);
            await bothAnswer();
            await until("users are served", 60, async () => {
                const address = `https://${HOSTNAME}/health`;
                const options = ["--noproxy", "*", "--max-time", "5", "--connect-to", `${HOSTNAME}::${BALANCER}:`];
                return (await lab.look("curl", "-sk", ...options, address)).startsWith("OK");
            });
        });
    });

    it("shows no secret to others on any machine", async () => {
        const at = await planOf("1.0.0");
        const { password } = JSON.parse(secretOf(at, "-db-app")) as { password: string };
        await plant(machines["ops"]!, "a-planted-secret");
        expect(await seen(machines["ops"]!, "a-planted-secret")).toHaveLength(numberOfPlaces);
        const found = await secretsSeen(Object.values(machines), {
            "database password": password,
            "replication password": secretOf(at, "-db-replicator"),
            "session secret": secretOf(at, "-secrets-session"),
            "session store password": secretOf(at, "-sessions"),
            "mail password": SMTP_PASSWORD,
            "balancer's key": await lineOfKey(machines["lb1"]!, "$CERTIFICATE_FILE"),
            "database's key": await lineOfKey(machines["db1"]!, "/etc/minusnow/postgresql/server.key"),
        });
        measured("Secrets found on nine machines on Azure", found.length, "0");
        expect(found).toEqual([]);
    });
});

interface Role {
    role: string;
}

const WELL = "curl -sf localhost:5000/api/telemetry/health";
const UPLOADS = "/opt/minusnow/uploads";
/** A backup job's variables on the operations machine, with what azcopy gets kept there. */
const asJob = "set -a; . /etc/minusnow/host.env; PLAN=/root/plan.json; PATH=/usr/local/bin:$PATH";
const SMTP_PASSWORD = "the-smtp-password-on-azure";
/** What a machine of the lab trusts. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Secrets that the stack names and does not make: the mail server's password. */
function outsideOf(at: PlannedStack): Record<string, string> {
    const { secrets } = JSON.parse(secretOf(at, "-app-settings")) as { secrets: Record<string, string> };
    return { [secrets["SMTP_PASS"]!.toLowerCase()]: SMTP_PASSWORD };
}

/** The load balancer of the database, as the plan has it: an address for each role. */
async function standBefore(lab: Lab, at: PlannedStack): Promise<void> {
    const { inputs } = at.one("network.LoadBalancer", "-db");
    const fronts = inputs["frontendIPConfigurations"] as { name: string; privateIPAddress: string }[];
    const probes = inputs["probes"] as {
        name: string;
        port: number;
        requestPath: string;
        intervalInSeconds: number;
        probeThreshold: number;
    }[];
    const rules = inputs["loadBalancingRules"] as { frontendIPConfiguration: { id: string }; probe: { id: string } }[];
    for (const rule of rules) {
        const { privateIPAddress: address } = fronts.find(({ name }) =>
            rule.frontendIPConfiguration.id.endsWith(name),
        )!;
        const probe = probes.find(({ name }) => rule.probe.id.endsWith(name))!;
        await lab.front({
            address,
            port: 5432,
            machines: ["10.0.2.10", "10.0.2.11"],
            health: {
                port: probe.port,
                path: probe.requestPath,
                intervalSeconds: probe.intervalInSeconds,
                timeoutSeconds: probe.intervalInSeconds,
                threshold: probe.probeThreshold,
                from: "168.63.129.16",
            },
            sources: { "10.0.1.": "10.0.1.200", "10.0.17.": "10.0.17.200" },
            like: "azure",
        });
    }
}
