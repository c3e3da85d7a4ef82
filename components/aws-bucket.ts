import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

/** What a private bucket is like. */
export interface PrivateBucketArgs {
    /** ARN of the KMS key for its objects. Default S3's own key. */
    keyId?: pulumi.Input<string>;
    /** Default the provider's. */
    region?: string;
    /** True keeps the bucket when it still holds objects. */
    keepFilled: boolean;
    /** Statements of its policy besides the one that demands TLS. */
    statements?: (bucket: s3.Bucket) => object[];
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A bucket with what must exist before objects are put into it. */
export interface PrivateBucket {
    bucket: s3.Bucket;
    ready: pulumi.CustomResource[];
}

/** A bucket without public access or access lists, encrypted, that answers over TLS only. */
export function createPrivateBucket(
    name: string,
    args: PrivateBucketArgs,
    child: { parent: pulumi.Resource },
): PrivateBucket {
    const { keyId, region, keepFilled, statements = () => [], tags } = args;
    const bucket = new s3.Bucket(name, { forceDestroy: !keepFilled, region, tags }, child);
    const id = { bucket: bucket.id, region };
    new s3.BucketOwnershipControls(name, { ...id, rule: { objectOwnership: "BucketOwnerEnforced" } }, child);
    const algorithm =
        keyId === undefined ? { sseAlgorithm: "AES256" } : { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyId };
    const encryption = new s3.BucketServerSideEncryptionConfiguration(
        name,
        {
            ...id,
            rules: [
                {
                    applyServerSideEncryptionByDefault: algorithm,
                    bucketKeyEnabled: keyId === undefined ? undefined : true,
                },
            ],
        },
        child,
    );
    const locked = {
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
    };
    const access = new s3.BucketPublicAccessBlock(name, { ...id, ...locked }, child);
    const policy = new s3.BucketPolicy(
        name,
        {
            ...id,
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [...statements(bucket), denyUnencryptedTransport(bucket)],
            }),
        },
        { ...child, dependsOn: access },
    );
    return { bucket, ready: [encryption, policy] };
}

/** What a private bucket is like that keeps former versions. */
export interface VersionedBucketArgs extends PrivateBucketArgs {
    /** What is deleted, and when. */
    lifecycleRules: s3.BucketLifecycleConfigurationArgs["rules"];
}

/** A private bucket in which what is overwritten or deleted is kept as a former version. */
export function createVersionedBucket(
    name: string,
    args: VersionedBucketArgs,
    child: { parent: pulumi.Resource },
): PrivateBucket {
    const { region, lifecycleRules: rules } = args;
    const { bucket, ready } = createPrivateBucket(name, args, child);
    const id = { bucket: bucket.id, region };
    const versioning = new s3.BucketVersioning(name, { ...id, versioningConfiguration: { status: "Enabled" } }, child);
    new s3.BucketLifecycleConfiguration(name, { ...id, rules }, { ...child, dependsOn: versioning });
    return { bucket, ready: [versioning, ...ready] };
}

function denyUnencryptedTransport(bucket: s3.Bucket) {
    return {
        Sid: "DenyUnencryptedTransport",
        Effect: "Deny",
        Principal: { AWS: "*" },
        Action: "s3:*",
        Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
}
