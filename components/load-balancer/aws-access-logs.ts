import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

/** What the access-log bucket allows. */
export interface AccessLogArgs {
    /** True keeps the bucket when it still holds logs. */
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

const RETENTION_DAYS = 365;

/**
 * A private bucket that only the load balancer may write to, over TLS, with logs kept for a year. Encryption is S3's
 * own: load balancers cannot write to a bucket with a KMS key.
 *
 * @returns the bucket's name once the balancer may write to it
 */
export function createAccessLogBucket(
    name: string,
    args: AccessLogArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const bucket = new s3.Bucket(name, { forceDestroy: !args.deletionProtection, tags: args.tags }, child);
    const id = { bucket: bucket.id };
    new s3.BucketOwnershipControls(name, { ...id, rule: { objectOwnership: "BucketOwnerEnforced" } }, child);
    const sideEncryption = { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] };
    new s3.BucketServerSideEncryptionConfiguration(name, { ...id, ...sideEncryption }, child);
    const rules = [{ id: "expire", status: "Enabled", filter: {}, expiration: { days: RETENTION_DAYS } }];
    new s3.BucketLifecycleConfiguration(name, { ...id, rules }, child);
    const locked = {
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
    };
    const access = new s3.BucketPublicAccessBlock(name, { ...id, ...locked }, child);
    const policy = new s3.BucketPolicy(
        name,
        { ...id, policy: bucketPolicy(bucket, child) },
        { ...child, dependsOn: access },
    );
    return pulumi.all([bucket.id, policy.id]).apply(([bucketName]) => bucketName);
}

function bucketPolicy(bucket: s3.Bucket, child: { parent: pulumi.Resource }): pulumi.Output<string> {
    const account = getCallerIdentityOutput({}, child).accountId;
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            {
                Sid: "LoadBalancerWrites",
                Effect: "Allow",
                Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
                Action: "s3:PutObject",
                Resource: pulumi.interpolate`${bucket.arn}/AWSLogs/${account}/*`,
            },
            {
                Sid: "DenyUnencryptedTransport",
                Effect: "Deny",
                Principal: { AWS: "*" },
                Action: "s3:*",
                Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
                Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
        ],
    });
}
