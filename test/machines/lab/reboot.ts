import { expect } from "vitest";
import type { Machine } from "./machine";
import { measured } from "./measurements";

/** Longest that a machine, or all of them at once, may take until users are served again. */
const SECONDS = 180;
/** Of the kernel under the lab, which has no NFS. */
const EXCEPT = "rpc_pipefs";

/** Reboots machines at once, and waits until everything works again and no unit of theirs has failed. */
export async function rebootWell(what: string, machines: Machine[], works: () => Promise<unknown>): Promise<void> {
    const began = Date.now();
    await Promise.all(machines.map((machine) => machine.reboot()));
    await works();
    const seconds = (Date.now() - began) / 1000;
    const failed = await Promise.all(machines.map(failedUnits));
    measured(
        `Reboot of ${what}: until all works again, units that failed`,
        `${seconds.toFixed(0)} s, ${failed.flat().length}`,
        `${SECONDS} s, 0`,
    );
    expect(failed.flat()).toEqual([]);
    expect(seconds).toBeLessThan(SECONDS);
}

async function failedUnits(machine: Machine): Promise<string[]> {
    const units = await machine.ok(`systemctl --failed --no-legend --plain | grep -v ${EXCEPT} || true`);
    return units
        .split("\n")
        .filter(Boolean)
        .map((unit) => `${machine.name}: ${unit}`);
}
