import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../support/plans";
import { project, shipped } from "../support/projects";

const cli = path.join(repository, "dist/plan/cli.js");

interface Ran {
    status: number | null;
    stdout: string;
    stderr: string;
}

function minusnow(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Ran {
    const { cwd = repository, env = {} } = options;
    return spawnSync(process.execPath, [cli, ...args], {
        cwd,
        encoding: "utf8",
        env: { ...process.env, ...env },
        maxBuffer: 2 ** 26,
    });
}

describe("minusnow plan", () => {
    it("prints the tree, the machines, the outputs and a summary, without colour in a pipe", () => {
        const { status, stdout, stderr } = minusnow(["plan", "aws-prod"]);
        expect(stderr).toBe("");
        expect(status).toBe(0);
        expect(stdout).toContain("└─ minusnow-prod  minusnow:index:AwsDeployment");
        expect(stdout).toContain("Machines minusnow-prod-app-app1, minusnow-prod-app-app2");
        expect(stdout).toContain("runs     /usr/bin/node dist/index.cjs as minusnow, Node.js 20");
        expect(stdout).toMatch(/Planned aws-prod: \d+ resources in 12 components, nothing refused\.\n$/);

        expect(stdout).not.toMatch(/\x1b/);
    });

    it("prints colour when asked to", () => {
        expect(minusnow(["plan", "aws-dev"], { env: { FORCE_COLOR: "1" } }).stdout).toMatch(/\x1b\[1m/);
    });

    it("gives JSON of the documented form, with types as tokens and secrets masked", () => {
        const { status, stdout } = minusnow(["plan", "aws-prod", "--format", "json"]);
        expect(status).toBe(0);
        const plan = JSON.parse(stdout) as {
            stack: string;
            outputs: Record<string, unknown>;
            resources: Record<string, unknown>[];
        };
        expect(plan.stack).toBe("aws-prod");
        expect(plan.outputs["url"]).toBe("https://minusnow.example.com");
        expect(Object.keys(plan.resources[5]!)).toEqual(
            expect.arrayContaining([
                "urn",
                "type",
                "name",
                "parent",
                "provider",
                "dependencies",
                "propertyDependencies",
                "options",
                "inputs",
            ]),
        );
        const listener = plan.resources.find(({ type }) => type === "aws:lb/listener:Listener");
        expect(listener).toBeDefined();
        expect(stdout).toContain('"passwordWo": "[secret]"');
    });

    it.each(["aws-prod", "azure-prod"])(
        "needs no network, credentials, home or command line of Pulumi for %s",
        { skip: process.getuid?.() !== 0 },
        (stack) => {
            // A network of its own has loopback alone.
            const command = `ip link set lo up && exec env -i HOME=/nonexistent ${process.execPath} ${cli} plan ${stack}`;
            const { status, stdout } = spawnSync("unshare", ["--net", "sh", "-c", command], {
                cwd: repository,
                encoding: "utf8",
            });
            expect(stdout).toContain(`Planned ${stack}: `);
            expect(status).toBe(0);
        },
    );

    it("plans a program in TypeScript as Pulumi starts one by default, and shows its own lines when it fails", () => {
        const folder = project("");
        rmSync(path.join(folder, "index.js"));
        writeFileSync(path.join(folder, "Pulumi.yaml"), "name: sample\nruntime: nodejs\n");
        writeFileSync(path.join(folder, "tsconfig.json"), '{ "compilerOptions": { "module": "commonjs" } }');
        const program = (cidrBlock: string) => `import { Vpc } from "@pulumi/aws/ec2/vpc";
            const network: string = ${cidrBlock};
            new Vpc("net", { cidrBlock: network });`;
        writeFileSync(path.join(folder, "index.ts"), program('"10.0.0.0/16"'));
        const planned = minusnow(["plan", "dev", "-C", folder, "--no-policies"]);
        expect(planned.stdout).toMatch(/net {2}aws:ec2:Vpc.*\n/);
        expect(planned.status).toBe(0);
        writeFileSync(path.join(folder, "index.ts"), program('((): string => { throw new Error("no network"); })()'));
        const failed = minusnow(["plan", "dev", "-C", folder, "--no-policies"]);
        expect(failed.stdout).toContain("no network");
        expect(failed.stdout).toMatch(/index\.ts:2:\d+/);
        expect(failed.status).toBe(3);
    });
});

describe("bad input gets a clear error, exit status 2 and no plan", () => {
    it.each([
        ["an unknown stack", ["plan", "aws-prd"], "did you mean 'aws-prod'?"],
        ["no stack", ["plan"], "missing required argument 'stack'"],
        ["an unknown format", ["plan", "aws-prod", "--format", "xml"], "Allowed choices are text, json"],
        ["an unknown option", ["plan", "aws-prod", "--unknown"], "Did you mean --unknowns?"],
        ["an unknown command", ["plann"], "Did you mean plan?"],
        ["a folder without a project", ["plan", "dev", "--cwd", "/"], "no Pulumi.yaml in /"],
    ])("%s", (_, args, message) => {
        const { status, stdout, stderr } = minusnow(args);
        expect(stderr).toContain(message);
        expect(stdout).toBe("");
        expect(status).toBe(2);
    });

    it.each([
        [
            "malformed YAML, with its place",
            (text: string) => text.replace("minusnow:mail:", "minusnow:mail: [unclosed"),
            /at line \d+, column \d+/,
        ],
        [
            "two documents in one file",
            (text: string) => `${text}---\nconfig: {}\n`,
            /Pulumi\.aws-prod\.yaml: expected a single document in the stream, .*\n$/,
        ],
    ])("%s", (_, change, message) => {
        const { status, stderr } = minusnow(["plan", "aws-prod", "-C", shipped(change)]);
        expect(stderr).toMatch(/^error: not well-formed YAML\n/);
        expect(stderr).toMatch(message);
        expect(status).toBe(2);
    });

    it("a date that is not in quotation marks, as pulumi up takes it", () => {
        const { status, stdout } = minusnow([
            "plan",
            "aws-prod",
            "-C",
            shipped((text) => text.replace('date: "2026-11-25"', "date: 2026-11-25")),
        ]);
        expect(stdout).toContain("2026-11-25 00:00:00 +0000 UTC");
        expect(status).toBe(2);
    });

    it("a file that cannot be read", () => {
        const folder = project("");
        rmSync(path.join(folder, "Pulumi.dev.yaml"));
        mkdirSync(path.join(folder, "Pulumi.dev.yaml"));
        const { status, stderr } = minusnow(["plan", "dev", "-C", folder]);
        expect(stderr).toContain("cannot read");
        expect(status).toBe(2);
    });

    it("configuration of the wrong shape", () => {
        const { status, stderr } = minusnow(["plan", "dev", "-C", project("", "config: [1, 2]\n")]);
        expect(stderr).toContain('allowed is a mapping of "<project>:<key>" to values');
        expect(status).toBe(2);
    });

    it("wrong and missing keys, all at once, with no resource planned", () => {
        const folder = shipped((text) =>
            text.replace("region: us-east-1", "region: here").replace(/ {2}minusnow:supportEmail.*\n/, ""),
        );
        const { status, stdout } = minusnow(["plan", "aws-prod", "-C", folder]);
        expect(status).toBe(2);
        expect(stdout).toContain("stack aws-prod has 2 problems");
        expect(stdout).toContain("minusnow:region");
        expect(stdout).toContain("pulumi config set minusnow:supportEmail support@example.com");
        expect(stdout).toContain("Not planned: the configuration of aws-prod is wrong.");
        expect(stdout).not.toContain("AwsDeployment");
        expect(stdout).not.toMatch(/^\s+at /m);
    });

    it("a key that a program of its own requires", () => {
        const { status, stdout } = minusnow([
            "plan",
            "dev",
            "-C",
            project('new (require("@pulumi/pulumi").Config)().require("size");'),
        ]);
        expect(stdout).toContain("Missing required configuration variable 'sample:size'");
        expect(status).toBe(2);
    });
});

describe("a program that uses what few programs do", () => {
    it("finds it, though it is loaded when it is used", () => {
        const program = `
            require(${JSON.stringify(path.join(repository, "dist/stacks/fast-start"))});
            const pulumi = require("@pulumi/pulumi");
            const captured = 42;
            exports.text = pulumi.runtime.serializeFunction(() => captured).then(({ text }) => text);
            exports.paths = pulumi.runtime.computeCodePaths({}).then((paths) => typeof paths.size);
            exports.workspace = typeof pulumi.automation.LocalWorkspace.createStack;
            exports.provider = typeof pulumi.provider.main;
            exports.spread = Object.keys({ ...pulumi.automation }).includes("LocalWorkspace");
            const data = { name: "called", version: "1.0.0" };
            require("normalize-package-data")(data);
            exports.called = data._id;
            exports.names = import("@pulumi/pulumi/automation/index.js").then(({ LocalWorkspace }) => typeof LocalWorkspace);`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program), "--format", "json"]);
        expect(status, stdout).toBe(0);
        const { outputs } = JSON.parse(stdout) as { outputs: Record<string, unknown> };
        expect(outputs).toMatchObject({
            paths: "number",
            workspace: "function",
            provider: "function",
            spread: true,
            called: "called@1.0.0",
            names: "function",
        });
        expect(outputs["text"]).toContain("captured: 42");
    });
});

