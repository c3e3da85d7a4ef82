import * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { healthCheck, ports, securityHeaders, timeouts } from "../reference";
import { createAccessLogBucket } from "./aws-access-logs";
import { issueCertificate } from "./aws-certificate";
import { pointHostname } from "./aws-dns";
import { protectByFirewall } from "./aws-firewall";
import { type LoadBalancer, LoadBalancerMode, RATE_LIMIT_PER_MINUTE } from "./contract";

/** Arguments of {@link AwsLoadBalancer}. */
export interface AwsLoadBalancerArgs {
    /** Host name that users open, for example `minusnow.example.com`. A change issues a new certificate. */
    hostname: pulumi.Input<string>;
    /** How requests are shared. Default and only choice active-active: an ALB has no backup servers. */
    mode?: LoadBalancerMode;
    /**
     * Name of the Route 53 zone for the host name's record and the certificate's proof, for example `example.com`.
     * Without it, `certificateId` is needed and the record is the caller's to make.
     */
    dnsZone?: string;
    /** ARN of an existing ACM certificate of the same region. Default: one is issued. A change is made in place. */
    certificateId?: pulumi.Input<string>;
    /** Requests that one address may make in a minute before it gets 429. Default 2000. A change is made in place. */
    rateLimitPerMinute?: number;
    /** Id of the VPC. A change replaces the group of servers. */
    networkId: pulumi.Input<string>;
    /** Ids of the edge subnets in two or more zones. A change is made in place. */
    subnetIds: pulumi.Input<string>[];
    /** Security group that lets users in on 443 and 80. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Instance ids of the application servers. A change is made in place. */
    memberIds: pulumi.Input<string>[];
    /** Refuses deletion of the balancer and keeps its logs. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** TLS 1.3 and 1.2 with forward secrecy and a hybrid post-quantum key exchange; AWS's own recommendation. */
const TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/** The public entry: an Application Load Balancer with TLS, security headers, health checks and a firewall (guide, step 1). */
export class AwsLoadBalancer extends pulumi.ComponentResource implements LoadBalancer {
    /** DNS name of the balancer. */
    public readonly endpoint: pulumi.Output<string>;
    /** Host name that users open. */
    public readonly hostname: pulumi.Output<string>;
    /** ARN of the balancer. */
    public readonly loadBalancerArn: pulumi.Output<string>;
    /** ARN of the group of application servers. */
    public readonly targetGroupArn: pulumi.Output<string>;
    /** Name of the balancer in metrics. */
    public readonly loadBalancerSuffix: pulumi.Output<string>;
    /** Name of the group of application servers in metrics. */
    public readonly targetGroupSuffix: pulumi.Output<string>;

