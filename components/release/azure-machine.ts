import { randomUUID } from "node:crypto";
import { manage, needed, pause, runToEnd, writeSecret } from "../operations/azure-client";
import {
    alone,
    type Balancing,
    type CommandResult,
    releaseMember,
    type RunProgram,
    throughMachines,
    whenBooted,
    whenBootedOnWindows,
    type WantedRelease,
} from "./release-member";

/**
 * Runs on the operations machine on Azure: brings one server to a release, in the guide's order (step 8). What to do is in
 * the variable REQUEST.
 */
export interface ReleaseRequest extends WantedRelease {
    /** For example `app2`. */
    member: string;
    /** Resource ids and private addresses of all servers by name. A single one is not taken out: nobody else would answer. */
    members: Record<string, { id: string; address: string }>;
    /** Whether servers run Windows; everything else runs Linux. */
    windows?: boolean;
    /** Resource id of a gateway. */
    gatewayId?: string;
    /** Resource ids of machines that run HAProxy or Nginx. */
    balancerIds?: string[];
    /** Secret with the release that new servers install; written once this server has it. */
    releaseSecretId?: string;
}

const MACHINE_API = "2024-07-01";
const GATEWAY_API = "2024-05-01";
/** Longest that a server may take: download, build, migration, restart. */
const COMMAND_SECONDS = 1500;
/** Azure's own limit ends the shell alone and not what it began: it must not be reached. */
const AZURE_SECONDS = COMMAND_SECONDS + 60;
/** Azure changes a gateway within seconds, and within half an hour while it is being maintained. */
const GATEWAY_SECONDS = 2700;
/** Seconds between two looks at what Azure is doing. */
const POLL_MS = Number(process.env["POLL_MS"] ?? 3000);

const request = JSON.parse(needed("REQUEST")) as ReleaseRequest;
const { member, members, gatewayId, balancerIds = [], windows = false } = request;
const self = members[member]!;
const others = Object.entries(members).filter(([name]) => name !== member);

async function until(what: string, seconds: number, done: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await done()); await pause(POLL_MS)) {
        if (Date.now() > end) {
            throw new Error(`waited ${seconds} s for ${what}`);
        }
    }
}

interface Command {
    properties: {
        provisioningState: string;
        provisioningStateMessage?: string;
        instanceView?: { executionState: string; exitCode?: number; output?: string; error?: string };
    };
}

/** Runs a script on a machine. Each has a name of its own: Azure keeps 25, and may not run one again by the same name. */
async function runScript(machineId: string, script: string): Promise<CommandResult> {
    const { location } = (await manage("GET", machineId, MACHINE_API)) as { location: string };
    const id = `${machineId}/runCommands/minusnow-${randomUUID().slice(0, 8)}`;
    const properties = { source: { script }, asyncExecution: true, timeoutInSeconds: AZURE_SECONDS };
    await manage("PUT", id, MACHINE_API, { location, properties });
    try {
        let result: CommandResult | undefined;
        await until(`${machineId} to run ${script}`, AZURE_SECONDS + 60, async () => {
            result = resultOf((await manage("GET", id, MACHINE_API, undefined, "&$expand=instanceView")) as Command);
            return result !== undefined;
        });
        return result!;
    } finally {
        await manage("DELETE", id, MACHINE_API).catch((error: unknown) =>
            console.log(`${id} stays: ${(error as Error).message}`),
        );
    }
}

/** A server's or a balancer's own program, with all that it begins, in time or not at all. */
const run: RunProgram = (machineId, program, ...args) =>
    runScript(machineId, whenBooted(program, args, COMMAND_SECONDS));

/** The same on an application server. */
const runOnServer: RunProgram = (machineId, program, ...args) =>
    windows
        ? runScript(machineId, whenBootedOnWindows(program, args, COMMAND_SECONDS))
        : run(machineId, program, ...args);

