import type * as pulumi from "@pulumi/pulumi";

/** What the release tier gives on every cloud. */
export interface Release {
    /** Version that every server runs once the update has ended. */
    readonly version: pulumi.Output<string>;
}

/** Most of them: what drives a release does not run for ever. */
export const LONGEST_BAKE_SECONDS = 300;

/** Seconds that a server is watched after it answers users again, where nothing else is said. */
export const BAKE_SECONDS = 60;
