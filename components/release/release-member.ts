import { windowsApplication } from "../reference";

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
}

/** What is in front of a server. */
export type Balancing = Pick<MemberActions, "takeOut" | "putBack">;

/** Runs a server's or a balancer's own program. */
export type RunProgram = (machineId: string, program: string, ...args: string[]) => Promise<CommandResult>;

/** What a server is to run. */
export interface WantedRelease {
    version: string;
    artifact: string;
    sha256: string;
    /** Seconds that the server is watched after it answers users again. */
    bakeSeconds: number;
}

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
    const watched = await actions.release("watch", version, sha256, String(wanted.bakeSeconds));
    // No answer is no illness, so it is asked once more.
    const found = watched.status < 0 ? await status() : watched;
    if (found.status > 0) {
        const back = await whileOut(actions, () => actions.release("rollback"));
        const outcome = back.status === 0 ? "the former release is back" : `and stays: ${reason(back)}`;
        throw new Error(`${member}: release ${version} failed later: ${reason(found)}; ${outcome}`);
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

/** A single server stays in: nobody else would answer. */
export const alone: Balancing = { takeOut: () => Promise.resolve(), putBack: () => Promise.resolve() };

/** Machines that run HAProxy or Nginx, told one after the other; refuses to go on where one does not do it. */
export function throughMachines(member: string, balancerIds: string[], run: RunProgram): Balancing {
    const drain = async (direction: "out" | "in") => {
        for (const id of balancerIds) {
            const { status, output } = await run(id, "drain.mjs", member, direction);
            if (status !== 0) {
                const balancer = id.split("/").at(-1)!;
                throw new Error(`${member}: balancer ${balancer} does not take it ${direction}: ${output.trim()}`);
            }
        }
    };
    return { takeOut: () => drain("out"), putBack: () => drain("in") };
}

/** A text as one word for a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What runs a server's or a balancer's own program, once the machine has booted; ends it with all that it began, if told. */
export function whenBooted(program: string, args: string[], endAfterSeconds?: number): string {
    const command = [`/usr/local/lib/minusnow/${program}`, ...args].map(quoted).join(" ");
    const limit = endAfterSeconds === undefined ? "" : `timeout -k 10 ${endAfterSeconds} `;
    return `cloud-init status --wait >/dev/null; ${limit}${command}`;
}

/** The same on Windows, with the exit status of the program; 124 says that it was ended. */
export function whenBootedOnWindows(program: string, args: string[], endAfterSeconds: number): string {
    const folder = windowsApplication.folder;
    const words = [`${folder}\\${program}`, ...args].map((word) => `"${word.replaceAll('"', '\\"')}"`).join(" ");
    return `$end = [System.DateTime]::UtcNow.AddSeconds(${endAfterSeconds})
while (-not (Test-Path '${folder}\\booted')) {
    if ([System.DateTime]::UtcNow -gt $end) {
        Write-Output 'REASON: its first boot has not ended'
        exit 124
    }
    Start-Sleep -Seconds 5
}
$words = '${words.replaceAll("'", "''")}'
$said = '${folder}\\said-' + [System.Guid]::NewGuid()
$streams = @{ RedirectStandardOutput = "$said.out"; RedirectStandardError = "$said.err" }
$program = Start-Process -FilePath '${folder}\\node\\node.exe' -ArgumentList $words @streams -NoNewWindow -PassThru
$null = $program.Handle
$status = 124
$left = [System.Math]::Max(1000, ($end - [System.DateTime]::UtcNow).TotalMilliseconds)
if ($program.WaitForExit([int] $left)) {
    $status = $program.ExitCode
} else {
    taskkill.exe /PID $program.Id /T /F
    sc.exe stop minusnow-work
}
Get-Content "$said.out", "$said.err"
Remove-Item "$said.out", "$said.err" -ErrorAction SilentlyContinue
exit $status`;
}

/** The server's programs mark it. */
function reason({ output, status }: CommandResult): string {
    const marked = /^REASON: (.*)$/m.exec(output)?.[1];
    return (marked ?? output.trim().split("\n").at(-1)) || `ended with ${status}`;
}
