import path from "node:path";
import type { CloudHost } from "../../host/cloud-host";
import { renderCloudConfig } from "../../host/cloud-init";
import {
    systemFiles,
    firewall,
    firewallPackage,
    libraryPath,
    program,
    sandbox,
    setUp,
    sharedFiles,
    unit,
} from "../../host/machine-files";
import { rolePort } from "./settings";

/** What a witness is to watch. */
export interface Witness {
    cloud: CloudHost;
    /** Its own private address. */
    address: string;
    /** Private addresses of the database machines. */
    watched: string[];
}

/** User data of the witness: a machine in a third zone that tells which database machine it sees serving. */
export function renderWitness({ cloud, address, watched }: Witness): string {
    const own = path.join(__dirname, "files");
    const variables = { ADDRESS: address, MACHINES: watched.join(","), ROLE_PORT: String(rolePort) };
    return renderCloudConfig(
        {
            files: [
                ...systemFiles(cloud, [firewallPackage(cloud)], variables),
                ...firewall(
                    cloud,
                    watched.map((from) => ({ port: rolePort, from: `${from}/32` })),
                ),
                program("files.mjs", sharedFiles, "files.mjs"),
                program("setup", own, "witness-setup.sh"),
                program("witness.mjs", own, "witness.mjs"),
                witnessUnit,
            ],
            commands: setUp,
        },
        cloud.limit,
    );
}

const witnessUnit = unit(
    "minusnow-witness.service",
    `[Unit]
Description=MinusNow database witness
After=network-online.target
Wants=network-online.target

[Service]
EnvironmentFile=/etc/minusnow/host.env
ExecStart=${libraryPath}/witness.mjs
Restart=always
RestartSec=5
DynamicUser=true
StateDirectory=minusnow-witness
${sandbox}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX

[Install]
WantedBy=multi-user.target
`,
);
