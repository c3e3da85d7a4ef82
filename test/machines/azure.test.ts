import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { everythingBefore, type PlannedStack } from "../support/plans";
import {
    azureAccountOf,
    type AzureMachine,
    azureMachinesOf,
    planOnAzure,
    releaseCommandsOf,
    type RunCommand,
    secretOf,
} from "./lab/azure-reference";
import { dataMachine } from "./lab/data-machine";
import { HOSTNAME } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import { createLab, type Lab, outside } from "./lab/lab";
import { lost, type Sample, startLoad } from "./lab/load";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { type Artifact, packRelease } from "./lab/release";
import { seen } from "./lab/seen";

const stackFile = [
    "  minusnow:loadBalancer:\n    kind: haproxy\n",
    "  minusnow:sharedStorage:\n    kind: nfs\n",
    "  minusnow:sessionStore:\n    kind: redis\n",
].join("");
const BALANCER = "10.0.0.10";
const DISK = "/dev/disk/azure/scsi1/lun0";
const DISK_MIB = 200;

describeMachines("the pair on Azure behind HAProxy, with files, sessions and operations on machines", () => {
    let lab: Lab;
    let machines: Record<string, Machine>;
    let planned: AzureMachine[];
    let outsideSecrets: Record<string, string>;
    const releases: Record<string, Artifact> = {};

    async function planned_(version: string): Promise<PlannedStack> {
        return planOnAzure(lab, version, releases[version]!, stackFile);
    }

    beforeAll(async () => {
        lab = createLab();
        releases["1.0.0"] = packRelease(lab.folder, "1.0.0");
        const at = await planned_("1.0.0");
        const { app1, app2, lb1, lb2, ops, files, sessions } = azureMachinesOf(at);
        planned = [app1, app2, lb1, lb2, ops, files, sessions] as AzureMachine[];
        outsideSecrets = outsideOf(at, lab);
        await lab.azure(azureAccountOf(at, planned, outsideSecrets, releases));
        await bootData(lab, at);
        const booting = planned.map(({ name, address, userData, id }) => {
            const devices: Record<string, string> = name === "files" ? { [DISK]: lab.disk(DISK_MIB) } : {};
            const machine = lab.machine(name, address, userData, devices);
            lab.machinesById[id] = machine;
            machine.start();
            return machine;
        });
        await Promise.all(booting.map((machine) => machine.booted()));
        machines = Object.fromEntries(booting.map((machine) => [machine.name, machine]));
        await wait(12_000);
    });
    afterAll(() => {
        printMeasurements();
        lab.close();
    });

    const curl = (...args: string[]) =>
        lab.look(
            ...["curl", "-sS", "--noproxy", "*", "--interface", outside.users[0]!, "--max-time", "20"],
            ...["--connect-to", `${HOSTNAME}::${BALANCER}:`, ...args],
        );

    /** A run command of the plan on the operations machine, as Azure's agent runs it. */
    function run({ script, variables }: RunCommand, bakeSeconds: number) {
        const request = JSON.stringify({ ...(JSON.parse(variables["REQUEST"]!) as object), bakeSeconds });
        const given = `export REQUEST='${request}' NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`;
        return machines["ops"]!.exec(`${given}; exec bash -c "$(cat)"`, script);
    }

    /** An update with a release, as Pulumi would make it: it stops at the first failure. */
    async function release(version: string, bakeSeconds: number): Promise<{ status: number; message: string }> {
        const at = await planned_(version);
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
        const load = startLoad(lab, BALANCER, { perSecond: 220 });
        await wait(3000);
        const result = await work();
        await wait(3000);
        return { result, samples: await load.stop() };
    }

    const lastServers = (samples: Sample[]) => [...new Set(samples.slice(-200).map(({ server }) => server))].sort();

    it("answers with the certificate that the vault holds as PKCS #12", async () => {
        const answer = await curl(`https://${HOSTNAME}/health`, "-k", "-w", "%{certs}");
        expect(answer).toMatch(/^OK/);
        const [own] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(answer)!;
        expect(new X509Certificate(own).fingerprint256).toBe(certificate.fingerprint256);
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
        const at = await planned_("1.0.0");
        const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-backup-files");
        const parameters = inputs["parameters"] as { name: string; value: string }[];
        const plan = parameters.find(({ name }) => name === "PLAN")!.value;
        expect(JSON.parse(plan)).toMatchObject({ reader: { uid: 5000, gid: 5000 } });
        await machines["app1"]!.ok("runuser -u minusnow -- sh -c 'echo kept >/opt/minusnow/uploads/kept'");
        // What azcopy gets is kept in place of being sent.
        const copy = `#!/bin/bash\nmkdir -p /root/sent && cat >/root/sent/$(basename "$2")\n`;
        await machines["ops"]!.ok("cat >/usr/local/bin/azcopy && chmod 755 /usr/local/bin/azcopy", copy);
        await machines["ops"]!.ok("cat >/root/plan.json", plan);
        const env = "set -a; . /etc/minusnow/host.env; PLAN=/root/plan.json; PATH=/usr/local/bin:$PATH";
        await machines["ops"]!.ok(`${env}; /usr/local/lib/minusnow/backup.mjs files`);
        const list = await machines["ops"]!.ok("tar --list --zstd -f /root/sent/uploads.whole.tar.zst");
        expect(list).toContain("uploads/kept");
    });

    it("releases to app2 before app1", async () => {
        const at = await planned_("1.0.0");
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
        measured(`Release on Azure of 2 servers: failed of ${samples.length}`, lost(samples).length, "0");
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
        const what = `A release on Azure that does not start: failed of ${samples.length}`;
        measured(what, lost(samples).length, "0, rolled back");
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
        expect(await machines["app1"]!.ok(pid)).toBe(before);
    });

    it("shows no secret of servers, balancers and the operations machine to others on the machine", async () => {
        const at = await planned_("1.0.0");
        const { password } = JSON.parse(secretOf(at, "-db-app")) as { password: string };
        const found = [];
        for (const [name, values] of Object.entries({
            app1: [password, secretOf(at, "-secrets-session"), SMTP_PASSWORD],
            lb1: [privateKeyLine],
            ops: [password, SMTP_PASSWORD],
        })) {
            for (const value of values) {
                found.push(...(await seen(machines[name]!, value)));
            }
        }
        expect(found).toEqual([]);
    });
});

