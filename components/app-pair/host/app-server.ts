import { readFileSync } from "node:fs";
import path from "node:path";
import { type CloudConfig, type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { application } from "../../reference";
import type { Mount } from "../../shared-storage/contract";
import { applicationUnit, environmentUnit, storageUnit } from "./units";

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

const libraryPath = "/usr/local/lib/minusnow";

/**
 * User data of an application server (guide, steps 2, 5 and 6). It names where settings and secrets are kept and holds
 * none of them, so it stays the same from release to release.
 */
export function renderAppServer({ cloud, nodeMajor, mounts, limit }: AppServerHost): string {
    const script = (name: string, folder: string, source: string): HostFile => ({
        path: `${libraryPath}/${name}`,
        permissions: "0755",
        content: readFileSync(path.join(folder, "files", source), "utf8"),
    });
    const shared = path.join(__dirname, "..", "..", "host");
    const unit = (name: string, content: string): HostFile => ({
        path: `/etc/systemd/system/${name}`,
        permissions: "0644",
        content,
    });
    const config: CloudConfig = {
        files: [
            { path: "/etc/minusnow/host.env", permissions: "0644", content: hostVariables(cloud, nodeMajor) },
            { path: "/etc/minusnow/fstab", permissions: "0644", content: mounts.map(fstabLine).join("") },
            script("packages", shared, cloud.packagesScript),
            script("cloud.mjs", shared, cloud.cloudModule),
            script("setup", __dirname, "setup.sh"),
            script("mount-storage", __dirname, "mount-storage.sh"),
            script("environment.mjs", __dirname, "environment.mjs"),
            script("install-release.mjs", __dirname, "install-release.mjs"),
            unit("minusnow-storage.service", storageUnit),
            unit("minusnow-environment.service", environmentUnit),
            unit(application.service, applicationUnit),
        ],
        commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
    };
    return renderCloudConfig(config, limit);
}

function hostVariables(cloud: CloudHost, nodeMajor: number): string {
    const variables: Record<string, string> = {
        APP_DIRECTORY: application.directory,
        APP_USER: application.user,
        APP_GROUP: application.group,
        APP_UID: String(application.uid),
        APP_GID: String(application.gid),
        ENVIRONMENT_FILE: application.environmentFile,
        NODE_MAJOR: String(nodeMajor),
        ...cloud.variables,
    };
    return Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("");
}

function fstabLine({ directory, source, type, options }: Mount): string {
    return `${source} ${application.directory}/${directory} ${type} ${options} 0 0\n`;
}
