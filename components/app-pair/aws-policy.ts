import type * as ssm from "@pulumi/aws/ssm";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import * as pulumi from "@pulumi/pulumi";
import { allow, allowReadingSecrets } from "../aws-account";
import { systemsManagerActions } from "../host/aws-machine";
import type { AwsAppPairArgs } from "./aws";

/** What an application server may do: be managed by Systems Manager, and read what is its own. */
export function memberPolicy(
    parameters: ssm.Parameter[],
    args: AwsAppPairArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { secrets, databaseSecretId, databaseCertificateArn, sessionSecretId, keyId } = args;
    const { fileSystemArn, accessPointArns, storageSecretId } = args;
    const secretIds = [
        ...secrets.map((secret) => secret.secretId),
        databaseSecretId,
        ...(sessionSecretId ? [sessionSecretId] : []),
        ...(storageSecretId ? [storageSecretId] : []),
    ];
    const throughOwnAccessPoints = { StringEquals: { "elasticfilesystem:AccessPointArn": accessPointArns } };
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            allow(systemsManagerActions, ["*"]),
            allow(
                ["ssm:GetParameter"],
                [
                    ...parameters.map((parameter) => parameter.arn),
                    ...(databaseCertificateArn ? [databaseCertificateArn] : []),
                ],
            ),
            ...allowReadingSecrets(secretIds, keyId),
            ...(fileSystemArn === undefined
                ? []
                : [
                      allow(
                          ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                          [fileSystemArn],
                          throughOwnAccessPoints,
                      ),
                  ]),
            allow(["s3:GetObject"], [artifactArn(args.release.artifact, child)]),
        ],
    });
}

/** ARN of the release archives: every object beside the current one, so that the next release needs no new permission. */
function artifactArn(artifact: pulumi.Input<string>, child: { parent: pulumi.Resource }): pulumi.Output<string> {
    return pulumi.all([artifact, getPartitionOutput({}, child).partition]).apply(([uri, partition]) => {
        const [, folder] = /^s3:\/\/([^/]+(?:\/.+)?)\/[^/]+$/.exec(uri) ?? [];
        if (folder === undefined) {
            throw new Error(`AwsAppPair: release.artifact: found '${uri}', allowed is s3://<bucket>/<key>`);
        }
        return `arn:${partition}:s3:::${folder}/*`;
    });
}
