import { apiModel, at, form, isSet, listAt, numberAt, textAt, type Trap, type Value, when, type World } from "./trap";

const BUCKET = "aws:s3/bucket:Bucket";
const LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";
const VERSIONING = "aws:s3/bucketVersioning:BucketVersioning";
const REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig";
const s3Model = (shape: string) => apiModel("s3/2006-03-01", shape);
const userGuide = "https://docs.aws.amazon.com/AmazonS3/latest/userguide";

/** Parts of a bucket that are resources of their own, each with a region. */
const parts = {
    lifecycle: LIFECYCLE,
    versioning: VERSIONING,
    replication: REPLICATION,
    ownership: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    policy: "aws:s3/bucketPolicy:BucketPolicy",
    access: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    encryption: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    object: "aws:s3/bucketObjectv2:BucketObjectv2",
};

/** True for a bucket of this stack that is known to keep no versions. */
function lacksVersions(bucket: Value, world: World): boolean {
    const known = world.find(BUCKET, bucket);
    return (
        known !== undefined &&
        !world
            .ofType(VERSIONING)
            .some(
                ({ values }) =>
                    world.find(BUCKET, values["bucket"]) === known &&
                    textAt(values, "versioningConfiguration.status") === "Enabled",
            )
    );
}

const destinations = (inputs: Value) => listAt(inputs, "rules").map((rule) => at(rule, "destination")!);

export const bucketTraps: readonly Trap[] = [
    form(
        "bucket-name",
        BUCKET,
        "bucket",
        /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(\.\.|-s3alias$|--ol-s3$))(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        () => "InvalidBucketName: The specified bucket is not valid.",
        `${userGuide}/bucketnamingrules.html`,
    ),
    when(
        "bucket-lifecycle-action",
        LIFECYCLE,
        (inputs) =>
            listAt(inputs, "rules").some(
                (rule) =>
                    ![
                        "expiration",
                        "transitions",
                        "noncurrentVersionExpiration",
                        "noncurrentVersionTransitions",
                        "abortIncompleteMultipartUpload",
                    ].some((key) => isSet(rule, key)),
            ),
        "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema",
        s3Model("LifecycleRule"),
    ),
    when(
        "bucket-lifecycle-transition",
        LIFECYCLE,
        (inputs) =>
            listAt(inputs, "rules").some((rule) =>
                listAt(rule, "transitions").some(
                    (transition) =>
                        ["STANDARD_IA", "ONEZONE_IA"].includes(textAt(transition, "storageClass") ?? "") &&
                        (numberAt(transition, "days") ?? 30) < 30,
                ),
            ),
        "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        `${userGuide}/lifecycle-transition-general-considerations.html`,
    ),
    ...Object.entries(parts).map(([part, type]) =>
        when(
            `bucket-region-${part}`,
            type,
            (inputs, world) => {
                const region = textAt(world.find(BUCKET, inputs["bucket"])?.values, "region");
                return region !== undefined && at(inputs, "region") !== region;
            },
            "PermanentRedirect: The bucket you are attempting to access must be addressed using the specified endpoint.",
            `${userGuide}/VirtualHosting.html`,
        ),
    ),
    when(
        "bucket-replication-source-versions",
        REPLICATION,
        (inputs, world) => lacksVersions(inputs["bucket"], world),
        "InvalidRequest: Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        `${userGuide}/replication-requirements.html`,
    ),
    when(
        "bucket-replication-destination-versions",
        REPLICATION,
        (inputs, world) => destinations(inputs).some((destination) => lacksVersions(at(destination, "bucket"), world)),
        "InvalidRequest: Destination bucket must have versioning enabled.",
        `${userGuide}/replication-requirements.html`,
    ),
    when(
        "bucket-replication-delete-markers",
        REPLICATION,
        (inputs) =>
            listAt(inputs, "rules").some((rule) => isSet(rule, "filter") && !isSet(rule, "deleteMarkerReplication")),
        "InvalidRequest: DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema.",
        s3Model("ReplicationRule"),
    ),
    when(
        "bucket-replication-key",
        REPLICATION,
        (inputs) =>
            listAt(inputs, "rules").some(
                (rule) =>
                    textAt(rule, "sourceSelectionCriteria.sseKmsEncryptedObjects.status") === "Enabled" &&
                    !isSet(rule, "destination.encryptionConfiguration.replicaKmsKeyId"),
            ),
        "InvalidRequest: ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.",
        s3Model("SourceSelectionCriteria"),
    ),
    when(
        "bucket-replication-key-region",
        REPLICATION,
        (inputs, world) =>
            destinations(inputs).some((destination) => {
                const key = textAt(destination, "encryptionConfiguration.replicaKmsKeyId")?.split(":")[3];
                const region = textAt(world.find(BUCKET, at(destination, "bucket"))?.values, "region");
                return key !== undefined && region !== undefined && key !== region;
            }),
        "the replication is made, but every copy fails: its key is not in the region of the destination bucket",
        `${userGuide}/replication-config-for-kms-objects.html`,
    ),
];
