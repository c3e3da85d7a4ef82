import * as secretsmanager from "@pulumi/aws/secretsmanager";
import type * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { passwordComplexity } from "./contract";

/** What to generate. */
export interface GeneratedSecretArgs {
    description: string;
    keyId: pulumi.Input<string>;
    /** Special characters that the service accepts in a password. */
    specialCharacters: string;
    /** Characters. Default that of {@link passwordComplexity}. */
    length?: number;
    /** A higher number generates a new value. */
    rotation: number;
    /** Turns the value into what the secret store keeps. Default the value itself. */
    document?: (value: pulumi.Output<string>) => pulumi.Output<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A secret with its value, for the component that sets the same value on a service. */
export interface GeneratedSecret {
    id: pulumi.Output<string>;
    value: pulumi.Output<string>;
    /** The stored version; depend on it before reading the secret. */
    version: pulumi.Resource;
}

/** Generates a password and stores it in Secrets Manager; the stored copy is written only, never read back. */
export function generateSecret(
    name: string,
    args: GeneratedSecretArgs,
    child: pulumi.CustomResourceOptions,
): GeneratedSecret {
    const { description, keyId, specialCharacters, rotation, document, tags } = args;
    const password = new RandomPassword(
        name,
        {
            ...passwordComplexity,
            length: args.length ?? passwordComplexity.length,
            overrideSpecial: specialCharacters,
            keepers: { rotation: String(rotation) },
        },
        child,
    );
    const secret = new secretsmanager.Secret(
        name,
        { description, kmsKeyId: keyId, recoveryWindowInDays: 30, tags },
        child,
    );
    const version = new secretsmanager.SecretVersion(
        name,
        {
            secretId: secret.id,
            secretStringWo: document ? document(password.result) : password.result,
            secretStringWoVersion: rotation,
        },
        child,
    );
    return { id: secret.arn, value: password.result, version };
}
