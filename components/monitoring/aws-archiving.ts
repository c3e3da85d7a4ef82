import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as pulumi from "@pulumi/pulumi";
import { uncopied } from "../aws-bucket-copy";
import { DATABASE_NAMESPACE } from "../database/host/settings";
import type { AwsMonitoringArgs } from "./aws";

/**
 * Write-ahead log that cannot be archived is missing in every restore, and fills the disk of a database on machines; what
 * they back up by themselves is told by them.
 */
export function alarmOnArchiving(
    name: string,
    topic: pulumi.Output<string>,
    args: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const { databaseMetrics, databaseArchive: source, databaseArchiveCopy: copy, tags } = args;
    if (databaseMetrics === undefined) {
        return;
    }
    const told = { alarmActions: [topic], okActions: [topic], tags };
    if (source !== undefined && copy !== undefined) {
        const alarmDescription = "MinusNow: a backup of the database could not be copied to the second region";
        new cloudwatch.MetricAlarm(
            `${name}-uncopied`,
            { ...uncopied({ source, copy }), alarmDescription, ...told },
            child,
        );
    }
    const what = "the database's write-ahead log could not be archived";
    alarmOnFault(name, topic, { what, metricName: "ArchiveFailing", databaseMetrics, tags }, child);
    const made = (id: string, metricName: string) => ({
        id,
        returnData: false,
        metric: {
            namespace: DATABASE_NAMESPACE,
            metricName,
            stat: "Sum",
            period: 86400,
            dimensions: { Database: databaseMetrics },
        },
    });
    new cloudwatch.MetricAlarm(
        `${name}-absent`,
        {
            alarmDescription: "MinusNow: a day without a backup of the database, or without a dump",
            metricQueries: [
                made("backups", "BackupsMade"),
                made("dumps", "DumpsMade"),
                { id: "least", expression: "MIN([FILL(backups, 0), FILL(dumps, 0)])", label: "made", returnData: true },
            ],
            comparisonOperator: "LessThanThreshold",
            threshold: 1,
            evaluationPeriods: 1,
            treatMissingData: "breaching",
            ...told,
        },
        child,
    );
}

/** Without its witness a standby takes over no more, and nobody would notice. */
export function alarmOnWitness(
    name: string,
    topic: pulumi.Output<string>,
    { databaseMetrics, databaseWitness = false, tags }: AwsMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    if (databaseMetrics === undefined || !databaseWitness) {
        return;
    }
    const what = "the witness has not seen the primary database";
    alarmOnFault(name, topic, { what, metricName: "WitnessMissing", databaseMetrics, tags }, child);
}

/** What the machines tell every minute as 0 or 1, and has been 1, or silent, for a quarter of an hour. */
function alarmOnFault(
    name: string,
    topic: pulumi.Output<string>,
    fault: Pick<AwsMonitoringArgs, "tags"> & {
        what: string;
        metricName: string;
        databaseMetrics: pulumi.Input<string>;
    },
    child: { parent: pulumi.Resource },
): void {
    new cloudwatch.MetricAlarm(
        name,
        {
            alarmDescription: `MinusNow: ${fault.what} for 15 minutes`,
            namespace: DATABASE_NAMESPACE,
            metricName: fault.metricName,
            dimensions: { Database: fault.databaseMetrics },
            statistic: "Minimum",
            period: 300,
            evaluationPeriods: 3,
            comparisonOperator: "GreaterThanThreshold",
            threshold: 0,
            treatMissingData: "breaching",
            alarmActions: [topic],
            okActions: [topic],
            tags: fault.tags,
        },
        child,
    );
}
