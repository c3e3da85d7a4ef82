import type * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { allow } from "../aws-account";
import { createVersionedBucket } from "../aws-bucket";
import { copyBucket } from "../aws-bucket-copy";
import { createCopyKey } from "../aws-copy-key";

/** What a bucket for a database's backups is like. */
export interface ArchiveArgs {
    keyId: pulumi.Input<string>;
    /** Days that dumps are kept; write-ahead log and base backups are deleted by pgBackRest itself. */
    retentionDays: number;
    /** Second region that everything is copied to; absent where there is none. */
    copyRegion?: string;
    deletionProtection: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Where machines keep base backups, write-ahead log and dumps. */
export interface Archive {
    bucket: s3.Bucket;
    /** Name of its copy in the second region. */
    copyName?: pulumi.Output<string>;
}

/** Days in which what was deleted by mistake, or by an intruder, can be brought back. */
const FORMER_VERSION_DAYS = 14;

/** A bucket, and its copy in a second region; both stay when the stack is deleted while they are protected. */
export function createArchive(name: string, args: ArchiveArgs, child: { parent: pulumi.Resource }): Archive {
    const { keyId, copyRegion, deletionProtection, tags } = args;
    const settings = { keyId, keepFilled: deletionProtection, lifecycleRules: lifecycleRules(args), tags };
    const archive = createVersionedBucket(name, settings, child);
    if (copyRegion === undefined) {
        return archive;
    }
    const description = "MinusNow: encrypts copies of the database's backups";
    const key = { description, region: copyRegion, retain: deletionProtection, tags };
    const copyKeyId = createCopyKey(`${name}-copy`, key, child);
    const copy = copyBucket(name, archive, { ...settings, copyRegion, copyKeyId }, child);
    return { ...archive, copyName: copy.bucket.id };
}

function lifecycleRules({ retentionDays }: ArchiveArgs) {
    const rule = { status: "Enabled", filter: {} };
    return [
        {
            ...rule,
            id: "expire-dumps",
            filter: { prefix: "dumps/" },
            expiration: { days: retentionDays },
        },
        {
            ...rule,
            id: "expire-former-versions",
            expiration: { expiredObjectDeleteMarker: true },
            noncurrentVersionExpiration: { noncurrentDays: FORMER_VERSION_DAYS },
        },
        { ...rule, id: "drop-unfinished-uploads", abortIncompleteMultipartUpload: { daysAfterInitiation: 2 } },
    ];
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
