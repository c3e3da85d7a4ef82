import { fail, type Finding, pass, shown, waits } from "../rule";
import type { Resource } from "../stack";
import { firstBoot } from "./first-boot";

/** What a machine's first-boot script makes of its PostgreSQL. */
export interface PostgresFacts {
    /** Major version. */
    major: number | undefined;
    /** Settings of `postgresql.conf`, as they are written. */
    settings: Record<string, string | undefined>;
    /** Share of memory that a setting gets when PostgreSQL starts, in percent. */
    memoryShare: (setting: string) => number | undefined;
    /** Connections over the network that need no TLS, or no password kept as scram does. */
    clearConnections: string[];
    /** Days that write-ahead log and the backups before it are kept; undefined where nothing archives. */
    archiveDays: number | undefined;
}

const SETTING = /^\s*(\w+) = '?([^'\n]*)'?$/gm;
const CLEAR = /^\s*(?:(?:host|hostnossl)\s+\S+\s+\S+\s+\S+.*|host\w*\s.*\s(?:trust|password|md5))$/gm;

/** Reads a machine's first-boot script; undefined while it is not known. */
export function postgresFacts(machine: Resource): PostgresFacts | undefined {
    const script = firstBoot(machine);
    if (script === undefined) {
        return undefined;
    }
    const lines = [...script.matchAll(SETTING)].map(([, name, value]) => [name, value] as const);
    const settings = Object.fromEntries(lines) as Record<string, string | undefined>;
    const days = /^\s*repo1-retention-full=(\d+)$/m.exec(script)?.[1];
    const major = /^\s*PG_BIN=\/usr\/(?:lib\/postgresql\/|pgsql-)(\d+)\//m.exec(script)?.[1];
    const archives = (settings["archive_command"] ?? "").includes("archive-push") && settings["archive_mode"] === "on";
    return {
        major: major === undefined ? undefined : Number(major),
        settings,
        memoryShare: (setting) => shareOf(script, setting),
        clearConnections: [...script.matchAll(CLEAR)].map(([line]) => line.trim()),
        archiveDays: archives && days !== undefined ? Number(days) : undefined,
    };
}

/** What a share is counted by on the machine: `MEMORY_SHARES="shared_buffers=25 …"`. */
function shareOf(script: string, setting: string): number | undefined {
    const shares = /^\s*MEMORY_SHARES="([^"]*)"$/m.exec(script)?.[1] ?? "";
    const share = shares.split(" ").find((pair) => pair.startsWith(`${setting}=`));
    return share === undefined ? undefined : Number(share.split("=")[1]);
}

/** Decides by the first-boot script of a machine, once it is known. */
export function judgeFacts(machine: Resource, judge: (facts: PostgresFacts) => Finding[]): Finding[] {
    const facts = postgresFacts(machine);
    return facts === undefined
        ? [waits(machine, "its first-boot script is not known before the update")]
        : judge(facts);
}

/** The guide's settings, and what its memory is divided by. */
const guideSettings: Record<string, string> = {
    max_connections: "200",
    maintenance_work_mem: "1GB",
    work_mem: "64MB",
    wal_level: "replica",
    max_wal_senders: "3",
    wal_keep_size: "1GB",
    random_page_cost: "1.1",
    effective_io_concurrency: "200",
};
const guideShares: Record<string, number> = { shared_buffers: 25, effective_cache_size: 75 };

/** Whether a machine's PostgreSQL has the guide's settings (step 3). */
export function tunedOnMachine(machine: Resource): Finding[] {
    const judged = (name: string, found: unknown, allowed: string | number) =>
        found === allowed
            ? pass(machine, `${name} is ${shown(found)}`)
            : fail(machine, `${name}: found ${shown(found)}, allowed: ${allowed}`);
    return judgeFacts(machine, ({ settings, memoryShare }) => [
        ...Object.entries(guideSettings).map(([name, allowed]) => judged(name, settings[name], allowed)),
        ...Object.entries(guideShares).map(([name, share]) =>
            judged(`${name} in % of memory`, memoryShare(name), share),
        ),
    ]);
}
