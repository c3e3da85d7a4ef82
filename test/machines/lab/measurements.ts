import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repository } from "../../support/plans";
import { alone } from "./alone";

/** A figure that was measured, with what the guide or the library expects of it. */
export interface Measurement {
    what: string;
    measured: string;
    expected: string;
}

const file = path.join(repository, "reports/machines.json");
const own: Measurement[] = [];

/** Keeps a figure in `reports/machines.json`, in place of an earlier one of the same name. */
export function measured(what: string, value: string | number, expected: string): void {
    const measurement = { what, measured: String(value), expected };
    own.push(measurement);
    alone(() => {
        const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Measurement[]) : [];
        mkdirSync(path.dirname(file), { recursive: true });
        const all = [...before.filter((other) => other.what !== what), measurement];
        writeFileSync(file, `${JSON.stringify(all, undefined, 4)}\n`);
    });
}

/** Prints the figures since the last time. */
export function printMeasurements(): void {
    const columns = ["what", "measured", "expected"] as const;
    const widths = columns.map((column) => Math.max(...own.map((row) => row[column].length), column.length));
    const line = (row: Measurement) => columns.map((column, place) => row[column].padEnd(widths[place]!)).join("  ");
    const head = { what: "what", measured: "measured", expected: "expected" };
    console.log([head, ...own.splice(0)].map((row) => line(row).trimEnd()).join("\n"));
}
