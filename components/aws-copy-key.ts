import * as kms from "@pulumi/aws/kms";
import type * as pulumi from "@pulumi/pulumi";

/** A key for what is copied to a second region. */
export interface CopyKeyArgs {
    description: string;
    region: string;
    /** True keeps the key, without which copies cannot be read, when its stack is deleted. */
    retain: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Makes the key and gives its ARN. */
export function createCopyKey(
    name: string,
    { description, region, retain, tags }: CopyKeyArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const settings = { description, region, enableKeyRotation: true, deletionWindowInDays: 30, tags };
    return new kms.Key(name, settings, { ...child, retainOnDelete: retain }).arn;
}
