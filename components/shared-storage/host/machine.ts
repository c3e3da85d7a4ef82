import path from "node:path";
import { type CloudHost, platformFamily } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { systemFiles, firewall, firewallPackage, libraryPath, program, setUp, unit } from "../../host/machine-files";
import { application, ports, sharedDirectories } from "../../reference";
import type { Mount } from "../contract";
import { EXPORTS } from "./exports";

/** What a file server is to know. */
export interface FileServer {
    cloud: CloudHost;
    /** Block device of the volume with the files. */
    device: string;
    /** Networks of the application servers. */
    appNetworks: string[];
}

/** User data of the file server (guide, step 5, option A). */
export function renderFileServer({ cloud, device, appNetworks }: FileServer): string {
    const server = platformFamily[cloud.platform] === "rhel" ? "nfs-utils" : "nfs-kernel-server";
    const own = path.join(__dirname, "files");
    return renderCloudConfig(
        {
            files: [
                ...systemFiles(cloud, [server, "e2fsprogs", firewallPackage(cloud)], {
                    VOLUME_DEVICE: device,
                    EXPORTS,
                    DIRECTORIES: `"${sharedDirectories.join(" ")}"`,
                    APP_UID: String(application.uid),
                    APP_GID: String(application.gid),
                }),
                ...firewall(
                    cloud,
                    appNetworks.map((from) => ({ port: ports.nfs, from })),
                ),
                exportsFile(appNetworks),
                versions,
                volumeUnit,
                afterVolume,
                program("volume", own, "volume.sh"),
                program("setup", own, "setup.sh"),
            ],
            commands: setUp,
        },
        cloud.limit,
    );
}

/** The guide's line, a directory each, and without `no_root_squash`: root of a server is nobody here. */
function exportsFile(appNetworks: string[]): HostFile {
    const options = "rw,sync,no_subtree_check,root_squash,sec=sys";
    const clients = appNetworks.map((network) => `${network}(${options})`).join(" ");
    const lines = sharedDirectories.map((directory) => `${EXPORTS}/${directory} ${clients}\n`);
    return { path: "/etc/exports.d/minusnow.exports", permissions: "0644", content: lines.join("") };
}

/** Version 4 needs one port. */
const versions: HostFile = {
    path: "/etc/nfs.conf.d/minusnow.conf",
    permissions: "0644",
    content: "[nfsd]\nvers3=n\nvers4=y\n",
};

/** Without a place of its own: what it mounts is for all. */
const volumeUnit = unit(
    "minusnow-volume.service",
    `[Unit]
Description=MinusNow shared directories' volume

[Service]
Type=oneshot
RemainAfterExit=true
TimeoutStartSec=infinity
EnvironmentFile=/etc/minusnow/host.env
ExecStart=${libraryPath}/volume

[Install]
WantedBy=multi-user.target
`,
);

/** Empty directories are never exported in place of the volume's. */
const afterVolume = unit(
    "nfs-server.service.d/minusnow.conf",
    "[Unit]\nRequires=minusnow-volume.service\nAfter=minusnow-volume.service\n",
);

/**
 * How servers mount them: they wait for a file server that is away, whatever it takes, and boot without it. `hard` gives
 * the application no error that it could lose a file by.
 */
export function nfsMounts(address: string): Mount[] {
    return sharedDirectories.map((directory) => ({
        directory,
        source: `${address}:${EXPORTS}/${directory}`,
        type: "nfs4",
        options: "_netdev,nofail,hard,nosuid,nodev,noatime,vers=4.2,sec=sys",
    }));
}
