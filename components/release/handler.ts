import { setTimeout as sleep } from "node:timers/promises";
import {
    DeregisterTargetsCommand,
    DescribeTargetHealthCommand,
    ElasticLoadBalancingV2Client,
    RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetCommandInvocationCommand, PutParameterCommand, SendCommandCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type CommandResult, type MemberActions, releaseMember, type WantedRelease } from "./release-member";

/** What the function is asked to do: one server, and what is in front of it. */
export interface ReleaseRequest extends WantedRelease {
    /** For example `app2`. */
    member: string;
    instanceId: string;
    /** Group of servers of a managed balancer. */
    targetGroupArn?: string;
    /** Machines that run HAProxy or Nginx. */
    balancerIds?: string[];
    /** Parameter with the release that new servers install; written once this server has it. */
    parameterName?: string;
}

const ssm = new SSMClient();
const elb = new ElasticLoadBalancingV2Client();
const POLL_SECONDS = 2;
/** A server that was made just now has to boot and to install what it runs first. */
const APPEAR_SECONDS = 600;
const COMMAND_SECONDS = 600;
const BALANCER_SECONDS = 180;

/** Runs in AWS Lambda: brings one server to a release, in the guide's order (step 8). */
export async function handler(request: ReleaseRequest): Promise<{ installed: boolean }> {
    const { member, instanceId, version, artifact, sha256, parameterName } = request;
    const release = (...args: string[]) =>
        runCommand(instanceId, ["/usr/local/lib/minusnow/release.mjs", ...args].map(quoted).join(" "));
    const actions: MemberActions = { ...balancing(request), release, wait };
    const result = await releaseMember(member, request, actions);
    if (parameterName !== undefined) {
        const Value = JSON.stringify({ version, artifact, sha256 });
        await ssm.send(new PutParameterCommand({ Name: parameterName, Value, Overwrite: true }));
    }
    console.log(JSON.stringify({ member, version, ...result }));
    return result;
}

const wait = (seconds: number) => sleep(seconds * 1000);
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function balancing(request: ReleaseRequest): Pick<MemberActions, "takeOut" | "putBack"> {
    const { member, instanceId, targetGroupArn, balancerIds = [] } = request;
    if (targetGroupArn !== undefined) {
        return targetGroup(targetGroupArn, instanceId);
    }
    const drain = async (direction: "out" | "in") => {
        for (const balancerId of balancerIds) {
            const { status, output } = await runCommand(
                balancerId,
                `/usr/local/lib/minusnow/drain.mjs ${quoted(member)} ${direction}`,
            );
            if (status !== 0) {
                throw new Error(`${member}: balancer ${balancerId} refuses to take it ${direction}: ${output.trim()}`);
            }
        }
    };
    return { takeOut: () => drain("out"), putBack: () => drain("in") };
}

function targetGroup(TargetGroupArn: string, Id: string): Pick<MemberActions, "takeOut" | "putBack"> {
    const states = async () => {
        const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
        return new Map(TargetHealthDescriptions.map(({ Target, TargetHealth }) => [Target?.Id, TargetHealth?.State]));
    };
    return {
        takeOut: async () => {
            const others = [...(await states())].filter(([id, state]) => id !== Id && state === "healthy");
            if (others.length === 0) {
                throw new Error(`${Id} is the last healthy server behind the load balancer`);
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

async function until(what: string, seconds: number, done: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await done())) {
        if (Date.now() > end) {
            throw new Error(`waited ${seconds} s for ${what}`);
        }
        await wait(POLL_SECONDS);
    }
}

/** Runs a shell command on a machine through Systems Manager, once the machine has reported to it and has booted. */
async function runCommand(instanceId: string, command: string): Promise<CommandResult> {
    const whenBooted = `cloud-init status --wait >/dev/null; ${command}`;
    const CommandId = await sendCommand(instanceId, whenBooted);
    let result: CommandResult | undefined;
    await until(`${instanceId} to run ${command}`, COMMAND_SECONDS, async () => {
        try {
            const found = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: instanceId }));
            if (["Pending", "InProgress", "Delayed", "Cancelling"].includes(found.Status ?? "Pending")) {
                return false;
            }
            const output = `${found.StandardOutputContent ?? ""}\n${found.StandardErrorContent ?? ""}`;
            result = { status: found.ResponseCode ?? -1, output: output.trim() || String(found.StatusDetails) };
            return true;
        } catch (error) {
            if ((error as Error).name === "InvocationDoesNotExist") {
                return false;
            }
            throw error;
        }
    });
    return result!;
}

async function sendCommand(instanceId: string, command: string): Promise<string> {
    let commandId: string | undefined;
    await until(`${instanceId} to report to Systems Manager`, APPEAR_SECONDS, async () => {
        try {
            const { Command } = await ssm.send(
                new SendCommandCommand({
                    DocumentName: "AWS-RunShellScript",
                    InstanceIds: [instanceId],
                    Parameters: { commands: [command], executionTimeout: [String(COMMAND_SECONDS)] },
                }),
            );
            commandId = Command!.CommandId!;
            return true;
        } catch (error) {
            if ((error as Error).name === "InvalidInstanceId") {
                return false;
            }
            throw error;
        }
    });
    return commandId!;
}
