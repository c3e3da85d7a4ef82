import { readFileSync } from "node:fs";
import path from "node:path";
import { azureUserDataLimit, type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { type Mount } from "../../shared-storage/contract";

/** What the operations machine is to know. */
export interface OperationsHost {
    nodeMajor: number;
    postgresMajor: string;
    /** Application id of its identity. */
    clientId: string;
    mounts: Mount[];
}

const libraryPath = "/usr/local/lib/minusnow";
/** Where shared directories are mounted, read-only. */
const mountPath = "/srv/minusnow";

/**
 * User data of the operations machine. It brings programs and names no secret; what runs when is set by the components that
 * use the machine.
 */
export function renderOperationsMachine({ nodeMajor, postgresMajor, clientId, mounts }: OperationsHost): string {
    const script = (name: string, file: string): HostFile => ({
        path: `${libraryPath}/${name}`,
        permissions: "0755",
        content: readFileSync(file, "utf8"),
    });
    const variables = {
        NODE_MAJOR: String(nodeMajor),
        POSTGRES_MAJOR: postgresMajor,
        IDENTITY: clientId,
        EXTRA_PACKAGES: "azcopy",
        MOUNT_PATH: mountPath,
    };
    const shared = path.join(__dirname, "..", "..", "host", "files");
    const own = path.join(__dirname, "files");
    const bundle = path.join(__dirname, "..", "..", "database", "bootstrap", "machine.cjs");
    return renderCloudConfig(
        {
            files: [
                { path: "/etc/minusnow/host.env", permissions: "0644", content: assignments(variables) },
                { path: "/etc/minusnow/fstab", permissions: "0644", content: mounts.map(fstabLine).join("") },
                script("packages", path.join(shared, "packages-ubuntu-azure.sh")),
                script("cloud.mjs", path.join(shared, "cloud-azure.mjs")),
                script("setup", path.join(own, "setup.sh")),
                script("backup.mjs", path.join(own, "backup.mjs")),
                { ...script("bootstrap.cjs", bundle), compressed: true },
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
        },
        azureUserDataLimit,
    );
}

function assignments(variables: Record<string, string>): string {
    return Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("");
}

function fstabLine({ directory, source, type, options }: Mount): string {
    return `${source} ${mountPath}/${directory} ${type} ro,${options} 0 0\n`;
}
