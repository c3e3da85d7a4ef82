import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../plan/check";
import { repository } from "../support/plans";
import { serveCloud, type ServedCloud } from "./provider";

const hasPulumi = spawnSync("pulumi", ["version"], { stdio: "ignore" }).status === 0;
const PACK = path.join(repository, "policy");
const WITH_POLICIES = ["--policy-pack", PACK, "--policy-pack-config", path.join(PACK, "levels", "prod.json")];

interface Outcome {
    status: number | null;
    printed: string;
}

/** The number of resources by what happens to them, from the summary that the engine prints. */
interface Summary {
    [operation: string]: number;
}

interface Case {
    cloud: string;
    region: string;
    stack: string;
    production: string;
    /** Type of an application server. */
    server: string;
    /** Type of the database, whose creation fails once. */
    database: string;
    /** What changes new servers: a newer image where one is looked up, and a first-boot script. */
    newer: (cloud: ServedCloud) => Record<string, string>;
    /** What an update with a new release does, and nothing else. */
    release: string[];
    /** Sizes of a database that may have a replica, the second one larger; where a replica is never updated. */
    sizes?: [string, string];
}

const cases: Case[] = [
    {
        cloud: "AWS",
        region: "us-east-1",
        stack: "aws-dev",
        production: "aws-prod",
        server: "aws:ec2/instance:Instance",
        database: "aws:rds/instance:Instance",
        newer: (cloud) => {
            cloud.answers["aws:ssm/getParameter:getParameter"] = (args) => ({
                ...args,
                id: "x",
                value: "ami-0fedcba9876543210",
            });
            return {};
        },
        release: [
            "create minusnow-dev-release-app1",
            "create minusnow-dev-release-app2",
            "delete minusnow-dev-release-app1",
            "delete minusnow-dev-release-app2",
            "update minusnow-dev-backup-configuration-release.json",
            "update minusnow-dev-release",
        ],
    },
    {
        cloud: "Azure",
        region: "eastus2",
        stack: "azure-dev",
        production: "azure-prod",
        server: "azure-native:compute:VirtualMachine",
        database: "azure-native:dbforpostgresql:Server",
        newer: () => ({ "minusnow:appPair.nodeVersion": "22" }),
        release: [
            "create minusnow-dev-backup-configuration",
            "create minusnow-dev-release-app1",
            "create minusnow-dev-release-app2",
            "delete minusnow-dev-backup-configuration",
            "delete minusnow-dev-release-app1",
            "delete minusnow-dev-release-app2",
        ],
        sizes: ["Standard_D2ds_v5", "Standard_D4ds_v5"],
    },
];

/** A stack of nothing but machines. */
const onMachines = `  minusnow:network:
    zoneCount: 3
    nat: per-zone
  minusnow:loadBalancer:
    kind: haproxy
  minusnow:database:
    kind: vm
    automaticFailover: true
  minusnow:sharedStorage:
    kind: nfs
  minusnow:sessionStore:
    kind: redis
`;

