import { libraryPath, oneshot, sandbox } from "../../host/machine-files";
import { application, sharedDirectories } from "../../reference";

const { directory, environmentFile } = application;
const writablePaths = sharedDirectories.map((shared) => `${directory}/${shared}`).join(" ");

/** The application's service: the guide's unit (step 2) made whole. */
export const applicationUnit = `[Unit]
Description=MinusNow ITSM Platform
After=network-online.target minusnow-storage.service minusnow-environment.service
Wants=network-online.target minusnow-storage.service minusnow-environment.service
RequiresMountsFor=${writablePaths}
ConditionPathExists=${directory}/${application.entryPoint}

[Service]
Type=simple
User=${application.user}
Group=${application.group}
WorkingDirectory=${directory}
EnvironmentFile=${environmentFile}
Environment=NODE_EXTRA_CA_CERTS=/etc/minusnow/database-ca.pem
ExecStart=/usr/bin/node ${application.entryPoint}
Restart=always
RestartSec=${application.restartSeconds}
LimitNOFILE=${application.openFiles}
UMask=0027
${sandbox}
ReadWritePaths=${writablePaths}
ProtectHostname=true
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RemoveIPC=true
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# The machine's credentials are not the application's.
IPAddressDeny=169.254.169.254

[Install]
WantedBy=multi-user.target
`;

/** Assembles the environment file before each start of the application, as root. */
export const environmentUnit = oneshot(
    "minusnow-environment",
    "MinusNow environment file",
    `${libraryPath}/environment.mjs`,
    "ProtectSystem=full\nReadWritePaths=/etc/minusnow\n",
);
