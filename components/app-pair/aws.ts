import type * as ec2 from "@pulumi/aws/ec2";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import type * as iam from "@pulumi/aws/iam";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { createMachine, createProfile, newestImage } from "../host/aws-machine";
import { awsCloud, awsHost } from "../host/cloud-host";
import { awsSystems, OperatingSystem, systemProblems } from "../host/operating-system";
import type { Mount } from "../shared-storage/contract";
import { memberPolicy } from "./aws-policy";
import { type AppPair, type ReleaseArtifact, type SecretVariable, SERVERS_TAG } from "./contract";
import { renderAppServer } from "./host/app-server";
import { ec2Launch, renderWindowsServer } from "./host/windows-server";
import { memberNames, pairDocuments, pairProblems } from "./members";

/** Arguments of {@link AwsAppPair}. */
export interface AwsAppPairArgs {
    /** How many servers. Default 2 (guide). A higher number adds servers; a lower one removes the last. */
    count?: number;
    /** Instance type. Default c7i.2xlarge: 8 CPU and 16 GiB, the guide's recommended size. See `renew`. */
    size?: pulumi.Input<string>;
    /**
     * Operating system of new servers. Default Amazon Linux 2023. Windows Server 2025 needs mounts of SMB. A change reaches
     * servers named in `renew`.
     */
    os?: OperatingSystem;
    /** Id of the machine image of new servers. Default: the newest of `os` when a server is made. See `renew`. */
    image?: pulumi.Input<string>;
    /** Node.js major version of new servers. Default 20 (guide, step 2). See `renew`. */
    nodeVersion?: number;
    /**
     * Names of servers, for example `app2`, that this update replaces or restarts when their image, first-boot script,
     * size or disk differs from the present one. Default none: such a change waits until the server is named here, so no
     * update takes both servers by itself. Name one, update, check its health, then name the other.
     */
    renew?: string[];
    /** Ids of the application subnets, one per zone; servers are spread over them in turn. */
    subnetIds: pulumi.Input<string>[];
    /** Private addresses in the order of the servers. Default: any free address of the subnet. A change replaces. */
    privateAddresses?: string[];
    /** Security group of the application servers. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** ARN of the KMS key that encrypts disks and the secrets below. */
    keyId: pulumi.Input<string>;
    /** Mounts of the shared directories. */
    mounts: pulumi.Input<Mount[]>;
    /** ARN of the file system behind the mounts; needs `accessPointArns`. Default: the mounts need no permission of AWS. */
    fileSystemArn?: pulumi.Input<string>;
    /** ARNs of its access points that servers may use. */
    accessPointArns?: pulumi.Input<string[]>;
    /** Windows: ARN of the secret with the login of the shares. */
    storageSecretId?: pulumi.Input<string>;
    /** Windows: domain below which the shares have their names; needs `nameServers`. Default: the network knows them. */
    storageDomain?: pulumi.Input<string>;
    /** Windows: addresses of the servers that know these names. */
    nameServers?: pulumi.Input<string[]>;
    /** Variables of the environment file that are no secret (guide, step 6). Servers read them when the service starts. */
    environment: { [name: string]: pulumi.Input<string> };
    /** Variables of the environment file that are secret (guide, step 6). Servers read them when the service starts. */
    secrets: SecretVariable[];
    /** Host that accepts writes. */
    databaseHost: pulumi.Input<string>;
    /** TCP port of PostgreSQL. */
    databasePort: pulumi.Input<number>;
    /** Name of the application's database. */
    databaseName: pulumi.Input<string>;
    /** PostgreSQL major version, for the client on the servers. Default 17. */
    databaseVersion?: string;
    /** ARN of the application role's secret. */
    databaseSecretId: pulumi.Input<string>;
    /**
     * Name of the SSM parameter with the certificate that the database is known by; needs `databaseCertificateArn`. Default:
     * RDS's authorities. See `renew`.
     */
    databaseCertificateName?: pulumi.Input<string>;
    /** ARN of that parameter. */
    databaseCertificateArn?: pulumi.Input<string>;
    /** Host of the session store. Default: sessions stay in memory. */
    sessionHost?: pulumi.Input<string>;
    /** TCP port of the session store. */
    sessionPort?: pulumi.Input<number>;
    /** False for a session store without TLS. Default true. */
    sessionTls?: boolean;
    /** ARN of the session store's password. */
    sessionSecretId?: pulumi.Input<string>;
    /** What new servers install at first. {@link AwsRelease} brings later releases to them, and tells new servers. */
    release: ReleaseArtifact;
    /** Refuses termination outside Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Size of a server's disk: the system, Node.js and a handful of releases. */
const DISK_GIB = 50;

/** Application servers in two or more zones, equal but for their names (guide, steps 2, 5, 6 and 8). */
export class AwsAppPair extends pulumi.ComponentResource implements AppPair {
    /** Instance ids of app1, app2, … */
    public readonly memberIds: pulumi.Output<string>[];
    /** Their availability zones. */
    public readonly memberZones: pulumi.Output<string>[];
    /** Their private addresses. */
    public readonly memberAddresses: pulumi.Output<string>[];
    /** Name of the SSM parameter with the release that new servers install. */
    public readonly releaseParameterName: pulumi.Output<string>;
    /** Its ARN, for whom may write it. */
    public readonly releaseParameterArn: pulumi.Output<string>;
    /** Prefix of the SSM parameters `settings` and `release`, which servers read. */
    public readonly settingsPath: pulumi.Output<string>;
    /** Documents that servers read, by file name; they name secrets and hold none. */
    public readonly configuration: { [file: string]: pulumi.Output<string> };
    /** Name of the servers' role. */
    public readonly roleName: pulumi.Output<string>;
    /** Value of the tag `minusnow-servers` on every server, by which Systems Manager finds them. */
    public readonly serversTag: pulumi.Output<string>;

