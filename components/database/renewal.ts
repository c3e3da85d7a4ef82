import { databaseMachines } from "./host/settings";

/** Parameters of a path, as Systems Manager lists them. */
interface Parameters {
    names: string[];
    values: string[];
}

/**
 * Lets a machine be renewed where the other one is primary now: else the only whole copy may be on its disk.
 *
 * @throws Error with what to do first.
 */
export function refusePrimary(path: string, machine: string, { names, values }: Parameters): void {
    const primary = values[names.indexOf(`${path}/primary`)];
    const isOther = databaseMachines.some((other) => other !== machine && JSON.stringify(other) === primary);
    if (primary !== undefined && !isOther) {
        const what = `which may be renewed only while the other machine is primary; found ${primary}, switch over first`;
        throw new Error(`AwsMachineDatabase: renew: found ${machine}, ${what}`);
    }
}
