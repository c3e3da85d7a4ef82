import * as ebs from "@pulumi/aws/ebs";
import * as ec2 from "@pulumi/aws/ec2";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import type { Mount, SharedStorage } from "./contract";
import { nfsMounts, renderFileServer } from "./host/machine";

/** Arguments of {@link AwsNfsStorage}. */
export interface AwsNfsStorageArgs {
    /** Instance type, of one that shows volumes by NVMe. Default m7i.large: 2 CPU and 8 GiB. See `renew`. */
    size?: pulumi.Input<string>;
    /**
     * Room for files in GiB. Default 500. A higher number grows the volume in place, and the file system with the next start
     * of `minusnow-volume.service` on the machine; it cannot shrink.
     */
    storageGib?: number;
    /** Id of the storage subnet, with a way out for packages. A change replaces the machine; the files stay in their zone. */
    subnetId: pulumi.Input<string>;
    /** Private address, which servers remember. A change replaces the machine, and all servers are to be renewed. */
    privateAddress: string;
    /** Security group that lets application servers in on 2049. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: nobody else may mount. See `renew`. */
    appNetworks: string[];
    /** Operating system. Default Amazon Linux 2023. See `renew`. */
    os?: OperatingSystem;
    /** ARN of the KMS key that encrypts disk and files. A change replaces the volume. */
    keyId: pulumi.Input<string>;
    /**
     * True lets this update replace or restart the machine when its image, first-boot script, size or disk differs from the
     * present one: servers wait for their files until it is back. Default false.
     */
    renew?: boolean;
    /** Refuses deletion of the machine outside Pulumi, and of the files by Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

const DISK_GIB = 20;
/** Files are on a volume of their own, which stays when the machine goes. */
const FILES_GIB = 500;

/**
 * The shared directories on an NFS server, as the guide's step 5 sets it up, without root's rights for clients. It is one
 * machine in one zone, and NFS is not encrypted on its way: {@link AwsSharedStorage} is in every zone, over TLS.
 */
export class AwsNfsStorage extends pulumi.ComponentResource implements SharedStorage {
    /** One mount per shared directory, in the guide's order. */
    public readonly mounts: pulumi.Output<Mount[]>;
    /** ARN of the volume with the files. */
    public readonly volumeArn: pulumi.Output<string>;
    /** Instance id of the machine. */
    public readonly machineId: pulumi.Output<string>;
    /** Value of the tag `minusnow-servers` on the machine, by which Systems Manager finds it. */
    public readonly machineTag: pulumi.Output<string>;
    /** Name of the machine's role. */
    public readonly roleName: pulumi.Output<string>;

    constructor(name: string, args: AwsNfsStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsNfsStorage", name, args, opts);
        const child = { parent: this };
        const { os = OperatingSystem.AmazonLinux2023, keyId, deletionProtection = true, tags } = args;

        const volume = createVolume(name, args, child);
        const policy = pulumi.jsonStringify({
            Version: "2012-10-17",
            Statement: [allow(systemsManagerActions, ["*"])],
        });
        const profile = createProfile(name, policy, tags, child);
        const machine = createMachine(
            name,
            {
                image: newestImage(os, child),
                size: args.size ?? "m7i.large",
                subnetId: args.subnetId,
                privateAddress: args.privateAddress,
                firewallGroupId: args.firewallGroupId,
                profile,
                userData: renderUserData(os, volume, args, child),
                diskGib: DISK_GIB,
                keyId,
                deletionProtection,
                renew: args.renew ?? false,
                tags: { ...tags, [SERVERS_TAG]: name, "minusnow-role": "file-server" },
            },
            { ...child, dependsOn: opts?.dependsOn },
        );
        const attachment = attach(name, volume, machine, child);

        this.mounts = pulumi.all([machine.privateIp, attachment.id]).apply(([address]) => nfsMounts(address));
        this.volumeArn = volume.arn;
        this.machineId = machine.id;
        this.machineTag = pulumi.output(name);
        this.roleName = profile.role.apply((role) => role!);
        this.registerOutputs({
            mounts: this.mounts,
            volumeArn: this.volumeArn,
            machineId: this.machineId,
            machineTag: this.machineTag,
            roleName: this.roleName,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function createVolume(name: string, args: AwsNfsStorageArgs, child: Child): ebs.Volume {
    const { keyId, storageGib = FILES_GIB, deletionProtection = true, tags } = args;
    const { availabilityZone } = ec2.getSubnetOutput({ id: args.subnetId }, child);
    return new ebs.Volume(
        name,
        {
            availabilityZone,
            encrypted: true,
            kmsKeyId: keyId,
            type: "gp3",
            size: storageGib,
            tags: { ...tags, Name: name, "minusnow-role": "files" },
        },
        // A zone keeps its files, as a subnet keeps its zone.
        { ...child, protect: deletionProtection, ignoreChanges: ["availabilityZone"] },
    );
}

/** The machine is stopped before it loses its volume, so that everything is written. */
function attach(name: string, volume: ebs.Volume, machine: ec2.Instance, child: Child): ec2.VolumeAttachment {
    return new ec2.VolumeAttachment(
        name,
        { deviceName: "/dev/sdf", volumeId: volume.id, instanceId: machine.id, stopInstanceBeforeDetaching: true },
        { ...child, deleteBeforeReplace: true },
    );
}

function renderUserData(
    os: OperatingSystem,
    volume: ebs.Volume,
    { appNetworks }: AwsNfsStorageArgs,
    child: pulumi.InvokeOptions,
): pulumi.Output<string> {
    return pulumi
        .all([getRegionOutput({}, child).region, volume.id])
        .apply(([region, volumeId]) =>
            renderFileServer({ cloud: awsHost(os, region, ""), device: deviceOf(volumeId), appNetworks }),
        );
}

/** Where a machine finds a volume, whatever name the kernel gives it. */
function deviceOf(volumeId: string): string {
    return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
}
