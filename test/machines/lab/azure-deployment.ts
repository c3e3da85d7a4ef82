import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { PlannedStack } from "../../support/plans";
import { acme } from "./acme.mjs";
import {
    azureAccountOf,
    type AzureMachine,
    azureMachinesOf,
    commandOf,
    releaseCommandsOf,
    type RunCommand,
    secretOf,
} from "./azure-reference";
import { createLab, type Lab, outside } from "./lab";
import { type Sample, startLoad } from "./load";
import type { Machine } from "./machine";
import { planRelease } from "./planned-release";
import { type Artifact, packRelease } from "./release";
import { certificateServed } from "./served";

/** What a deployment is made of, besides what is the same for all. */
interface Choice {
    proxy: "haproxy" | "nginx";
    os: "ubuntu-24.04" | "rhel-9";
    automaticFailover?: boolean;
}

const stackFileOf = ({ proxy, os, automaticFailover = false }: Choice) =>
    [
        `  minusnow:loadBalancer:\n    kind: ${proxy}\n`,
        `  minusnow:database:\n    kind: vm\n    os: ${os}\n    automaticFailover: ${automaticFailover}\n`,
        `  minusnow:network:\n    zoneCount: ${automaticFailover ? 3 : 2}\n`,
        "  minusnow:sharedStorage:\n    kind: nfs\n",
        "  minusnow:sessionStore:\n    kind: redis\n",
    ].join("");
export const BALANCER = "10.0.0.10";
const DISK = "/dev/disk/azure/scsi1/lun0";
const DISK_MIB = 200;

/** A deployment on Azure of machines alone, as they are planned; it is booted by `boot`. */
export function azureDeployment(choice: Choice) {
    let lab: Lab;
    const all: Record<string, Machine> = {};
    const machine = (name: string): Machine => all[name]!;
    let planned: AzureMachine[];
    let outsideSecrets: Record<string, string>;
    /** What users trust. */
    let root: string;
    const releases: Record<string, Artifact> = {};

    const planOf = (version: string): Promise<PlannedStack> =>
        planRelease(lab, "azure-prod", version, releases[version]!, (text) =>
            // Let's Encrypt issues one where none is brought along.
            text
                .replace(/^ *minusnow:certificateId: .*\n/m, "")
                .replace(/^( *)minusnow:appPair:\n/m, `$&$1  os: ${choice.os}\n`)
                .concat(stackFileOf(choice)),
        );

    async function bootAll(): Promise<void> {
        lab = createLab();
        releases["1.0.0"] = packRelease(lab.folder, "1.0.0");
        const at = await planOf("1.0.0");
        planned = Object.values(azureMachinesOf(at));
        outsideSecrets = outsideOf(at);
        await lab.azure(azureAccountOf(at, planned, outsideSecrets, releases));
        await lab.acme();
        await standBefore(lab, at);
        // The stack has a certificate before it has balancers.
        const balancers = planned.filter(({ name }) => name.startsWith("lb"));
        await boot(planned.filter((machine) => !balancers.includes(machine)));
        await issueCertificate(at);
        await boot(balancers);
        await until("db2 is in sync", 120, async () => (await status("db1")).inSync);
        await bothAnswer();
        await wait(12_000);
    }

    async function boot(some: AzureMachine[]): Promise<void> {
        const booting = some.map(({ name, address, userData, id }) => {
            const devices: Record<string, string> = name === "files" ? { [DISK]: lab.disk(DISK_MIB) } : {};
            const system = choice.os === "rhel-9" && name !== "ops" ? "rhel" : "debian";
            const booting_ = lab.machine(name, address, userData, devices, system);
            all[name] = lab.machinesById[id] = booting_;
            booting_.start();
            return booting_;
        });
        await Promise.all(booting.map((machine) => machine.booted()));
    }

    /** The stack's command that has the certificate issued, as Azure's agent runs it; name servers take no time here. */
    async function issueCertificate(at: PlannedStack): Promise<void> {
        const { script, variables } = commandOf(at, "-certificate");
        const ops = machine("ops");
        await ops.ok(`rm -f /etc/resolv.conf; echo nameserver ${outside.aws} >/etc/resolv.conf`);
        await ops.ok("cat >>/etc/minusnow/host.env", `SPREAD_MS=0\nNODE_EXTRA_CA_CERTS=${AUTHORITIES}\n`);
        await ops.ok(`export PLAN='${variables["PLAN"]!}'; exec bash -c "$(cat)"`, script);
        root = await lab.look("curl", "-sk", acme.root);
        writeFileSync(path.join(lab.folder, "root.pem"), root);
    }

    const certificateAt = (address: string) => certificateServed(lab, address, "root.pem");

    const bothAnswer = () =>
        until("both servers answer", 120, async () => {
            const answers = await Promise.all(["app1", "app2"].map((name) => machine(name).exec(WELL)));
            return answers.every(({ status: code }) => code === 0);
        });
    const database = (name: string, command: string) => machine(name).exec(`minusnow-database ${command}`);
    const status = async (name: string) =>
        JSON.parse((await database(name, "status")).stdout) as {
            primary: string;
            inSync: boolean;
            db1: Role;
            db2: Role;
        };
    const psql = (name: string, text: string) =>
        machine(name).ok("runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -f -", text);

    async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
        const end = Date.now() + seconds * 1000;
        while (!(await isSo().catch(() => false))) {
            await wait(500);
            if (Date.now() > end) {
                const logs = await Promise.all(
                    Object.values(all).map(({ name }) => machine(name).exec("journalctl -n 25 --no-pager -o cat")),
                );
                throw new Error(`not so that ${what}\n${logs.map(({ stdout }) => stdout).join("\n---\n")}`);
            }
        }
    }

    /** A run command of the plan on the operations machine, as Azure's agent runs it. */
    function run({ script, variables }: RunCommand, bakeSeconds: number) {
        const request = JSON.stringify({ ...(JSON.parse(variables["REQUEST"]!) as object), bakeSeconds });
        const given = `export REQUEST='${request}' NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`;
        return machine("ops").exec(`${given}; exec bash -c "$(cat)"`, script);
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

    return {
        boot: bootAll,
        close: () => lab.close(),
        lab: () => lab,
        machine,
        machines: () => Object.values(all),
        planOf,
        release,
        /** Packs a release that the account then has. */
        pack: (version: string, change?: (program: string) => string) => {
            releases[version] = packRelease(lab.folder, version, change);
        },
        certificateAt,
        bothAnswer,
        database,
        status,
        psql,
        until,
        underLoad,
        lastServers,
    };
}

interface Role {
    role: string;
}

const WELL = "curl -sf localhost:5000/api/telemetry/health";
export const SMTP_PASSWORD = "the-smtp-password-on-azure";
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
