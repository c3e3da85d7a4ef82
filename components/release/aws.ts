import path from "node:path";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import type { ReleaseArtifact } from "../app-pair/contract";
import { allow } from "../aws-account";
import { createFunction } from "../aws-function";
import { BAKE_SECONDS, LONGEST_BAKE_SECONDS, type Release } from "./contract";

/** Arguments of {@link AwsRelease}. */
export interface AwsReleaseArgs {
    /**
     * What the servers are to run. A change takes one server after the other out of the balancer, the last one first,
     * installs, verifies and watches it; the update waits for all of it and fails when a server does not become healthy,
     * which then runs what it ran before. Servers before it are not touched.
     */
    release: ReleaseArtifact;
    /** Instance ids of app1, app2, …; a server that replaces another is waited for and verified. */
    memberIds: pulumi.Input<string>[];
    /** Value of the tag `minusnow-servers` on the servers, and on the balancers if they are machines. */
    serverTags: pulumi.Input<string>[];
    /** True for servers that run Windows. Default false. */
    windows?: boolean;
    /** ARN of the group of servers of a managed balancer. Exactly one of this and `balancerIds`. */
    targetGroupArn?: pulumi.Input<string>;
    /** Instance ids of balancers that run HAProxy or Nginx. */
    balancerIds?: pulumi.Input<string>[];
    /** Name of the SSM parameter with the release that new servers install; it follows what all servers run. */
    parameterName: pulumi.Input<string>;
    /** ARN of that parameter. */
    parameterArn: pulumi.Input<string>;
    /** Seconds that a server is watched after it answers users again, up to 300. Default 60. */
    bakeSeconds?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Longest that Lambda lets a function run; one server is released within it. */
const TIMEOUT_SECONDS = 900;

/** Brings a release to the servers one by one without a failed request, within the update (guide, step 8). */
export class AwsRelease extends pulumi.ComponentResource implements Release {
    /** Version that every server runs once the update has ended. */
    public readonly version: pulumi.Output<string>;

    constructor(name: string, args: AwsReleaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsRelease", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const releaser = createReleaser(name, args, child);
        // One output for all, since each of the servers' releases needs it.
        const allIds = pulumi.all(args.memberIds);
        let last: lambda.Invocation | undefined;
        for (let place = args.memberIds.length - 1; place >= 0; place--) {
            last = releaseTo(name, place, allIds, releaser, last, args, child);
        }

        const ended = last?.result;
        this.version = pulumi.all([pulumi.output(args.release.version), ended]).apply(([version]) => version);
        this.registerOutputs({ version: this.version });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments({ targetGroupArn, balancerIds, bakeSeconds = BAKE_SECONDS }: AwsReleaseArgs): void {
    const problems = [];
    if ((targetGroupArn === undefined) === (balancerIds === undefined)) {
        problems.push("targetGroupArn and balancerIds: allowed is exactly one of them");
    }
    if (!Number.isInteger(bakeSeconds) || bakeSeconds < 0 || bakeSeconds > LONGEST_BAKE_SECONDS) {
        problems.push(`bakeSeconds: found ${bakeSeconds}, allowed are 0 to ${LONGEST_BAKE_SECONDS}`);
    }
    if (problems.length > 0) {
        throw new Error(`AwsRelease: ${problems.join("; ")}`);
    }
}

function createReleaser(name: string, args: AwsReleaseArgs, child: Child): lambda.Function {
    return createFunction(
        name,
        {
            description: "MinusNow: brings a release to one server",
            bundle: path.join(__dirname, "bundle.js"),
            statements: releaseStatements(args, child),
            timeoutSeconds: TIMEOUT_SECONDS,
            memoryMib: 256,
            // One that has not run for weeks fails its first call; a change before each release is meant to wake it up.
            environment: { VERSION: args.release.version },
            logFormat: "JSON",
            logDays: 90,
            tags: args.tags,
        },
        child,
    );
}

/** Runs commands on the deployment's own machines, and takes servers out of their balancer. */
function releaseStatements(args: AwsReleaseArgs, child: Child): object[] {
    const { serverTags, windows, targetGroupArn, parameterArn } = args;
    const partition = getPartitionOutput({}, child).partition;
    const region = getRegionOutput({}, child).region;
    const ownMachines = { StringEquals: { "ssm:resourceTag/minusnow-servers": serverTags } };
    return [
        allow(["ssm:SendCommand"], [pulumi.interpolate`arn:${partition}:ec2:${region}:*:instance/*`], ownMachines),
        allow(
            ["ssm:SendCommand"],
            ["AWS-RunShellScript", ...(windows ? ["AWS-RunPowerShellScript"] : [])].map(
                (document) => pulumi.interpolate`arn:${partition}:ssm:${region}::document/${document}`,
            ),
        ),
        allow(["ssm:GetCommandInvocation", "ssm:CancelCommand"], ["*"]),
        allow(["ssm:PutParameter"], [parameterArn]),
        ...(targetGroupArn === undefined
            ? []
            : [
                  allow(
                      ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
                      [targetGroupArn],
                  ),
                  allow(["elasticloadbalancing:DescribeTargetHealth"], ["*"]),
              ]),
    ];
}

/** The last server to get the release is the first one, and the one that tells new servers of it. */
function releaseTo(
    name: string,
    place: number,
    allIds: pulumi.Output<string[]>,
    releaser: lambda.Function,
    before: lambda.Invocation | undefined,
    args: AwsReleaseArgs,
    child: Child,
): lambda.Invocation {
    const { release, memberIds, targetGroupArn, balancerIds, parameterName, bakeSeconds = BAKE_SECONDS } = args;
    const { version, artifact, sha256 } = release;
    const member = `app${place + 1}`;
    return new lambda.Invocation(
        `${name}-${member}`,
        {
            functionName: releaser.name,
            input: pulumi.jsonStringify({
                member,
                instanceId: memberIds[place]!,
                memberIds: allIds,
                ...(targetGroupArn !== undefined && { targetGroupArn }),
                ...(balancerIds !== undefined && { balancerIds }),
                ...(args.windows && { windows: true }),
                version,
                artifact,
                sha256,
                bakeSeconds,
                ...(place === 0 && { parameterName }),
            }),
        },
        { ...child, dependsOn: before },
    );
}
