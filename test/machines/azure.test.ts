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
import { failures, type Sample, startLoad } from "./lab/load";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { type Artifact, packRelease } from "./lab/release";
import { seen } from "./lab/seen";

const stackFile = "  minusnow:loadBalancer:\n    kind: haproxy\n";
const BALANCER = "10.0.0.10";

describeMachines("the pair on Azure behind HAProxy, with its operations machine", () => {
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
        const { app1, app2, lb1, lb2, ops } = azureMachinesOf(at);
        planned = [app1, app2, lb1, lb2, ops] as AzureMachine[];
        outsideSecrets = outsideOf(at, lab);
        await lab.azure(azureAccountOf(at, planned, outsideSecrets, releases));
        await bootData(lab, at);
        const booting = planned.map(({ name, address, userData, id }) => {
            const machine = lab.machine(name, address, userData);
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
        const { idempotent, writes } = failures(samples);
        measured(`Release on Azure of 2 servers: failed of ${samples.length}`, idempotent.length + writes.length, "0");
        expect([...idempotent, ...writes]).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
    });

    it("rolls back a release that does not start on app2, leaves app1 alone, and fails the update", async () => {
        releases["3.0.0"] = packRelease(lab.folder, "3.0.0", () => "process.exit(1);");
        const pid = "systemctl show minusnow -p MainPID --value";
        const before = await machines["app1"]!.ok(pid);
        const { result, samples } = await underLoad(() => release("3.0.0", 10));
        expect(result.status).toBe(1);
        expect(result.message).toMatch(/^app2: release 3\.0\.0 failed.*the former release is back$/);
        const { idempotent, writes } = failures(samples);
        const failed = idempotent.length + writes.length;
        measured(`A release on Azure that does not start: failed of ${samples.length}`, failed, "0, rolled back");
        expect([...idempotent, ...writes]).toEqual([]);
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

/** The machine that stands for the managed database and session store. */
async function bootData(lab: Lab, at: PlannedStack): Promise<void> {
    const { database, sessionStore } = JSON.parse(secretOf(at, "-app-settings")) as {
        database: { host: string };
        sessionStore: { host: string; port: number; secretId: string };
    };
    const address = "10.0.2.10";
    Object.assign(lab.hosts, { [database.host]: address, [sessionStore.host]: address });
    const { password } = JSON.parse(secretOf(at, "-db-app")) as { password: string };
    const passwords = { database: password, sessions: secretOf(at, sessionStore.secretId.split("/").at(-1)!) };
    const names = { database: database.host, sessions: sessionStore.host };
    const data = lab.machine("data", address, dataMachine(lab.authority, names, passwords, sessionStore.port));
    data.start();
    await data.booted();
}
