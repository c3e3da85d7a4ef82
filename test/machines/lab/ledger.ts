import type { Machine } from "./machine";

/** What an application has acknowledged, kept by whoever asked it. */
export interface Ledger {
    /** Keys of the tickets that were acknowledged. */
    acknowledged: () => string[];
    /** When the last one was, in milliseconds. */
    lastAt: () => number;
    /** Longest time in seconds without one. */
    longestPause: () => number;
    stop: () => Promise<void>;
}

/** Writes tickets one after another on four lines, and prints what was acknowledged. */
const program = `
process.stdin.resume().on("end", () => process.exit());
const writers = Array.from({ length: 4 }, async (_, line) => {
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
    let longest = 0;
    const child = app.spawn("node", ["--input-type=module", "-e", program, `ledger${++ledgers}`], (line) => {
        keys.push(line);
        longest = Math.max(longest, Date.now() - last);
        last = Date.now();
    });
    return Promise.resolve({
        acknowledged: () => keys,
        lastAt: () => last,
        longestPause: () => longest / 1000,
        stop: child.stop,
    });
}
