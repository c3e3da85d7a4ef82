import * as pulumi from "@pulumi/pulumi";

/** The value, kept secret from here on; a component records its arguments, so one that is secret must be marked first. */
export function asSecret(value: pulumi.Input<string> | undefined): pulumi.Output<string> | undefined {
    return value === undefined ? undefined : pulumi.secret(value);
}
