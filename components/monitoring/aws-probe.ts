import path from "node:path";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as iam from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { allow, trustService } from "../aws-account";
import { healthEndpoints } from "../reference";
import type { AwsMonitoringArgs } from "./aws";
import { PROBE_NAMESPACE } from "./probe/handler";

type Child = { parent: pulumi.Resource };

/** The alarms on the probes, by endpoint; the one on the basic check is part of "service down". */
export type ProbeAlarms = { [endpoint in keyof typeof healthEndpoints]: cloudwatch.MetricAlarm };

/** Probes the application's health endpoints every minute from outside its network, as a user reaches them. */
export function probeEndpoints(
    name: string,
    warningTopic: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: Child,
): ProbeAlarms {
    runEveryMinute(name, createFunction(name, args, child), args, child);
    const alarm = (endpoint: keyof typeof healthEndpoints, actions: pulumi.Output<string>[]) =>
        alarmOn(name, endpoint, actions, args, child);
    return {
        basic: alarm("basic", []),
        detailed: alarm("detailed", [warningTopic]),
        overview: alarm("overview", [warningTopic]),
    };
}

function createFunction(name: string, args: AwsMonitoringArgs, child: Child): lambda.Function {
    const { tags } = args;
    const logs = new cloudwatch.LogGroup(name, { retentionInDays: 30, tags }, child);
    const role = new iam.Role(name, { assumeRolePolicy: trustService("lambda.amazonaws.com"), tags }, child);
    const writeLogs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${logs.arn}:*`]);
    const policy = new iam.RolePolicy(
        name,
        { role: role.id, policy: pulumi.jsonStringify({ Version: "2012-10-17", Statement: [writeLogs] }) },
        child,
    );
    const targets = Object.entries(healthEndpoints).map(([endpoint, urlPath]) => ({
        endpoint,
        url: pulumi.interpolate`${args.url}${urlPath}`,
    }));
    return new lambda.Function(
        name,
        {
            description: "MinusNow: probes the health endpoints",
            runtime: lambda.Runtime.NodeJS24dX,
            handler: "index.handler",
            code: new pulumi.asset.AssetArchive({
                "index.js": new pulumi.asset.FileAsset(path.join(__dirname, "probe", "bundle.js")),
            }),
            role: role.arn,
            timeout: 30,
            memorySize: 128,
            environment: { variables: { DEPLOYMENT: name, TARGETS: pulumi.jsonStringify(targets) } },
            loggingConfig: { logFormat: "Text", logGroup: logs.name },
            tags,
        },
        { ...child, dependsOn: policy },
    );
}

function runEveryMinute(name: string, probe: lambda.Function, args: AwsMonitoringArgs, child: Child): void {
    const rule = new cloudwatch.EventRule(
        name,
        { description: "MinusNow: probes every minute", scheduleExpression: "rate(1 minute)", tags: args.tags },
        child,
    );
    const permission = new lambda.Permission(
        name,
        {
            action: "lambda:InvokeFunction",
            function: probe.name,
            principal: "events.amazonaws.com",
            sourceArn: rule.arn,
        },
        child,
    );
    new cloudwatch.EventTarget(name, { rule: rule.name, arn: probe.arn }, { ...child, dependsOn: permission });
}

function alarmOn(
    name: string,
    endpoint: keyof typeof healthEndpoints,
    actions: pulumi.Output<string>[],
    args: AwsMonitoringArgs,
    child: Child,
): cloudwatch.MetricAlarm {
    return new cloudwatch.MetricAlarm(
        `${name}-${endpoint}`,
        {
            alarmDescription: `MinusNow: ${healthEndpoints[endpoint]} does not answer as it should`,
            namespace: PROBE_NAMESPACE,
            metricName: "Healthy",
            dimensions: { Deployment: name, Endpoint: endpoint },
            statistic: "Minimum",
            comparisonOperator: "LessThanThreshold",
            threshold: 1,
            period: 60,
            evaluationPeriods: 3,
            datapointsToAlarm: 3,
            treatMissingData: "breaching",
            alarmActions: actions,
            okActions: actions,
            tags: args.tags,
        },
        child,
    );
}
