import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as iam from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { allow, trustService } from "./aws-account";

/** What a function of this library is like. */
export interface FunctionArgs {
    description: string;
    /** File with the handler, as `scripts/build.mjs` bundles it. */
    bundle: string;
    /** What its role may do besides writing its log. */
    statements: pulumi.Input<object>[];
    /** What must be there before its role may do anything. */
    dependsOn?: pulumi.ResourceOptions["dependsOn"];
    /** Name of the function itself, where one is made anew beside its role. Default that of the role. */
    functionName?: string;
    timeoutSeconds: number;
    memoryMib: number;
    environment: { [name: string]: pulumi.Input<string> };
    vpcConfig?: { subnetIds: pulumi.Input<string>[]; securityGroupIds: pulumi.Input<string>[] };
    /** Text for functions whose log is read for metrics. */
    logFormat: "JSON" | "Text";
    logDays: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A function with its log and a role of its own. */
export function createFunction(name: string, args: FunctionArgs, child: { parent: pulumi.Resource }): lambda.Function {
    const { tags } = args;
    const logs = new cloudwatch.LogGroup(name, { retentionInDays: args.logDays, tags }, child);
    const role = new iam.Role(name, { assumeRolePolicy: trustService("lambda.amazonaws.com"), tags }, child);
    const writeLogs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${logs.arn}:*`]);
    const Statement = [...args.statements, writeLogs];
    const policy = new iam.RolePolicy(
        name,
        { role: role.id, policy: pulumi.jsonStringify({ Version: "2012-10-17", Statement }) },
        { ...child, dependsOn: args.dependsOn },
    );
    return new lambda.Function(
        args.functionName ?? name,
        {
            description: args.description,
            runtime: lambda.Runtime.NodeJS24dX,
            handler: "index.handler",
            code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.FileAsset(args.bundle) }),
            role: role.arn,
            timeout: args.timeoutSeconds,
            memorySize: args.memoryMib,
            vpcConfig: args.vpcConfig,
            environment: { variables: args.environment },
            loggingConfig: { logFormat: args.logFormat, logGroup: logs.name },
            tags,
        },
        { ...child, dependsOn: policy },
    );
}
