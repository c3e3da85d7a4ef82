import type * as ec2 from "@pulumi/aws/ec2";
import type * as iam from "@pulumi/aws/iam";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import * as ssm from "@pulumi/aws/ssm";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow, allowReadingSecrets } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import { awsSystems, linuxSystem, OperatingSystem } from "../host/operating-system";
import { healthCheck, ports } from "../reference";
import { issueCertificate } from "./aws-certificate";
import { pointHostname } from "./aws-dns";
import type { LoadBalancer, LoadBalancerKind, LoadBalancerMode } from "./contract";
import { balancerHealthPath } from "./host/balancer";
import { type BalancerProgram, renderBalancerMachine } from "./host/machine";
import { balancerNames, proxyConfiguration, proxyProblems } from "./proxies";

/** Arguments of {@link AwsProxyLoadBalancer}. */
export interface AwsProxyLoadBalancerArgs {
    /** Who balances: haproxy or nginx. A change reaches balancers named in `renew`. */
    kind: LoadBalancerKind;
    /** How requests are shared (guide, step 8). Default active-active. A change reaches the balancers within two minutes. */
    mode?: LoadBalancerMode;
    /** Host name that users open, for example `minusnow.example.com`. A change issues a new certificate. */
    hostname: string;
    /**
     * Name of the Route 53 zone for the host name's record and the certificate's proof, for example `example.com`.
     * Without it, `certificateId` is needed and the record is the caller's to make.
     */
    dnsZone?: string;
    /**
     * ARN of an exportable ACM certificate, or of a secret with certificate, chain and key in PEM. Default: an exportable
     * one is issued, which AWS charges for. Balancers look for a renewed one daily, and within two minutes for another ARN.
     */
    certificateId?: pulumi.Input<string>;
    /** Requests that one address may make in a minute before it gets 429. Default 2000. Reaches balancers in two minutes. */
    rateLimitPerMinute?: number;
    /** Id of the VPC. A change replaces the groups of balancers. */
    networkId: pulumi.Input<string>;
    /** Ids of the edge subnets, for the Network Load Balancer in front. A change is made in place. */
    subnetIds: pulumi.Input<string>[];
    /** Ids of subnets with a way out, one per zone, for the balancers. A change replaces a balancer. */
    machineSubnetIds: pulumi.Input<string>[];
    /** Security group that lets users in on 443 and 80, and may reach the application servers. */
    firewallGroupId: pulumi.Input<string>;
    /** Private addresses of app1, app2, …; a change reaches the balancers within two minutes. */
    memberAddresses: pulumi.Input<string>[];
    /** Instance type. Default c7i.xlarge: 4 CPU and 8 GiB, the guide's recommended size. See `renew`. */
    size?: pulumi.Input<string>;
    /** Operating system of new balancers. Default Amazon Linux 2023. See `renew`. */
    os?: OperatingSystem;
    /** Id of the machine image of new balancers. Default: the newest of `os` when a balancer is made. See `renew`. */
    image?: pulumi.Input<string>;
    /**
     * Names of balancers, `lb1` or `lb2`, that this update replaces or restarts when their image, first-boot script, size
     * or disk differs from the present one. Default none. Name one, update, then name the other: users go to the other one.
     */
    renew?: string[];
    /** ARN of the KMS key that encrypts disks, and the secret of `certificateId` where it is one. */
    keyId: pulumi.Input<string>;
    /** Refuses deletion outside Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: system and logs. */
const DISK_GIB = 20;

/**
 * The public entry on machines of one's own: HAProxy or Nginx in two zones, behind a Network Load Balancer that only hands
 * connections on (guide, step 1, options A and B).
 */
export class AwsProxyLoadBalancer extends pulumi.ComponentResource implements LoadBalancer {
    /** DNS name of the Network Load Balancer. */
    public readonly endpoint: pulumi.Output<string>;
    /** Host name that users open. */
    public readonly hostname: pulumi.Output<string>;
    /** Instance ids of lb1 and lb2. */
    public readonly balancerIds: pulumi.Output<string>[];
    /** Value of the tag `minusnow-servers` on the balancers, by which Systems Manager finds them. */
    public readonly balancersTag: pulumi.Output<string>;
    /** Name of the balancers' role. */
    public readonly roleName: pulumi.Output<string>;
    /** Name of the Network Load Balancer in metrics. */
    public readonly loadBalancerSuffix: pulumi.Output<string>;
    /** Name of the group of balancers for port 443 in metrics. */
    public readonly targetGroupSuffix: pulumi.Output<string>;

