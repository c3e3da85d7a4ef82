#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { Outcome, Plan } from "./plan";
import { styleFor } from "./report/style";
import { UsageError } from "./usage-error";

const exitStatus: Record<Outcome, number> = { planned: 0, "wrong-configuration": 2, failed: 3 };
const USAGE_STATUS = 2;
const FAILURE_STATUS = 3;
const INTERRUPTED_STATUS = 130;

interface PlanOptions {
    cwd: string;
    unknowns: boolean;
    format: "text" | "json";
}

function createCommand(): Command {
    const program = new Command("minusnow")
        .description("Plans MinusNow deployments without a cloud account.")
        .version(version(), "-V, --version", "print the version")
        .exitOverride()
        .showHelpAfterError("(minusnow --help shows what is possible)");
    program
        .command("plan")
        .description("run a stack's program against a simulated cloud and print what it would deploy")
        .argument("<stack>", "name of the stack, for example aws-prod")
        .option("-C, --cwd <folder>", "folder of the Pulumi project", process.cwd())
        .option("--unknowns", "leave provider outputs unknown, as the first preview of a stack does", false)
        .addOption(new Option("--format <format>", "form of the output").choices(["text", "json"]).default("text"))
        .addHelpText(
            "after",
            "\nExit status: 0 planned, 1 broken policy, 2 wrong configuration or usage, 3 the program failed.",
        )
        .action(runPlan);
    return program;
}

async function runPlan(stack: string, { cwd, unknowns, format }: PlanOptions): Promise<void> {
    const { plan } = await import("./plan.js");
    const interrupt = new AbortController();
    const stop = () => interrupt.abort();
    process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
    const progress = showProgress(stack);
    try {
        const planned = await plan({
            directory: cwd,
            stack,
            unknowns,
            onProgress: progress.update,
            signal: interrupt.signal,
        });
        progress.clear();
        await write(await render(planned, format));
        process.exitCode = exitStatus[planned.outcome];
    } catch (error) {
        progress.clear();
        if (!interrupt.signal.aborted) {
            throw error;
        }
        process.stderr.write("Interrupted; nothing was left running.\n");
        process.exitCode = INTERRUPTED_STATUS;
    }
}

async function render(planned: Plan, format: PlanOptions["format"]): Promise<string> {
    if (format === "json") {
        return (await import("./report/json.js")).renderJson(planned);
    }
    return (await import("./report/text.js")).renderText(planned, styleFor(process.stdout));
}

/** One line that is rewritten, on a terminal only. */
function showProgress(stack: string): { update: (resources: number) => void; clear: () => void } {
    const { stderr } = process;
    if (!stderr.isTTY) {
        return { update: () => undefined, clear: () => undefined };
    }
    const line = (text: string) => stderr.write(`\r\x1b[2K${text}`);
    return { update: (resources) => line(`planning ${stack}: ${resources} resources`), clear: () => line("") };
}

/** Waits until a pipe has taken everything, so that a long report is never cut. */
function write(text: string): Promise<void> {
    return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

function version(): string {
    const file = path.join(__dirname, "..", "..", "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

async function main(): Promise<void> {
    process.stdout.on("error", (error: NodeJS.ErrnoException) =>
        process.exit(error.code === "EPIPE" ? 0 : FAILURE_STATUS),
    );
    try {
        await createCommand().parseAsync();
    } catch (error) {
        if (error instanceof CommanderError) {
            process.exitCode = error.exitCode === 0 ? 0 : USAGE_STATUS;
        } else if (error instanceof UsageError) {
            process.stderr.write(`${styleFor(process.stderr).bad("error")}: ${error.message}\n`);
            process.exitCode = USAGE_STATUS;
        } else {
            process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
            process.exitCode = FAILURE_STATUS;
        }
    }
}

void main();
