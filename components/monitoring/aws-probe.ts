import path from "node:path";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { createFunction } from "../aws-function";
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
    runEveryMinute(name, createProbe(name, args, child), args, child);
    const alarm = (endpoint: keyof typeof healthEndpoints, actions: pulumi.Output<string>[]) =>
        alarmOn(name, endpoint, actions, args, child);
    return {
        basic: alarm("basic", []),
        detailed: alarm("detailed", [warningTopic]),
        overview: alarm("overview", [warningTopic]),
    };
}

function createProbe(name: string, args: AwsMonitoringArgs, child: Child): lambda.Function {
    const targets = Object.entries(healthEndpoints).map(([endpoint, urlPath]) => ({
        endpoint,
        url: pulumi.interpolate`${args.url}${urlPath}`,
    }));
    return createFunction(
        name,
        {
            description: "MinusNow: probes the health endpoints",
            bundle: path.join(__dirname, "probe", "bundle.js"),
            statements: [],
            timeoutSeconds: 30,
            memoryMib: 128,
            environment: { DEPLOYMENT: name, TARGETS: pulumi.jsonStringify(targets) },
            logFormat: "Text",
            logDays: 30,
            tags: args.tags,
        },
        child,
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