    constructor(name: string, args: AwsProxyLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsProxyLoadBalancer", name, args, opts);
        const child = { parent: this };
        const program = checkArguments(args);

        const zoneId =
            args.dnsZone === undefined ? undefined : route53.getZoneOutput({ name: args.dnsZone }, child).zoneId;
        const certificateId = pulumi.output(args.certificateId ?? exportableCertificate(name, zoneId!, args, child));
        const documents = publishDocuments(name, program, certificateId, args, child);
        const policy = balancerPolicy({ documents, certificateId }, args);
        const profile = createProfile(name, policy, args.tags, child);
        const balancers = createBalancers(name, program, profile, args, {
            ...child,
            dependsOn: opts?.dependsOn,
        });
        const front = createFront(name, args, { ...child, dependsOn: opts?.dependsOn });
        const https = handOn(name, "https", ports.https, { front, balancers }, args, child);
        handOn(name, "http", ports.http, { front, balancers }, args, child);
        allowHandingOn(name, args, child);
        if (zoneId) {
            pointHostname(name, args.hostname, zoneId, front, child);
        }

        this.endpoint = front.dnsName;
        this.hostname = pulumi.output(args.hostname);
        this.balancerIds = balancers.map((balancer) => balancer.id);
        this.balancersTag = pulumi.output(name);
        this.roleName = profile.role.apply((role) => role!);
        this.loadBalancerSuffix = front.arnSuffix;
        this.targetGroupSuffix = https.arnSuffix;
        this.registerOutputs({
            endpoint: this.endpoint,
            hostname: this.hostname,
            balancerIds: this.balancerIds,
            balancersTag: this.balancersTag,
            roleName: this.roleName,
            loadBalancerSuffix: this.loadBalancerSuffix,
            targetGroupSuffix: this.targetGroupSuffix,
        });
    }
}

type Child = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

function checkArguments(args: AwsProxyLoadBalancerArgs): BalancerProgram {
    const { kind, dnsZone, certificateId } = args;
    const problems = proxyProblems(args, "AwsLoadBalancer");
    if (dnsZone === undefined && certificateId === undefined) {
        problems.push(
            "found neither dnsZone nor certificateId; give the zone to issue a certificate, or an issued one",
        );
    }
    if (problems.length > 0) {
        throw new Error(`AwsProxyLoadBalancer: ${problems.join("; ")}`);
    }
    return kind as BalancerProgram;
}

function exportableCertificate(
    name: string,
    zoneId: pulumi.Output<string>,
    { hostname, tags }: AwsProxyLoadBalancerArgs,
    child: Child,
): pulumi.Output<string> {
    return issueCertificate(name, { hostname, zoneId, exportable: true, tags }, child);
}

/** Balancers look here every minute: what they are to do, and which certificate is theirs. */
function publishDocuments(
    name: string,
    program: BalancerProgram,
    certificateId: pulumi.Output<string>,
    args: AwsProxyLoadBalancerArgs,
    child: Child,
): ssm.Parameter[] {
    const { os = OperatingSystem.AmazonLinux2023, hostname } = args;
    const configuration = pulumi
        .all(args.memberAddresses)
        .apply((addresses) => proxyConfiguration(args, linuxSystem(os, awsSystems), hostname, addresses));
    const parameter = (key: string, path: string, value: pulumi.Output<string>) =>
        new ssm.Parameter(
            `${name}-${key}`,
            // More than a few servers make it longer than a standard parameter may be.
            { name: `/${name}/${path}`, type: "String", tier: "Intelligent-Tiering", value, tags: args.tags },
            child,
        );
    return [
        // Named by its program: a balancer that is not renewed must not take up what is for the other one.
        parameter("configuration", `configuration-${program}`, configuration),
        parameter("certificate", "certificate", pulumi.jsonStringify({ id: certificateId, hostname })),
    ];
}

/** Where balancers find what they take up. */
interface Sources {
    documents: ssm.Parameter[];
    certificateId: pulumi.Output<string>;
}

function createBalancers(
    name: string,
    program: BalancerProgram,
    profile: iam.InstanceProfile,
    args: AwsProxyLoadBalancerArgs,
    child: Child,
): ec2.Instance[] {
    const { os = OperatingSystem.AmazonLinux2023, renew = [], tags } = args;
    const image = pulumi.output(args.image ?? newestImage(os, { parent: child.parent }));
    const region = getRegionOutput({}, { parent: child.parent }).region;
    const userData = region.apply((regionName) =>
        renderBalancerMachine({ cloud: awsHost(os, regionName, `/${name}`), kind: program }),
    );
    return balancerNames.map((balancer, place) =>
        createMachine(
            `${name}-${balancer}`,
            {
                image,
                size: args.size ?? "c7i.xlarge",
                subnetId: args.machineSubnetIds[place % args.machineSubnetIds.length]!,
                firewallGroupId: args.firewallGroupId,
                profile,
                userData,
                diskGib: DISK_GIB,
                keyId: args.keyId,
                deletionProtection: args.deletionProtection ?? true,
                renew: renew.includes(balancer),
                tags: { ...tags, [SERVERS_TAG]: name },
            },
            child,
        ),
    );
}

/** A balancer reads its configuration and its certificate, and is managed by Systems Manager. */
function balancerPolicy({ documents, certificateId }: Sources, { keyId }: AwsProxyLoadBalancerArgs) {
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: certificateId.apply((id) => [
            allow(systemsManagerActions, ["*"]),
            allow(
                ["ssm:GetParameter"],
                documents.map(({ arn }) => arn),
            ),
            ...(id.includes(":acm:") ? [allow(["acm:ExportCertificate"], [id])] : allowReadingSecrets([id], keyId)),
        ]),
    });
}

