import type * as pulumi from "@pulumi/pulumi";

/** A secret that becomes a variable of the application's environment. */
export interface SecretVariable {
    /** Name of the variable, for example `SESSION_SECRET`. */
    name: string;
    /** Id of the secret that holds its value. */
    secretId: pulumi.Input<string>;
}

/** The release that a new server installs (guide, step 2). */
export interface ReleaseArtifact {
    /** Version, for example `2.4.1`; it names the folder on the servers. */
    version: pulumi.Input<string>;
    /** Where the archive (`.tar.gz`) is: `s3://bucket/key` on AWS, a blob's URL on Azure. */
    artifact: pulumi.Input<string>;
    /** SHA-256 of the archive, 64 hexadecimal digits; servers refuse any other content. */
    sha256: pulumi.Input<string>;
    /**
     * Azure only: resource id of the storage account or container with the archive, on which servers get the role Storage
     * Blob Data Reader. Default: the caller gives it to the pair's `principalId`.
     */
    storageId?: pulumi.Input<string>;
}

/** What the app-pair tier gives on every cloud; members are named app1, app2, … in order. */
export interface AppPair {
    /** Ids of the machines. */
    readonly memberIds: pulumi.Output<string>[];
    /** Zones of the machines. */
    readonly memberZones: pulumi.Output<string>[];
    /** Private addresses of the machines. */
    readonly memberAddresses: pulumi.Output<string>[];
}

/** Key of the tag that all servers of a pair share; its value is the pair's name. */
export const SERVERS_TAG = "minusnow-servers";
