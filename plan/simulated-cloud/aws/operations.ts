import { digits, textOf, uuid } from "../world";
import { type Maker, named, plain, sameIdAs } from "./maker";

/** Monitoring, messages and backups. */
export const operationsMakers: Record<string, Maker> = {
    "aws:sns/topic:Topic": ({ name, arn, account }) => {
        const topicArn = arn("sns", name);
        return { id: topicArn, outputs: { name, arn: topicArn, owner: account } };
    },
    "aws:sns/topicSubscription:TopicSubscription": ({ inputs, resource }) => {
        const subscriptionArn = `${textOf(inputs["topic"])}:${digits(resource.urn, 32)}`;
        return { id: subscriptionArn, outputs: { arn: subscriptionArn, pendingConfirmation: true } };
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": named(({ arn, name }) => arn("cloudwatch", `alarm:${name}`)),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ({ inputs, arn }) => {
        const name = textOf(inputs["alarmName"]);
        return { id: name, outputs: { arn: arn("cloudwatch", `alarm:${name}`) } };
    },
    "aws:cloudwatch/dashboard:Dashboard": ({ inputs, arn }) => {
        const name = textOf(inputs["dashboardName"]);
        return { id: name, outputs: { dashboardArn: arn("cloudwatch", `dashboard/${name}`, { region: "" }) } };
    },
    "aws:cloudwatch/eventRule:EventRule": named(({ arn, name }) => arn("events", `rule/${name}`)),
    "aws:cloudwatch/eventTarget:EventTarget": ({ inputs, resource }) => ({
        id: `${textOf(inputs["rule"])}-${digits(resource.urn, 26)}`,
        outputs: { targetId: `terraform-${digits(resource.urn, 26)}` },
    }),
    "aws:lambda/permission:Permission": plain("permission"),
    "aws:ssm/document:Document": named(
        ({ arn, name }) => arn("ssm", `document/${name}`),
        () => ({ status: "Active", documentVersion: "1", schemaVersion: "2.2" }),
    ),
    "aws:ssm/association:Association": ({ resource, arn }) => {
        const id = uuid(resource.urn);
        return { id, outputs: { associationId: id, arn: arn("ssm", `association/${id}`) } };
    },
    "aws:backup/vault:Vault": named(({ arn, name }) => arn("backup", `backup-vault:${name}`)),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": sameIdAs("backupVaultName"),
    "aws:backup/plan:Plan": ({ name, arn, resource }) => {
        const id = uuid(resource.urn);
        return { id, outputs: { name, arn: arn("backup", `backup-plan:${id}`), version: "1" } };
    },
    "aws:backup/selection:Selection": ({ name, resource }) => ({ id: digits(resource.urn, 32), outputs: { name } }),
    "aws:s3/bucketVersioning:BucketVersioning": sameIdAs("bucket"),
    "aws:s3/bucketObjectv2:BucketObjectv2": ({ inputs, partition }) => ({
        id: textOf(inputs["key"]),
        outputs: {
            arn: `arn:${partition}:s3:::${textOf(inputs["bucket"])}/${textOf(inputs["key"])}`,
            etag: "",
            versionId: "1",
        },
    }),
};
