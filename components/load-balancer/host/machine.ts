import path from "node:path";
import { type CloudHost, platformFamily } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import {
    cloudFiles,
    daily,
    everyMinute,
    firewall,
    firewallPackage,
    libraryPath,
    oneshot,
    program,
    setUp,
    sharedFiles,
    timer,
    unit,
} from "../../host/machine-files";
import { type LinuxSystem, osFamily, type OsFamily } from "../../host/operating-system";
import { healthCheck, ports } from "../../reference";
import type { LoadBalancerKind } from "../contract";
import { type BalancerHost, certificatePath, CHECK_SECONDS, FAST_INTERVAL_SECONDS } from "./balancer";
import { adminSocket, renderHaproxy } from "./haproxy";
import { NGINX_OPEN_FILES, renderNginx } from "./nginx";

/** Who balances on a machine. */
export type BalancerProgram = Exclude<LoadBalancerKind, "managed">;

/** Programs travel compressed: EC2 takes 16 KB. */
const compressed = (file: HostFile): HostFile =>
    file.path.startsWith(`${libraryPath}/`) ? { ...file, compressed: true } : file;

/** What a balancer is to become. */
export interface BalancerMachine {
    cloud: CloudHost;
    kind: BalancerProgram;
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

/** User of Nginx's workers, as its package makes it. */
const workerUsers: { [family in OsFamily]: string } = { debian: "www-data", rhel: "nginx" };

/** The document that balancers look for every minute: a change of it reaches them without a restart. */
export function renderConfiguration(
    kind: BalancerProgram,
    os: LinuxSystem,
    own: Omit<BalancerHost, "workerUser">,
): string {
    const host = { ...own, workerUser: workerUsers[osFamily[os]] };
    const members = Object.fromEntries(host.members.map(({ name, address }) => [name, address]));
    return JSON.stringify({ text: programs[kind].render(host), members });
}

/** User data of a balancer (guide, step 1); what may change is in the configuration. */
export function renderBalancerMachine({ cloud, kind }: BalancerMachine): string {
    const own = path.join(__dirname, "files");
    const { packages, configurationFile } = programs[kind];
    const files = [
        ...cloudFiles(cloud, [...packages, firewallPackage(cloud)], {
            PROGRAM: kind,
            WORKER_USER: workerUsers[platformFamily[cloud.platform]],
            CONFIGURATION_FILE: configurationFile,
            CERTIFICATE_FILE: certificatePath,
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
        ...firewall(
            cloud,
            [ports.http, ports.https].map((port) => ({ port, from: "0.0.0.0/0" })),
        ),
        program("files.mjs", sharedFiles, "files.mjs"),
        program("setup", own, "setup.sh"),
        program("balancer-files.mjs", own, "balancer-files.mjs"),
        program("balancer.mjs", own, "balancer.mjs"),
        program("certificate.mjs", own, "certificate.mjs"),
        program("drain.mjs", own, "drain.mjs"),
        oneshot(
            "minusnow-balancer",
            "MinusNow balancer's configuration",
            `/usr/bin/flock /run/minusnow/balancer.lock ${libraryPath}/balancer.mjs`,
            runtimeDirectory,
        ),
        timer("minusnow-balancer", everyMinute),
        oneshot(
            "minusnow-certificate",
            "MinusNow balancer's certificate",
            `${libraryPath}/certificate.mjs`,
            runtimeDirectory,
        ),
        timer("minusnow-certificate", daily),
        ...(kind === "haproxy" ? [haproxyPlace] : [nginxFiles, program("health.mjs", own, "health.mjs"), healthUnit]),
    ];
    return renderCloudConfig({ files: files.map(compressed), commands: setUp }, cloud.limit);
}

/** Where the lock is, and what only this boot knows. */
const runtimeDirectory = "RuntimeDirectory=minusnow\nRuntimeDirectoryPreserve=yes\n";

const healthUnit = unit(
    "minusnow-health.service",
    `[Unit]
Description=MinusNow balancer's health checks
After=network-online.target
Wants=network-online.target

[Service]
${runtimeDirectory}EnvironmentFile=/etc/minusnow/host.env
ExecStart=${libraryPath}/health.mjs
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`,
);

/** Workers may raise their limit only as far as the unit's: beyond it they would stay at 1024, and answer 500. */
const nginxFiles = unit("nginx.service.d/minusnow.conf", `[Service]\nLimitNOFILE=${NGINX_OPEN_FILES}\n`);

/** What Debian's package brings along and others do not: a directory for the socket, and the log inside the changed root. */
const haproxyPlace = unit(
    "haproxy.service.d/minusnow.conf",
    `[Service]
RuntimeDirectory=haproxy
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
LimitNOFILE=65535
`,
);