/** Hands connections on as they are, with the users' addresses, to balancers in every zone. */
function createFront(name: string, args: AwsProxyLoadBalancerArgs, child: Child): lb.LoadBalancer {
    return new lb.LoadBalancer(
        name,
        {
            loadBalancerType: "network",
            internal: false,
            subnets: args.subnetIds,
            securityGroups: [args.firewallGroupId],
            enableCrossZoneLoadBalancing: true,
            enableDeletionProtection: args.deletionProtection ?? true,
            tags: args.tags,
        },
        child,
    );
}

interface Parts {
    front: lb.LoadBalancer;
    balancers: ec2.Instance[];
}

function handOn(
    name: string,
    protocol: string,
    port: number,
    { front, balancers }: Parts,
    args: AwsProxyLoadBalancerArgs,
    child: Child,
): lb.TargetGroup {
    const group = createGroup(`${name}-${protocol}`, port, args, child);
    balancers.forEach((balancer, place) => {
        const attachment = { targetGroupArn: group.arn, targetId: balancer.id, port };
        new lb.TargetGroupAttachment(`${name}-${protocol}-${balancerNames[place]!}`, attachment, child);
    });
    new lb.Listener(
        `${name}-${protocol}`,
        {
            loadBalancerArn: front.arn,
            protocol: "TCP",
            port,
            defaultActions: [{ type: "forward", targetGroupArn: group.arn }],
            tags: args.tags,
        },
        child,
    );
    return group;
}

/** A balancer is asked whether it lives, on port 80; whether servers do is its own business. */
function createGroup(name: string, port: number, args: AwsProxyLoadBalancerArgs, child: Child): lb.TargetGroup {
    const { intervalSeconds, timeoutSeconds, fall, rise } = healthCheck;
    return new lb.TargetGroup(
        name,
        {
            vpcId: args.networkId,
            protocol: "TCP",
            port,
            targetType: "instance",
            preserveClientIp: "true",
            deregistrationDelay: 60,
            healthCheck: {
                protocol: "HTTP",
                port: String(ports.http),
                path: balancerHealthPath,
                matcher: "200",
                interval: intervalSeconds,
                timeout: timeoutSeconds,
                unhealthyThreshold: fall,
                healthyThreshold: rise,
            },
            tags: args.tags,
        },
        child,
    );
}

/** Front and balancers are in one group: what comes in from users goes on inside of it. */
function allowHandingOn(name: string, { firewallGroupId, tags }: AwsProxyLoadBalancerArgs, child: Child): void {
    for (const port of [ports.https, ports.http]) {
        new vpc.SecurityGroupEgressRule(
            `${name}-front-to-balancers-${port}`,
            {
                securityGroupId: firewallGroupId,
                referencedSecurityGroupId: firewallGroupId,
                ipProtocol: "tcp",
                fromPort: port,
                toPort: port,
                description: "Connections and health checks from the Network Load Balancer",
                tags,
            },
            child,
        );
    }
}
