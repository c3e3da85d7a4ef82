import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as s3 from "@pulumi/aws/s3";
import type * as pulumi from "@pulumi/pulumi";
import { createVersionedBucket } from "../aws-bucket";
import { copyBucket, uncopied } from "../aws-bucket-copy";
import type { AwsBackupArgs } from "./aws";
import { withDefaults } from "./defaults";

/** A versioned bucket with the documents that describe the deployment: every change adds a version. */
export function keepConfiguration(
    name: string,
    copyKeyId: pulumi.Output<string> | undefined,
    args: AwsBackupArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { keyId, copyRegion, alarmTopicId, tags, deletionProtection = true } = args;
    const noncurrentDays = withDefaults(args).configurationRetentionDays;
    const expire = {
        id: "expire-former-versions",
        status: "Enabled",
        filter: {},
        noncurrentVersionExpiration: { noncurrentDays },
    };
    const settings = { keyId, keepFilled: deletionProtection, lifecycleRules: [expire], tags };
    const store = createVersionedBucket(name, settings, child);
    const dependsOn = [...store.ready];
    if (copyRegion !== undefined && copyKeyId !== undefined) {
        const { bucket, ready } = copyBucket(name, store, { ...settings, copyRegion, copyKeyId }, child);
        dependsOn.push(...ready);
        const alarmDescription = "MinusNow: a version of the configuration could not be copied to the second region";
        const alarmActions = alarmTopicId === undefined ? [] : [alarmTopicId];
        const alarm = {
            ...uncopied({ source: store.bucket.id, copy: bucket.id }),
            alarmDescription,
            alarmActions,
            tags,
        };
        new cloudwatch.MetricAlarm(`${name}-uncopied`, alarm, child);
    }
    for (const [file, content] of Object.entries(args.configuration)) {
        // Without tags: an object takes ten at most, a deployment any number.
        const document = { bucket: store.bucket.id, key: file, content, contentType: "application/json" };
        new s3.BucketObjectv2(`${name}-${file}`, document, { ...child, dependsOn });
    }
    return store.bucket.id;
}
