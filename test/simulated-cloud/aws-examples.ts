import type { Values } from "../../plan/engine/values";

interface Example {
    type: string;
    inputs: Values;
}

const vpc = (inputs: Values = {}): Example => ({
    type: "aws:ec2/vpc:Vpc",
    inputs: { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, ...inputs },
});
const subnet = (cidrBlock: string, availabilityZone = "us-east-1a"): Example => ({
    type: "aws:ec2/subnet:Subnet",
    inputs: { vpcId: "$0.id", cidrBlock, availabilityZone },
});
const gateway: Example = { type: "aws:ec2/internetGateway:InternetGateway", inputs: { vpcId: "$0.id" } };
const route = (inputs: Values): Example => ({
    type: "aws:ec2/route:Route",
    inputs: { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", ...inputs },
});
const nat = (inputs: Values): Example => ({
    type: "aws:ec2/natGateway:NatGateway",
    inputs: { subnetId: "subnet-1", ...inputs },
});
const endpoint = (inputs: Values): Example => ({
    type: "aws:ec2/vpcEndpoint:VpcEndpoint",
    inputs: { vpcId: "$0.id", serviceName: "com.amazonaws.us-east-1.ssm", vpcEndpointType: "Interface", ...inputs },
});
const group = (inputs: Values): Example => ({
    type: "aws:ec2/securityGroup:SecurityGroup",
    inputs: { description: "app", ...inputs },
});
const flowLog = (inputs: Values): Example => ({
    type: "aws:ec2/flowLog:FlowLog",
    inputs: { trafficType: "ALL", iamRoleArn: "arn:aws:iam::1:role/r", ...inputs },
});

const rule = (type: string, inputs: Values): Example => ({
    type,
    inputs: {
        securityGroupId: "sg-1",
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        cidrIpv4: "0.0.0.0/0",
        ...inputs,
    },
});
const ruleExamples = (type: string, direction: string): Record<string, Example[]> => ({
    [`sg-rule-duplicate-${direction}`]: [rule(type, {}), rule(type, { description: "again" })],
    [`sg-rule-port-range-${direction}`]: [rule(type, { fromPort: 444 })],
    [`sg-rule-ports-required-${direction}`]: [rule(type, { toPort: null })],
    [`sg-rule-all-protocol-ports-${direction}`]: [rule(type, { ipProtocol: "-1" })],
    [`sg-rule-one-peer-${direction}`]: [rule(type, { referencedSecurityGroupId: "sg-2" })],
    [`sg-rule-cidr-${direction}`]: [rule(type, { cidrIpv4: "10.0.0.256/24" })],
    [`sg-rule-description-${direction}`]: [rule(type, { description: "the team’s rule" })],
});

const balancer = (inputs: Values): Example => ({
    type: "aws:lb/loadBalancer:LoadBalancer",
    inputs: { loadBalancerType: "application", ...inputs },
});
const bucket = (inputs: Values = {}): Example => ({ type: "aws:s3/bucket:Bucket", inputs });
const versioning = (inputs: Values = {}): Example => ({
    type: "aws:s3/bucketVersioning:BucketVersioning",
    inputs: { bucket: "$0.id", versioningConfiguration: { status: "Enabled" }, ...inputs },
});
/** Of the first bucket to the second, each with its versions. */
const replication = (rule: Values, destination: Values = {}): Example => ({
    type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    inputs: {
        bucket: "$0.id",
        rules: [{ status: "Enabled", destination: { bucket: "$1.arn", ...destination }, ...rule }],
    },
});
const west = { region: "us-west-2" };
const versionedBuckets = [bucket(), bucket(west), versioning(), versioning({ bucket: "$1.id", ...west })];
const bucketParts: Record<string, string> = {
    lifecycle: "LifecycleConfiguration",
    versioning: "Versioning",
    replication: "ReplicationConfig",
    ownership: "OwnershipControls",
    policy: "Policy",
    access: "PublicAccessBlock",
    encryption: "ServerSideEncryptionConfiguration",
    object: "Objectv2",
};
const lifecycle = (rules: Values[]): Example => ({
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    inputs: { bucket: "b", rules },
});
const targets = (inputs: Values): Example => ({
    type: "aws:lb/targetGroup:TargetGroup",
    inputs: { port: 5000, protocol: "HTTP", ...inputs },
});
const listener = (inputs: Values): Example => ({
    type: "aws:lb/listener:Listener",
    inputs: { loadBalancerArn: "lb", port: 443, protocol: "HTTPS", certificateArn: "arn:aws:acm:1", ...inputs },
});
const redirect = (fields: Values): Values => ({ defaultActions: [{ type: "redirect", redirect: fields }] });
const acl = (rules: Values[]): Example => ({
    type: "aws:wafv2/webAcl:WebAcl",
    inputs: { scope: "REGIONAL", visibilityConfig: { metricName: "m" }, rules },
});
const rateRule = (fields: Values): Values => ({
    priority: 0,
    action: { block: {} },
    visibilityConfig: { metricName: "r" },
    statement: { rateBasedStatement: { limit: 100, ...fields } },
});
const record = (inputs: Values): Example => ({
    type: "aws:route53/record:Record",
    inputs: { zoneId: "Z1", name: "a.example.com", type: "A", ...inputs },
});

const instance = (inputs: Values): Example => ({
    type: "aws:ec2/instance:Instance",
    inputs: { ami: "ami-0123456789abcdef0", instanceType: "c7i.xlarge", ...inputs },
});
const lambdaTrust = JSON.stringify({
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }],
});
const role = (inputs: Values = {}): Example => ({
    type: "aws:iam/role:Role",
    inputs: { assumeRolePolicy: lambdaTrust, ...inputs },
});
const rolePolicy = (policy: string): Example => ({
    type: "aws:iam/rolePolicy:RolePolicy",
    inputs: { role: "r", policy },
});
const lambda = (inputs: Values): Example => ({
    type: "aws:lambda/function:Function",
    inputs: { runtime: "nodejs24.x", ...inputs },
});
const parameter = (inputs: Values): Example => ({
    type: "aws:ssm/parameter:Parameter",
    inputs: { name: "/app/settings", type: "String", value: "v", ...inputs },
});

