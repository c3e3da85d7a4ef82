import { openLoopback } from "./engine/loopback";
import { serveMonitor } from "./engine/monitor";
import { type PolicyOutcome, type PolicyRequest, type RunningPacks, startPacks } from "./policies";
import { createSimulatedCloud } from "./simulated-cloud";
import { type ExportedState, readState } from "./state";

/** What to check. */
export interface CheckRequest {
    /** File that `pulumi stack export` wrote. */
    state: string;
    policies: PolicyRequest;
    /** The stack's environment, which chooses the levels. Default `prod`: what exists is judged by the strictest. */
    environment?: string;
    signal?: AbortSignal;
}

/** An exported state with what the policies found in it. */
export interface CheckedState extends ExportedState {
    policies: PolicyOutcome;
}

/** Runs the policy packs on an exported state; nothing of it is a preview. */
export async function check({ state, policies, environment = "prod", signal }: CheckRequest): Promise<CheckedState> {
    const exported = readState(state);
    // Only its log is used: nothing is planned here.
    const cloud = createSimulatedCloud({ unknowns: false, defaultRegion: "" });
    const engine = serveMonitor(await openLoopback(), exported.project, exported.stack, () => cloud);
    const configuration = { values: { "minusnow:environment": environment }, secretKeys: [] };
    let packs: RunningPacks | undefined;
    try {
        packs = startPacks(policies, {
            project: exported.project,
            stack: exported.stack,
            configuration,
            engine: engine.address,
        });
        signal?.addEventListener("abort", packs.stop, { once: true });
        exported.resources.forEach(packs.see);
        return { ...exported, policies: await packs.check(exported.resources) };
    } finally {
        packs?.stop();
        engine.close();
    }
}
