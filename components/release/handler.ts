import { setTimeout as sleep } from "node:timers/promises";
import {
    DeregisterTargetsCommand,
    DescribeTargetHealthCommand,
    ElasticLoadBalancingV2Client,
    RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
    CancelCommandCommand,
    GetCommandInvocationCommand,
    PutParameterCommand,
    SendCommandCommand,
    SSMClient,
} from "@aws-sdk/client-ssm";
import {
    alone,
    type Balancing,
    type CommandResult,
    type MemberActions,
    releaseMember,
    type RunProgram,
    throughMachines,
    whenBooted,
    whenBootedOnWindows,
    type WantedRelease,
} from "./release-member";

/** What the function is asked to do: one server, and what is in front of it. */
export interface ReleaseRequest extends WantedRelease {
    /** For example `app2`. */
    member: string;
    instanceId: string;
    /** Instance ids of all servers. A single one is not taken out: nobody else would answer. */
    memberIds: string[];
    /** Whether servers run Windows; balancers run Linux. */
    windows?: boolean;
    /** Group of servers of a managed balancer. */
    targetGroupArn?: string;
    /** Machines that run HAProxy or Nginx. */
    balancerIds?: string[];
    /** Parameter with the release that new servers install; written once this server has it. */
    parameterName?: string;
}

/** What of Lambda's own context is used. */
export interface Context {
    getRemainingTimeInMillis: () => number;
}

const ssm = new SSMClient();
const elb = new ElasticLoadBalancingV2Client();
const POLL_SECONDS = 2;
/** A server that was made just now has to boot and to install what it runs first. */
const APPEAR_SECONDS = 300;
const COMMAND_SECONDS = 420;
/** The first boot of Windows takes longer, and a release waits for it. */
const WINDOWS_COMMAND_SECONDS = 700;
const BALANCER_SECONDS = 120;
const WINDOWS_APPEAR_SECONDS = 600;
/** Seconds that a script on Windows has to end itself in. */
const OWN_END_SECONDS = 40;
const POWERSHELL = "AWS-RunPowerShellScript";
/** A role that was made just now is refused by parts of AWS for a while. */
const ROLE_SECONDS = 120;
/** Seconds before Lambda ends the function that are kept for putting a server back. */
const RESERVE_SECONDS = 150;

let deadline = Infinity;

/** Runs in AWS Lambda: brings one server to a release, in the guide's order (step 8). */
export async function handler(request: ReleaseRequest, context?: Context): Promise<{ installed: boolean }> {
    const { member, instanceId, version, artifact, sha256, parameterName } = request;
    deadline = Date.now() + (context?.getRemainingTimeInMillis() ?? Infinity) - RESERVE_SECONDS * 1000;
    const run = request.windows ? runOnWindows : runCommand;
    const release = (...args: string[]) => run(instanceId, "release.mjs", ...args);
    const actions: MemberActions = { ...withReserve(balancing(request)), release };
    const result = await releaseMember(member, request, actions);
    if (parameterName !== undefined) {
        const Value = JSON.stringify({ version, artifact, sha256 });
        await ssm.send(new PutParameterCommand({ Name: parameterName, Value, Overwrite: true }));
    }
    console.log(JSON.stringify({ member, version, ...result }));
    return result;
}

/** Putting back may use the time that was kept for it. */
function withReserve({ takeOut, putBack }: Balancing): Balancing {
    return {
        takeOut,
        putBack: async () => {
            deadline += RESERVE_SECONDS * 1000;
            try {
                await putBack();
            } finally {
                deadline -= RESERVE_SECONDS * 1000;
            }
        },
    };
}

function balancing(request: ReleaseRequest): Balancing {
    const { member, instanceId, memberIds, targetGroupArn, balancerIds = [] } = request;
    if (memberIds.length === 1) {
        return alone;
    }
    return targetGroupArn === undefined
        ? throughMachines(member, balancerIds, runCommand)
        : targetGroup(targetGroupArn, instanceId, memberIds);
}

