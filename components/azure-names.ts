import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId";

/** Bytes of the random part; two hexadecimal digits each. */
const RANDOM_BYTES = 4;
/** Key vaults and storage accounts take no longer name. */
const LONGEST = 24;

/** A name of 3 to 24 small letters and digits that nobody in the world has: key vaults and storage accounts need one. */
export function worldwideName(name: string, { parent }: pulumi.CustomResourceOptions): pulumi.Output<string> {
    const letters = name.toLowerCase().replace(/[^a-z0-9]/g, "");
    const random = new RandomId(`${name}-name`, { byteLength: RANDOM_BYTES }, { parent }).hex;
    return pulumi.interpolate`${letters.slice(0, LONGEST - 2 * RANDOM_BYTES)}${random}`;
}
