/** What was printed, and how it ended. */
export interface CommandResult {
    status: number;
    output: string;
}

/** One application server, as whoever releases to it reaches it. */
export interface MemberActions {
    /** Takes it out of the balancers; resolves when it has no request left. */
    takeOut: () => Promise<void>;
    /** Puts it back; resolves when the balancers find it healthy. Does nothing to one that is in. */
    putBack: () => Promise<void>;
    /** Runs the server's own `release` program. */
    release: (...args: string[]) => Promise<CommandResult>;
    wait: (seconds: number) => Promise<void>;
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

/**
 * Brings one server to a release without a failed request, in the guide's order (step 8): out of the balancers, install,
 * restart, verify, back, watch. Running it again goes on where an earlier run broke off.
 *
 * @throws Error when the release does not become or stay healthy; the server then answers with the release it had before.
 */
export async function releaseMember(
    member: string,
    { version, artifact, sha256, bakeSeconds }: WantedRelease,
    actions: MemberActions,
): Promise<{ installed: boolean }> {
    const present = await actions.release("status", version);
    if (present.status === 0) {
        await actions.putBack();
        return { installed: false };
    }
    await actions.takeOut();
    const installed = await actions.release("install", version, artifact, sha256);
    await actions.putBack();
    if (installed.status !== 0) {
        throw new Error(`${member}: release ${version} was rolled back: ${reason(installed)}`);
    }
    for (let watched = 0; watched < bakeSeconds; watched += CHECK_EVERY_SECONDS) {
        const check = await actions.release("status", version);
        if (check.status !== 0) {
            await actions.takeOut();
            const back = await actions.release("rollback");
            await actions.putBack();
            const outcome = back.status === 0 ? "was rolled back" : `could not be rolled back (${reason(back)})`;
            throw new Error(`${member}: release ${version} ${outcome} after ${watched} s: ${reason(check)}`);
        }
        await actions.wait(CHECK_EVERY_SECONDS);
    }
    return { installed: true };
}

/** The last line says why. */
function reason({ output, status }: CommandResult): string {
    return output.trim().split("\n").at(-1) || `ended with ${status}`;
}
