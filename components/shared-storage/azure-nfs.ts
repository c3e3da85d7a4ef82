import * as compute from "@pulumi/azure-native/compute";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";
import { createIdentity } from "../azure-roles";
import { createMachine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import type { Mount, SharedStorage } from "./contract";
import { nfsMounts, renderFileServer } from "./host/machine";

/** Arguments of {@link AzureNfsStorage}. */
export interface AzureNfsStorageArgs {
    /** Name of the resource group. A change leaves the files behind. */
    resourceGroupName: pulumi.Input<string>;
    /** Machine size, of one that shows disks by SCSI. Default Standard_D2s_v5: 2 CPU and 8 GiB. See `renew`. */
    size?: pulumi.Input<string>;
    /** Operating system, Ubuntu 24.04 or Red Hat Enterprise Linux 9. Default Ubuntu 24.04. See `renew`. */
    os?: OperatingSystem;
    /**
     * Room for files in GiB. Default 500. A higher number grows the disk in place, and the file system with the next start of
     * `minusnow-volume.service` on the machine; it cannot shrink.
     */
    storageGib?: number;
    /** Id of the storage subnet, with a way out for packages. A change is made in place, with an interruption. */
    subnetId: pulumi.Input<string>;
    /** Private address, which servers remember. A change is made in place, and all servers are to be renewed. */
    privateAddress: string;
    /** Network security group that lets application servers in on 2049. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: nobody else may mount. See `renew`. */
    appNetworks: string[];
    /** Zone of machine and files. A change leaves the files behind. */
    zone: pulumi.Input<string>;
    /** Id of the set that encrypts disk and files. A change is made in place. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Public key of its administrator `azureuser`; nothing lets anybody in. See `renew`. */
    sshPublicKey: pulumi.Input<string>;
    /**
     * True lets this update replace or restart the machine when its image, first-boot script, size or disk differs from the
     * present one: servers wait for their files until it is back. Default false.
     */
    renew?: boolean;
    /** Refuses deletion of the files, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: what Ubuntu's image fits, rounded to a size that Azure sells; Red Hat's image has more. */
const DISK_GIB = 32;
/** Files are on a disk of their own, which stays when the machine goes. */
const FILES_GIB = 500;
/** Where Azure's agent shows the first data disk, whatever name the kernel gives it. */
const DEVICE = "/dev/disk/azure/scsi1/lun0";

/**
 * The shared directories on an NFS server, as the guide's step 5 sets it up, without root's rights for clients. It is one
 * machine in one zone, and NFS is not encrypted on its way: {@link AzureSharedStorage} is in every zone, over TLS.
 */
export class AzureNfsStorage extends pulumi.ComponentResource implements SharedStorage {
    /** One mount per shared directory, in the guide's order. */
    public readonly mounts: pulumi.Output<Mount[]>;
    /** Resource id of the disk with the files. */
    public readonly diskId: pulumi.Output<string>;
    /** Resource id of the machine. */
    public readonly machineId: pulumi.Output<string>;
    /** Name of the machine. */
    public readonly machineName: pulumi.Output<string>;
    /** Resource id of its identity. */
    public readonly identityId: pulumi.Output<string>;

    constructor(name: string, args: AzureNfsStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureNfsStorage", name, args, opts);
        const child = { parent: this };
        const { os = OperatingSystem.Ubuntu2404, resourceGroupName, appNetworks, tags } = args;

        const disk = createDisk(name, args, child);
        const identity = createIdentity(name, { resourceGroupName, tags }, child);
        const { machine, privateAddress } = createMachine(
            name,
            {
                resourceGroupName,
                subnetId: args.subnetId,
                privateAddress: args.privateAddress,
                firewallGroupId: args.firewallGroupId,
                zone: args.zone,
                size: args.size ?? "Standard_D2s_v5",
                os,
                diskGib: DISK_GIB,
                dataDiskId: disk.id,
                diskEncryptionSetId: args.diskEncryptionSetId,
                identityId: identity.id,
                sshPublicKey: args.sshPublicKey,
                userData: identity.clientId.apply((clientId) =>
                    renderFileServer({ cloud: azureHost(os, clientId), device: DEVICE, appNetworks }),
                ),
                renew: args.renew ?? false,
                tags: { ...tags, "minusnow-role": "file-server" },
            },
            { ...child, dependsOn: opts?.dependsOn },
        );

        this.mounts = pulumi.all([privateAddress, machine.id]).apply(([address]) => nfsMounts(address));
        this.diskId = disk.id;
        this.machineId = machine.id;
        this.machineName = machine.name;
        this.identityId = identity.id;
        this.registerOutputs({
            mounts: this.mounts,
            diskId: this.diskId,
            machineId: this.machineId,
            machineName: this.machineName,
            identityId: this.identityId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function createDisk(name: string, args: AzureNfsStorageArgs, child: Child): compute.Disk {
    const { resourceGroupName, storageGib = FILES_GIB, zone, diskEncryptionSetId, deletionProtection = true } = args;
    const disk = new compute.Disk(
        name,
        {
            resourceGroupName,
            zones: [zone],
            sku: { name: "Premium_LRS" },
            creationData: { createOption: "Empty" },
            diskSizeGB: storageGib,
            encryption: { type: "EncryptionAtRestWithCustomerKey", diskEncryptionSetId },
            networkAccessPolicy: "DenyAll",
            publicNetworkAccess: "Disabled",
            tags: { ...args.tags, "minusnow-role": "files" },
        },
        { ...child, protect: deletionProtection },
    );
    if (deletionProtection) {
        refuseDeletion(`${name}-disk`, disk.id, child);
    }
    return disk;
}
