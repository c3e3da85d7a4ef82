import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { UsageError } from "../usage-error";
import { type Configuration, readYaml } from "./project";

/** What a pack is told of the stack. */
export interface PackOptions {
    folder: string;
    project: string;
    stack: string;
    organization?: string;
    /** True for a preview, false for an update or an existing state. */
    dryRun: boolean;
    configuration: Configuration;
    /** Where the pack may log to. */
    engine: string;
}

/** A policy pack that is starting or running in a process of its own. */
export interface PackProcess {
    /** The loopback port at which it answers. */
    port: Promise<number>;
    /** How it ended, and what it printed. */
    end: Promise<string>;
    stop: () => void;
}

const START_TIMEOUT_MS = 30_000;

interface PackFile {
    runtime?: string | { name?: string; options?: { typescript?: boolean } };
}

function readPackFile(folder: string): PackFile {
    const file = path.join(folder, "PulumiPolicy.yaml");
    if (!existsSync(file)) {
        throw new UsageError(`${folder} is no policy pack: it has no PulumiPolicy.yaml`);
    }
    return readYaml(file);
}

/** The full path of a policy pack, once it is sure that a plan can run it. */
export function packFolder(folder: string): string {
    const full = path.resolve(folder);
    const { runtime } = readPackFile(full);
    const name = typeof runtime === "string" ? runtime : runtime?.name;
    if (name !== "nodejs") {
        throw new UsageError(
            `${path.join(full, "PulumiPolicy.yaml")}: runtime: found ${name ?? "nothing"}, allowed is nodejs; use pulumi preview instead`,
        );
    }
    pulumiRunner(full);
    return full;
}

/** Starts a policy pack. */
export function startPack({ folder, engine, ...stack }: PackOptions): PackProcess {
    const child = spawn(process.execPath, commandOf(folder, engine), {
        cwd: folder,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
            ...process.env,
            PULUMI_NODEJS_TYPESCRIPT: "false",
            PULUMI_NODEJS_PROJECT: stack.project,
            PULUMI_NODEJS_STACK: stack.stack,
            PULUMI_NODEJS_ORGANIZATION: stack.organization ?? "organization",
            PULUMI_NODEJS_DRY_RUN: String(stack.dryRun),
            PULUMI_CONFIG: JSON.stringify(stack.configuration.values),
        },
    });
    let printed = "";
    const end = new Promise<string>((resolve) =>
        child.on("close", (status, signal) =>
            resolve(`it ended with ${signal ? `signal ${signal}` : `status ${status}`}\n${printed}`),
        ),
    );
    const port = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`it did not answer in 30 s\n${printed}`)), START_TIMEOUT_MS);
        const settle = (act: () => void) => {
            clearTimeout(timer);
            act();
        };
        let answer = "";
        child.stdout.on("data", (data: Buffer) => {
            printed += data.toString();
            answer += data.toString();
            const [, line] = /^(\d+)\r?\n/.exec(answer) ?? [];
            if (line !== undefined) {
                settle(() => resolve(Number(line)));
            }
        });
        child.stderr.on("data", (data: Buffer) => (printed += data.toString()));
        child.on("error", (error) => settle(() => reject(error)));
        void end.then((how) => settle(() => reject(new Error(how))));
    });
    // Whoever waits for it is told; it may end before anybody does.
    port.catch(() => undefined);
    const stop = () => {
        try {
            process.kill(-child.pid!, "SIGKILL");
        } catch {
            // It ended by itself.
        }
    };
    return { port, end, stop };
}

/**
 * How Node.js serves a pack. Pulumi's own start script loads the TypeScript compiler, which costs more than all else: a
 * pack that says `typescript: false` does without.
 */
function commandOf(folder: string, engine: string): string[] {
    const { runtime } = readPackFile(folder);
    return typeof runtime === "object" && runtime.options?.typescript === false
        ? [path.join(__dirname, "run-pack.cjs"), folder]
        : [pulumiRunner(folder), engine, folder];
}

function pulumiRunner(folder: string): string {
    try {
        return createRequire(path.join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run-policy-pack");
    } catch {
        throw new UsageError(
            `@pulumi/pulumi is not installed for the policy pack ${folder}; run 'npm install' there first`,
        );
    }
}
