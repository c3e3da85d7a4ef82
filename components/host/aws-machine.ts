import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { trustService } from "../aws-account";
import { compressUserData } from "./cloud-init";
import { OperatingSystem } from "./operating-system";

/** A machine without a public address, reached by Session Manager alone. */
export interface MachineArgs {
    image: pulumi.Input<string>;
    size: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    /** Default: any free address of the subnet. */
    privateAddress?: string;
    firewallGroupId: pulumi.Input<string>;
    profile: iam.InstanceProfile;
    /** First-boot script. */
    userData: pulumi.Output<string>;
    /** True for a script that EC2 takes compressed only. */
    compressed?: boolean;
    diskGib: number;
    /** ARN of the KMS key that encrypts its disk. */
    keyId: pulumi.Input<string>;
    /** Refuses termination outside Pulumi. */
    deletionProtection: boolean;
    /** True lets an update replace or restart the machine when its image, first-boot script, size or disk is another one. */
    renew: boolean;
    tags: { [key: string]: pulumi.Input<string> };
}

/** A machine keeps its image, first-boot script, size and disk until it is to be renewed. */
export function createMachine(name: string, args: MachineArgs, child: pulumi.CustomResourceOptions): ec2.Instance {
    const tags = { ...args.tags, Name: name };
    const script = args.compressed ? "userDataBase64" : "userData";
    return new ec2.Instance(
        name,
        {
            ami: args.image,
            instanceType: args.size,
            subnetId: args.subnetId,
            privateIp: args.privateAddress,
            associatePublicIpAddress: false,
            vpcSecurityGroupIds: [args.firewallGroupId],
            iamInstanceProfile: args.profile.name,
            [script]: args.compressed ? args.userData.apply(compressUserData) : args.userData,
            userDataReplaceOnChange: true,
            metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
            rootBlockDevice: {
                encrypted: true,
                kmsKeyId: args.keyId,
                volumeType: "gp3",
                volumeSize: args.diskGib,
                tags,
            },
            ebsOptimized: true,
            monitoring: true,
            disableApiTermination: args.deletionProtection,
            // Lets a machine that is to be renewed go although outsiders may not end it.
            forceDestroy: true,
            maintenanceOptions: { autoRecovery: "default" },
            tags,
        },
        {
            ...child,
            deleteBeforeReplace: true,
            ignoreChanges: args.renew ? [] : ["ami", script, "instanceType", "rootBlockDevice"],
        },
    );
}

/** A role that machines act in by themselves, with one policy. */
export function createProfile(
    name: string,
    policy: pulumi.Input<string>,
    tags: { [key: string]: pulumi.Input<string> } | undefined,
    child: { parent: pulumi.Resource },
): iam.InstanceProfile {
    const role = new iam.Role(name, { assumeRolePolicy: trustService("ec2.amazonaws.com"), tags }, child);
    const attached = new iam.RolePolicy(name, { role: role.id, policy }, child);
    return new iam.InstanceProfile(name, { role: role.name, tags }, { ...child, dependsOn: attached });
}

/** Public SSM parameters that name each system's newest image for x86-64. */
const imageParameters: { [os in OperatingSystem]?: string } = {
    "amazon-linux-2023": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    "ubuntu-24.04": "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
    "debian-13": "/aws/service/debian/release/13/latest/amd64",
    "windows-server-2025": "/aws/service/ami-windows-latest/Windows_Server-2025-English-Full-Base",
};

/** The newest image of a system; Amazon Linux 2023 by default. */
export function newestImage(
    os: OperatingSystem = OperatingSystem.AmazonLinux2023,
    child: pulumi.InvokeOptions,
): pulumi.Output<string> {
    return ssm.getParameterOutput({ name: imageParameters[os]! }, child).value;
}

/**
 * Session Manager, Run Command and inventory, as in AWS's AmazonSSMManagedInstanceCore but without reading every
 * parameter of the account. These actions take no resource.
 */
export const systemsManagerActions = [
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
];