    constructor(name: string, args: AwsLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsLoadBalancer", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const balancer = createBalancer(name, args, child, opts?.dependsOn);
        const targets = createTargetGroup(name, args, child);
        attachMembers(name, targets, args, child);
        redirectToHttps(name, balancer, args, child);
        const zoneId =
            args.dnsZone === undefined ? undefined : route53.getZoneOutput({ name: args.dnsZone }, child).zoneId;
        forwardHttps(name, balancer, targets, certificate(name, zoneId, args, child), args, child);
        if (zoneId) {
            pointHostname(name, args.hostname, zoneId, balancer, child);
        }
        const { rateLimitPerMinute = RATE_LIMIT_PER_MINUTE, tags } = args;
        protectByFirewall(`${name}-firewall`, balancer.arn, { rateLimitPerMinute, tags }, child);

        this.endpoint = balancer.dnsName;
        this.hostname = pulumi.output(args.hostname);
        this.loadBalancerArn = balancer.arn;
        this.targetGroupArn = targets.arn;
        this.loadBalancerSuffix = balancer.arnSuffix;
        this.targetGroupSuffix = targets.arnSuffix;
        this.registerOutputs({
            endpoint: this.endpoint,
            hostname: this.hostname,
            loadBalancerArn: this.loadBalancerArn,
            targetGroupArn: this.targetGroupArn,
            loadBalancerSuffix: this.loadBalancerSuffix,
            targetGroupSuffix: this.targetGroupSuffix,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments(args: AwsLoadBalancerArgs): void {
    if (args.mode === LoadBalancerMode.ActivePassive) {
        throw new Error(
            "AwsLoadBalancer: mode: found active-passive, allowed is active-active; an Application Load Balancer has no backup " +
                "servers and sends requests to all when none is healthy. Use kind haproxy or nginx for active-passive",
        );
    }
    if (args.dnsZone === undefined && args.certificateId === undefined) {
        throw new Error(
            "AwsLoadBalancer: found neither dnsZone nor certificateId; give the zone to issue a certificate, or an issued one",
        );
    }
}

function createBalancer(
    name: string,
    args: AwsLoadBalancerArgs,
    child: Child,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
): lb.LoadBalancer {
    const { deletionProtection = true, tags } = args;
    const logs = createAccessLogBucket(`${name}-logs`, { deletionProtection, tags }, child);
    return new lb.LoadBalancer(
        name,
        {
            loadBalancerType: "application",
            internal: false,
            subnets: args.subnetIds,
            securityGroups: [args.firewallGroupId],
            idleTimeout: timeouts.clientSeconds,
            dropInvalidHeaderFields: true,
            desyncMitigationMode: "defensive",
            enableDeletionProtection: deletionProtection,
            accessLogs: { enabled: true, bucket: logs },
            tags,
        },
        { ...child, dependsOn },
    );
}

function createTargetGroup(name: string, args: AwsLoadBalancerArgs, child: Child): lb.TargetGroup {
    return new lb.TargetGroup(
        name,
        {
            vpcId: args.networkId,
            targetType: "instance",
            protocol: "HTTP",
            port: ports.app,
            loadBalancingAlgorithmType: "round_robin",
            deregistrationDelay: timeouts.serverSeconds,
            stickiness: { enabled: true, type: "lb_cookie", cookieDuration: 86400 },
            healthCheck: {
                enabled: true,
                protocol: "HTTP",
                port: "traffic-port",
                path: healthCheck.path,
                matcher: String(healthCheck.expectedStatus),
                interval: healthCheck.intervalSeconds,
                timeout: healthCheck.timeoutSeconds,
                unhealthyThreshold: healthCheck.fall,
                healthyThreshold: healthCheck.rise,
            },
            tags: args.tags,
        },
        child,
    );
}

function attachMembers(name: string, targets: lb.TargetGroup, args: AwsLoadBalancerArgs, child: Child): void {
    args.memberIds.forEach((targetId, place) => {
        const attachment = { targetGroupArn: targets.arn, targetId, port: ports.app };
        new lb.TargetGroupAttachment(`${name}-app${place + 1}`, attachment, child);
    });
}

function redirectToHttps(name: string, balancer: lb.LoadBalancer, args: AwsLoadBalancerArgs, child: Child): void {
    const redirect = { protocol: "HTTPS", port: String(ports.https), statusCode: "HTTP_301" };
    new lb.Listener(
        `${name}-http`,
        {
            loadBalancerArn: balancer.arn,
            protocol: "HTTP",
            port: ports.http,
            defaultActions: [{ type: "redirect", redirect }],
            tags: args.tags,
        },
        child,
    );
}

function certificate(name: string, zoneId: pulumi.Output<string> | undefined, args: AwsLoadBalancerArgs, child: Child) {
    return (
        args.certificateId ??
        issueCertificate(name, { hostname: args.hostname, zoneId: zoneId!, tags: args.tags }, child)
    );
}

function forwardHttps(
    name: string,
    balancer: lb.LoadBalancer,
    targets: lb.TargetGroup,
    certificateArn: pulumi.Input<string>,
    args: AwsLoadBalancerArgs,
    child: Child,
): void {
    new lb.Listener(
        `${name}-https`,
        {
            loadBalancerArn: balancer.arn,
            protocol: "HTTPS",
            port: ports.https,
            sslPolicy: TLS_POLICY,
            certificateArn,
            defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
            routingHttpResponseStrictTransportSecurityHeaderValue: securityHeaders.strictTransportSecurity,
            routingHttpResponseXContentTypeOptionsHeaderValue: securityHeaders.contentTypeOptions,
            routingHttpResponseXFrameOptionsHeaderValue: securityHeaders.frameOptions,
            routingHttpResponseServerEnabled: false,
            tags: args.tags,
        },
        child,
    );
}
