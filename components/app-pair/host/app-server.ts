import path from "node:path";
import type { CloudHost, Platform } from "../../host/cloud-host";
import { type CloudConfig, renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, mountTable, program, setUp, sharedFiles, storageUnit, unit } from "../../host/machine-files";
import { application, ports } from "../../reference";
import type { Mount } from "../../shared-storage/contract";
import { applicationUnit, environmentUnit } from "./units";

/** What an application server is to become. */
export interface AppServerHost {
    cloud: CloudHost;
    /** Major version of the database, for its client. */
    postgresMajor: string;
    /** Where the authorities that sign the database's certificate are published. Default: the system's own. */
    databaseCaUrl?: string;
    mounts: Mount[];
}

/** A database that is gone acknowledges nothing: its connections are given up after some seconds, not a quarter of an hour. */
const deadConnections = {
    path: "/etc/sysctl.d/90-minusnow.conf",
    permissions: "0644",
    content: "net.ipv4.tcp_retries2 = 5\n",
};

function packages(postgresMajor: string): { [platform in Platform]: string[] } {
    return {
        "amazon-linux": ["amazon-efs-utils", `postgresql${postgresMajor}`, "tar", "gzip"],
        "debian-aws": ["nfs-common", "postgresql-client"],
        "ubuntu-azure": ["nfs-common", "aznfs", `postgresql-client-${postgresMajor}`],
        "rhel-azure": ["nfs-utils", "aznfs", `postgresql${postgresMajor}`, "tar", "gzip"],
    };
}

/**
 * User data of an application server (guide, steps 2, 5 and 6). It names where settings and secrets are kept and holds
 * none of them, so it stays the same from release to release.
 */
export function renderAppServer({ cloud, postgresMajor, databaseCaUrl = "", mounts }: AppServerHost): string {
    const own = path.join(__dirname, "files");
    const config: CloudConfig = {
        files: [
            ...cloudFiles(cloud, packages(postgresMajor)[cloud.platform], {
                APP_DIRECTORY: application.directory,
                APP_USER: application.user,
                APP_GROUP: application.group,
                APP_PORT: String(ports.app),
                APP_UID: String(application.uid),
                APP_GID: String(application.gid),
                ENVIRONMENT_FILE: application.environmentFile,
                DATABASE_CA_URL: databaseCaUrl,
            }),
            mountTable(mounts, application.directory),
            deadConnections,
            program("setup", own, "setup.sh"),
            program("mount-storage", sharedFiles, "mount-storage.sh"),
            { ...program("system.mjs", own, "system-linux.mjs"), compressed: true },
            { ...program("environment.mjs", own, "environment.mjs"), compressed: true },
            { ...program("release.mjs", own, "release.mjs"), compressed: true },
            storageUnit(application.service),
            environmentUnit,
            unit(application.service, applicationUnit),
        ],
        commands: setUp,
    };
    return renderCloudConfig(config, cloud.limit);
}
