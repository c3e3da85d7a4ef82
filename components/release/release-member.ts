/** What was printed, and how it ended; a status below 0 says that nobody knows. */
export interface CommandResult {
    status: number;
    output: string;
}

/** One application server, as whoever releases to it reaches it. */
export interface MemberActions {
    /** Takes it out of the balancers; resolves when it has no request left. Refuses when no other server could answer. */
    takeOut: () => Promise<void>;
    /** Puts it back; resolves when the balancers find it healthy. Does nothing to one that is in. */
    putBack: () => Promise<void>;
    /** Runs the server's own `release` program. */
    release: (...args: string[]) => Promise<CommandResult>;
    wait: (seconds: number) => Promise<void>;
    /** Seconds since any moment. */
    now: () => number;
}

/** What a server is to run. */
export interface WantedRelease {
    version: string;
    artifact: string;
    sha256: string;
    /** Seconds that the server is watched after it answers users again. */
    bakeSeconds: number;
}

const CHECK_EVERY_SECONDS = 5;
/** Failed checks in a row that count as illness, as for a balancer (guide: `fall 3`). */
const FALL = 3;
/** What `release status` ends with when the right release runs and is ill. */
const ILL = 3;

/**
 * Brings one server to a release without a failed request, in the guide's order (step 8): out of the balancers, install,
 * restart, verify, back, watch. Running it again goes on where an earlier run broke off.
 *
 * @throws Error when the release does not become or stay healthy; the server then answers with the release it had before.
 */
export async function releaseMember(
    member: string,
    wanted: WantedRelease,
    actions: MemberActions,
): Promise<{ installed: boolean }> {
    const { version, artifact, sha256 } = wanted;
    const status = () => actions.release("status", version, sha256);
    const present = await status();
    if (present.status === 0) {
        await actions.putBack();
        return { installed: false };
    }
    if (present.status === ILL) {
        throw new Error(`${member}: it has release ${version} already and is ill: ${reason(present)}`);
    }
    const installed = await whileOut(actions, () => actions.release("install", version, artifact, sha256));
    if (installed.status !== 0) {
        throw new Error(`${member}: release ${version} failed: ${reason(installed)}`);
    }
    const illness = await watch(status, wanted.bakeSeconds, actions);
    if (illness) {
        const back = await whileOut(actions, () => actions.release("rollback"));
        const outcome = back.status === 0 ? "the former release is back" : `and stays: ${reason(back)}`;
        throw new Error(
            `${member}: release ${version} fell ill after ${illness.seconds} s: ${illness.why}; ${outcome}`,
        );
    }
    return { installed: true };
}

/** However it ends, the server does not stay out; what went wrong first is what counts. */
async function whileOut(
    { takeOut, putBack }: MemberActions,
    work: () => Promise<CommandResult>,
): Promise<CommandResult> {
    let result: CommandResult;
    try {
        await takeOut();
        result = await work();
    } catch (error) {
        await putBack().catch(() => undefined);
        throw error;
    }
    await putBack().catch((error: unknown) => {
        if (result.status === 0) {
            throw error;
        }
    });
    return result;
}

async function watch(
    status: () => Promise<CommandResult>,
    bakeSeconds: number,
    { wait, now }: MemberActions,
): Promise<{ seconds: number; why: string } | undefined> {
    const began = now();
    for (let failed = 0; now() - began < bakeSeconds || failed > 0;) {
        const check = await status();
        failed = check.status > 0 ? failed + 1 : 0;
        if (failed === FALL) {
            return { seconds: Math.round(now() - began), why: reason(check) };
        }
        await wait(CHECK_EVERY_SECONDS);
    }
    return undefined;
}

/** The server's programs mark it. */
function reason({ output, status }: CommandResult): string {
    const marked = /^REASON: (.*)$/m.exec(output)?.[1];
    return (marked ?? output.trim().split("\n").at(-1)) || `ended with ${status}`;
}
