import path from "node:path";
import { type CloudHost, platformFamily } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import {
    cloudFiles,
    everyMinute,
    firewall,
    firewallPackage,
    libraryPath,
    oneshot,
    program,
    sandbox,
    setUp,
    sharedFiles,
    timer,
    unit,
} from "../../host/machine-files";
import { ports, sessionStoreMemory } from "../../reference";
import type { MemoryPolicy } from "../contract";

/** What a machine with the session store is to know. */
export interface SessionStoreMachine {
    cloud: CloudHost;
    /** Where the password is. */
    secretId: string;
    memoryPolicy: MemoryPolicy;
    /** Networks of the application servers. */
    appNetworks: string[];
}

/** Redis where Debian and Ubuntu have it, Valkey in the RHEL family: names differ, the configuration does not. */
interface Server {
    package: string;
    user: string;
    binary: string;
    cli: string;
    data: string;
}

const redis: Server = {
    package: "redis-server",
    user: "redis",
    binary: "/usr/bin/redis-server",
    cli: "/usr/bin/redis-cli",
    data: "/var/lib/redis",
};
const valkey: Server = {
    package: "valkey",
    user: "valkey",
    binary: "/usr/bin/valkey-server",
    cli: "/usr/bin/valkey-cli",
    data: "/var/lib/valkey",
};

/** User data of the session store's machine (guide, step 8). It names the password and holds none. */
export function renderSessionStore({ cloud, secretId, memoryPolicy, appNetworks }: SessionStoreMachine): string {
    const own = path.join(__dirname, "files");
    const server = platformFamily[cloud.platform] === "rhel" ? valkey : redis;
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, [server.package, firewallPackage(cloud)], {
                    SECRET_ID: secretId,
                    DATA_DIRECTORY: server.data,
                    SERVER_CLI: server.cli,
                }),
                ...firewall(
                    cloud,
                    appNetworks.map((from) => ({ port: ports.redis, from })),
                ),
                configuration(server, memoryPolicy),
                program("files.mjs", sharedFiles, "files.mjs"),
                program("setup", own, "setup.sh"),
                program("users.mjs", own, "users.mjs"),
                sessionsUnit(server),
                // Before the store starts, and every minute: a new password is taken up without a restart.
                oneshot("minusnow-users", "MinusNow session store's users", `${libraryPath}/users.mjs`),
                timer("minusnow-users", everyMinute),
            ],
            commands: setUp,
        },
        cloud.limit,
    );
}

/**
 * The guide's settings (step 8) and what it leaves open: a password for everyone, and a log of changes, so that a restart
 * loses a second of sessions at most. Snapshots would add nothing to that.
 */
function configuration({ data }: Server, memoryPolicy: MemoryPolicy): HostFile {
    return {
        path: "/etc/minusnow/redis.conf",
        permissions: "0644",
        content: `include /etc/minusnow/sessions/bind.conf
port ${ports.redis}
protected-mode yes
aclfile /etc/minusnow/sessions/users.acl
maxmemory ${sessionStoreMemory.maxMemoryMib}mb
maxmemory-policy ${memoryPolicy}
appendonly yes
appendfsync everysec
save ""
dir ${data}
supervised systemd
daemonize no
tcp-keepalive 60
timeout 0
`,
    };
}

const sessionsUnit = ({ user, binary, data }: Server): HostFile =>
    unit(
        "minusnow-sessions.service",
        `[Unit]
Description=MinusNow session store
After=network-online.target minusnow-users.service
Wants=network-online.target minusnow-users.service

[Service]
Type=notify
User=${user}
Group=${user}
ExecStart=${binary} /etc/minusnow/redis.conf
Restart=always
RestartSec=5
LimitNOFILE=65535
UMask=0077
${sandbox}
ReadWritePaths=${data}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
IPAddressDeny=169.254.169.254

[Install]
WantedBy=multi-user.target
`,
    );
