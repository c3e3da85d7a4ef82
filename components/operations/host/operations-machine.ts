import path from "node:path";
import { azureUserDataLimit, renderCloudConfig } from "../../host/cloud-init";
import { hostVariables, libraryPath, mountTable, program, sharedFiles, storageUnit } from "../../host/machine-files";
import type { Mount } from "../../shared-storage/contract";

/** What the operations machine is to know. */
export interface OperationsHost {
    nodeMajor: number;
    postgresMajor: string;
    /** Application id of its identity. */
    clientId: string;
    mounts: Mount[];
}

/** Where shared directories are mounted, read-only. */
const mountPath = "/srv/minusnow";

/**
 * User data of the operations machine. It brings programs and names no secret; what runs when is set by the components that
 * use the machine.
 */
export function renderOperationsMachine({ nodeMajor, postgresMajor, clientId, mounts }: OperationsHost): string {
    const own = path.join(__dirname, "files");
    const bundle = path.join(__dirname, "..", "..", "database", "bootstrap");
    return renderCloudConfig(
        {
            files: [
                hostVariables({
                    NODE_MAJOR: String(nodeMajor),
                    POSTGRES_MAJOR: postgresMajor,
                    IDENTITY: clientId,
                    EXTRA_PACKAGES: '"azcopy zstd"',
                    MOUNT_PATH: mountPath,
                }),
                mountTable(mounts, mountPath, "ro"),
                program("packages", sharedFiles, "packages-ubuntu-azure.sh"),
                program("cloud.mjs", sharedFiles, "cloud-azure.mjs"),
                program("mount-storage", sharedFiles, "mount-storage.sh"),
                program("setup", own, "setup.sh"),
                program("backup.mjs", own, "backup.mjs"),
                { ...program("bootstrap.cjs", bundle, "machine.cjs"), compressed: true },
                storageUnit(),
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
        },
        azureUserDataLimit,
    );
}