    constructor(name: string, args: AwsAppPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsAppPair", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const settings = publishSettings(name, args, child);
        const profile = createProfile(name, memberPolicy(settings.parameters, args, child), args.tags, child);
        const image = pulumi.output(args.image ?? newestImage(args.os, child));
        const userData = renderUserData(settings, args, child);
        const servers = memberNames(args).map((member, place) =>
            createServer(`${name}-${member}`, { member, place, profile, image, userData, pair: name }, args, {
                ...child,
                dependsOn: opts?.dependsOn,
            }),
        );

        this.memberIds = servers.map((server) => server.id);
        this.memberZones = servers.map((server) => server.availabilityZone);
        this.memberAddresses = servers.map((server) => server.privateIp);
        this.settingsPath = settings.path;
        this.releaseParameterName = settings.release.name;
        this.releaseParameterArn = settings.release.arn;
        this.configuration = settings.documents;
        this.serversTag = pulumi.output(name);
        this.roleName = profile.role.apply((role) => role!);
        this.registerOutputs({
            memberIds: this.memberIds,
            memberZones: this.memberZones,
            memberAddresses: this.memberAddresses,
            settingsPath: this.settingsPath,
            releaseParameterName: this.releaseParameterName,
            releaseParameterArn: this.releaseParameterArn,
            configuration: this.configuration,
            roleName: this.roleName,
            serversTag: this.serversTag,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

const isWindows = ({ os }: AwsAppPairArgs) => os === OperatingSystem.WindowsServer2025;

function checkArguments(args: AwsAppPairArgs): void {
    const { os = OperatingSystem.AmazonLinux2023 } = args;
    const problems = [...pairProblems(args), ...systemProblems(os, [...awsSystems, OperatingSystem.WindowsServer2025])];
    if (isWindows(args) && args.storageSecretId === undefined) {
        problems.push(
            "storageSecretId: found nothing, allowed on Windows is the ARN of the secret with the shares' login",
        );
    }
    if ((args.storageDomain === undefined) !== (args.nameServers === undefined)) {
        problems.push("storageDomain and nameServers: allowed are both or neither");
    }
    if (problems.length > 0) {
        throw new Error(`AwsAppPair: ${problems.join("; ")}`);
    }
}

/** Where servers find what may change while they run. */
interface Settings {
    path: pulumi.Output<string>;
    parameters: ssm.Parameter[];
    release: ssm.Parameter;
    documents: { [file: string]: pulumi.Output<string> };
}

function publishSettings(name: string, args: AwsAppPairArgs, child: Child): Settings {
    const path = `/${name}`;
    const parameter = (key: string, value: pulumi.Input<string>, ignoreChanges: string[] = []) =>
        new ssm.Parameter(
            `${name}-${key}`,
            { name: `${path}/${key}`, type: "String", value, tags: args.tags },
            { ...child, ignoreChanges },
        );
    const { settings, release } = pairDocuments(args, args.databaseCertificateName);
    // What all servers run is written there by the release, once it is so.
    const releaseParameter = parameter("release", release, ["value"]);
    return {
        path: pulumi.output(path),
        parameters: [parameter("settings", settings), releaseParameter],
        release: releaseParameter,
        documents: { "settings.json": settings, "release.json": release },
    };
}

function renderUserData(settings: Settings, args: AwsAppPairArgs, child: Child): pulumi.Output<string> {
    const os = args.os ?? OperatingSystem.AmazonLinux2023;
    const region = getRegionOutput({}, child).region;
    if (isWindows(args)) {
        return renderOnWindows(settings.path, region, args);
    }
    return pulumi.all([settings.path, region, args.mounts]).apply(([path, regionName, mounts]) =>
        renderAppServer({
            cloud: awsHost(os, regionName, path, args.nodeVersion),
            postgresMajor: (args.databaseVersion ?? "17").split(".")[0]!,
            databaseCaUrl: args.databaseCertificateName === undefined ? databaseCertificates(regionName) : "",
            mounts,
        }),
    );
}

const COMMAND_LINE = { package: "Amazon.AWSCLI", folder: "C:\\Program Files\\Amazon\\AWSCLIV2" };

function renderOnWindows(
    path: pulumi.Output<string>,
    region: pulumi.Output<string>,
    args: AwsAppPairArgs,
): pulumi.Output<string> {
    const { mounts, storageSecretId = "", storageDomain, nameServers, databaseCertificateName, nodeVersion } = args;
    return pulumi
        .all([path, region, mounts, storageSecretId, storageDomain, nameServers])
        .apply(([settingsPath, regionName, shares, loginId, domain, servers]) =>
            ec2Launch(
                renderWindowsServer({
                    cloud: awsCloud(regionName, settingsPath, nodeVersion),
                    commandLine: COMMAND_LINE,
                    ...(domain !== undefined && servers !== undefined && { names: { domain, servers } }),
                    databaseCaUrl: databaseCertificateName === undefined ? databaseCertificates(regionName) : "",
                    mounts: shares,
                    storageSecretId: loginId,
                }),
            ),
        );
}

/** Where AWS publishes the certificate authorities of RDS; the special partitions have their own. */
function databaseCertificates(region: string): string {
    if (region.startsWith("us-gov-")) {
        return `https://truststore.pki.us-gov-west-1.rds.amazonaws.com/${region}/${region}-bundle.pem`;
    }
    if (region.startsWith("cn-")) {
        return `https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/${region}/${region}-bundle.pem`;
    }
    return "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem";
}

interface Server {
    pair: string;
    member: string;
    place: number;
    profile: iam.InstanceProfile;
    image: pulumi.Output<string>;
    userData: pulumi.Output<string>;
}

function createServer(
    name: string,
    { pair, member, place, profile, image, userData }: Server,
    args: AwsAppPairArgs,
    child: pulumi.CustomResourceOptions,
): ec2.Instance {
    return createMachine(
        name,
        {
            image,
            size: args.size ?? "c7i.2xlarge",
            subnetId: args.subnetIds[place % args.subnetIds.length]!,
            privateAddress: args.privateAddresses?.[place],
            firewallGroupId: args.firewallGroupId,
            profile,
            userData,
            diskGib: DISK_GIB,
            keyId: args.keyId,
            deletionProtection: args.deletionProtection ?? true,
            renew: args.renew?.includes(member) ?? false,
            tags: { ...args.tags, [SERVERS_TAG]: pair },
        },
        child,
    );
}