const database = (inputs: Values): Example => ({
    type: "aws:rds/instance:Instance",
    inputs: {
        engine: "postgres",
        engineVersion: "17",
        allocatedStorage: 500,
        username: "minusnow_admin",
        passwordWo: "Aa1-Aa1-Aa1-",
        skipFinalSnapshot: true,
        ...inputs,
    },
});
const replica = (inputs: Values = {}): Example => ({
    type: "aws:rds/instance:Instance",
    inputs: { replicateSourceDb: "$0.identifier", skipFinalSnapshot: true, ...inputs },
});
const parameters = (inputs: Values): Example => ({
    type: "aws:rds/parameterGroup:ParameterGroup",
    inputs: { family: "postgres17", ...inputs },
});
const oneParameter = (fields: Values): Example[] => [parameters({ parameters: [fields] })];

const directory = (inputs: Values): Example => ({
    type: "aws:directoryservice/directory:Directory",
    inputs: { name: "minusnow.internal", password: "Aa1-secret-enough", type: "MicrosoftAD", ...inputs },
});
const windowsFiles = (inputs: Values): Example => ({
    type: "aws:fsx/windowsFileSystem:WindowsFileSystem",
    inputs: {
        activeDirectoryId: "d-1234567890",
        deploymentType: "MULTI_AZ_1",
        subnetIds: ["subnet-1", "subnet-2"],
        preferredSubnetId: "subnet-1",
        throughputCapacity: 32,
        storageCapacity: 500,
        ...inputs,
    },
});
const files = (inputs: Values): Example => ({
    type: "aws:efs/fileSystem:FileSystem",
    inputs: { encrypted: true, ...inputs },
});
const accessPoint = (rootDirectory: Values): Example => ({
    type: "aws:efs/accessPoint:AccessPoint",
    inputs: { fileSystemId: "fs-1", rootDirectory },
});
const creationInfo = { ownerUid: 1, ownerGid: 1, permissions: "0750" };
const mountTarget = (subnetId: string): Example => ({
    type: "aws:efs/mountTarget:MountTarget",
    inputs: { fileSystemId: "fs-1", subnetId },
});
const cache = (inputs: Values): Example => ({
    type: "aws:elasticache/replicationGroup:ReplicationGroup",
    inputs: { engine: "valkey", engineVersion: "8.0", nodeType: "cache.t4g.small", ...inputs },
});
const key = (inputs: Values): Example => ({ type: "aws:kms/key:Key", inputs });
const secret = (inputs: Values): Example => ({ type: "aws:secretsmanager/secret:Secret", inputs });
const logs = (inputs: Values): Example => ({ type: "aws:cloudwatch/logGroup:LogGroup", inputs });

