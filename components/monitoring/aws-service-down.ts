import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { AwsMonitoringArgs } from "./aws";
import { seesRequests } from "./aws-metrics";

/** One alarm that says the service is down, whichever sign shows it first, and a warning when half of it is. */
export function alarmWhenDown(
    name: string,
    probe: cloudwatch.MetricAlarm,
    criticalTopic: pulumi.Output<string>,
    warningTopic: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const { tags, loadBalancerSuffix, targetGroupSuffix } = args;
    const [namespace, behind] = seesRequests(args)
        ? ["AWS/ApplicationELB", "application server"]
        : ["AWS/NetworkELB", "balancer"];
    const noHealthyServer = new cloudwatch.MetricAlarm(
        `${name}-no-healthy-server`,
        {
            alarmDescription: `MinusNow: the load balancer finds no healthy ${behind}`,
            namespace,
            metricName: "HealthyHostCount",
            dimensions: { LoadBalancer: loadBalancerSuffix, TargetGroup: targetGroupSuffix },
            statistic: "Maximum",
            comparisonOperator: "LessThanThreshold",
            threshold: 1,
            period: 60,
            evaluationPeriods: 2,
            treatMissingData: "breaching",
            tags,
        },
        child,
    );
    new cloudwatch.MetricAlarm(
        `${name}-unhealthy-server`,
        {
            alarmDescription: `MinusNow: the load balancer finds one ${behind} or more unhealthy`,
            namespace,
            metricName: "UnHealthyHostCount",
            dimensions: { LoadBalancer: loadBalancerSuffix, TargetGroup: targetGroupSuffix },
            statistic: "Minimum",
            comparisonOperator: "GreaterThanThreshold",
            threshold: 0,
            period: 60,
            evaluationPeriods: 5,
            datapointsToAlarm: 3,
            treatMissingData: "notBreaching",
            alarmActions: [warningTopic],
            okActions: [warningTopic],
            tags,
        },
        child,
    );
    new cloudwatch.CompositeAlarm(
        `${name}-down`,
        {
            alarmName: `${name}-down`,
            alarmDescription: "MinusNow: the service is down",
            alarmRule: pulumi.interpolate`ALARM("${noHealthyServer.name}") OR ALARM("${probe.name}")`,
            alarmActions: [criticalTopic],
            okActions: [criticalTopic],
            tags,
        },
        child,
    );
}
