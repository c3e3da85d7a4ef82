import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveRole } from "../azure-roles";
import { createMachine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import { nodeMajor } from "../reference";
import type { Mount } from "../shared-storage/contract";
import { renderOperationsMachine } from "./host/operations-machine";

/** Arguments of {@link AzureOperations}. */
export interface AzureOperationsArgs {
    /** Name of the resource group. A change replaces the machine. */
    resourceGroupName: pulumi.Input<string>;
    /** Subnet of the machine, with outbound access. */
    subnetId: pulumi.Input<string>;
    /** Address of the machine. Default: any free address of the subnet. A change is made in place. */
    privateAddress?: string;
    /** Network security group of the application servers. */
    firewallGroupId: pulumi.Input<string>;
    /** Zone of the machine. */
    zone: pulumi.Input<string>;
    /** Machine size. Default Standard_B2s_v2: 2 CPU and 8 GiB. A change waits for `renew`. */
    size?: pulumi.Input<string>;
    /** Replaces the machine when its image, first-boot script or size is another one. Default false. */
    renew?: boolean;
    /** Id of the set that encrypts its disk. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Public key of its administrator `azureuser`; nothing lets anybody in but Azure Bastion. */
    sshPublicKey: pulumi.Input<string>;
    /** Mounts of the shared directories, which it reads for backups. */
    mounts: pulumi.Input<Mount[]>;
    /** Resource id of the secret with the login of the shares, for mounts of the type `smb`. */
    storageSecretId?: pulumi.Input<string>;
    /** True brings what has Let's Encrypt issue certificates. Default false. A change waits for `renew`. */
    issuesCertificates?: boolean;
    /** PostgreSQL major version, for the client. Default 17. */
    databaseVersion?: string;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: system and programs; backups are streamed. */
const DISK_GIB = 64;

/**
 * A small machine inside the network that creates the application's role and database and makes backups: what AWS does by
 * Lambda and AWS Backup. Application servers have neither its rights nor its secrets, so that a break-in there reaches
 * neither the administrator's login nor the backups.
 */
export class AzureOperations extends pulumi.ComponentResource {
    /** Resource id of the machine. */
    public readonly machineId: pulumi.Output<string>;
    /** Name of the machine. */
    public readonly machineName: pulumi.Output<string>;
    /** Changes when the machine is replaced. */
    public readonly machineIdentifier: pulumi.Output<string>;
    /** Object id of its identity. */
    public readonly principalId: pulumi.Output<string>;
    /** Resource id of its identity. */
    public readonly identityId: pulumi.Output<string>;

    constructor(name: string, args: AzureOperationsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureOperations", name, args, opts);
        const child = { parent: this };
        const { resourceGroupName, tags, databaseVersion = "17", issuesCertificates = false } = args;

        const identity = createIdentity(name, { resourceGroupName, tags }, child);
        if (args.storageSecretId !== undefined) {
            giveRole(`${name}-reads-files`, "secretsUser", identity.principalId, args.storageSecretId, child);
        }
        const known = pulumi.all([identity.clientId, args.mounts, args.storageSecretId]);
        const userData = known.apply(([clientId, mounts, storageSecretId]) =>
            renderOperationsMachine({
                cloud: azureHost(OperatingSystem.Ubuntu2404, clientId, undefined, HOST_NODE_MAJOR),
                postgresMajor: databaseVersion,
                mounts,
                storageSecretId,
                issuesCertificates,
            }),
        );
        const { machine } = createMachine(
            name,
            {
                resourceGroupName,
                subnetId: args.subnetId,
                privateAddress: args.privateAddress,
                firewallGroupId: args.firewallGroupId,
                zone: args.zone,
                size: args.size ?? "Standard_B2s_v2",
                diskGib: DISK_GIB,
                diskEncryptionSetId: args.diskEncryptionSetId,
                identityId: identity.id,
                sshPublicKey: args.sshPublicKey,
                userData,
                renew: args.renew ?? false,
                tags,
            },
            { ...child, dependsOn: opts?.dependsOn },
        );

        this.machineId = machine.id;
        this.machineName = machine.name;
        this.machineIdentifier = machine.vmId;
        this.principalId = identity.principalId;
        this.identityId = identity.id;
        this.registerOutputs({
            machineId: this.machineId,
            machineName: this.machineName,
            machineIdentifier: this.machineIdentifier,
            principalId: this.principalId,
            identityId: this.identityId,
        });
    }
}

/** A line of Node.js that is supported longer than the application's. */
const HOST_NODE_MAJOR = nodeMajor + 4;
