import { applicationDatabase, databaseStorageGib } from "../reference";
import type { DatabaseMachine } from "./host/machine";
import { databaseMachines, WITNESS } from "./host/settings";

/** What every cloud's machines are told of each other and of what they keep. */
interface MachinesArgs {
    storageGib?: number;
    backupRetentionDays?: number;
    renew?: string[];
    automaticFailover?: boolean;
    privateAddresses: string[];
    appNetworks: string[];
}

/** Why a standby may take over by itself only with a third voter. */
export const THIRD_VOTER = "of two voters none can tell a dead machine from a cut cable; a witness in a third zone can";

/** Names of the machines that have a say in who is primary. */
const voters = ({ automaticFailover = false }: Pick<MachinesArgs, "automaticFailover">): string[] =>
    automaticFailover ? [...databaseMachines, WITNESS] : [...databaseMachines];

/** Days that a moment can be restored where nothing else is said (guide, "Backup Strategy"). */
export const BACKUP_RETENTION_DAYS = 30;

/** What contradicts itself in the arguments of a database on machines. */
export function machineProblems(args: MachinesArgs): string[] {
    const { renew = [], privateAddresses, backupRetentionDays = BACKUP_RETENTION_DAYS } = args;
    const problems = [];
    const names = voters(args);
    if (privateAddresses.length !== names.length) {
        const why = args.automaticFailover ? `: ${THIRD_VOTER}` : "";
        problems.push(
            `privateAddresses: found ${privateAddresses.length}, allowed is one for each of ${names.join(", ")}${why}`,
        );
    }
    if (renew.length > 1 || renew.some((name) => !names.includes(name))) {
        problems.push(`renew: found ${renew.join(", ")}, allowed is one of ${names.join(", ")} at a time`);
    }
    if (!Number.isInteger(backupRetentionDays) || backupRetentionDays < 1) {
        problems.push(`backupRetentionDays: found ${backupRetentionDays}, allowed is a whole number of days from 1`);
    }
    return problems;
}

/** The first or the second machine, as both clouds' see themselves and each other. */
export function machineAt(
    place: number,
    { privateAddresses, appNetworks, storageGib = databaseStorageGib }: MachinesArgs,
): Pick<DatabaseMachine, "host" | "peer" | "address" | "owner" | "witnessAddress"> {
    const other = 1 - place;
    const [, , witnessAddress] = privateAddresses;
    return {
        ...(witnessAddress !== undefined && { witnessAddress }),
        host: {
            name: databaseMachines[place]!,
            peerAddress: privateAddresses[other]!,
            appNetworks,
            logins: [applicationDatabase.role, applicationDatabase.alternateLogin],
            database: applicationDatabase.name,
            diskGib: storageGib,
        },
        peer: databaseMachines[other]!,
        address: privateAddresses[place]!,
        owner: applicationDatabase.role,
    };
}

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
