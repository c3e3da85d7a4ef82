import path from "node:path";
import { type CloudConfig, renderCloudConfig } from "../../host/cloud-init";
import {
    hostVariables,
    libraryPath,
    mountTable,
    program,
    sharedFiles,
    storageUnit,
    unit,
} from "../../host/machine-files";
import { application } from "../../reference";
import type { Mount } from "../../shared-storage/contract";
import { applicationUnit, environmentUnit } from "./units";

/** What differs between clouds on an application server. */
export interface CloudHost {
    /** Script that installs packages, from `components/host/files`. */
    packagesScript: string;
    /** Module that reads settings, secrets and artifacts, from `components/host/files`. */
    cloudModule: string;
    /** Variables for both, for example the region. */
    variables: Record<string, string>;
}

/** What an application server is to become. */
export interface AppServerHost {
    cloud: CloudHost;
    nodeMajor: number;
    mounts: Mount[];
    /** Largest user data that the cloud takes, in bytes. Default that of EC2. */
    limit?: number;
}

/**
 * User data of an application server (guide, steps 2, 5 and 6). It names where settings and secrets are kept and holds
 * none of them, so it stays the same from release to release.
 */
export function renderAppServer({ cloud, nodeMajor, mounts, limit }: AppServerHost): string {
    const own = path.join(__dirname, "files");
    const config: CloudConfig = {
        files: [
            hostVariables({
                APP_DIRECTORY: application.directory,
                APP_USER: application.user,
                APP_GROUP: application.group,
                APP_UID: String(application.uid),
                APP_GID: String(application.gid),
                ENVIRONMENT_FILE: application.environmentFile,
                NODE_MAJOR: String(nodeMajor),
                ...cloud.variables,
            }),
            mountTable(mounts, application.directory),
            program("packages", sharedFiles, cloud.packagesScript),
            program("cloud.mjs", sharedFiles, cloud.cloudModule),
            program("setup", own, "setup.sh"),
            program("mount-storage", sharedFiles, "mount-storage.sh"),
            program("environment.mjs", own, "environment.mjs"),
            program("install-release.mjs", own, "install-release.mjs"),
            storageUnit(application.service),
            unit("minusnow-environment.service", environmentUnit),
            unit(application.service, applicationUnit),
        ],
        commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
    };
    return renderCloudConfig(config, limit);
}
