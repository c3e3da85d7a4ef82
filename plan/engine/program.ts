import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { UsageError } from "../usage-error";
import type { Configuration, Project } from "./project";

/** How a program ended. */
export interface ProgramEnd {
    /** Exit status of the process; null when a signal ended it. */
    status: number | null;
    /** The signal that ended it. */
    signal: NodeJS.Signals | null;
    /** What it printed, both streams in the order they arrived. */
    printed: string;
}

/** A running program and the means to end it. */
export interface RunningProgram {
    end: Promise<ProgramEnd>;
    stop: () => void;
}

/** How to start a program besides its project and configuration. */
export interface StartOptions {
    stack: string;
    organization?: string;
    monitor: string;
    configuration: Configuration;
    /** Variables added to the program's environment. */
    environment?: Record<string, string>;
}

/** Starts a program in a process of its own, in the way Pulumi's Node.js language host does for a preview. */
export function startProgram(project: Project, options: StartOptions): RunningProgram {
    const { stack, monitor, configuration } = options;
    const child = spawn(
        process.execPath,
        [
            "--require",
            path.join(__dirname, "planned-program.cjs"),
            pulumiRunner(project),
            `--monitor=${monitor}`,
            `--engine=${monitor}`,
            `--project=${project.name}`,
            `--stack=${stack}`,
            `--organization=${options.organization ?? "organization"}`,
            `--pwd=${project.programDirectory}`,
            `--root-directory=${project.root}`,
            "--dry-run",
            "--parallel=64",
            project.entryPoint,
        ],
        {
            cwd: project.programDirectory,
            // A group of its own, so that what the program starts ends with it.
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
            env: {
                ...process.env,
                PULUMI_NODEJS_TYPESCRIPT: String(project.typescript),
                PULUMI_CONFIG: JSON.stringify(configuration.values),
                PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(configuration.secretKeys),
                ...options.environment,
            },
        },
    );
    let printed = "";
    child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
    child.stderr.on("data", (data: Buffer) => (printed += data.toString()));
    const end = new Promise<ProgramEnd>((resolve, reject) => {
        child.on("error", reject);
        child.on("exit", () => endGroup(child.pid));
        child.on("close", (status, signal) => resolve({ status, signal, printed }));
    });
    // Whoever waits for it is told; it may fail before anybody does.
    end.catch(() => undefined);
    const stop = () => {
        if (child.exitCode === null && child.signalCode === null) {
            endGroup(child.pid);
        }
    };
    return { end, stop };
}

function endGroup(leader: number | undefined): void {
    try {
        process.kill(-leader!, "SIGKILL");
    } catch {
        // Nothing of it runs any more.
    }
}

/** The SDK's own start script, from the packages that the program uses. */
function pulumiRunner(project: Project): string {
    const fromProgram = createRequire(path.join(project.root, "package.json"));
    try {
        return fromProgram.resolve("@pulumi/pulumi/cmd/run");
    } catch {
        throw new UsageError(`@pulumi/pulumi is not installed in ${project.root}; run 'npm install' there first`);
    }
}
