import path from "node:path";
import type { CloudHost, Packages } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, libraryPath, openPorts, program, sharedFiles, unit } from "../../host/machine-files";
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

/** Redis where Debian and Ubuntu have it, Valkey on Amazon Linux: names differ, the configuration does not. */
interface Server {
    packages: string[];
    user: string;
    binary: string;
    cli: string;
    data: string;
}

const redis: Server = {
    packages: ["redis-server", "ufw"],
    user: "redis",
    binary: "/usr/bin/redis-server",
    cli: "/usr/bin/redis-cli",
    data: "/var/lib/redis",
};
const valkey: Server = {
    packages: ["valkey", "firewalld"],
    user: "valkey",
    binary: "/usr/bin/valkey-server",
    cli: "/usr/bin/valkey-cli",
    data: "/var/lib/valkey",
};
const servers = { "amazon-linux": valkey, "debian-aws": redis, "ubuntu-azure": redis };

/** User data of the session store's machine (guide, step 8). It names the password and holds none. */
export function renderSessionStore({ cloud, secretId, memoryPolicy, appNetworks }: SessionStoreMachine): string {
    const own = path.join(__dirname, "files");
    const server = servers[cloud.platform];
    const packages = Object.fromEntries(
        Object.entries(servers).map(([platform, { packages: list }]) => [platform, list]),
    ) as Packages;
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, packages, {
                    SECRET_ID: secretId,
                    DATA_DIRECTORY: server.data,
                    SERVER_CLI: server.cli,
                }),
                openPorts(appNetworks.map((from) => ({ port: ports.redis, from }))),
                configuration(server, memoryPolicy),
                program("firewall", sharedFiles, "firewall.sh"),
                program("setup", own, "setup.sh"),
                program("users.mjs", own, "users.mjs"),
                sessionsUnit(server),
                ...usersUnits,
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
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

const usersProgram = `${libraryPath}/users.mjs`;
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

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
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths=${data}
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
ProtectControlGroups=true
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictSUIDSGID=true
CapabilityBoundingSet=
IPAddressDeny=169.254.169.254

[Install]
WantedBy=multi-user.target
`,
    );

/** Before the store starts, and every minute: a new password is taken up without a restart. */
const usersUnits = [
    unit(
        "minusnow-users.service",
        `[Unit]
Description=MinusNow session store's users
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
EnvironmentFile=/etc/minusnow/host.env
Environment=${searchPath}
ExecStart=${usersProgram}
UMask=0027
PrivateTmp=true
`,
    ),
    unit(
        "minusnow-users.timer",
        "[Timer]\nOnBootSec=1min\nOnUnitActiveSec=1min\nAccuracySec=5s\n\n[Install]\nWantedBy=timers.target\n",
    ),
];
