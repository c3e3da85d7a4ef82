import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { createPrivateBucket } from "../aws-bucket";

/** What the access-log bucket allows. */
export interface AccessLogArgs {
    /** True keeps the bucket when it still holds logs. */
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

const RETENTION_DAYS = 365;

/**
 * A private bucket that only the load balancer may write to, with logs kept for a year. Encryption is S3's own: load
 * balancers cannot write to a bucket with a KMS key.
 *
 * @returns the bucket's name once the balancer may write to it
 */
export function createAccessLogBucket(
    name: string,
    args: AccessLogArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const account = getCallerIdentityOutput({}, child).accountId;
    const balancerWrites = (bucket: s3.Bucket) => ({
        Sid: "LoadBalancerWrites",
        Effect: "Allow",
        Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: pulumi.interpolate`${bucket.arn}/AWSLogs/${account}/*`,
    });
    const { bucket, ready } = createPrivateBucket(
        name,
        { keepFilled: args.deletionProtection, statements: (own) => [balancerWrites(own)], tags: args.tags },
        child,
    );
    const rules = [{ id: "expire", status: "Enabled", filter: {}, expiration: { days: RETENTION_DAYS } }];
    new s3.BucketLifecycleConfiguration(name, { bucket: bucket.id, rules }, child);
    return pulumi.all([bucket.id, ready.map(({ id }) => id)]).apply(([bucketName]) => bucketName);
}