describe("a program that fails", () => {
    it("shows its own stack trace and exit status 3", () => {
        const { status, stdout } = minusnow([
            "plan",
            "dev",
            "-C",
            project('function deepest() { throw new Error("out of cheese"); }\ndeepest();'),
        ]);
        expect(stdout).toContain("out of cheese");
        expect(stdout).toContain("sample dev  incomplete: what was asked for before the program failed");
        expect(stdout).toMatch(/at deepest \(.*index\.js:1:\d+\)/);
        expect(status).toBe(3);
    });

    it("shows the stack trace of a failure inside a resource's inputs, though traces of pending work are spared", () => {
        const program = `
            require(${JSON.stringify(path.join(repository, "dist/stacks/fast-start"))});
            const pulumi = require("@pulumi/pulumi");
            const ssm = require("@pulumi/aws/ssm");
            function compute() { throw new Error("no such member"); }
            new ssm.Parameter("p", { type: "String", value: pulumi.output(1).apply(compute) });`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain("no such member");
        expect(stdout).toMatch(/at compute \(.*index\.js:5:\d+\)/);
        expect(status).toBe(3);
    });

    it("is told of work that never ends, though it is followed at less expense", () => {
        const program = `
            require(${JSON.stringify(path.join(repository, "dist/stacks/fast-start"))});
            const { Vpc } = require("@pulumi/aws/ec2/vpc");
            new Vpc("net", { cidrBlock: new Promise(() => undefined) });`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain('"net" [aws:ec2/vpc:Vpc] was waiting for the value of its input property "cidrBlock"');
        expect(status).toBe(3);
    });

    it("is told of every resource that the cloud would refuse", () => {
        const program = `
            const { Vpc } = require("@pulumi/aws/ec2/vpc");
            const lb = require("@pulumi/aws/lb");
            new Vpc("net", { cidrBlock: "10.0.0.0/8" });
            new lb.TargetGroup("a-name-that-is-far-too-long-for-aws", { port: 80, healthCheck: { interval: 5, timeout: 5 } });`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain("InvalidVpc.Range");
        expect(stdout).toContain("Health check timeout '5' must be smaller than the interval '5'");
        expect(stdout).toContain("allowed are 32; give the deployment a shorter name");
        expect(stdout).toContain("the cloud would refuse: 3 reasons in 2 resources");
        expect(status).toBe(3);
    });

    it("is told of two resources with the same name", () => {
        const program =
            'const { Vpc } = require("@pulumi/aws/ec2/vpc"); new Vpc("net", { cidrBlock: "10.0.0.0/16" }); new Vpc("net", { cidrBlock: "10.0.0.0/16" });';
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain("Duplicate resource URN");
        expect(status).toBe(3);
    });

    it("is told how a program ended that said nothing, and ends what it started", () => {
        const program = `
            require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" });
            process.kill(process.pid, "SIGKILL");`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain("the program ended with signal SIGKILL and logged no error");
        expect(status).toBe(3);
    });

    it("is told when a region has fewer zones than it wants", () => {
        const program = `
            const { AwsNetwork } = require(${JSON.stringify(path.join(repository, "dist/components/aws.js"))});
            new AwsNetwork("net", { zoneCount: 6 });`;
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain("zoneCount: found 6, allowed are 2 to 5 in us-east-1");
        expect(status).toBe(3);
    });

    it("says which function or type it cannot simulate", () => {
        const program = 'exports.x = require("@pulumi/aws/getIpRanges").getIpRangesOutput({ services: ["s3"] });';
        const { status, stdout } = minusnow(["plan", "dev", "-C", project(program)]);
        expect(stdout).toContain(
            "does not know the function aws:index/getIpRanges:getIpRanges; run pulumi preview instead",
        );
        expect(status).toBe(3);
    });
});

