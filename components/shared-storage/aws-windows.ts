import path from "node:path";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as directoryservice from "@pulumi/aws/directoryservice";
import * as fsx from "@pulumi/aws/fsx";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import * as lambda from "@pulumi/aws/lambda";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { allow, allowReadingSecrets } from "../aws-account";
import { createFunction } from "../aws-function";
import { ports, sharedDirectories } from "../reference";
import { generateSecret } from "../secrets/aws-generated";
import type { Mount, SharedStorage } from "./contract";

/** Arguments of {@link AwsWindowsStorage}. */
export interface AwsWindowsStorageArgs {
    /** Id of the VPC. A change replaces the directory, which `deletionProtection` refuses. */
    networkId: pulumi.Input<string>;
    /** Ids of the storage subnets, one per zone; the first two are used. A change replaces directory and files. */
    subnetIds: pulumi.Input<string>[];
    /** Security group that lets application servers in on 445. A change replaces the file system. */
    firewallGroupId: pulumi.Input<string>;
    /** Security group of the application servers, which ask the directory for names. A change is made in place. */
    appFirewallGroupId: pulumi.Input<string>;
    /** ARN of the KMS key that encrypts the files and the login. A change replaces the file system. */
    keyId: pulumi.Input<string>;
    /** Domain of the directory, of at most 47 characters. Default minusnow.internal. A change replaces directory and files. */
    domain?: string;
    /** Room for files in GiB, 32 to 65536. Default 500. A higher number, by a tenth or more, grows it in place; it cannot shrink. */
    storageGib?: number;
    /** Protects directory and files from deletion by Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

const DOMAIN = "minusnow.internal";
const STORAGE_GIB = 500;
/** MB per second: the least that AWS recommends for production. */
const THROUGHPUT = 32;
/** Name by which AWS makes the one share of a file system. */
const SHARE = "share";
/** FSx and the directory are in two zones, no more and no less. */
const ZONES = 2;

/**
 * The shared directories for servers that run Windows, where EFS does not mount: FSx for Windows File Server in two zones, in
 * a Managed Microsoft AD of its own, encrypted in transit as servers demand it (guide, steps 5 and 8).
 */
export class AwsWindowsStorage extends pulumi.ComponentResource implements SharedStorage {
    /** One mount per shared directory, in the guide's order. */
    public readonly mounts: pulumi.Output<Mount[]>;
    /** ARN of the secret with `username` and `password` for the share. */
    public readonly loginSecretId: pulumi.Output<string>;
    /** ARN of the file system. */
    public readonly fileSystemArn: pulumi.Output<string>;
    /** Domain of the directory, below which the file system has its name. */
    public readonly domain: pulumi.Output<string>;
    /** Addresses of the servers that know its names. */
    public readonly nameServers: pulumi.Output<string[]>;

