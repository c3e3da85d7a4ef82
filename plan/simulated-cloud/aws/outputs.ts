import type { NewResource } from "../../engine/resource";
import type { Value } from "../../engine/values";
import { freeAddress, publicAddress } from "../addresses";
import { digits, listAt, numberAt, textAt, textOf, uuid, type World } from "../world";
import { type Created, ec2, type Maker, named, plain, type Place, type Request, sameIdAs } from "./maker";
import { operationsMakers } from "./operations";

/** Creates a resource of a known type; undefined for any other. */
export function createAwsResource(
    resource: NewResource,
    name: string,
    place: Place,
    world: World,
): Created | undefined {
    const maker = makers[resource.type];
    return maker?.({
        ...place,
        resource,
        inputs: resource.inputs,
        world,
        name,
        identifier: (prefix) => `${prefix}-${digits(resource.urn, 17)}`,
        arn: (service, path, { region = place.region, account = place.account } = {}) =>
            `arn:${place.partition}:${service}:${region}:${account}:${path}`,
    });
}

const makers: Record<string, Maker> = {
    "aws:ec2/vpc:Vpc": ec2("vpc", "vpc", ({ identifier }) => ({
        defaultSecurityGroupId: identifier("sg"),
        defaultRouteTableId: identifier("rtb"),
        defaultNetworkAclId: identifier("acl"),
        mainRouteTableId: identifier("rtb"),
        enableDnsSupport: true,
        instanceTenancy: "default",
    })),
    "aws:ec2/subnet:Subnet": ec2("subnet", "subnet"),
    "aws:ec2/subnetCidrReservation:SubnetCidrReservation": (request) => ({
        id: request.identifier("scr"),
        outputs: { ownerId: request.account },
    }),
    "aws:ec2/internetGateway:InternetGateway": ec2("igw", "internet-gateway"),
    "aws:ec2/routeTable:RouteTable": ec2("rtb", "route-table"),
    "aws:ec2/route:Route": ({ identifier }) => ({
        id: identifier("r"),
        outputs: { state: "active", origin: "CreateRoute" },
    }),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": plain("rtbassoc"),
    "aws:ec2/eip:Eip": ec2("eipalloc", "elastic-ip", ({ identifier, resource }) => {
        const publicIp = publicAddress(resource.urn);
        return {
            publicIp,
            allocationId: identifier("eipalloc"),
            publicDns: `ec2-${publicIp.replaceAll(".", "-")}.compute-1.amazonaws.com`,
        };
    }),
    "aws:ec2/natGateway:NatGateway": ec2("nat", "natgateway", ({ inputs, world, identifier }) => ({
        networkInterfaceId: identifier("eni"),
        publicIp: world.find("aws:ec2/eip:Eip", inputs["allocationId"])?.values["publicIp"],
        connectivityType: "public",
    })),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ({ inputs, world, arn, identifier }) => {
        const network = world.find("aws:ec2/vpc:Vpc", inputs["vpcId"]);
        const id = textAt(network?.values, "defaultSecurityGroupId") ?? identifier("sg");
        return { id, outputs: { arn: arn("ec2", `security-group/${id}`), name: "default" } };
    },
    "aws:ec2/securityGroup:SecurityGroup": ec2("sg", "security-group", ({ name, account }) => ({
        name,
        ownerId: account,
    })),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2(
        "sgr",
        "security-group-rule",
        ({ identifier }) => ({ securityGroupRuleId: identifier("sgr") }),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ec2("sgr", "security-group-rule", ({ identifier }) => ({
        securityGroupRuleId: identifier("sgr"),
    })),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ec2("vpce", "vpc-endpoint", ({ inputs, identifier, region }) => ({
        state: "available",
        prefixListId: textAt(inputs, "vpcEndpointType") === "Gateway" ? identifier("pl") : "",
        dnsEntries: [
            {
                dnsName: `${identifier("vpce")}.${textOf(inputs["serviceName"]).split(".").at(-1)}.${region}.vpce.amazonaws.com`,
                hostedZoneId: "Z7HUB22UULQXV",
            },
        ],
        networkInterfaceIds: listAt(inputs, "subnetIds").map((subnet) => `eni-${digits(textOf(subnet), 17)}`),
    })),
    "aws:ec2/flowLog:FlowLog": ec2("fl", "vpc-flow-log"),
    "aws:ec2/instance:Instance": ec2("i", "instance", (request) => {
        const { inputs, world, identifier, resource } = request;
        const subnet = world.find("aws:ec2/subnet:Subnet", inputs["subnetId"]);
        const privateIp = textAt(inputs, "privateIp") ?? freeAddress(textAt(subnet?.values, "cidrBlock"), resource.urn);
        return {
            availabilityZone: subnet?.values["availabilityZone"] ?? `${request.region}a`,
            privateIp,
            privateDns: `ip-${privateIp.replaceAll(".", "-")}.ec2.internal`,
            primaryNetworkInterfaceId: identifier("eni"),
            instanceState: "running",
            publicIp: "",
            publicDns: "",
        };
    }),
    "aws:ebs/volume:Volume": ec2("vol", "volume", () => ({ createTime: "2026-01-01T00:00:00Z" })),
    "aws:ec2/volumeAttachment:VolumeAttachment": plain("vai"),
    "aws:cloudwatch/logGroup:LogGroup": named(({ arn, name }) => arn("logs", `log-group:${name}`)),
    "aws:iam/role:Role": named(
        ({ arn, name }) => arn("iam", `role/${name}`, { region: "" }),
        ({ resource }) => ({
            uniqueId: `AROA${digits(resource.urn, 17).toUpperCase()}`,
            createDate: "2026-01-01T00:00:00Z",
        }),
    ),
    "aws:iam/rolePolicy:RolePolicy": ({ inputs, name }) => ({
        id: `${textOf(inputs["role"])}:${name}`,
        outputs: { name },
    }),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ({ inputs, resource }) => ({
        id: `${textOf(inputs["role"])}-${digits(resource.urn, 20)}`,
        outputs: {},
    }),
    "aws:iam/instanceProfile:InstanceProfile": named(({ arn, name }) =>
        arn("iam", `instance-profile/${name}`, { region: "" }),
    ),
    "aws:kms/key:Key": ({ resource, arn }) => {
        const id = uuid(resource.urn);
        return { id, outputs: { keyId: id, arn: arn("kms", `key/${id}`), multiRegion: false } };
    },
    "aws:kms/alias:Alias": ({ name, arn, inputs, world }) => ({
        id: name,
        outputs: {
            name,
            arn: arn("kms", name),
            targetKeyArn: world.find("aws:kms/key:Key", inputs["targetKeyId"])?.values["arn"],
        },
    }),
    "aws:secretsmanager/secret:Secret": ({ name, arn, resource }) => {
        const secretArn = arn("secretsmanager", `secret:${name}-${digits(resource.urn, 6)}`);
        return { id: secretArn, outputs: { name, arn: secretArn } };
    },
    "aws:secretsmanager/secretVersion:SecretVersion": ({ inputs, resource }) => {
        const versionId = uuid(resource.urn);
        return {
            id: `${textOf(inputs["secretId"])}|${versionId}`,
            outputs: { versionId, arn: inputs["secretId"], versionStages: ["AWSCURRENT"] },
        };
    },
    "aws:ssm/parameter:Parameter": named(
        ({ arn, name }) => arn("ssm", `parameter${name.startsWith("/") ? "" : "/"}${name}`),
        () => ({ version: 1, tier: "Standard", dataType: "text" }),
    ),
    "aws:rds/subnetGroup:SubnetGroup": named(({ arn, name }) => arn("rds", `subgrp:${name}`)),
    "aws:rds/parameterGroup:ParameterGroup": named(({ arn, name }) => arn("rds", `pg:${name}`)),
    "aws:rds/instance:Instance": createDatabase,
    "aws:lambda/function:Function": ({ name, arn }) => {
        const functionArn = arn("lambda", `function:${name}`);
        return {
            id: name,
            outputs: {
                name,
                arn: functionArn,
                invokeArn: functionArn,
                qualifiedArn: `${functionArn}:$LATEST`,
                version: "$LATEST",
            },
        };
    },
    "aws:lambda/invocation:Invocation": ({ inputs, resource }) => ({
        id: `${textOf(inputs["functionName"])}_$LATEST_${digits(resource.urn, 32)}`,
        outputs: { result: "{}" },
    }),
    "aws:efs/fileSystem:FileSystem": ({ resource, arn, region }) => {
        const id = `fs-${digits(resource.urn, 17)}`;
        return {
            id,
            outputs: {
                arn: arn("elasticfilesystem", `file-system/${id}`),
                creationToken: `token-${digits(resource.urn, 8)}`,
                dnsName: `${id}.efs.${region}.amazonaws.com`,
                numberOfMountTargets: 0,
                performanceMode: "generalPurpose",
            },
        };
    },
    "aws:directoryservice/directory:Directory": ({ resource, inputs, world }) => {
        const id = `d-${digits(resource.urn, 10)}`;
        const subnets = listAt(inputs, "vpcSettings.subnetIds").map((subnet) =>
            world.find("aws:ec2/subnet:Subnet", subnet),
        );
        return {
            id,
            outputs: {
                alias: id,
                accessUrl: `${id}.awsapps.com`,
                dnsIpAddresses: subnets.map((subnet) =>
                    freeAddress(textAt(subnet?.values, "cidrBlock"), `${resource.urn} ${subnet?.id}`),
                ),
                securityGroupId: `sg-${digits(`${resource.urn} controllers`, 17)}`,
            },
        };
    },
    "aws:fsx/windowsFileSystem:WindowsFileSystem": ({ resource, inputs, arn, world }) => {
        const id = `fs-${digits(resource.urn, 17)}`;
        const directory = world.find("aws:directoryservice/directory:Directory", inputs["activeDirectoryId"]);
        const domain = textAt(directory?.values, "name") ?? "example.com";
        return {
            id,
            outputs: {
                arn: arn("fsx", `file-system/${id}`),
                dnsName: `amznfsx${digits(resource.urn, 8)}.${domain}`,
                remoteAdministrationEndpoint: `amznfsx${digits(`${resource.urn} admin`, 8)}.${domain}`,
            },
        };
    },
    "aws:efs/fileSystemPolicy:FileSystemPolicy": sameIdAs("fileSystemId"),
    "aws:efs/backupPolicy:BackupPolicy": sameIdAs("fileSystemId"),
    "aws:efs/mountTarget:MountTarget": ({ resource, inputs, world, region }) => {
        const subnet = world.find("aws:ec2/subnet:Subnet", inputs["subnetId"]);
        const dnsName = `${textOf(inputs["fileSystemId"])}.efs.${region}.amazonaws.com`;
        return {
            id: `fsmt-${digits(resource.urn, 17)}`,
            outputs: {
                availabilityZoneName: subnet?.values["availabilityZone"],
                ipAddress: freeAddress(textAt(subnet?.values, "cidrBlock"), resource.urn),
                dnsName,
                mountTargetDnsName: dnsName,
            },
        };
    },
    "aws:efs/accessPoint:AccessPoint": ({ resource, arn, inputs, world }) => {
        const id = `fsap-${digits(resource.urn, 17)}`;
        const fileSystem = world.find("aws:efs/fileSystem:FileSystem", inputs["fileSystemId"]);
        return {
            id,
            outputs: { arn: arn("elasticfilesystem", `access-point/${id}`), fileSystemArn: fileSystem?.values["arn"] },
        };
    },
    "aws:elasticache/subnetGroup:SubnetGroup": named(({ arn, name }) => arn("elasticache", `subnetgroup:${name}`)),
    "aws:elasticache/parameterGroup:ParameterGroup": named(({ arn, name }) =>
        arn("elasticache", `parametergroup:${name}`),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": ({ name, arn, region, inputs }) => {
        const suffix = `${name}.abc123.${region.replaceAll("-", "").slice(0, 4)}.cache.amazonaws.com`;
        const nodes = numberAt(inputs, "numCacheClusters") ?? 1;
        return {
            id: name,
            outputs: {
                replicationGroupId: name,
                arn: arn("elasticache", `replicationgroup:${name}`),
                primaryEndpointAddress: `master.${suffix}`,
                readerEndpointAddress: `replica.${suffix}`,
                memberClusters: Array.from(
                    { length: nodes },
                    (_, node) => `${name}-${textOf(node + 1).padStart(3, "0")}`,
                ),
                clusterEnabled: false,
            },
        };
    },
    "aws:s3/bucket:Bucket": ({ name, region, partition }) => ({
        id: name,
        outputs: {
            bucket: name,
            region,
            arn: `arn:${partition}:s3:::${name}`,
            bucketDomainName: `${name}.s3.amazonaws.com`,
            bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
        },
    }),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": sameIdAs("bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": sameIdAs("bucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": sameIdAs("bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": sameIdAs("bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": sameIdAs("bucket"),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": sameIdAs("bucket"),
    "aws:lb/loadBalancer:LoadBalancer": ({ name, arn, region, resource, inputs, world }) => {
        const arnSuffix = `app/${name}/${digits(resource.urn, 16)}`;
        const subnet = world.find("aws:ec2/subnet:Subnet", listAt(inputs, "subnets")[0]);
        const loadBalancerArn = arn("elasticloadbalancing", `loadbalancer/${arnSuffix}`);
        return {
            id: loadBalancerArn,
            outputs: {
                name,
                arn: loadBalancerArn,
                arnSuffix,
                dnsName: `${name}-1234567890.${region}.elb.amazonaws.com`,
                zoneId: "Z35SXDOTRQ7X7K",
                vpcId: subnet?.values["vpcId"],
            },
        };
    },
    "aws:lb/targetGroup:TargetGroup": ({ name, arn, resource }) => {
        const arnSuffix = `targetgroup/${name}/${digits(resource.urn, 16)}`;
        const groupArn = arn("elasticloadbalancing", arnSuffix);
        return { id: groupArn, outputs: { name, arn: groupArn, arnSuffix } };
    },
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": ({ inputs, resource }) => ({
        id: `${textOf(inputs["targetGroupArn"])}-${digits(resource.urn, 26)}`,
        outputs: {},
    }),
    "aws:lb/listener:Listener": ({ inputs, resource }) => {
        const listenerArn = `${textOf(inputs["loadBalancerArn"]).replace(":loadbalancer/", ":listener/")}/${digits(resource.urn, 16)}`;
        return { id: listenerArn, outputs: { arn: listenerArn } };
    },
    "aws:acm/certificate:Certificate": ({ resource, arn, inputs }) => {
        const certificateArn = arn("acm", `certificate/${uuid(resource.urn)}`);
        const domainName = textOf(inputs["domainName"]);
        const option = {
            domainName,
            resourceRecordName: `_${digits(resource.urn, 32)}.${domainName}.`,
            resourceRecordType: "CNAME",
            resourceRecordValue: `_${digits(domainName, 32)}.acm-validations.aws.`,
        };
        return {
            id: certificateArn,
            outputs: {
                arn: certificateArn,
                domainValidationOptions: [option],
                status: "PENDING_VALIDATION",
                notAfter: "2027-12-01T00:00:00Z",
            },
        };
    },
    "aws:acm/certificateValidation:CertificateValidation": ({ inputs }) => ({
        id: "2026-01-01 00:00:00 +0000 UTC",
        outputs: { certificateArn: inputs["certificateArn"] },
    }),
    "aws:route53/record:Record": ({ inputs }) => {
        const fqdn = textOf(inputs["name"]).replace(/\.$/, "");
        return { id: `${textOf(inputs["zoneId"])}_${fqdn}_${textOf(inputs["type"])}`, outputs: { fqdn } };
    },
    "aws:wafv2/webAcl:WebAcl": ({ name, arn, resource }) => {
        const id = uuid(resource.urn);
        return { id, outputs: { name, arn: arn("wafv2", `regional/webacl/${name}/${id}`), capacity: 1200 } };
    },
    "aws:wafv2/webAclAssociation:WebAclAssociation": ({ inputs }) => ({
        id: `${textOf(inputs["webAclArn"])},${textOf(inputs["resourceArn"])}`,
        outputs: {},
    }),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": sameIdAs("resourceArn"),
    ...operationsMakers,
};

function createDatabase({ name, arn, region, resource, inputs, world }: Request): Created {
    const source = world.find("aws:rds/instance:Instance", inputs["replicateSourceDb"]);
    const address = `${name}.abcdefghijkl.${region}.rds.amazonaws.com`;
    const port = numberAt(inputs, "port") ?? 5432;
    const inherited = ["engine", "engineVersion", "allocatedStorage", "kmsKeyId", "username", "dbSubnetGroupName"];
    const fromSource = Object.fromEntries(inherited.map((key): [string, Value] => [key, source?.values[key]]));
    return {
        id: `db-${digits(resource.urn, 26).toUpperCase()}`,
        outputs: {
            ...(source && fromSource),
            identifier: name,
            arn: arn("rds", `db:${name}`),
            address,
            endpoint: `${address}:${port}`,
            hostedZoneId: "Z2R2ITUGPM61AM",
            resourceId: `db-${digits(resource.urn, 26).toUpperCase()}`,
            availabilityZone: `${region}a`,
            status: "available",
            engineVersionActual: `${textOf(inputs["engineVersion"] ?? source?.values["engineVersion"])}.6`,
        },
    };
}
