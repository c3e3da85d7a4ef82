import * as iam from "@pulumi/aws/iam";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { allow, trustService } from "./aws-account";
import { createVersionedBucket, type PrivateBucket, type VersionedBucketArgs } from "./aws-bucket";

/** Where a versioned bucket is copied to, and what both are like. */
export interface BucketCopyArgs extends VersionedBucketArgs {
    /** ARN of the KMS key for the bucket's objects. */
    keyId: pulumi.Input<string>;
    /** Region of the copy. */
    copyRegion: string;
    /** ARN of a KMS key in that region for the copies. */
    copyKeyId: pulumi.Input<string>;
}

const RULE = "copy-all";

/**
 * Makes the bucket's copy: S3 copies everything that is written from then on, deletions too, and former versions are kept on
 * both sides.
 */
export function copyBucket(
    name: string,
    { bucket, ready }: PrivateBucket,
    args: BucketCopyArgs,
    child: { parent: pulumi.Resource },
): PrivateBucket {
    const { copyRegion, copyKeyId, ...common } = args;
    const copy = createVersionedBucket(`${name}-copy`, { ...common, keyId: copyKeyId, region: copyRegion }, child);
    const role = new iam.Role(
        `${name}-copy`,
        { assumeRolePolicy: trustService("s3.amazonaws.com"), tags: args.tags },
        child,
    );
    const policy = new iam.RolePolicy(
        `${name}-copy`,
        { role: role.id, policy: copyPolicy(bucket, copy.bucket, args) },
        child,
    );
    const replication = new s3.BucketReplicationConfig(
        name,
        {
            bucket: bucket.id,
            role: role.arn,
            rules: [
                {
                    id: RULE,
                    status: "Enabled",
                    priority: 1,
                    filter: {},
                    deleteMarkerReplication: { status: "Enabled" },
                    sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
                    destination: {
                        bucket: copy.bucket.arn,
                        encryptionConfiguration: { replicaKmsKeyId: copyKeyId },
                        metrics: { status: "Enabled" },
                    },
                },
            ],
        },
        { ...child, dependsOn: [...ready, ...copy.ready, policy] },
    );
    return { bucket: copy.bucket, ready: [replication] };
}

function copyPolicy(source: s3.Bucket, copy: s3.Bucket, { keyId, copyKeyId }: BucketCopyArgs) {
    const throughS3 = { StringLike: { "kms:ViaService": "s3.*.amazonaws.com*" } };
    const read = ["GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging"];
    const write = ["ReplicateObject", "ReplicateDelete", "ReplicateTags"];
    const objects = (bucket: s3.Bucket) => [pulumi.interpolate`${bucket.arn}/*`];
    const onS3 = (actions: string[]) => actions.map((action) => `s3:${action}`);
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source.arn]),
            allow(onS3(read), objects(source)),
            allow(onS3(write), objects(copy)),
            allow(["kms:Decrypt"], [keyId], throughS3),
            allow(["kms:Encrypt"], [copyKeyId], throughS3),
        ],
    });
}

/** What an alarm is to watch that tells of objects which S3 could not copy. */
export function uncopied({ source, copy }: { source: pulumi.Input<string>; copy: pulumi.Input<string> }) {
    return {
        namespace: "AWS/S3",
        metricName: "OperationsFailedReplication",
        dimensions: { SourceBucket: source, DestinationBucket: copy, RuleId: RULE },
        statistic: "Sum",
        period: 3600,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        treatMissingData: "notBreaching",
    };
}