function targetGroup(TargetGroupArn: string, Id: string, memberIds: string[]): Balancing {
    const states = async () => {
        const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
        return new Map(TargetHealthDescriptions.map(({ Target, TargetHealth }) => [Target?.Id, TargetHealth?.State]));
    };
    const others = memberIds.filter((other) => other !== Id);
    const isAnotherHealthy = async () => {
        const found = await states();
        return others.some((other) => found.get(other) === "healthy");
    };
    return {
        takeOut: async () => {
            // One that an earlier run left out comes back first.
            const Targets = others.map((other) => ({ Id: other }));
            await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
            if ((await states()).get(Id) === "healthy") {
                await until("another server to be healthy", BALANCER_SECONDS, isAnotherHealthy);
            }
            await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id }] }));
            await until(`${Id} to be drained`, BALANCER_SECONDS, async () => !(await states()).has(Id));
        },
        putBack: async () => {
            await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id }] }));
            await until(`${Id} to be healthy`, BALANCER_SECONDS, async () => (await states()).get(Id) === "healthy");
        },
    };
}

/** Asks until it is so, for as long as is given or as the function may run. */
async function until(what: string, seconds: number, done: () => Promise<boolean>): Promise<void> {
    const began = Date.now();
    while (!(await done())) {
        if (Date.now() > Math.min(began + seconds * 1000, deadline)) {
            throw new Error(`waited ${Math.round((Date.now() - began) / 1000)} s for ${what}`);
        }
        await sleep(POLL_SECONDS * 1000);
    }
}

/** Runs a machine's own program through Systems Manager, once the machine has reported to it and has booted. */
const runCommand: RunProgram = (instanceId, program, ...args) =>
    runScript(instanceId, [program, ...args], "AWS-RunShellScript", whenBooted(program, args), COMMAND_SECONDS);

/** The same on a server that runs Windows. */
const runOnWindows: RunProgram = (instanceId, program, ...args) => {
    const seconds = Math.floor(Math.min(WINDOWS_COMMAND_SECONDS, (deadline - Date.now()) / 1000));
    // Whoever cancels a command on Windows ends PowerShell alone: the script itself has to end what it began.
    const script = whenBootedOnWindows(program, args, Math.max(seconds - OWN_END_SECONDS, OWN_END_SECONDS));
    return runScript(instanceId, [program, ...args], POWERSHELL, script, seconds);
};

async function runScript(
    instanceId: string,
    command: string[],
    document: string,
    script: string,
    seconds: number,
): Promise<CommandResult> {
    const CommandId = await sendCommand(instanceId, document, script, seconds);
    let result: CommandResult | undefined;
    const isDone = async () => {
        result = await resultOf(CommandId, instanceId);
        return result !== undefined;
    };
    try {
        await until(`${instanceId} to run ${command.join(" ")}`, seconds, isDone);
    } catch (error) {
        // What nobody waits for must not start later, on a server that answers users.
        await ssm.send(new CancelCommandCommand({ CommandId }));
        throw error;
    }
    return result!;
}

async function resultOf(CommandId: string, InstanceId: string): Promise<CommandResult | undefined> {
    try {
        const found = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
        if (["Pending", "InProgress", "Delayed", "Cancelling"].includes(found.Status ?? "Pending")) {
            return undefined;
        }
        const output = `${found.StandardOutputContent ?? ""}\n${found.StandardErrorContent ?? ""}`;
        return { status: found.ResponseCode ?? -1, output: output.trim() || String(found.StatusDetails) };
    } catch (error) {
        if ((error as Error).name === "InvocationDoesNotExist") {
            return undefined;
        }
        throw error;
    }
}

async function sendCommand(instanceId: string, document: string, command: string, seconds: number): Promise<string> {
    const began = Date.now();
    const isYoung = () => Date.now() < began + ROLE_SECONDS * 1000;
    let commandId: string | undefined;
    const appear = document === POWERSHELL ? WINDOWS_APPEAR_SECONDS : APPEAR_SECONDS;
    await until(`${instanceId} to report to Systems Manager`, appear, async () => {
        try {
            const { Command } = await ssm.send(
                new SendCommandCommand({
                    DocumentName: document,
                    InstanceIds: [instanceId],
                    Parameters: { commands: [command], executionTimeout: [String(seconds)] },
                    // An agent that is away does not start it later.
                    TimeoutSeconds: 60,
                }),
            );
            commandId = Command!.CommandId!;
            return true;
        } catch (error) {
            const { name } = error as Error;
            if (name === "InvalidInstanceId" || (name === "AccessDeniedException" && isYoung())) {
                return false;
            }
            throw error;
        }
    });
    return commandId!;
}