/** For every trap, resources of which the last springs it; `$0.id` is the id of the first. */
const alarm = (inputs: Values): Example => ({
    type: "aws:cloudwatch/metricAlarm:MetricAlarm",
    inputs: {
        comparisonOperator: "GreaterThanThreshold",
        evaluationPeriods: 1,
        metricName: "m",
        period: 60,
        ...inputs,
    },
});
const eventRule = (inputs: Values): Example => ({ type: "aws:cloudwatch/eventRule:EventRule", inputs });
const subscription = (inputs: Values): Example => ({ type: "aws:sns/topicSubscription:TopicSubscription", inputs });
const backupPlan = (rule: Values): Example => ({ type: "aws:backup/plan:Plan", inputs: { rules: [rule] } });
const vaultLock = (inputs: Values): Example => ({
    type: "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    inputs: { backupVaultName: "vault", ...inputs },
});
const association = (inputs: Values): Example => ({ type: "aws:ssm/association:Association", inputs });

export const awsExamples: Record<string, Example[]> = {
    "vpc-prefix": [vpc({ cidrBlock: "10.0.0.0/8" })],
    "subnet-prefix": [vpc(), subnet("10.0.0.0/29")],
    "subnet-outside-vpc": [vpc(), subnet("10.1.0.0/24")],
    "subnet-overlap": [vpc(), subnet("10.0.0.0/24"), subnet("10.0.0.128/25")],
    "subnet-zone": [vpc(), subnet("10.0.0.0/24", "us-east-1")],
    "internet-gateway-one-per-vpc": [vpc(), gateway, gateway],
    "route-duplicate": [route({ gatewayId: "igw-1" }), route({ natGatewayId: "nat-1" })],
    "route-one-target": [route({})],
    "route-table-association-duplicate": [
        {
            type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
            inputs: { subnetId: "subnet-1", routeTableId: "rtb-1" },
        },
        {
            type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
            inputs: { subnetId: "subnet-1", routeTableId: "rtb-2" },
        },
    ],
    "nat-public-needs-address": [nat({})],
    "nat-address-in-use": [nat({ allocationId: "eipalloc-1" }), nat({ allocationId: "eipalloc-1" })],
    "endpoint-type": [vpc(), endpoint({ vpcEndpointType: null })],
    "endpoint-private-dns-duplicate": [
        vpc(),
        endpoint({ privateDnsEnabled: true }),
        endpoint({ privateDnsEnabled: true }),
    ],
    "endpoint-private-dns-needs-vpc-dns": [vpc({ enableDnsHostnames: false }), endpoint({ privateDnsEnabled: true })],
    "endpoint-one-subnet-per-zone": [
        vpc(),
        subnet("10.0.0.0/24"),
        subnet("10.0.1.0/24"),
        endpoint({ subnetIds: ["$1.id", "$2.id"] }),
    ],
    "endpoint-gateway-fields": [
        vpc(),
        endpoint({ serviceName: "com.amazonaws.us-east-1.s3", vpcEndpointType: "Gateway", subnetIds: ["subnet-1"] }),
    ],
    "sg-name": [group({ name: "sg-app" })],
    "sg-description": [group({ description: "the application’s" })],
    ...ruleExamples("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ingress"),
    ...ruleExamples("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "egress"),
    "flow-log-role": [flowLog({ iamRoleArn: null })],
    "flow-log-interval": [flowLog({ maxAggregationInterval: 30 })],

    "lb-name": [balancer({ name: "internal-app" })],
    "lb-two-zones": [vpc(), subnet("10.0.0.0/24"), balancer({ subnets: ["$1.id"] })],
    "lb-zone-twice": [vpc(), subnet("10.0.0.0/24"), subnet("10.0.1.0/24"), balancer({ subnets: ["$1.id", "$2.id"] })],
    "lb-free-addresses": [
        vpc(),
        subnet("10.0.0.0/28"),
        subnet("10.0.1.0/28", "us-east-1b"),
        balancer({ subnets: ["$1.id", "$2.id"] }),
    ],
    "lb-idle-timeout": [balancer({ idleTimeout: 0 })],
    "lb-desync-mode": [balancer({ desyncMitigationMode: "strict" })],
    "lb-log-bucket-policy": [bucket(), balancer({ accessLogs: { enabled: true, bucket: "$0.id" } })],
    "lb-log-bucket-key": [
        bucket(),
        {
            type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            inputs: { bucket: "$0.id", rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms" } }] },
        },
        balancer({ accessLogs: { enabled: true, bucket: "$0.id" } }),
    ],
    "target-group-name": [targets({ name: "-app" })],
    "target-group-interval": [targets({ healthCheck: { interval: 4 } })],
    "target-group-timeout": [targets({ healthCheck: { interval: 5, timeout: 1 } })],
    "target-group-timeout-interval": [targets({ healthCheck: { interval: 5 } })],
    "target-group-healthy": [targets({ healthCheck: { healthyThreshold: 1 } })],
    "target-group-unhealthy": [targets({ healthCheck: { unhealthyThreshold: 11 } })],
    "target-group-path": [targets({ healthCheck: { path: "health" } })],
    "target-group-matcher": [targets({ healthCheck: { matcher: "2xx" } })],
    "target-group-deregistration": [targets({ deregistrationDelay: 3601 })],
    "target-group-slow-start": [targets({ slowStart: 10 })],
    "target-group-stickiness-type": [targets({ stickiness: { type: "lbCookie" } })],
    "target-group-stickiness-duration": [targets({ stickiness: { cookieDuration: 0 } })],
    "target-group-app-cookie": [targets({ stickiness: { type: "app_cookie" } })],
    "target-group-algorithm": [targets({ loadBalancingAlgorithmType: "roundRobin" })],
    "listener-certificate": [listener({ certificateArn: null })],
    "listener-certificate-not-issued": [
        { type: "aws:acm/certificate:Certificate", inputs: { domainName: "a.example.com" } },
        listener({ certificateArn: "$0.arn" }),
    ],
    "listener-tls-policy": [listener({ sslPolicy: "ELBSecurityPolicy-TLS13" })],
    "listener-port": [listener({ port: 0 })],
    "listener-port-twice": [listener({}), listener({})],
    "listener-redirect-status": [listener(redirect({ statusCode: "HTTP_308" }))],
    "listener-redirect-loop": [listener(redirect({ protocol: "HTTPS", port: "443", statusCode: "HTTP_301" }))],
    "listener-content-type-options": [listener({ routingHttpResponseXContentTypeOptionsHeaderValue: "no-sniff" })],
    "listener-frame-options": [listener({ routingHttpResponseXFrameOptionsHeaderValue: "SELF" })],
    "waf-rate-limit": [acl([rateRule({ limit: 9 })])],
    "waf-rate-window": [acl([rateRule({ evaluationWindowSec: 30 })])],
    "waf-priority-twice": [acl([rateRule({}), rateRule({})])],
    "waf-managed-override": [
        acl([
            {
                priority: 1,
                action: { block: {} },
                visibilityConfig: { metricName: "g" },
                statement: { managedRuleGroupStatement: { vendorName: "AWS", name: "g" } },
            },
        ]),
    ],
    "waf-action-missing": [acl([{ ...rateRule({}), action: null }])],
    "waf-visibility": [acl([{ ...rateRule({}), visibilityConfig: null }])],
    "waf-log-name": [
        {
            type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
            inputs: { logDestinationConfigs: ["arn:aws:logs:us-east-1:1:log-group:waf"] },
        },
    ],
    "certificate-domain": [{ type: "aws:acm/certificate:Certificate", inputs: { domainName: "localhost" } }],
    "record-alias-ttl": [record({ aliases: [{ name: "lb" }], ttl: 60 })],
    "record-twice": [record({ ttl: 60, records: ["1.2.3.4"] }), record({ ttl: 60, records: ["1.2.3.5"] })],

    "instance-image": [instance({ ami: "ami-latest" })],
    "instance-profile": [role({ name: "app" }), instance({ iamInstanceProfile: "app" })],
    "instance-user-data-size": [instance({ userData: "x".repeat(16385) })],
    "instance-address-outside-subnet": [
        vpc(),
        subnet("10.0.1.0/24"),
        instance({ subnetId: "$1.id", privateIp: "10.0.2.10" }),
    ],
    "instance-address-reserved": [vpc(), subnet("10.0.1.0/24"), instance({ subnetId: "$1.id", privateIp: "10.0.1.3" })],
    "instance-address-in-use": [
        vpc(),
        subnet("10.0.1.0/24"),
        instance({ subnetId: "$1.id", privateIp: "10.0.1.10" }),
        instance({ subnetId: "$1.id", privateIp: "10.0.1.10" }),
    ],
    "volume-attachment-zone": [
        vpc(),
        {
            type: "aws:ec2/subnet:Subnet",
            inputs: { vpcId: "$0.id", cidrBlock: "10.0.1.0/24", availabilityZone: "us-east-1b" },
        },
        instance({ subnetId: "$1.id" }),
        { type: "aws:ebs/volume:Volume", inputs: { availabilityZone: "us-east-1a", size: 20 } },
        {
            type: "aws:ec2/volumeAttachment:VolumeAttachment",
            inputs: { volumeId: "$3.id", instanceId: "$2.id", deviceName: "/dev/sdf" },
        },
    ],
    "instance-metadata-tokens": [instance({ metadataOptions: { httpTokens: "enforced" } })],
    "instance-metadata-hops": [instance({ metadataOptions: { httpPutResponseHopLimit: 65 } })],
    "instance-root-size": [instance({ rootBlockDevice: { volumeSize: 4 } })],
    "instance-throughput-type": [instance({ rootBlockDevice: { volumeType: "gp2", throughput: 250 } })],
    "instance-iops-ratio": [instance({ rootBlockDevice: { volumeType: "gp3", volumeSize: 10, iops: 6000 } })],
    "iam-role-name": [role({ name: "a role" })],
    "iam-trust-syntax": [role({ assumeRolePolicy: "{" })],
    "iam-trust-principal": [role({ assumeRolePolicy: '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}' })],
    "iam-trust-resource": [
        role({
            assumeRolePolicy:
                '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}]}',
        }),
    ],
    "iam-policy-syntax": [rolePolicy("not JSON")],
    "iam-policy-statement": [rolePolicy('{"Statement":[{"Effect":"allow","Action":"s3:GetObject","Resource":"*"}]}')],
    "iam-policy-principal": [
        rolePolicy('{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}]}'),
    ],
    "iam-policy-size": [
        rolePolicy(
            JSON.stringify({ Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "x".repeat(10300) }] }),
        ),
    ],
    "instance-profile-one-role": [{ type: "aws:iam/instanceProfile:InstanceProfile", inputs: {} }],
    "lambda-memory": [lambda({ memorySize: 64 })],
    "lambda-timeout": [lambda({ timeout: 901 })],
    "lambda-runtime": [lambda({ runtime: "nodejs16.x" })],
    "lambda-network-permission": [role(), lambda({ role: "$0.arn", vpcConfig: { subnetIds: ["subnet-1"] } })],
    "lambda-role-trust": [role({ assumeRolePolicy: lambdaTrust.replace("lambda", "ec2") }), lambda({ role: "$0.arn" })],
    "lambda-environment-size": [lambda({ environment: { variables: { A1: "x".repeat(4100) } } })],
    "lambda-environment-reserved": [lambda({ environment: { variables: { AWS_REGION: "us-east-1" } } })],
    "ssm-parameter-name": [parameter({ name: "/aws/settings" })],
    "ssm-parameter-size": [parameter({ value: "x".repeat(4097) })],
    "ssm-parameter-duplicate": [parameter({}), parameter({})],
    "ssm-parameter-type": [parameter({ type: "Text" })],

    "rds-identifier": [database({ identifier: "app--db" })],
    "rds-password-missing": [database({ passwordWo: null })],
    "rds-password-twice": [database({ manageMasterUserPassword: true })],
    "rds-password-form": [database({ passwordWo: "Aa1/Aa1@Aa1" })],
    "rds-username": [database({ username: "admin" })],
    "rds-database-name": [database({ dbName: "minusnow-db" })],
    "rds-backup-retention": [database({ backupRetentionPeriod: 36 })],
    "rds-windows-overlap": [database({ backupWindow: "02:00-03:00", maintenanceWindow: "sun:02:30-sun:03:30" })],
    "rds-replica-source-backups": [database({ backupRetentionPeriod: 0 }), replica()],
    "rds-replica-managed-password": [database({ passwordWo: null, manageMasterUserPassword: true }), replica()],
    "rds-replica-credentials": [database({}), replica({ username: "minusnow_admin" })],
    "rds-replica-subnet-group": [database({}), replica({ dbSubnetGroupName: "db" })],
    "rds-replica-storage": [database({}), replica({ allocatedStorage: 100 })],
    "rds-parameter-family": [parameters({ family: "postgres16" }), database({ parameterGroupName: "$0.name" })],
    "rds-parameter-group-missing": [parameters({}), database({ parameterGroupName: "other" })],
    "rds-engine-version": [database({ engineVersion: "9.6" })],
    "rds-storage-range": [database({ allocatedStorage: 5 })],
    "rds-gp3-small": [database({ storageType: "gp3", allocatedStorage: 100, iops: 3000 })],
    "rds-maximum-storage": [database({ maxAllocatedStorage: 500 })],
    "rds-monitoring-interval": [database({ monitoringInterval: 20, monitoringRoleArn: "arn" })],
    "rds-monitoring-role": [database({ monitoringInterval: 60 })],
    "rds-multi-az-zone": [database({ multiAz: true, availabilityZone: "us-east-1a" })],
    "rds-insights-retention": [database({ performanceInsightsRetentionPeriod: 30 })],
    "rds-insights-advanced": [
        database({
            databaseInsightsMode: "advanced",
            performanceInsightsEnabled: true,
            performanceInsightsRetentionPeriod: 7,
        }),
    ],
    "rds-key-needs-encryption": [database({ kmsKeyId: "key" })],
    "rds-final-snapshot": [database({ skipFinalSnapshot: false })],
    "rds-port": [database({ port: 443 })],
    "rds-log-exports": [database({ enabledCloudwatchLogsExports: ["error"] })],
    "rds-subnet-group-zones": [
        vpc(),
        subnet("10.0.0.0/24"),
        subnet("10.0.1.0/24"),
        { type: "aws:rds/subnetGroup:SubnetGroup", inputs: { subnetIds: ["$1.id", "$2.id"] } },
    ],
    "rds-family": [parameters({ family: "postgresql17" })],
    "rds-parameter-static": oneParameter({ name: "max_connections", value: "200" }),
    "rds-parameter-platform": oneParameter({ name: "wal_level", value: "replica" }),
    "rds-parameter-range": oneParameter({ name: "work_mem", value: "64MB" }),

    "fsx-throughput": [windowsFiles({ throughputCapacity: 30 })],
    "fsx-storage": [windowsFiles({ storageCapacity: 20 })],
    "fsx-two-subnets": [windowsFiles({ subnetIds: ["subnet-1"], preferredSubnetId: "subnet-1" })],
    "fsx-preferred-subnet": [windowsFiles({ preferredSubnetId: "subnet-3" })],
    "fsx-directory": [windowsFiles({ activeDirectoryId: undefined })],
    "fsx-domain-length": [
        directory({ name: `${"a".repeat(50)}.internal` }),
        windowsFiles({ activeDirectoryId: "$0.id" }),
    ],
    "directory-two-subnets": [directory({ vpcSettings: { vpcId: "vpc-1", subnetIds: ["subnet-1"] } })],
    "directory-name": [directory({ name: "minusnow" })],
    "directory-password": [directory({ password: "Administrator-1" })],
    "efs-throughput-mode": [files({ throughputMode: "burst" })],
    "efs-provisioned-missing": [files({ throughputMode: "provisioned" })],
    "efs-provisioned-unexpected": [files({ throughputMode: "elastic", provisionedThroughputInMibps: 10 })],
    "efs-key-needs-encryption": [files({ encrypted: false, kmsKeyId: "key" })],
    "efs-lifecycle-one-transition": [
        files({
            lifecyclePolicies: [{ transitionToIa: "AFTER_30_DAYS", transitionToPrimaryStorageClass: "AFTER_1_ACCESS" }],
        }),
    ],
    "efs-mount-target-zone": [
        vpc(),
        subnet("10.0.0.0/24"),
        subnet("10.0.1.0/24"),
        mountTarget("$1.id"),
        mountTarget("$2.id"),
    ],
    "efs-access-point-path": [accessPoint({ path: "data/", creationInfo })],
    "efs-access-point-permissions": [
        accessPoint({ path: "/data", creationInfo: { ...creationInfo, permissions: "rwx" } }),
    ],
    "efs-access-point-creation": [accessPoint({ path: "/data" })],
    "efs-policy-lockout": [
        {
            type: "aws:efs/fileSystemPolicy:FileSystemPolicy",
            inputs: { policy: '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*"}]}' },
        },
    ],
    "cache-identifier": [cache({ replicationGroupId: "1sessions" })],
    "cache-failover-nodes": [cache({ automaticFailoverEnabled: true, numCacheClusters: 1 })],
    "cache-multi-az-failover": [cache({ multiAzEnabled: true })],
    "cache-failover-node-type": [cache({ nodeType: "cache.t2.small" })],
    "cache-token-tls": [cache({ authToken: "abcdefghijklmnop" })],
    "cache-token-form": [cache({ transitEncryptionEnabled: true, authToken: "abcdefghijklmno/" })],
    "cache-parameter-family": [
        { type: "aws:elasticache/parameterGroup:ParameterGroup", inputs: { family: "redis7" } },
        cache({ parameterGroupName: "$0.name" }),
    ],
    "cache-engine": [cache({ engine: "memcached" })],
    "cache-transit-mode": [cache({ transitEncryptionMode: "always" })],
    "cache-windows-overlap": [cache({ snapshotWindow: "03:00-04:00", maintenanceWindow: "sun:03:30-sun:04:30" })],
    "kms-deletion-window": [key({ deletionWindowInDays: 3 })],
    "kms-policy-lockout": [
        key({ policy: '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}' }),
    ],
    "kms-alias-name": [{ type: "aws:kms/alias:Alias", inputs: { name: "alias/aws/minusnow" } }],
    "secret-name": [secret({ name: "my secret" })],
    "secret-recovery-window": [secret({ recoveryWindowInDays: 3 })],
    "secret-one-value": [{ type: "aws:secretsmanager/secretVersion:SecretVersion", inputs: { secretId: "s" } }],
    "logs-retention": [logs({ retentionInDays: 31 })],
    "logs-name": [logs({ name: "a log" })],
    ...Object.fromEntries(
        Object.entries(bucketParts).map(([part, type]) => [
            `bucket-region-${part}`,
            [bucket(west), { type: `aws:s3/bucket${type}:Bucket${type}`, inputs: { bucket: "$0.id" } }],
        ]),
    ),
    "bucket-replication-source-versions": [
        bucket(),
        bucket(west),
        versioning({ bucket: "$1.id", ...west }),
        replication({}),
    ],
    "bucket-replication-destination-versions": [bucket(), bucket(west), versioning(), replication({})],
    "bucket-replication-delete-markers": [...versionedBuckets, replication({ filter: { prefix: "dumps/" } })],
    "bucket-replication-key": [
        ...versionedBuckets,
        replication({ sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } } }),
    ],
    "bucket-replication-key-region": [
        ...versionedBuckets,
        replication({}, { encryptionConfiguration: { replicaKmsKeyId: "arn:aws:kms:us-east-1:111122223333:key/k" } }),
    ],
    "bucket-name": [bucket({ bucket: "My_Bucket" })],
    "bucket-lifecycle-action": [lifecycle([{ id: "r", status: "Enabled" }])],
    "bucket-lifecycle-transition": [
        lifecycle([{ id: "r", status: "Enabled", transitions: [{ days: 7, storageClass: "STANDARD_IA" }] }]),
    ],
    "alarm-comparison": [alarm({ comparisonOperator: "Above" })],
    "alarm-missing-data": [alarm({ treatMissingData: "bad" })],
    "alarm-metric-or-queries": [alarm({ metricQueries: [{ id: "a", returnData: true }] })],
    "alarm-statistics": [alarm({ statistic: "Sum", extendedStatistic: "p95" })],
    "alarm-datapoints": [alarm({ datapointsToAlarm: 2 })],
    "alarm-span": [alarm({ period: 86_400, evaluationPeriods: 8 })],
    "alarm-one-result": [alarm({ metricName: undefined, metricQueries: [{ id: "a" }, { id: "b" }] })],
    "alarm-query-id": [alarm({ metricName: undefined, metricQueries: [{ id: "Rate", returnData: true }] })],
    "dashboard-name": [{ type: "aws:cloudwatch/dashboard:Dashboard", inputs: { dashboardName: "a b" } }],
    "event-rule-trigger": [eventRule({})],
    "event-rule-rate": [eventRule({ scheduleExpression: "rate(1 minutes)" })],
    "sns-protocol": [subscription({ protocol: "mail" })],
    "sns-email-endpoint": [subscription({ protocol: "email", endpoint: "nobody" })],
    "backup-vault-name": [{ type: "aws:backup/vault:Vault", inputs: { name: "a vault" } }],
    "backup-cold-storage": [backupPlan({ lifecycle: { coldStorageAfter: 30, deleteAfter: 100 } })],
    "backup-windows": [backupPlan({ startWindow: 120, completionWindow: 120 })],
    "backup-shorter-than-lock": [
        vaultLock({ minRetentionDays: 30 }),
        backupPlan({ targetVaultName: "vault", lifecycle: { deleteAfter: 7 } }),
    ],
    "backup-lock-grace": [vaultLock({ changeableForDays: 1 })],
    "backup-lock-order": [vaultLock({ minRetentionDays: 30, maxRetentionDays: 7 })],
    "backup-lock-minimum": [vaultLock({ minRetentionDays: 0 })],
    "association-targets": [
        association({
            targets: [{ key: "InstanceIds", values: Array.from({ length: 51 }, (_, place) => `i-${place}`) }],
        }),
    ],
    "association-name": [association({ associationName: "a b" })],
};
