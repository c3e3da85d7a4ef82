import path from "node:path";
import type { CloudHost, Packages } from "../../host/cloud-host";
import { renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, libraryPath, mountTable, program, sharedFiles, storageUnit } from "../../host/machine-files";
import type { Mount } from "../../shared-storage/contract";

/** What the operations machine is to know. */
export interface OperationsHost {
    cloud: CloudHost;
    postgresMajor: string;
    mounts: Mount[];
}

function packages(postgresMajor: string): Packages {
    const tools = ["nfs-common", "zstd"];
    return {
        "amazon-linux": [...tools, `postgresql${postgresMajor}`],
        "debian-aws": [...tools, "postgresql-client"],
        "ubuntu-azure": [...tools, "aznfs", "azcopy", `postgresql-client-${postgresMajor}`],
    };
}

/** Where shared directories are mounted, read-only. */
const mountPath = "/srv/minusnow";

/**
 * User data of the operations machine. It brings programs and names no secret; what runs when is set by the components that
 * use the machine.
 */
export function renderOperationsMachine({ cloud, postgresMajor, mounts }: OperationsHost): string {
    const own = path.join(__dirname, "files");
    const bundle = path.join(__dirname, "..", "..", "database", "bootstrap");
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, packages(postgresMajor), { MOUNT_PATH: mountPath }),
                mountTable(mounts, mountPath, "ro"),
                program("mount-storage", sharedFiles, "mount-storage.sh"),
                program("setup", own, "setup.sh"),
                program("backup.mjs", own, "backup.mjs"),
                { ...program("bootstrap.cjs", bundle, "machine.cjs"), compressed: true },
                storageUnit(),
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
        },
        cloud.limit,
    );
}
