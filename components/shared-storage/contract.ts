import type * as pulumi from "@pulumi/pulumi";

/** Who serves the shared directories. */
export const SharedStorageKind = {
    /** The cloud's managed file service. */
    Managed: "managed",
    /** An NFS server of this deployment. */
    Nfs: "nfs",
} as const;
export type SharedStorageKind = (typeof SharedStorageKind)[keyof typeof SharedStorageKind];

/** How machines reach the shared directories. */
export const ShareProtocol = {
    /** NFS 4, for Linux. */
    Nfs: "nfs",
    /** SMB 3, for Windows. */
    Smb: "smb",
} as const;
export type ShareProtocol = (typeof ShareProtocol)[keyof typeof ShareProtocol];

/** How a machine mounts one shared directory, in the terms of fstab(5). */
export interface Mount {
    /** Directory under the application's, for example `data`. */
    directory: string;
    /** What to mount, for example `fs-0123:/`. */
    source: string;
    /** File-system type, for example `efs` or `nfs4`; `smb` for a share of Windows. */
    type: string;
    /** Mount options, joined by commas; `RequirePrivacy` for a share that is encrypted on its way. */
    options: string;
}

/** What the shared-storage tier gives on every cloud. */
export interface SharedStorage {
    /** One mount per shared directory, in the guide's order (step 8). */
    readonly mounts: pulumi.Output<Mount[]>;
}
