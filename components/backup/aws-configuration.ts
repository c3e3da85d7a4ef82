import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { createPrivateBucket } from "../aws-bucket";
import type { AwsBackupArgs } from "./aws";
import { withDefaults } from "./defaults";

/** A versioned bucket with the documents that describe the deployment: every change adds a version. */
export function keepConfiguration(
    name: string,
    args: AwsBackupArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { keyId, tags, deletionProtection = true } = args;
    const { bucket, ready } = createPrivateBucket(name, { keyId, keepFilled: deletionProtection, tags }, child);
    const versioning = new s3.BucketVersioning(
        name,
        { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } },
        child,
    );
    const expire = {
        id: "expire-former-versions",
        status: "Enabled",
        filter: {},
        noncurrentVersionExpiration: { noncurrentDays: withDefaults(args).configurationRetentionDays },
    };
    new s3.BucketLifecycleConfiguration(
        name,
        { bucket: bucket.id, rules: [expire] },
        { ...child, dependsOn: versioning },
    );
    for (const [file, content] of Object.entries(args.configuration)) {
        // Without tags: an object takes ten at most, a deployment any number.
        const document = { bucket: bucket.id, key: file, content, contentType: "application/json" };
        new s3.BucketObjectv2(`${name}-${file}`, document, { ...child, dependsOn: [versioning, ...ready] });
    }
    return bucket.id;
}
