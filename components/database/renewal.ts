/** Parameters of a path, as Systems Manager lists them. */
interface Parameters {
    names: string[];
    values: string[];
}

/**
 * Lets a machine be renewed unless it is the primary now: the only whole copy may be on its disk.
 *
 * @throws Error with what to do first.
 */
export function refusePrimary(path: string, machine: string, { names, values }: Parameters): void {
    if (values[names.indexOf(`${path}/primary`)] === JSON.stringify(machine)) {
        throw new Error(`AwsMachineDatabase: renew: found ${machine}, which is primary now; switch over first`);
    }
}
