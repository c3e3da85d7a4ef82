import * as efs from "@pulumi/aws/efs";
import * as pulumi from "@pulumi/pulumi";
import { application, type SharedDirectory, sharedDirectories } from "../reference";
import type { Mount, SharedStorage } from "./contract";

/** Arguments of {@link AwsSharedStorage}. */
export interface AwsSharedStorageArgs {
    /** Ids of the storage subnets, one per zone. A change replaces that zone's mount target, the files stay. */
    subnetIds: pulumi.Input<string>[];
    /** Security group that lets application servers in on 2049. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** ARN of the KMS key that encrypts the files. A change replaces the file system. */
    keyId: pulumi.Input<string>;
    /** True protects the file system from deletion by Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Daily backups by EFS itself, kept 35 days. Default true; turn off beside a plan of AWS Backup. In place. */
    automaticBackups?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Mounts, encrypted in transit, for the directories that all application servers share (guide, steps 5 and 8). */
export class AwsSharedStorage extends pulumi.ComponentResource implements SharedStorage {
    /** One mount per shared directory, in the guide's order. */
    public readonly mounts: pulumi.Output<Mount[]>;
    /** ARN of the file system. */
    public readonly fileSystemArn: pulumi.Output<string>;
    /** ARNs of the access points, in the order of the mounts. */
    public readonly accessPointArns: pulumi.Output<string[]>;

    constructor(name: string, args: AwsSharedStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsSharedStorage", name, args, opts);
        const child = { parent: this };

        const fileSystem = createFileSystem(name, args, child);
        requireEncryptedTransport(name, fileSystem, child);
        backUpDaily(name, fileSystem, args, child);
        const targets = mountInEachZone(name, fileSystem, args, child);
        const accessPoints = sharedDirectories.map((directory) =>
            createAccessPoint(name, directory, fileSystem, args, child),
        );

        this.mounts = mountsFor(fileSystem, accessPoints, targets);
        this.fileSystemArn = fileSystem.arn;
        this.accessPointArns = pulumi.all(accessPoints.map((point) => point.arn));
        this.registerOutputs({
            mounts: this.mounts,
            fileSystemArn: this.fileSystemArn,
            accessPointArns: this.accessPointArns,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

/** Elastic throughput: the default, bursting, collapses when its credits run out. */
function createFileSystem(name: string, args: AwsSharedStorageArgs, child: Child): efs.FileSystem {
    return new efs.FileSystem(
        name,
        {
            encrypted: true,
            kmsKeyId: args.keyId,
            throughputMode: "elastic",
            lifecyclePolicies: [
                { transitionToIa: "AFTER_30_DAYS" },
                { transitionToPrimaryStorageClass: "AFTER_1_ACCESS" },
            ],
            tags: { ...args.tags, Name: name },
        },
        { ...child, protect: args.deletionProtection ?? true },
    );
}

/** Denies what is not TLS; with a policy in place, a client without an IAM identity is denied as well. */
function requireEncryptedTransport(name: string, fileSystem: efs.FileSystem, child: Child): void {
    const policy = pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            {
                Sid: "DenyUnencryptedTransport",
                Effect: "Deny",
                Principal: { AWS: "*" },
                Action: "*",
                Resource: fileSystem.arn,
                Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
        ],
    });
    new efs.FileSystemPolicy(name, { fileSystemId: fileSystem.id, policy }, child);
}

function backUpDaily(name: string, fileSystem: efs.FileSystem, args: AwsSharedStorageArgs, child: Child): void {
    const status = (args.automaticBackups ?? true) ? "ENABLED" : "DISABLED";
    new efs.BackupPolicy(name, { fileSystemId: fileSystem.id, backupPolicy: { status } }, child);
}

function mountInEachZone(
    name: string,
    fileSystem: efs.FileSystem,
    args: AwsSharedStorageArgs,
    child: Child,
): efs.MountTarget[] {
    return args.subnetIds.map((subnetId, zone) => {
        const target = { fileSystemId: fileSystem.id, subnetId, securityGroups: [args.firewallGroupId] };
        return new efs.MountTarget(`${name}-${zone + 1}`, target, child);
    });
}

/** Every access through it is the application's user, confined to its own directory. */
function createAccessPoint(
    name: string,
    directory: SharedDirectory,
    fileSystem: efs.FileSystem,
    args: AwsSharedStorageArgs,
    child: Child,
): efs.AccessPoint {
    const { uid, gid } = application;
    return new efs.AccessPoint(
        `${name}-${directory}`,
        {
            fileSystemId: fileSystem.id,
            posixUser: { uid, gid },
            rootDirectory: {
                path: `/${directory}`,
                creationInfo: { ownerUid: uid, ownerGid: gid, permissions: "0750" },
            },
            tags: { ...args.tags, Name: `${name}-${directory}` },
        },
        child,
    );
}

/** Resolves only when every zone has its mount target, so that a server that uses a mount boots after it. */
function mountsFor(
    fileSystem: efs.FileSystem,
    accessPoints: efs.AccessPoint[],
    targets: efs.MountTarget[],
): pulumi.Output<Mount[]> {
    const ids = pulumi.all(accessPoints.map((point) => point.id));
    const ready = pulumi.all(targets.map((target) => target.id));
    return pulumi.all([fileSystem.id, ids, ready]).apply(([fileSystemId, accessPointIds]) =>
        sharedDirectories.map((directory, place) => ({
            directory,
            source: `${fileSystemId}:/`,
            type: "efs",
            options: `_netdev,nofail,hard,noresvport,tls,iam,accesspoint=${accessPointIds[place]}`,
        })),
    );
}
