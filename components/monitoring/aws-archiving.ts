import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as pulumi from "@pulumi/pulumi";
import { DATABASE_NAMESPACE } from "../database/host/settings";
import type { AwsMonitoringArgs } from "./aws";

/** Write-ahead log that cannot be archived is missing in every restore, and fills the disk of a database on machines. */
export function alarmOnArchiving(
    name: string,
    topic: pulumi.Output<string>,
    { databaseMetrics, tags }: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    if (databaseMetrics === undefined) {
        return;
    }
    new cloudwatch.MetricAlarm(
        name,
        {
            alarmDescription: "MinusNow: the database's write-ahead log could not be archived for 15 minutes",
            namespace: DATABASE_NAMESPACE,
            metricName: "ArchiveFailing",
            dimensions: { Database: databaseMetrics },
            statistic: "Minimum",
            period: 300,
            evaluationPeriods: 3,
            comparisonOperator: "GreaterThanThreshold",
            threshold: 0,
            treatMissingData: "breaching",
            alarmActions: [topic],
            okActions: [topic],
            tags,
        },
        child,
    );
}
