import path from "node:path";
import type { CloudHost } from "../../host/cloud-host";
import { renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, mountTable, program, setUp, shareLogin, sharedFiles, storageUnit } from "../../host/machine-files";
import type { Mount } from "../../shared-storage/contract";

/** What the operations machine is to know. */
export interface OperationsHost {
    cloud: CloudHost;
    postgresMajor: string;
    mounts: Mount[];
    /** Id of the secret with the login of shares of SMB. Default: the mounts are of NFS. */
    storageSecretId?: string;
    /** Whether it has certificates issued. Default false. */
    issuesCertificates?: boolean;
}

/** Where shared directories are mounted, read-only. */
const mountPath = "/srv/minusnow";

/**
 * User data of the operations machine. It brings programs and names no secret; what runs when is set by the components that
 * use the machine.
 */
export function renderOperationsMachine(host: OperationsHost): string {
    const { cloud, postgresMajor, mounts, storageSecretId, issuesCertificates = false } = host;
    const own = path.join(__dirname, "files");
    const ofMounts = storageSecretId === undefined ? ["nfs-common", "aznfs"] : ["cifs-utils"];
    const ofCertificates = issuesCertificates ? ["certbot"] : [];
    const packages = ["zstd", "azcopy", `postgresql-client-${postgresMajor}`, ...ofMounts, ...ofCertificates];
    const login: Record<string, string> =
        storageSecretId === undefined ? {} : { STORAGE_SECRET_ID: storageSecretId, SHARE_LOGIN: shareLogin };
    const components = path.join(__dirname, "..", "..");
    const bootstrap = path.join(components, "database", "bootstrap");
    const issue = path.join(components, "load-balancer", "issue");
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, packages, { MOUNT_PATH: mountPath, ...login }),
                mountTable(mounts, mountPath, "ro"),
                program("mount-storage", sharedFiles, "mount-storage.sh"),
                ...(storageSecretId === undefined ? [] : [program("share-login.mjs", own, "share-login.mjs")]),
                program("setup", own, "setup.sh"),
                program("backup.mjs", own, "backup.mjs"),
                { ...program("bootstrap.cjs", bootstrap, "machine.cjs"), compressed: true },
                { ...program("release.cjs", path.join(components, "release"), "machine.cjs"), compressed: true },
                ...(issuesCertificates ? [{ ...program("issue.cjs", issue, "machine.cjs"), compressed: true }] : []),
                storageUnit(),
            ],
            commands: setUp,
        },
        cloud.limit,
    );
}
