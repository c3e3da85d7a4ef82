import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { AwsMonitoringArgs } from "./aws";

/** One alarm that says the service is down, whichever sign shows it first. */
export function alarmWhenDown(
    name: string,
    probe: cloudwatch.MetricAlarm,
    criticalTopic: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const { tags, loadBalancerSuffix, targetGroupSuffix } = args;
    const noHealthyServer = new cloudwatch.MetricAlarm(
        `${name}-no-healthy-server`,
        {
            alarmDescription: "MinusNow: the load balancer finds no healthy application server",
            namespace: "AWS/ApplicationELB",
            metricName: "HealthyHostCount",
            dimensions: { LoadBalancer: loadBalancerSuffix, TargetGroup: targetGroupSuffix },
            statistic: "Minimum",
            comparisonOperator: "LessThanThreshold",
            threshold: 1,
            period: 60,
            evaluationPeriods: 2,
            treatMissingData: "breaching",
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
