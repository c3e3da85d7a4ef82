import type { Resource } from "../../plan/engine/resource";
import type { Value, Values } from "../../plan/engine/values";
import { added, changed, find, hasName, setEach, shortType } from "./change";
import { type Harmless, renamed } from "./harmless";

/** Changes that break nothing, or make things stricter; no rule may object. */
export function awsHarmless(all: Resource[]): Harmless[] {
    const set = (
        type: string,
        path: string,
        value: Value | ((resource: Resource) => Value),
        only?: (resource: Resource) => boolean,
    ) => setEach(all, type, path, value, [], only);
    const group = (end: string) => find(all, "ec2.SecurityGroup", end).id;
    const alb = ({ type }: Resource) => type.startsWith("aws:lb/");
    return [
        ...set("lb.LoadBalancer", "tags.team", "platform"),
        ...set("lb.LoadBalancer", "idleTimeout", 60),
        ...set("lb.TargetGroup", "deregistrationDelay", 30),
        ...set("lb.TargetGroup", "healthCheck.timeout", 3),
        ...set("lb.TargetGroup", "healthCheck.unhealthyThreshold", 2),
        ...set("lb.Listener", "sslPolicy", "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", hasName("-https")),
        ...set("lb.Listener", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06", hasName("-https")),
        ...set(
            "lb.Listener",
            "certificateArn",
            "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d",
            hasName("-https"),
        ),
        ...set("lb.Listener", "routingHttpResponseXFrameOptionsHeaderValue", "DENY", hasName("-https")),
        ...set(
            "lb.Listener",
            "routingHttpResponseStrictTransportSecurityHeaderValue",
            "max-age=63072000; includeSubDomains; preload",
            hasName("-https"),
        ),
        ...set("ec2.Instance", "instanceType", "m7i.4xlarge"),
        ...set("ec2.Instance", "instanceType", "r7g.2xlarge"),
        ...set("ec2.Instance", "keyName", "operators"),
        ...set("ec2.Instance", "ami", "ami-0123456789abcdef0"),
        ...set("rds.Instance", "instanceClass", "db.r7g.4xlarge"),
        ...set("rds.Instance", "allocatedStorage", 2000, hasName("-primary")),
        ...set("rds.Instance", "engineVersion", "18.1", hasName("-primary")),
        ...set("rds.Instance", "backupRetentionPeriod", 35, hasName("-primary")),
        ...set("rds.Instance", "monitoringInterval", 15),
        ...set("rds.Instance", "availabilityZone", "us-east-1f", hasName("-replica")),
        ...set("efs.FileSystem", "throughputMode", "provisioned"),
        ...set("elasticache.ReplicationGroup", "engine", "redis"),
        ...set("elasticache.ReplicationGroup", "numCacheClusters", 3),
        ...set("index.RandomPassword", "length", 128),
        ...set("index.RandomPassword", "minSpecial", 5),
        ...set("secretsmanager.Secret", "recoveryWindowInDays", 7),
        ...set(
            "cloudwatch.MetricAlarm",
            "threshold",
            ({ inputs }) => Number(inputs["threshold"]) * 0.9,
            ({ inputs }) => "metric" in ((inputs["tags"] ?? {}) as Values),
        ),
        ...set("cloudwatch.MetricAlarm", "evaluationPeriods", 3),
        ...set(
            "cloudwatch.MetricAlarm",
            "comparisonOperator",
            "GreaterThanOrEqualToThreshold",
            ({ inputs }) => "metric" in ((inputs["tags"] ?? {}) as Values),
        ),
        ...set("backup.Plan", "rules[0].schedule", "cron(0 * * * ? *)", hasName("-database")),
        ...set("backup.Plan", "rules[0].schedule", "cron(0 1,5,9,13,17,21 * * ? *)", hasName("-database")),
        ...set("backup.Plan", "rules[0].schedule", "rate(4 hours)", hasName("-database")),
        ...set("backup.Plan", "rules[0].lifecycle.deleteAfter", 3650),
        ...set("backup.VaultLockConfiguration", "changeableForDays", 3),
        ...set("backup.VaultLockConfiguration", "minRetentionDays", 400),
        ...set(
            "s3.BucketLifecycleConfiguration",
            "rules[0].noncurrentVersionExpiration.noncurrentDays",
            365,
            hasName("-configuration"),
        ),
        ...set("s3.BucketLifecycleConfiguration", "rules", [], hasName("-configuration")),
        ...set("cloudwatch.EventRule", "scheduleExpression", "rate(5 minutes)"),
        ...set("vpc.SecurityGroupIngressRule", "description", "agreed with the network team"),
        ...set("ec2.Subnet", "tags.note", "password rotation is described in the wiki"),
        ...set(
            "ec2.Instance",
            "tags.secretsStore",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:minusnow-Ab1",
        ),
        ...set(
            "lambda.Function",
            "environment",
            { variables: { SECRET_ARN: "arn:aws:secretsmanager:us-east-1:111122223333:secret:Prod-App-1a2B3c" } },
            hasName("-bootstrap-1"),
        ),
        ...set("wafv2.WebAcl", "description", "changed"),
        added("a private tool with a group of its own", [], "aws:ec2/securityGroup:SecurityGroup", {
            id: "sg-0tool",
            vpcId: "vpc-1",
        }),
        added(
            "a rule that lets a private tool be reached",
            [],
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {
                securityGroupId: "sg-0tool",
                referencedSecurityGroupId: group("-app"),
                ipProtocol: "tcp",
                fromPort: 8443,
                toPort: 8443,
            },
        ),
        added("a worker that no balancer sends requests to", [], "aws:ec2/instance:Instance", {
            id: "i-0worker",
            instanceType: "c7i.xlarge",
            metadataOptions: { httpTokens: "required" },
            rootBlockDevice: { encrypted: true },
            userData: "#!/bin/sh\necho worker",
        }),
        added("a queue", [], "aws:sqs/queue:Queue", { id: "queue", name: "queue" }),
        added("an internal load balancer", [], "aws:lb/loadBalancer:LoadBalancer", {
            id: "arn:aws:internal",
            arn: "arn:aws:internal",
            internal: true,
        }),
        added("an alarm on something else", [], "aws:cloudwatch/metricAlarm:MetricAlarm", {
            id: "queue",
            metricName: "ApproximateAgeOfOldestMessage",
            namespace: "AWS/SQS",
            threshold: 5,
            comparisonOperator: "GreaterThanThreshold",
        }),
        ...[
            "sed -i 's/^PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config",
            "# never set PasswordAuthentication yes here",
            "chpasswd:\n  expire: false",
        ].flatMap((line) =>
            set(
                "ec2.Instance",
                "userData",
                ({ inputs }) => `${inputs["userData"] as string}\n${line}\n`,
                hasName("app1"),
            ),
        ),
        ...set("backup.Selection", "resources", ["*"], hasName("-backup-database")),
        ...set("backup.Selection", "resources", ["arn:aws:rds:*:*:db:*"], hasName("-backup-database")),
        ...set("backup.Plan", "rules[0].schedule", "cron(0 0-23/3 * * ? *)", hasName("-backup-database")),
        ...set("ssm.Association", "targets", [{ key: "InstanceIds", values: ["*"] }]),
        ...set("cloudwatch.EventRule", "scheduleExpression", "cron(0/5 * * * ? *)"),
        ...set("lb.Listener", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", hasName("-https")),
        added("messages of ICMP between the tiers", [], "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {
            securityGroupId: group("-app"),
            referencedSecurityGroupId: group("-edge"),
            ipProtocol: "icmp",
            fromPort: -1,
            toPort: -1,
        }),
        {
            name: "a listener that answers 404 and forwards by a rule",
            change: (resources) => [
                ...resources.map((resource) =>
                    shortType(resource) === "lb.Listener" && resource.name.endsWith("-https")
                        ? changed(resource, "defaultActions", [
                              { type: "fixed-response", fixedResponse: { statusCode: "404" } },
                          ])
                        : resource,
                ),
                {
                    ...find(resources, "lb.Listener", "-https"),
                    urn: "urn:pulumi:x::x::aws:lb/listenerRule:ListenerRule::by-host",
                    type: "aws:lb/listenerRule:ListenerRule",
                    name: "by-host",
                    propertyDependencies: {},
                    inputs: {},
                    outputs: {
                        listenerArn: find(resources, "lb.Listener", "-https").id,
                        actions: [{ type: "forward", targetGroupArn: find(resources, "lb.TargetGroup").id }],
                    },
                },
            ],
        },
        renamed("us-east-1", "eu-central-1"),
        renamed("minusnow-prod", "servicedesk-live"),
        {
            name: "the former type tokens of the load balancer",
            change: (resources) =>
                resources.map((resource) =>
                    alb(resource) ? { ...resource, type: resource.type.replace("aws:lb/", "aws:alb/") } : resource,
                ),
        },
        {
            name: "the order of the resources is the other way round",
            change: (resources) => resources.toReversed(),
        },
        {
            name: "the application subnets instead of the servers' group may reach the database",
            change: (resources) =>
                resources.map((resource) =>
                    shortType(resource) === "vpc.SecurityGroupIngressRule" &&
                    resource.name.includes("-database-from-app")
                        ? changed(changed(resource, "referencedSecurityGroupId", undefined), "cidrIpv4", "10.0.1.0/24")
                        : resource,
                ),
        },
    ];
}
