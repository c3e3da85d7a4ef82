import path from "node:path";
import type { CloudHost } from "../../host/cloud-host";
import { renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, mountTable, program, setUp, sharedFiles, storageUnit } from "../../host/machine-files";
import type { Mount } from "../../shared-storage/contract";

/** What the operations machine is to know. */
export interface OperationsHost {
    cloud: CloudHost;
    postgresMajor: string;
    mounts: Mount[];
}

/** Where shared directories are mounted, read-only. */
const mountPath = "/srv/minusnow";

/**
 * User data of the operations machine. It brings programs and names no secret; what runs when is set by the components that
 * use the machine.
 */
export function renderOperationsMachine({ cloud, postgresMajor, mounts }: OperationsHost): string {
    const own = path.join(__dirname, "files");
    const packages = ["nfs-common", "zstd", "aznfs", "azcopy", `postgresql-client-${postgresMajor}`];
    const components = path.join(__dirname, "..", "..");
    const bootstrap = path.join(components, "database", "bootstrap");
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, packages, { MOUNT_PATH: mountPath }),
                mountTable(mounts, mountPath, "ro"),
                program("mount-storage", sharedFiles, "mount-storage.sh"),
                program("setup", own, "setup.sh"),
                program("backup.mjs", own, "backup.mjs"),
                { ...program("bootstrap.cjs", bootstrap, "machine.cjs"), compressed: true },
                { ...program("release.cjs", path.join(components, "release"), "machine.cjs"), compressed: true },
                storageUnit(),
            ],
            commands: setUp,
        },
        cloud.limit,
    );
}
