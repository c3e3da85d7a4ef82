import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { allow, trustService } from "../aws-account";

/** What to record and how long to keep it. */
interface FlowLogArgs {
    retentionDays: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Records every connection of a network, accepted or refused. */
export function recordFlows(
    name: string,
    network: ec2.Vpc,
    args: FlowLogArgs,
    child: { parent: pulumi.Resource },
): void {
    const { tags } = args;
    const logs = new cloudwatch.LogGroup(`${name}-flows`, { retentionInDays: args.retentionDays, tags }, child);
    const role = new iam.Role(
        `${name}-flows`,
        {
            assumeRolePolicy: trustService("vpc-flow-logs.amazonaws.com"),
            tags,
        },
        child,
    );
    const policy = new iam.RolePolicy(
        `${name}-flows`,
        {
            role: role.id,
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [
                    allow(
                        ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                        [pulumi.interpolate`${logs.arn}:*`],
                    ),
                ],
            }),
        },
        child,
    );
    new ec2.FlowLog(
        `${name}-flows`,
        {
            vpcId: network.id,
            trafficType: "ALL",
            logDestinationType: "cloud-watch-logs",
            logDestination: logs.arn,
            iamRoleArn: role.arn,
            tags,
        },
        { ...child, dependsOn: policy },
    );
}