describe("an interrupt", () => {
    it.each(["SIGINT", "SIGTERM"] as const)(
        "by %s ends the program, frees the port and exits with 130",
        async (signal) => {
            const folder = project("");
            const pidFile = path.join(folder, "pid");
            writeFileSync(
                path.join(folder, "index.js"),
                `require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, JSON.stringify({ pid: process.pid, monitor: require("@pulumi/pulumi").runtime.getMonitor().getChannel().getTarget() })); setInterval(() => {}, 1000);`,
            );
            const child = spawn(process.execPath, [cli, "plan", "dev", "-C", folder], {
                stdio: ["ignore", "pipe", "pipe"],
            });
            let stderr = "";
            child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
            const { pid, monitor } = await until(
                () => JSON.parse(readFileSync(pidFile, "utf8")) as { pid: number; monitor: string },
            );
            const ended = new Promise<number | string>((resolve) =>
                child.on("close", (code, by) => resolve(code ?? by!)),
            );
            child.kill(signal);
            // An impatient second one must leave nothing behind either; it may come when all is done and the process just ends.
            setTimeout(() => child.kill(signal), 50);
            expect([130, signal]).toContain(await ended);
            expect(stderr).toContain("Interrupted; nothing was left running.");
            await until(() => !isRunning(pid) || undefined);
            expect(await accepts(Number(monitor.split(":").at(-1)))).toBe(false);
        },
    );
});

async function until<T>(get: () => T | undefined): Promise<T> {
    for (const began = Date.now(); Date.now() - began < 60_000;) {
        try {
            const value = get();
            if (value !== undefined) {
                return value;
            }
        } catch {
            // Not there yet.
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("waited a minute in vain");
}

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z");
    } catch {
        return false;
    }
}

function accepts(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1");
        socket.on("connect", () => {
            socket.destroy();
            resolve(true);
        });
        socket.on("error", () => resolve(false));
    });
}