function resultOf({ properties }: Command): CommandResult | undefined {
    const { provisioningState, provisioningStateMessage = "", instanceView } = properties;
    const { executionState = "Pending", exitCode = -1, output = "", error = "" } = instanceView ?? {};
    if (["Succeeded", "Failed", "TimedOut", "Canceled"].includes(executionState)) {
        return { status: exitCode, output: `${output}\n${error}`.trim() || executionState };
    }
    return provisioningState === "Failed"
        ? { status: -1, output: provisioningStateMessage || "Azure could not run it" }
        : undefined;
}

function balancing(): Balancing {
    if (others.length === 0) {
        return alone;
    }
    return gatewayId === undefined ? throughMachines(member, balancerIds, run) : gateway(gatewayId);
}

interface Gateway {
    properties: {
        provisioningState: string;
        backendAddressPools: { properties: { backendAddresses: { ipAddress?: string }[] } }[];
        backendHttpSettingsCollection: {
            properties: { connectionDraining?: { enabled: boolean; drainTimeoutInSec: number } };
        }[];
    };
}

/** A gateway has one group of servers; Azure changes it as a whole. */
function gateway(id: string): Balancing {
    const all = Object.values(members)
        .map(({ address }) => address)
        .sort();
    const read = async () => (await manage("GET", id, GATEWAY_API)) as Gateway;
    const addressesOf = ({ properties }: Gateway) =>
        properties.backendAddressPools[0]!.properties.backendAddresses.map(({ ipAddress }) => ipAddress!).sort();
    const settled = async () => {
        await until(`${id} to be changed`, GATEWAY_SECONDS, async () =>
            ["Succeeded", "Failed"].includes((await read()).properties.provisioningState),
        );
        return read();
    };
    /** Gives how long a server that has left may still be asked; 0 when nothing changed. */
    const send = async (addresses: string[]): Promise<number> => {
        const present = await settled();
        if (addressesOf(present).join() === addresses.join()) {
            return 0;
        }
        present.properties.backendAddressPools[0]!.properties.backendAddresses = addresses.map((ipAddress) => ({
            ipAddress,
        }));
        await manage("PUT", id, GATEWAY_API, present);
        const changed = await settled();
        if (changed.properties.provisioningState !== "Succeeded" || addressesOf(changed).join() !== addresses.join()) {
            throw new Error(
                `${member}: ${id} is ${changed.properties.provisioningState} and sends requests to ${addressesOf(changed).join(", ")}, allowed are ${addresses.join(", ")}`,
            );
        }
        const [settings] = changed.properties.backendHttpSettingsCollection;
        const { enabled = false, drainTimeoutInSec = 0 } = settings?.properties.connectionDraining ?? {};
        return enabled ? drainTimeoutInSec : DEFAULT_DRAIN_SECONDS;
    };
    // One that is off answers nobody, users neither.
    const isHealthy = ({ id: machineId }: { id: string }) =>
        runOnServer(machineId, "release.mjs", "healthy").then(
            ({ status }) => status === 0,
            () => false,
        );
    return {
        takeOut: async () => {
            // One that an earlier run left out comes back first.
            await send(all);
            const healthy = await Promise.all(others.map(([, other]) => isHealthy(other)));
            if (!healthy.includes(true) && (await isHealthy(self))) {
                throw new Error(`${member} is the last healthy server`);
            }
            const seconds = await send(all.filter((address) => address !== self.address));
            // Sessions of users still go there meanwhile.
            await pause(seconds * DRAIN_MS);
        },
        putBack: async () => {
            await send(all);
        },
    };
}

/** What Azure lets connections have that is told nothing. */
const DEFAULT_DRAIN_SECONDS = 30;
const DRAIN_MS = Number(process.env["DRAIN_MS"] ?? 1000);

runToEnd(async () => {
    const { version, artifact, sha256, releaseSecretId } = request;
    const release = (...args: string[]) => runOnServer(self.id, "release.mjs", ...args);
    const result = await releaseMember(member, request, { ...balancing(), release });
    if (releaseSecretId !== undefined) {
        const description = "MinusNow: release of the application servers";
        await writeSecret(releaseSecretId, JSON.stringify({ version, artifact, sha256 }), description);
    }
    console.log(JSON.stringify({ member, version, ...result }));
});
