import type { Machine } from "./machine";

/** What an application has acknowledged, kept by whoever asked it. */
export interface Ledger {
    /** Keys of the tickets that were acknowledged. */
    acknowledged: () => string[];
    /** Whether every line of it has written within so many seconds. */
    isWriting: (seconds: number) => boolean;
    /** Longest time in seconds without one. */
    longestPause: () => number;
    stop: () => Promise<void>;
}

const LINES = 4;

/** Writes tickets one after another on some lines, and prints what was acknowledged. */
const program = `
process.stdin.resume().on("end", () => process.exit());
const writers = Array.from({ length: ${LINES} }, async (_, line) => {
    for (let count = 0; ; count++) {
        const key = process.argv[1] + "-" + line + "-" + count;
        try {
            const answer = await fetch("http://localhost:5000/tickets", {
                method: "POST",
                body: JSON.stringify({ key }),
                signal: AbortSignal.timeout(15000),
            });
            await answer.text();
            if (answer.status === 201) console.log(key);
        } catch {}
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
});
await Promise.all(writers);
`;

let ledgers = 0;

/** Starts to write tickets through the application of a machine. */
export function createLedger(app: Machine): Promise<Ledger> {
    const keys: string[] = [];
    let last = Date.now();
    const byLine = new Map<string, number>();
    let longest = 0;
    const child = app.spawn("node", ["--input-type=module", "-e", program, `ledger${++ledgers}`], (line) => {
        keys.push(line);
        longest = Math.max(longest, Date.now() - last);
        last = Date.now();
        byLine.set(line.split("-")[1]!, last);
    });
    return Promise.resolve({
        acknowledged: () => keys,
        isWriting: (seconds) =>
            byLine.size === LINES && [...byLine.values()].every((at) => Date.now() - at < seconds * 1000),
        longestPause: () => longest / 1000,
        stop: child.stop,
    });
}
