import * as kms from "@pulumi/aws/kms";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import * as pulumi from "@pulumi/pulumi";
import { asSecret } from "./as-secret";
import { generateSecret } from "./aws-generated";
import type { Secrets } from "./contract";

/** Arguments of {@link AwsSecrets}. */
export interface AwsSecretsArgs {
    /** ARN of an existing KMS key to use. Default: a key is created, rotated every year. A change re-encrypts nothing. */
    keyId?: pulumi.Input<string>;
    /**
     * The mail server's password. Pass it as a Pulumi secret. A change is made in place; servers read it when the
     * service starts. Exactly one of this and `smtpPasswordSecretId` is needed.
     */
    smtpPassword?: pulumi.Input<string>;
    /** ARN or name of an existing secret in Secrets Manager that holds the mail server's password as plain text. */
    smtpPasswordSecretId?: pulumi.Input<string>;
    /** A higher number replaces the session secret, which ends all sessions. Default 1. */
    rotation?: number;
    /**
     * Keeps the created key when the stack is deleted: without it, snapshots and backups that stay cannot be read. Default
     * true. A change is made in place.
     */
    retainKey?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Shortest session secret is 32 characters (guide, step 6); twice that costs nothing. */
const sessionSecretCharacters = 64;

/** The deployment's encryption key and the secrets that belong to no other tier (guide, step 6). */
export class AwsSecrets extends pulumi.ComponentResource implements Secrets {
    /** ARN of the KMS key. */
    public readonly keyId: pulumi.Output<string>;
    /** ARN of the session secret. */
    public readonly sessionSecretId: pulumi.Output<string>;
    /** ARN of the mail server's password. */
    public readonly smtpSecretId: pulumi.Output<string>;

    constructor(name: string, args: AwsSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsSecrets", name, { ...args, smtpPassword: asSecret(args.smtpPassword) }, opts);
        const child = { parent: this };

        this.keyId = args.keyId === undefined ? createKey(name, args, child) : pulumi.output(args.keyId);
        this.sessionSecretId = createSessionSecret(name, this.keyId, args, child);
        this.smtpSecretId = smtpSecret(name, this.keyId, args, child);
        this.registerOutputs({
            keyId: this.keyId,
            sessionSecretId: this.sessionSecretId,
            smtpSecretId: this.smtpSecretId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function createKey(name: string, args: AwsSecretsArgs, child: Child): pulumi.Output<string> {
    const description = "MinusNow: encrypts secrets, database, files and sessions";
    const key = new kms.Key(
        name,
        { description, enableKeyRotation: true, deletionWindowInDays: 30, tags: args.tags },
        { ...child, retainOnDelete: args.retainKey ?? true },
    );
    new kms.Alias(name, { name: `alias/${name}`, targetKeyId: key.keyId }, child);
    return key.arn;
}

function createSessionSecret(name: string, keyId: pulumi.Output<string>, args: AwsSecretsArgs, child: Child) {
    const secret = generateSecret(
        `${name}-session`,
        {
            description: "MinusNow: signs session cookies",
            keyId,
            specialCharacters: "-_.!~",
            length: sessionSecretCharacters,
            rotation: args.rotation ?? 1,
            tags: args.tags,
        },
        child,
    );
    return secret.id;
}

function smtpSecret(
    name: string,
    keyId: pulumi.Output<string>,
    args: AwsSecretsArgs,
    child: Child,
): pulumi.Output<string> {
    const { smtpPassword, smtpPasswordSecretId, tags } = args;
    if ((smtpPassword === undefined) === (smtpPasswordSecretId === undefined)) {
        const found = smtpPassword === undefined ? "neither" : "both";
        throw new Error(`AwsSecrets: found ${found} of smtpPassword and smtpPasswordSecretId, allowed is exactly one`);
    }
    if (smtpPasswordSecretId !== undefined) {
        return existingSecret(pulumi.output(smtpPasswordSecretId), child);
    }
    const description = "MinusNow: password of the mail server";
    const secret = new secretsmanager.Secret(
        `${name}-smtp`,
        { description, kmsKeyId: keyId, recoveryWindowInDays: 30, tags },
        child,
    );
    const secretString = asSecret(smtpPassword);
    new secretsmanager.SecretVersion(`${name}-smtp`, { secretId: secret.id, secretString }, child);
    return secret.arn;
}

/** The full ARN of a secret that is named by its ARN or its name. */
function existingSecret(id: pulumi.Output<string>, child: Child): pulumi.Output<string> {
    return id.apply((text) =>
        text.startsWith("arn:") ? pulumi.output(text) : secretsmanager.getSecretOutput({ name: text }, child).arn,
    );
}
