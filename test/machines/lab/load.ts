import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Lab, outside } from "./lab";
import type { LoadPlan, Sample } from "./load-generator.mjs";

export type { Sample };

/** Load that goes on until it is stopped. */
export interface Load {
    stop: () => Promise<Sample[]>;
}

/** What users do: mostly read, some slowly, and write a tenth of the time. */
const mix: LoadPlan["mix"] = [
    { method: "GET", path: "/", share: 0.8 },
    { method: "GET", path: "/slow?ms=300", share: 0.1 },
    { method: "POST", path: "/tickets", share: 0.1 },
];

/** Starts users on the Internet that open a balancer's address. */
export function startLoad(lab: Lab, address: string, changes: Partial<LoadPlan> = {}): Load {
    const plan: LoadPlan = {
        address,
        hostname: "minusnow.example.com",
        authority: lab.authority.certificate,
        from: outside.users,
        perSecond: 200,
        mix,
        ...changes,
    };
    const file = path.join(lab.folder, `load-${Date.now()}.json`);
    writeFileSync(file, JSON.stringify(plan));
    const child = lab.outside(process.execPath, [path.join(import.meta.dirname, "load-generator.mts"), file]);
    const chunks: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    return {
        stop: async () => {
            child.stdin!.end();
            await ended;
            return JSON.parse(Buffer.concat(chunks).toString()) as Sample[];
        },
    };
}

const isFailure = ({ status }: Sample) => status === 0 || status >= 500;

/** Requests that may be asked twice, and writes, that got no good answer. */
export function failures(samples: Sample[]): { idempotent: Sample[]; writes: Sample[] } {
    const failed = samples.filter(isFailure);
    return {
        idempotent: failed.filter(({ method }) => method === "GET"),
        writes: failed.filter(({ method }) => method !== "GET"),
    };
}

/**
 * Writes that met a connection of HTTP/1.1 which was closed while it was idle, as Nginx does when it reloads: no server saw
 * them, and only their user can say whether to ask again.
 */
export const isClosedWhileIdle = ({ reason }: Sample) => reason === "closed while idle";

/** Failed requests besides those; what users of HTTP/1.1 meet at any time is no fault of a release. */
export const lost = (samples: Sample[]) => {
    const { idempotent, writes } = failures(samples);
    return [...idempotent, ...writes].filter((sample) => !isClosedWhileIdle(sample));
};

/** Requests a second, from the first to the last. */
export function rateOf(samples: Sample[]): number {
    const times = samples.map(({ began }) => began);
    return Math.round((samples.length / (Math.max(...times) - Math.min(...times))) * 1000);
}

/** Failures by what came of them, such as `12 GET 504 after 10 s`, the most frequent first. */
function reasons(failures_: Sample[]): string {
    const of = ({ method, status, reason, began, ended }: Sample) =>
        `${method} ${status || reason} after ${Math.round((ended - began) / 1000)} s`;
    const counts: Record<string, number> = {};
    for (const failure of failures_) {
        counts[of(failure)] = (counts[of(failure)] ?? 0) + 1;
    }
    return Object.entries(counts)
        .toSorted(([, a], [, b]) => b - a)
        .map(([what, count]) => `${count} ${what}`)
        .join(", ");
}

/** As a row of the table: failures besides those, and what no server is to blame for. */
export function failed(samples: Sample[]): string {
    const repeated = samples.filter(({ isRepeated }) => isRepeated).length;
    const closed = samples.filter(isClosedWhileIdle).length;
    const aside = `closed while idle: ${repeated} repeated, ${closed} writes`;
    const blamed = lost(samples);
    const why = blamed.length === 0 ? "" : `: ${reasons(blamed)}`;
    return `${blamed.length} of ${samples.length}${repeated + closed === 0 ? "" : ` (${aside})`}${why}`;
}

/** Milliseconds from an event until the last request failed that began after it or was under way; 0 when none did. */
export const untilLastFailure = (samples: Sample[], event: number) =>
    Math.max(
        0,
        ...samples.filter((sample) => isFailure(sample) && sample.ended > event).map(({ ended }) => ended - event),
    );

/** Milliseconds from an event until a server answered again; undefined when it did not. */
export function untilServedBy(samples: Sample[], server: string, event: number): number | undefined {
    const answers = samples.filter((sample) => sample.began > event && sample.server.startsWith(`${server} `));
    return answers.length === 0 ? undefined : Math.min(...answers.map(({ ended }) => ended)) - event;
}
