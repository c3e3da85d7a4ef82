import { getPartitionOutput } from "@pulumi/aws/getPartition";
import type * as pulumi from "@pulumi/pulumi";

/** ARN of a policy that AWS maintains, in the partition of the provider in use. */
export function awsManagedPolicy(policy: string, child: pulumi.InvokeOptions): pulumi.Output<string> {
    return getPartitionOutput({}, child).partition.apply((partition) => `arn:${partition}:iam::aws:policy/${policy}`);
}

/** Trust policy that lets one AWS service act in a role. */
export function trustService(service: string): string {
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }],
    });
}

/** A statement that allows actions on resources. */
export function allow(actions: string[], resources: pulumi.Input<pulumi.Input<string>[]>, condition?: object) {
    return { Effect: "Allow", Action: actions, Resource: resources, ...(condition && { Condition: condition }) };
}

/** The statements that let a role read secrets which are encrypted with one key. */
export function allowReadingSecrets(secretIds: pulumi.Input<string>[], keyId: pulumi.Input<string>) {
    const throughSecretsManager = { StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com*" } };
    return [
        allow(["secretsmanager:GetSecretValue"], secretIds),
        allow(["kms:Decrypt"], [keyId], throughSecretsManager),
    ];
}
