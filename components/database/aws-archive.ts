import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { allow } from "../aws-account";
import { createPrivateBucket } from "../aws-bucket";

/** What a bucket for a database's backups is like. */
export interface ArchiveArgs {
    keyId: pulumi.Input<string>;
    /** Days that dumps are kept; write-ahead log and base backups are deleted by pgBackRest itself. */
    retentionDays: number;
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Where machines keep base backups, write-ahead log and dumps; it stays when the stack is deleted while it is protected. */
export function createArchive(name: string, args: ArchiveArgs, child: { parent: pulumi.Resource }): s3.Bucket {
    const { keyId, retentionDays, deletionProtection, tags } = args;
    const { bucket } = createPrivateBucket(name, { keyId, keepFilled: deletionProtection, tags }, child);
    const rules = [
        {
            id: "expire-dumps",
            status: "Enabled",
            filter: { prefix: "dumps/" },
            expiration: { days: retentionDays },
        },
        {
            id: "drop-unfinished-uploads",
            status: "Enabled",
            filter: {},
            abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
        },
    ];
    new s3.BucketLifecycleConfiguration(name, { bucket: bucket.id, rules }, child);
    return bucket;
}

/** What a machine may do with it: everything that pgBackRest does, which deletes what is past its time. */
export function allowArchiving(bucket: s3.Bucket, keyId: pulumi.Input<string>) {
    return [
        allow(["s3:ListBucket"], [bucket.arn]),
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [pulumi.interpolate`${bucket.arn}/*`]),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [keyId], {
            StringLike: { "kms:ViaService": "s3.*.amazonaws.com*" },
        }),
    ];
}