    constructor(name: string, args: AwsWindowsStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsWindowsStorage", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const login = generateLogin(name, args, child);
        const directory = createDirectory(name, login.value, args, child);
        keepLogin(name, login.id, directory, args, child);
        const rules = openDirectory(name, directory, args, child);
        const fileSystem = createFileSystem(name, directory, args, { ...child, dependsOn: rules });

        this.mounts = mountsFor(fileSystem);
        // Nobody is told of a login before the directory has it.
        this.loginSecretId = pulumi.all([login.id, directory.id]).apply(([id]) => id);
        this.fileSystemArn = fileSystem.arn;
        this.domain = directory.name;
        this.nameServers = directory.dnsIpAddresses;
        this.registerOutputs({
            mounts: this.mounts,
            loginSecretId: this.loginSecretId,
            fileSystemArn: this.fileSystemArn,
            domain: this.domain,
            nameServers: this.nameServers,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments({ domain = DOMAIN, storageGib = STORAGE_GIB, subnetIds }: AwsWindowsStorageArgs): void {
    const problems = [];
    if (domain.length > 47 || !/^([a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?\.)+[a-z]{2,}$/.test(domain)) {
        problems.push(`domain: found '${domain}', allowed is a name with a dot, of up to 47 characters`);
    }
    if (!Number.isInteger(storageGib) || storageGib < 32 || storageGib > 65_536) {
        problems.push(`storageGib: found ${storageGib}, allowed are 32 to 65536`);
    }
    if (subnetIds.length < ZONES) {
        problems.push(`subnetIds: found ${subnetIds.length}, allowed are ${ZONES} or more, each in a zone of its own`);
    }
    if (problems.length > 0) {
        throw new Error(`AwsWindowsStorage: ${problems.join("; ")}`);
    }
}

const shortName = ({ domain = DOMAIN }: AwsWindowsStorageArgs) => domain.split(".")[0]!;

/**
 * The directory is there for these files alone, so that its administrator may do little more than whoever may write them all.
 * The password is set when the directory is made; another one would replace it.
 */
function generateLogin(name: string, args: AwsWindowsStorageArgs, child: Child) {
    const username = `${shortName(args)}\\Admin`;
    return generateSecret(
        `${name}-login`,
        {
            description: "MinusNow: login of the shared directories",
            keyId: args.keyId,
            specialCharacters: "!#%*+-=_",
            rotation: 1,
            document: (password) => pulumi.jsonStringify({ username, password }),
            tags: args.tags,
        },
        child,
    );
}

function createDirectory(
    name: string,
    password: pulumi.Output<string>,
    args: AwsWindowsStorageArgs,
    child: Child,
): directoryservice.Directory {
    const { networkId: vpcId, subnetIds, domain = DOMAIN, deletionProtection = true, tags } = args;
    return new directoryservice.Directory(
        name,
        {
            name: domain,
            shortName: shortName(args),
            description: "MinusNow: who may use the shared directories",
            type: "MicrosoftAD",
            edition: "Standard",
            password,
            vpcSettings: { vpcId, subnetIds: subnetIds.slice(0, ZONES) },
            tags: { ...tags, Name: name },
        },
        { ...child, protect: deletionProtection, customTimeouts: { create: "90m" } },
    );
}

/** A directory refuses a password that is 42 days old, its administrator's too. */
function keepLogin(
    name: string,
    secretId: pulumi.Output<string>,
    directory: directoryservice.Directory,
    { keyId, tags }: AwsWindowsStorageArgs,
    child: Child,
): void {
    const partition = getPartitionOutput({}, child).partition;
    const ownDirectory = pulumi.interpolate`arn:${partition}:ds:*:*:directory/${directory.id}`;
    const keeper = createFunction(
        `${name}-login`,
        {
            description: "MinusNow: sets the password of the shared directories again, before it expires",
            bundle: path.join(__dirname, "login", "bundle.js"),
            statements: [...allowReadingSecrets([secretId], keyId), allow(["ds:ResetUserPassword"], [ownDirectory])],
            timeoutSeconds: 60,
            memoryMib: 128,
            environment: { DIRECTORY_ID: directory.id, SECRET_ID: secretId },
            logFormat: "JSON",
            logDays: 90,
            tags,
        },
        child,
    );
    const schedule = { description: "MinusNow: weekly", scheduleExpression: "rate(7 days)", tags };
    const rule = new cloudwatch.EventRule(`${name}-login`, schedule, child);
    const permission = new lambda.Permission(
        `${name}-login`,
        {
            action: "lambda:InvokeFunction",
            function: keeper.name,
            principal: "events.amazonaws.com",
            sourceArn: rule.arn,
        },
        child,
    );
    new cloudwatch.EventTarget(
        `${name}-login`,
        { rule: rule.name, arn: keeper.arn },
        { ...child, dependsOn: permission },
    );
}

/** AWS makes the directory's own group, which lets the network in; those who use it have to be let out. */
function openDirectory(
    name: string,
    { securityGroupId: referencedSecurityGroupId }: directoryservice.Directory,
    { firewallGroupId, appFirewallGroupId, tags }: AwsWindowsStorageArgs,
    child: Child,
): vpc.SecurityGroupEgressRule[] {
    const rule = (part: string, securityGroupId: pulumi.Input<string>, ipProtocol: string, port?: number) =>
        new vpc.SecurityGroupEgressRule(
            `${name}-${part}`,
            {
                securityGroupId,
                referencedSecurityGroupId,
                ipProtocol,
                ...(port !== undefined && { fromPort: port, toPort: port }),
                description: "Directory of the shared files",
                tags,
            },
            child,
        );
    return [
        rule("files-to-directory", firewallGroupId, "-1"),
        rule("names-tcp", appFirewallGroupId, "tcp", ports.dns),
        rule("names-udp", appFirewallGroupId, "udp", ports.dns),
    ];
}

function createFileSystem(
    name: string,
    directory: directoryservice.Directory,
    args: AwsWindowsStorageArgs,
    child: pulumi.CustomResourceOptions,
): fsx.WindowsFileSystem {
    const { subnetIds, firewallGroupId, keyId, storageGib = STORAGE_GIB, deletionProtection = true, tags } = args;
    return new fsx.WindowsFileSystem(
        name,
        {
            activeDirectoryId: directory.id,
            deploymentType: "MULTI_AZ_1",
            subnetIds: subnetIds.slice(0, ZONES),
            preferredSubnetId: subnetIds[0]!,
            securityGroupIds: [firewallGroupId],
            kmsKeyId: keyId,
            storageType: "SSD",
            storageCapacity: storageGib,
            throughputCapacity: THROUGHPUT,
            // On a Sunday night: connections move to the other zone and back.
            weeklyMaintenanceStartTime: "7:03:00",
            // The deployment's own plan backs the files up.
            automaticBackupRetentionDays: 0,
            skipFinalBackup: !deletionProtection,
            copyTagsToBackups: true,
            tags: { ...tags, Name: name },
        },
        { ...child, protect: deletionProtection, customTimeouts: { create: "90m", update: "90m" } },
    );
}

/** Folders of the one share that AWS makes; the first server makes them. */
function mountsFor(fileSystem: fsx.WindowsFileSystem): pulumi.Output<Mount[]> {
    return fileSystem.dnsName.apply((host) =>
        sharedDirectories.map((directory) => ({
            directory,
            source: `\\\\${host}\\${SHARE}\\${directory}`,
            type: "smb",
            options: "RequirePrivacy",
        })),
    );
}