describe.skipIf(!hasPulumi).each(cases)("the real engine with $cloud", (given) => {
    const { stack: STACK, production: PRODUCTION } = given;
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-engine-"));
    let cloud: ServedCloud;

    beforeAll(async () => {
        cloud = await serveCloud(given.region);
        const project = readFileSync(path.join(repository, "Pulumi.yaml"), "utf8");
        writeFileSync(path.join(folder, "Pulumi.yaml"), project.replace("main: dist", `main: ${repository}/dist`));
        cpSync(path.join(repository, "stacks"), path.join(folder, "stacks"), {
            recursive: true,
            filter: (file) => !file.endsWith(".ts"),
        });
        execFileSync("mkdir", ["-p", path.join(folder, "state")]);
        expect((await pulumi("login", `file://${path.join(folder, "state")}`)).status).toBe(0);
        for (const stack of [STACK, PRODUCTION]) {
            expect(await pulumi("stack", "init", stack)).toMatchObject({ status: 0 });
        }
        if (given.sizes) {
            await set("database.size", given.sizes[0]);
        }
    });
    afterAll(() => {
        cloud.close();
        rmSync(folder, { recursive: true, force: true });
    });

    /** Runs the command line with state, home and providers of its own. */
    function pulumi(...args: string[]): Promise<Outcome> {
        const child = spawn("pulumi", [...args, "--non-interactive"], {
            cwd: folder,
            stdio: ["ignore", "pipe", "pipe"],
            env: {
                ...process.env,
                PULUMI_HOME: path.join(folder, "home"),
                PULUMI_CONFIG_PASSPHRASE: "test",
                PULUMI_SKIP_UPDATE_CHECK: "1",
                PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
                PULUMI_DEBUG_PROVIDERS: ["aws", "azure-native", "random"]
                    .map((name) => `${name}:${cloud.port}`)
                    .join(","),
            },
        });
        let printed = "";
        child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
        child.stderr.on("data", (data: Buffer) => (printed += data.toString()));
        return new Promise((resolve) => child.on("close", (status) => resolve({ status, printed })));
    }

    const set = (key: string, value: string) =>
        pulumi("config", "set", "--stack", STACK, "--path", `minusnow:${key}`, value);

    const change = (command: string, ...args: string[]) => changeOf(STACK, command, ...args);

    /** Runs an operation on a stack and gives the engine's own change summary. */
    async function changeOf(
        stack: string,
        command: string,
        ...args: string[]
    ): Promise<Outcome & { summary: Summary }> {
        const { status, printed } = await pulumi(command, "--stack", stack, "--json", ...args);
        const events = printed.split("\n").filter((line) => line.startsWith("{"));
        let summary: Summary = {};
        for (const line of command === "preview" ? [] : events) {
            const event = JSON.parse(line) as { summaryEvent?: { resourceChanges: Summary } };
            summary = event.summaryEvent?.resourceChanges ?? summary;
        }
        if (command === "preview") {
            summary = (JSON.parse(printed.slice(printed.indexOf("{"))) as { changeSummary: Summary }).changeSummary;
        }
        return { status, summary, printed: problems(printed) };
    }

    /** What went wrong, from the events of an operation or its plain text. */
    function problems(printed: string): string {
        const isProblem = (line: string) => !line.startsWith("{") || /"severity":"(error|warning)"/.test(line);
        return printed.split("\n").filter(isProblem).join("\n").slice(0, 4000);
    }

    const replaced = () => cloud.operations.filter(({ kind, type }) => kind === "delete" && type === given.server);

    it("previews with unknown values", async () => {
        const { status, summary, printed } = await change("preview");
        expect(status, printed).toBe(0);
        expect(summary["create"]).toBeGreaterThan(120);
    });

    it("recovers from a failure in the middle by the next update", async () => {
        cloud.failNext = { type: given.database, message: "InsufficientCapacity: try again" };
        const failed = await change("up", "--yes", "--skip-preview");
        expect(failed.status).not.toBe(0);
        expect(failed.printed).toContain("InsufficientCapacity");
        const { status, printed } = await change("up", "--yes", "--skip-preview");
        expect(status, printed).toBe(0);
    });

    it("changes nothing the second time", async () => {
        cloud.operations.length = 0;
        const { status, summary, printed } = await change("up", "--yes", "--skip-preview");
        expect(status, printed).toBe(0);
        expect(Object.keys(summary)).toEqual(["same"]);
        expect(cloud.operations).toEqual([]);
    });

    it("refreshes without a difference", async () => {
        const { status, summary, printed } = await change("refresh", "--yes", "--skip-preview");
        expect(status, printed).toBe(0);
        expect(Object.keys(summary)).toEqual(["same"]);
    });

    it("keeps no secret in clear in its state", async () => {
        const { printed } = await pulumi("stack", "export", "--stack", STACK);
        const shown = await pulumi("stack", "export", "--stack", STACK, "--show-secrets");
        const passwords = [...shown.printed.matchAll(/"plaintext": "\\"(Aa1-[0-9a-f]+)\\""/g)].map(
            ([, password]) => password!,
        );
        expect(passwords.length).toBeGreaterThan(2);
        for (const password of passwords) {
            expect(printed).not.toContain(password);
        }
    });

    it("replaces no server for a newer image or script, and only the one that is named", async () => {
        for (const [key, value] of Object.entries(given.newer(cloud))) {
            await pulumi("config", "set", "--stack", STACK, "--path", key, value);
        }
        cloud.operations.length = 0;
        const newer = await change("up", "--yes", "--skip-preview");
        expect(newer.status, newer.printed).toBe(0);
        expect(replaced()).toEqual([]);

        await pulumi("config", "set", "--stack", STACK, "--path", "minusnow:appPair.renew[0]", "app2");
        const renewed = await change("up", "--yes", "--skip-preview");
        expect(renewed.status, renewed.printed).toBe(0);
        expect(replaced().map(({ name }) => name)).toEqual(["minusnow-dev-app-app2"]);
    });

    it("tells whoever brings a new release to servers, app2 before app1, and replaces none", async () => {
        cloud.operations.length = 0;
        await pulumi("config", "set", "--stack", STACK, "--path", "minusnow:release.version", "1.0.1");
        const { status, printed } = await change("up", "--yes", "--skip-preview");
        expect(status, printed).toBe(0);
        const done = cloud.operations.map(({ kind, name }) => `${kind} ${name}`);
        expect([...done].sort()).toEqual(given.release);
        const [second, first] = ["app2", "app1"].map((member) =>
            done.findIndex((line) => /^(create|update) /.test(line) && line.endsWith(`-release-${member}`)),
        );
        expect(second).toBeLessThan(first!);
    });

    if (given.sizes) {
        const [, larger] = given.sizes;
        it("does a command on a machine again that failed, under another name", async () => {
            const type = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine";
            await pulumi("config", "set", "--stack", STACK, "--path", "minusnow:release.version", "1.0.2");
            cloud.failNext = { type, message: "app2: release 1.0.2 failed", isMade: true };
            const failed = await change("up", "--yes", "--skip-preview");
            expect(failed.status).not.toBe(0);
            expect(failed.printed).toContain("app2: release 1.0.2 failed");
            const last = cloud.operations.filter((operation) => operation.type === type).at(-1)!;
            cloud.operations.length = 0;
            const { status, printed } = await change("up", "--yes", "--skip-preview");
            expect(status, printed).toBe(0);
            const done = cloud.operations.map(({ kind, name }) => `${kind} ${name}`);
            expect(done).toContain(`create ${last.name}`);
            expect(done).not.toContain(`update ${last.name}`);
        });

        it("leaves a replica alone when its primary changes", async () => {
            await set("database.replica", "true");
            const added = await change("up", "--yes", "--skip-preview");
            expect(added.status, added.printed).toBe(0);
            cloud.operations.length = 0;
            await set("database.size", larger);
            const grown = await change("up", "--yes", "--skip-preview");
            expect(grown.status, grown.printed).toBe(0);
            const servers = cloud.operations.filter(({ type }) => type === given.database);
            expect(servers.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["update minusnow-dev-db-primary"]);
        });
    }

    it("explains a wrong configuration without a stack trace", async () => {
        await pulumi("config", "set", "--stack", STACK, "--path", "minusnow:appPair.count", "0");
        const { status, printed } = await pulumi("preview", "--stack", STACK);
        await pulumi("config", "rm", "--stack", STACK, "--path", "minusnow:appPair.count");
        expect(status).not.toBe(0);
        expect(printed).toContain("minusnow:appPair.count");
        expect(printed).toContain("a whole number from 1 to 200");
        expect(printed).not.toMatch(/^\s+at /m);
    });

    it("passes the checklist in a production preview and warns of examples", async () => {
        const { status, printed } = await pulumi("preview", "--stack", PRODUCTION, ...WITH_POLICIES);
        expect(status, printed).toBe(0);
        expect(printed).toContain("minusnow-checklist");
        expect(printed).toContain("runbooks is an example, whose days are not checked; replace it before the update");
        expect(printed).toMatch(/PASS\s+Database access restricted to app servers/);
        expect(printed).not.toContain("mandatory");
    });

    it("refuses a production update whose attestations are examples, before it makes anything of weight", async () => {
        cloud.operations.length = 0;
        const { status, printed } = await pulumi(
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            PRODUCTION,
            ...WITH_POLICIES,
        );
        expect(status).not.toBe(0);
        expect(printed).toContain("[mandatory]");
        expect(printed).toContain("runbooks is an example; allowed: a real one");
        const made = cloud.operations.filter(({ kind }) => kind === "create").map(({ type }) => type);
        expect(made).not.toContain(given.database);
        expect(made).not.toContain(given.server);
    });

    it("writes a state that is checked like the plan", async () => {
        const levels = path.join(folder, "levels.json");
        writeFileSync(levels, JSON.stringify({ all: "advisory" }));
        const update = await pulumi(
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            PRODUCTION,
            "--policy-pack",
            PACK,
            "--policy-pack-config",
            levels,
        );
        expect(update.status, update.printed).toBe(0);
        const state = path.join(folder, "state.json");
        expect((await pulumi("stack", "export", "--stack", PRODUCTION, "--file", state)).status).toBe(0);
        const { policies } = await check({ state, policies: { dryRun: false } });
        const broken = policies.violations
            .filter(({ level }) => level === "mandatory")
            .map(({ policy, message }) => `${policy}: ${message}`);
        expect(broken.filter((line) => !line.includes("is an example"))).toEqual([]);
        const failing = policies.checklist!.filter(({ status }) => status !== "pass").map(({ id }) => id);
        expect(failing).toEqual(["disaster-recovery", "runbooks", "on-call", "licenses-procured"]);
    });

    it("destroys the development stack", async () => {
        const { status, summary, printed } = await change("destroy", "--yes", "--skip-preview");
        expect(status, printed).toBe(0);
        expect(summary["delete"]).toBeGreaterThan(120);
    });

    /** The development stack's file with other settings, as a stack of its own: made, left alone, destroyed. */
    async function comesAndGoes(name: string, change: (text: string) => string): Promise<void> {
        const file = (stack: string) => path.join(folder, "stacks", `Pulumi.${stack}.yaml`);
        const common = readFileSync(file(STACK), "utf8").replace(/^encryptionsalt: .*\n/m, "");
        writeFileSync(file(name), change(common));
        const { status, printed } = await pulumi("stack", "init", name);
        expect(status, printed).toBe(0);
        const made = await changeOf(name, "up", "--yes", "--skip-preview");
        expect(made.status, made.printed).toBe(0);
        expect(made.summary["create"]).toBeGreaterThan(120);
        cloud.operations.length = 0;
        const again = await changeOf(name, "up", "--yes", "--skip-preview");
        expect(again.status, again.printed).toBe(0);
        expect(Object.keys(again.summary)).toEqual(["same"]);
        const gone = await changeOf(name, "destroy", "--yes", "--skip-preview");
        expect(gone.status, gone.printed).toBe(0);
    }

    it("makes everything that may be a machine, changes nothing the second time, and destroys it", async () => {
        const isReplaced = /^ {2}minusnow:(network|database|loadBalancer|sharedStorage|sessionStore):\n( {4}.*\n)*/gm;
        await comesAndGoes("machines", (text) => `${text.replace(isReplaced, "")}${onMachines}`);
    });

    it("makes servers on Windows, changes nothing the second time, and destroys them", async () => {
        const os = "  minusnow:appPair:\n    os: windows-server-2025\n";
        await comesAndGoes("windows", (text) =>
            text.includes("  minusnow:appPair:\n")
                ? text.replace("  minusnow:appPair:\n", os)
                : `${text.trimEnd()}\n${os}`,
        );
    });
});
