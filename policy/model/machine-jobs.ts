import { type Resource, type Stack, UNKNOWN } from "../stack";
import { azure } from "../types";
import { firstBoot } from "./first-boot";
import { hoursBetweenEvents } from "./schedule";

/** A systemd timer that a first-boot script or a command puts on a machine. */
export interface MachineJob {
    /** The machine or command that brings it. */
    holder: Resource;
    /** Name of the unit, without `.timer`. */
    unit: string;
    /** Hours between runs; undefined when the calendar cannot be read. */
    everyHours: number | undefined;
    /** The whole script. */
    script: string;
}

const TIMER = /([\w@.-]+)\.timer\b(?:(?!\.timer\b)[^])*?OnCalendar=([^\n]+)/g;

/** Timers on the machines of a stack. */
export function machineJobs(stack: Stack): MachineJob[] {
    return stack.once(allJobs);
}

function allJobs(stack: Stack): MachineJob[] {
    const scripts = [
        ...stack.of(azure.machine).map((holder) => ({ holder, script: firstBoot(holder) })),
        ...stack.of(azure.runCommand).map((holder) => ({ holder, script: holder.text("source.script") })),
    ];
    return scripts.flatMap(({ holder, script = "" }) =>
        [...script.matchAll(TIMER)].map(([, unit = "", calendar = ""]) => ({
            holder,
            unit,
            everyHours: hoursBetweenEvents(calendar),
            script,
        })),
    );
}

/** Commands whose script is not known yet: what they put on a machine will be checked by the update. */
export function unreadCommands(stack: Stack): Resource[] {
    return stack.of(azure.runCommand).filter((command) => command.get("source.script") === UNKNOWN);
}
