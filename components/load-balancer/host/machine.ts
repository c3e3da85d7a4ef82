import path from "node:path";
import type { CloudHost, Packages } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, libraryPath, openPorts, program, sharedFiles, unit } from "../../host/machine-files";
import { healthCheck, ports } from "../../reference";
import type { LoadBalancerKind } from "../contract";
import { type BalancerHost, certificatePath, CHECK_SECONDS, FAST_INTERVAL_SECONDS } from "./balancer";
import { adminSocket, renderHaproxy } from "./haproxy";
import { renderNginx } from "./nginx";

/** Who balances on a machine. */
export type BalancerProgram = Exclude<LoadBalancerKind, "managed">;

/** Programs travel compressed: EC2 takes 16 KB. */
function compressed(file: string): HostFile {
    return { ...program(file, path.join(__dirname, "files"), file), compressed: true };
}

/** What a balancer is to become. */
export interface BalancerMachine {
    cloud: CloudHost;
    kind: BalancerProgram;
    /** Host name that users open. */
    hostname: string;
}

interface Program {
    packages: string[];
    configurationFile: string;
    render: (host: BalancerHost) => string;
}

const programs: { [kind in BalancerProgram]: Program } = {
    haproxy: { packages: ["haproxy"], configurationFile: "/etc/haproxy/haproxy.cfg", render: renderHaproxy },
    nginx: { packages: ["nginx"], configurationFile: "/etc/nginx/nginx.conf", render: renderNginx },
};

/** The document that balancers look for every minute: a change of it reaches them without a restart. */
export function renderConfiguration(kind: BalancerProgram, host: BalancerHost): string {
    const members = Object.fromEntries(host.members.map(({ name, address }) => [name, address]));
    return JSON.stringify({ text: programs[kind].render(host), members });
}

/** User data of a balancer (guide, step 1); what may change is in the configuration. */
export function renderBalancerMachine({ cloud, kind, hostname }: BalancerMachine): string {
    const own = path.join(__dirname, "files");
    const { packages, configurationFile } = programs[kind];
    const withFirewall: Packages = {
        "amazon-linux": [...packages, "firewalld"],
        "debian-aws": [...packages, "ufw"],
        "ubuntu-azure": [...packages, "ufw"],
    };
    return renderCloudConfig(
        {
            files: [
                ...cloudFiles(cloud, withFirewall, {
                    PROGRAM: kind,
                    CONFIGURATION_FILE: configurationFile,
                    CERTIFICATE_FILE: certificatePath,
                    HOSTNAME_SERVED: hostname,
                    ADMIN_SOCKET: adminSocket,
                    APP_PORT: String(ports.app),
                    HEALTH_PATH: healthCheck.path,
                    HEALTH_STATUS: String(healthCheck.expectedStatus),
                    HEALTH_INTERVAL: String(healthCheck.intervalSeconds),
                    HEALTH_FAST_INTERVAL: String(FAST_INTERVAL_SECONDS),
                    HEALTH_TIMEOUT: String(CHECK_SECONDS),
                    HEALTH_FALL: String(healthCheck.fall),
                    HEALTH_RISE: String(healthCheck.rise),
                }),
                openPorts([ports.http, ports.https].map((port) => ({ port, from: "0.0.0.0/0" }))),
                program("firewall", sharedFiles, "firewall.sh"),
                program("setup", own, "setup.sh"),
                compressed("balancer-files.mjs"),
                compressed("balancer.mjs"),
                compressed("certificate.mjs"),
                compressed("drain.mjs"),
                ...scheduled(
                    "minusnow-balancer",
                    "MinusNow balancer's configuration",
                    `/usr/bin/flock /run/minusnow/balancer.lock ${libraryPath}/balancer.mjs`,
                    everyMinute,
                ),
                ...scheduled(
                    "minusnow-certificate",
                    "MinusNow balancer's certificate",
                    `${libraryPath}/certificate.mjs`,
                    daily,
                ),
                ...(kind === "haproxy" ? [haproxyPlace] : [compressed("health.mjs"), healthUnit]),
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
        },
        cloud.limit,
    );
}

const everyMinute = "OnBootSec=1min\nOnUnitActiveSec=1min\nAccuracySec=5s";
const daily = "OnCalendar=daily\nRandomizedDelaySec=1h\nPersistent=true";

function scheduled(name: string, description: string, execute: string, when: string): HostFile[] {
    return [
        unit(
            `${name}.service`,
            `[Unit]
Description=${description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RuntimeDirectory=minusnow
RuntimeDirectoryPreserve=yes
EnvironmentFile=/etc/minusnow/host.env
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
ExecStart=${execute}
UMask=0077
PrivateTmp=true
`,
        ),
        unit(`${name}.timer`, `[Timer]\n${when}\n\n[Install]\nWantedBy=timers.target\n`),
    ];
}

const healthUnit = unit(
    "minusnow-health.service",
    `[Unit]
Description=MinusNow balancer's health checks
After=network-online.target
Wants=network-online.target

[Service]
RuntimeDirectory=minusnow
RuntimeDirectoryPreserve=yes
EnvironmentFile=/etc/minusnow/host.env
ExecStart=${libraryPath}/health.mjs
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`,
);

/** What Debian's package brings along and others do not: a directory for the socket, and the log inside the changed root. */
const haproxyPlace = unit(
    "haproxy.service.d/minusnow.conf",
    `[Service]
RuntimeDirectory=haproxy
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
LimitNOFILE=65535
`,
);