const SMTP_PASSWORD = "the-smtp-password-on-azure";
let certificate: X509Certificate;
/** A line in the middle of the certificate's key. */
let privateKeyLine: string;

/** Secrets that the stack names and does not make: the mail server's password, and the certificate as PKCS #12. */
function outsideOf(at: PlannedStack, lab: Lab): Record<string, string> {
    const { secrets } = JSON.parse(secretOf(at, "-app-settings")) as { secrets: Record<string, string> };
    const { id } = JSON.parse(secretOf(at, "-lb-certificate")) as { id: string };
    const { certificate: pem, key } = lab.authority.issue(HOSTNAME);
    certificate = new X509Certificate(pem);
    privateKeyLine = key.split("\n")[2]!;
    const pkcs12 = execFileSync("openssl", ["pkcs12", "-export", "-passout", "pass:"], {
        input: `${key}\n${pem}\n${lab.authority.certificate}`,
    });
    return {
        [secrets["SMTP_PASS"]!.toLowerCase()]: SMTP_PASSWORD,
        [id.toLowerCase()]: pkcs12.toString("base64"),
    };
}

/** The machine that stands for the managed database. */
async function bootData(lab: Lab, at: PlannedStack): Promise<void> {
    const { database } = JSON.parse(secretOf(at, "-app-settings")) as {
        database: { host: string };
    };
    const address = "10.0.2.10";
    lab.hosts[database.host] = address;
    const { password } = JSON.parse(secretOf(at, "-db-app")) as { password: string };
    const names = { database: database.host, sessions: "unused.example.com" };
    const data = lab.machine(
        "data",
        address,
        dataMachine(lab.authority, names, { database: password, sessions: "unused" }),
    );
    data.start();
    await data.booted();
}
