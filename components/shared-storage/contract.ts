import type * as pulumi from "@pulumi/pulumi";

/** Who serves the shared directories. */
export const SharedStorageKind = {
    /** The cloud's managed file service. */
    Managed: "managed",
    /** An NFS server of this deployment. */
    Nfs: "nfs",
} as const;
export type SharedStorageKind = (typeof SharedStorageKind)[keyof typeof SharedStorageKind];

/** How a machine mounts one shared directory, in the terms of fstab(5). */
export interface Mount {
    /** Directory under the application's, for example `data`. */
    directory: string;
    /** What to mount, for example `fs-0123:/`. */
    source: string;
    /** File-system type, for example `efs` or `nfs4`. */
    type: string;
    /** Mount options, joined by commas. */
    options: string;
}

/** What the shared-storage tier gives on every cloud. */
export interface SharedStorage {
    /** One mount per shared directory, in the guide's order (step 8). */
    readonly mounts: pulumi.Output<Mount[]>;
}
