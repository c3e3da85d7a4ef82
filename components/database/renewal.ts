import { databaseMachines } from "./host/settings";

/**
 * Lets a machine be renewed where the other one is primary now: else the only whole copy may be on its disk. Who is primary
 * is told as the machines write it; undefined while there are none.
 *
 * @throws Error with what to do first.
 */
export function refusePrimary(component: string, machine: string, primary: string | undefined): void {
    const isOther = databaseMachines.some((other) => other !== machine && JSON.stringify(other) === primary);
    if (primary !== undefined && !isOther) {
        const what = `which may be renewed only while the other machine is primary; found ${primary}, switch over first`;
        throw new Error(`${component}: renew: found ${machine}, ${what}`);
    }
}
