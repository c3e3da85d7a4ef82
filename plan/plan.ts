import { openLoopback } from "./engine/loopback";
import type { Monitor } from "./engine/monitor";
import { type ProgramEnd, type RunningProgram, startProgram } from "./engine/program";
import { type Configuration, loadProject, loadStackConfiguration, type Project } from "./engine/project";
import type { LogMessage, Resource } from "./engine/resource";
import type { Values } from "./engine/values";
import type { PolicyOutcome, PolicyRequest, RunningPacks } from "./policies";
import type { Refusal, SimulatedCloud } from "./simulated-cloud";
import { configurationHeadline } from "../stacks/configuration-headline";

/** What to plan. */
export interface PlanRequest {
    /** A folder inside the Pulumi project. */
    directory: string;
    stack: string;
    /** Leave provider outputs unknown, as the first preview of a stack does. Default false. */
    unknowns?: boolean;
    /** Policy packs to run; none when absent. */
    policies?: PolicyRequest;
    /** Called as resources are registered. */
    onProgress?: (resources: number) => void;
    /** Ends the program and the plan when aborted. */
    signal?: AbortSignal;
}

/** What a program would deploy. */
export interface Plan {
    project: Project;
    stack: string;
    unknowns: boolean;
    resources: Resource[];
    outputs: Values;
    logs: LogMessage[];
    /** What the program printed. */
    printed: string;
    /** What the cloud would refuse. */
    refusals: Refusal[];
    /** Types whose computed outputs are not simulated. */
    unknownTypes: string[];
    /** What the policy packs found; absent when none ran. */
    policies?: PolicyOutcome;
    outcome: Outcome;
}

/** How the plan ended, in the order of exit statuses 0 to 3. */
export type Outcome = "planned" | "broken-policy" | "wrong-configuration" | "failed";

const PROGRESS_INTERVAL_MS = 200;

/** Runs a stack's program against the simulated cloud. */
export async function plan(request: PlanRequest): Promise<Plan> {
    const { stack, unknowns = false, signal } = request;
    const project = loadProject(request.directory);
    const configuration = loadStackConfiguration(project, stack);
    const defaultRegion =
        configuration.values["aws:region"] ?? configuration.values["azure-native:location"] ?? "us-east-1";
    let packs: RunningPacks | undefined;
    let cloud: SimulatedCloud | undefined;
    let monitor: Monitor | undefined;
    const loopback = await openLoopback();
    const timer = setInterval(
        () => request.onProgress?.(monitor?.recording.resources.length ?? 0),
        PROGRESS_INTERVAL_MS,
    );
    let program: RunningProgram | undefined;
    try {
        signal?.throwIfAborted();
        const policyRun = request.policies && (await import("./policies.js"));
        packs = policyRun?.startPacks(
            request.policies!,
            policyContext(project, stack, configuration, loopback.address),
        );
        signal?.addEventListener("abort", () => packs?.stop(), { once: true });
        program = startProgram(project, { stack, monitor: loopback.address, configuration });
        signal?.addEventListener("abort", program.stop, { once: true });
        // While both start, and before the program can ask.
        const { createSimulatedCloud } = await import("./simulated-cloud/index.js");
        cloud = createSimulatedCloud({ unknowns, defaultRegion });
        const { serveMonitor } = await import("./engine/monitor.js");
        monitor = serveMonitor(
            loopback,
            project.name,
            stack,
            () => cloud!,
            (resource) => packs?.see(resource),
        );
        // A program takes a while to end once it has registered all it has.
        let checking: Promise<PolicyOutcome> | undefined;
        const { recording, finished } = monitor;
        void finished.then(() => {
            checking = packs?.check(recording.resources);
            checking?.catch(() => undefined);
        });
        const end = await program.end;
        signal?.removeEventListener("abort", program.stop);
        signal?.throwIfAborted();
        const { resources, outputs, logs, errors } = recording;
        const outcome = outcomeOf(end, logs, errors, cloud.refusals);
        const policies = outcome === "planned" ? await (checking ?? packs?.check(resources)) : undefined;
        signal?.throwIfAborted();
        return {
            project,
            stack,
            unknowns,
            resources,
            outputs,
            logs: [...logs, ...[...errors, ...silentEnd(end, logs)].map(asError)],
            printed: end.printed,
            refusals: cloud.refusals,
            unknownTypes: [...cloud.unknownTypes].sort(),
            ...(policies && { policies }),
            outcome: policies && policyRun?.isBroken(policies) ? "broken-policy" : outcome,
        };
    } finally {
        clearInterval(timer);
        program?.stop();
        packs?.stop();
        (monitor ?? loopback).close();
    }
}

function policyContext(project: Project, stack: string, configuration: Configuration, engine: string) {
    return { project: project.name, stack, configuration, engine };
}

function outcomeOf(end: ProgramEnd, logs: LogMessage[], errors: string[], refusals: Refusal[]): Outcome {
    const failures = logs.filter(({ severity }) => severity === "error");
    if (failures.some(({ message }) => isConfigurationError(message))) {
        return "wrong-configuration";
    }
    return end.status !== 0 || failures.length > 0 || errors.length > 0 || refusals.length > 0 ? "failed" : "planned";
}

function asError(message: string): LogMessage {
    return { severity: "error", message, urn: "" };
}

/** A program that died without a word is told of by how it ended. */
function silentEnd({ status, signal }: ProgramEnd, logs: LogMessage[]): string[] {
    if (status === 0 || logs.some(({ severity }) => severity === "error")) {
        return [];
    }
    return [`the program ended with ${signal ? `signal ${signal}` : `status ${status}`} and logged no error`];
}

/** This library's own message, or that of a program which requires a key that is not set. */
function isConfigurationError(message: string): boolean {
    return message.includes(configurationHeadline) || message.includes("Missing required configuration variable");
}
