#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { Outcome, Plan } from "./plan";
import type { PolicyRequest } from "./policies";
import type { Checked } from "./report/checked";
import { checkedPlan, policyJson } from "./report/checked-plan";
import { styleFor } from "./report/style";
import { UsageError } from "./usage-error";

const exitStatus: Record<Outcome, number> = { planned: 0, "broken-policy": 1, "wrong-configuration": 2, failed: 3 };
const BROKEN_POLICY_STATUS = 1;
const USAGE_STATUS = 2;
const FAILURE_STATUS = 3;
const INTERRUPTED_STATUS = 130;

const planFormats = ["text", "json", "sarif", "junit", "html"] as const;
type Format = (typeof planFormats)[number];

interface PolicyOptions {
    policyPack?: string[];
    policyConfig?: string;
    format: Format;
}

interface PlanOptions extends PolicyOptions {
    cwd: string;
    unknowns: boolean;
    policies: boolean;
}

interface CheckOptions extends PolicyOptions {
    state: string;
    environment: string;
}

const STATUS_HELP =
    "\nExit status: 0 all is well, 1 a mandatory policy is broken, 2 wrong configuration or usage, 3 the program failed.";

function createCommand(): Command {
    const program = new Command("minusnow")
        .description(
            "Plans MinusNow deployments and checks them against the pre-production checklist, without a cloud account.",
        )
        .version(version(), "-V, --version", "print the version")
        .exitOverride()
        .showHelpAfterError("(minusnow --help shows what is possible)");
    withPolicyOptions(program.command("plan"))
        .description("run a stack's program against a simulated cloud, print what it would deploy and check it")
        .argument("<stack>", "name of the stack, for example aws-prod")
        .option("-C, --cwd <folder>", "folder of the Pulumi project", process.cwd())
        .option("--unknowns", "leave provider outputs unknown, as the first preview of a stack does", false)
        .option("--no-policies", "run no policy pack")
        .action(runPlan);
    withPolicyOptions(program.command("check"))
        .description("check a deployed stack: run the policy packs on what 'pulumi stack export' wrote")
        .requiredOption("--state <file>", "exported state")
        .addOption(
            new Option("--environment <environment>", "whose levels to judge by")
                .choices(["dev", "staging", "prod"])
                .default("prod"),
        )
        .action(runCheck);
    return program;
}

function withPolicyOptions(command: Command): Command {
    return command
        .option("--policy-pack <folder...>", "policy packs to run (default: the pre-production checklist)")
        .option("--policy-config <file>", "levels and exemptions (default: those of the environment, policy/levels)")
        .addOption(new Option("--format <format>", "form of the output").choices(planFormats).default("text"))
        .addHelpText("after", STATUS_HELP);
}

async function runPlan(stack: string, options: PlanOptions): Promise<void> {
    if (!options.policies && !["text", "json"].includes(options.format)) {
        throw new UsageError(`--format ${options.format} reports what policies found; leave --no-policies out`);
    }
    const { plan } = await import("./plan.js");
    await untilInterrupted(stack, "planning", async (signal, onProgress) => {
        const policies = options.policies ? { policies: policyRequest(options, true) } : {};
        if (options.format === "text") {
            // While the program runs; who needs it below tells of an error.
            import("./report/text.js").catch(() => undefined);
        }
        const planned = await plan({
            directory: options.cwd,
            stack,
            unknowns: options.unknowns,
            ...policies,
            onProgress,
            signal,
        });
        return { output: await renderPlan(planned, options.format), status: exitStatus[planned.outcome] };
    });
}

async function runCheck(options: CheckOptions): Promise<void> {
    const { check } = await import("./check.js");
    const { isBroken } = await import("./policies.js");
    const { state, environment, format } = options;
    await untilInterrupted(state, "checking", async (signal) => {
        const checked = await check({ state, environment, policies: policyRequest(options, false), signal });
        const status = isBroken(checked.policies) ? BROKEN_POLICY_STATUS : 0;
        const { stack, project, resources, policies } = checked;
        if (format === "json") {
            return { output: `${JSON.stringify({ stack, project, ...policyJson(policies) }, null, 2)}\n`, status };
        }
        const about = { project, stack, subject: `state ${state}`, stackFile: state, resources, policies };
        return { output: await renderChecked(about, format), status };
    });
}

function policyRequest({ policyPack, policyConfig }: PolicyOptions, dryRun: boolean): PolicyRequest {
    return {
        dryRun,
        ...(policyPack && { packs: policyPack }),
        ...(policyConfig !== undefined && { configFile: policyConfig }),
    };
}

type Work = (
    signal: AbortSignal,
    onProgress: (resources: number) => void,
) => Promise<{ output: string; status: number }>;

/** Does some work with progress on a terminal; an interrupt ends everything that it started. */
async function untilInterrupted(subject: string, verb: string, work: Work): Promise<void> {
    const interrupt = new AbortController();
    const stop = () => interrupt.abort();
    // A second signal must not end this process before it has ended what it started.
    process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
    const progress = showProgress(`${verb} ${subject}`);
    try {
        const { output, status } = await work(interrupt.signal, progress.update);
        progress.clear();
        // Before it is written: a reader that takes only the first lines must not turn a failure into a success.
        process.exitCode = status;
        await write(output);
    } catch (error) {
        progress.clear();
        if (!interrupt.signal.aborted) {
            throw error;
        }
        process.stderr.write("Interrupted; nothing was left running.\n");
        process.exitCode = INTERRUPTED_STATUS;
    }
}

async function renderPlan(planned: Plan, format: Format): Promise<string> {
    switch (format) {
        case "json":
            return (await import("./report/json.js")).renderJson(planned);
        case "text":
            return (await import("./report/text.js")).renderText(planned, styleFor(process.stdout));
        default: {
            if (!planned.policies) {
                const { renderText } = await import("./report/text.js");
                throw new UsageError(
                    `there is no checklist to report in the form ${format}: no policy ran\n${renderText(planned, styleFor(process.stderr))}`,
                );
            }
            return renderChecked(checkedPlan(planned, planned.policies), format);
        }
    }
}

async function renderChecked(checked: Checked, format: Exclude<Format, "json">): Promise<string> {
    switch (format) {
        case "sarif":
            return (await import("./report/sarif.js")).renderSarif(checked);
        case "junit":
            return (await import("./report/junit.js")).renderJunit(checked);
        case "html":
            return (await import("./report/html.js")).renderHtml(checked);
        default:
            return (await import("./report/checklist.js")).renderChecklist(checked, styleFor(process.stdout));
    }
}

/** One line that is rewritten, on a terminal only. */
function showProgress(what: string): { update: (resources: number) => void; clear: () => void } {
    const { stderr } = process;
    if (!stderr.isTTY) {
        return { update: () => undefined, clear: () => undefined };
    }
    const line = (text: string) => stderr.write(`\r\x1b[2K${text}`);
    line(`${what}…`);
    return { update: (resources) => line(`${what}: ${resources} resources`), clear: () => line("") };
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
        process.exit(error.code === "EPIPE" ? (process.exitCode ?? 0) : FAILURE_STATUS),
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
