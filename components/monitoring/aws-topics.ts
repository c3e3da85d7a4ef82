import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import * as kms from "@pulumi/aws/kms";
import * as sns from "@pulumi/aws/sns";
import * as pulumi from "@pulumi/pulumi";
import type { AwsMonitoringArgs } from "./aws";
import { AlertLevel } from "./contract";

/** ARNs of the topics that alarms publish to. */
export interface Topics {
    warning: pulumi.Output<string>;
    critical: pulumi.Output<string>;
}

type Child = { parent: pulumi.Resource };

/** A topic for each level, encrypted by a key that CloudWatch may use, with its receivers. */
export function createTopics(name: string, args: AwsMonitoringArgs, child: Child): Topics {
    const { warningTopicId, criticalTopicId } = args;
    if (warningTopicId !== undefined && criticalTopicId !== undefined) {
        return { warning: pulumi.output(warningTopicId), critical: pulumi.output(criticalTopicId) };
    }
    const keyId = createTopicKey(`${name}-topics`, args, child);
    return {
        warning: pulumi.output(warningTopicId ?? createTopic(name, AlertLevel.Warning, keyId, args, child)),
        critical: pulumi.output(criticalTopicId ?? createTopic(name, AlertLevel.Critical, keyId, args, child)),
    };
}

function createTopic(
    name: string,
    level: AlertLevel,
    kmsMasterKeyId: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: Child,
): pulumi.Output<string> {
    const { tags, receivers } = args;
    const topic = new sns.Topic(`${name}-${level}`, { displayName: `MinusNow ${level}`, kmsMasterKeyId, tags }, child);
    (receivers?.[level] ?? []).forEach((endpoint, place) => {
        const subscription = { topic: topic.arn, protocol: "email", endpoint };
        new sns.TopicSubscription(`${name}-${level}-${place + 1}`, subscription, child);
    });
    return topic.arn;
}

/** AWS's own key for SNS does not let alarms publish: they would fail without a word. */
function createTopicKey(name: string, args: AwsMonitoringArgs, child: Child): pulumi.Output<string> {
    const { accountId } = getCallerIdentityOutput({}, child);
    const { partition } = getPartitionOutput({}, child);
    const policy = pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            {
                Sid: "AccountAdministers",
                Effect: "Allow",
                Principal: { AWS: pulumi.interpolate`arn:${partition}:iam::${accountId}:root` },
                Action: "kms:*",
                Resource: "*",
            },
            {
                Sid: "AlarmsPublish",
                Effect: "Allow",
                Principal: { Service: "cloudwatch.amazonaws.com" },
                Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
                Resource: "*",
                Condition: { StringEquals: { "aws:SourceAccount": accountId } },
            },
        ],
    });
    const description = "MinusNow: encrypts alarm messages";
    const settings = { description, policy, enableKeyRotation: true, deletionWindowInDays: 30, tags: args.tags };
    return new kms.Key(name, settings, child).arn;
}
