import path from "node:path";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { allow, allowReadingSecrets } from "../aws-account";
import { createFunction } from "../aws-function";

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
    const handler = createFunction(
        name,
        {
            description: "MinusNow: creates the application's role and database",
            bundle: path.join(__dirname, "bootstrap", "bundle.js"),
            statements: [
                ...allowReadingSecrets([args.adminSecretId, args.secretId], args.keyId),
                allow(networkInterfaceActions, ["*"]),
            ],
            dependsOn: args.dependsOn,
            // A function that has not run for weeks fails its first call, so each rotation gets one of its own.
            functionName: `${name}-${args.rotation}`,
            timeoutSeconds: TIMEOUT_SECONDS,
            memoryMib: 256,
            environment: { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" },
            vpcConfig: { subnetIds: args.subnetIds, securityGroupIds: [args.firewallGroupId] },
            logFormat: "JSON",
            logDays: 90,
            tags: args.tags,
        },
        child,
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
