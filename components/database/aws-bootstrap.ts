import path from "node:path";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as iam from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { allow, allowReadingSecrets, trustService } from "../aws-account";

/** What the bootstrap function connects to and where it runs. */
export interface BootstrapArgs {
    host: pulumi.Input<string>;
    port: number;
    database: string;
    /** Role that owns the database. */
    owner: string;
    adminSecretId: pulumi.Input<string>;
    secretId: pulumi.Input<string>;
    /** Stored secret versions to wait for. */
    secretVersions: pulumi.Resource[];
    rotation: number;
    keyId: pulumi.Input<string>;
    subnetIds: pulumi.Input<string>[];
    firewallGroupId: pulumi.Input<string>;
    /** What must exist before the function can do its work. */
    dependsOn?: pulumi.ResourceOptions["dependsOn"];
    tags?: { [key: string]: pulumi.Input<string> };
}

const TIMEOUT_SECONDS = 120;

/**
 * Creates the application's role, database and grants (guide, step 3) by a function inside the network. Only its role
 * may read the administrator's secret; whoever runs the update needs `lambda:InvokeFunction` on it and nothing more.
 */
export function bootstrapDatabase(
    name: string,
    args: BootstrapArgs,
    child: { parent: pulumi.Resource },
): lambda.Invocation {
    const { tags } = args;
    const logs = new cloudwatch.LogGroup(name, { retentionInDays: 90, tags }, child);
    const role = new iam.Role(name, { assumeRolePolicy: trustService("lambda.amazonaws.com"), tags }, child);
    const policy = new iam.RolePolicy(
        name,
        {
            role: role.id,
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [
                    ...allowReadingSecrets([args.adminSecretId, args.secretId], args.keyId),
                    allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${logs.arn}:*`]),
                    allow(networkInterfaceActions, ["*"]),
                ],
            }),
        },
        { ...child, dependsOn: args.dependsOn },
    );
    // A function that has not run for weeks fails its first call, so each rotation gets one of its own.
    const handler = new lambda.Function(
        `${name}-${args.rotation}`,
        {
            description: "MinusNow: creates the application's role and database",
            runtime: lambda.Runtime.NodeJS24dX,
            handler: "index.handler",
            code: new pulumi.asset.AssetArchive({
                "index.js": new pulumi.asset.FileAsset(path.join(__dirname, "bootstrap", "bundle.js")),
            }),
            role: role.arn,
            timeout: TIMEOUT_SECONDS,
            memorySize: 256,
            vpcConfig: { subnetIds: args.subnetIds, securityGroupIds: [args.firewallGroupId] },
            environment: { variables: { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" } },
            loggingConfig: { logFormat: "JSON", logGroup: logs.name },
            tags,
        },
        { ...child, dependsOn: policy },
    );
    const { host, port, database, owner, adminSecretId, secretId, rotation } = args;
    return new lambda.Invocation(
        name,
        {
            functionName: handler.name,
            input: pulumi.jsonStringify({ host, port, database, owner, adminSecretId, secretId }),
            triggers: { rotation: String(rotation) },
        },
        { ...child, dependsOn: args.secretVersions },
    );
}

/** What Lambda itself needs to run a function inside a network; these actions take no resource. */
const networkInterfaceActions = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];
