import path from "node:path";
import type { CloudHost, Packages } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import { cloudFiles, libraryPath, openPorts, program, sharedFiles, unit } from "../../host/machine-files";
import { ports } from "../../reference";
import type { LoadBalancerKind } from "../contract";
import { type BalancerHost, certificatePath } from "./balancer";
import { renderHaproxy } from "./haproxy";
import { renderNginx } from "./nginx";

/** Who balances on a machine. */
export type BalancerProgram = Exclude<LoadBalancerKind, "managed">;

/** What a balancer is to become. */
export interface BalancerMachine {
    cloud: CloudHost;
    kind: BalancerProgram;
    /** Host name that users open. */
    hostname: string;
    /** Where the certificate is. */
    certificateId: string;
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
    return JSON.stringify({ text: programs[kind].render(host) });
}

/** User data of a balancer (guide, step 1). It names the certificate and holds none; what may change is in the configuration. */
export function renderBalancerMachine({ cloud, kind, hostname, certificateId }: BalancerMachine): string {
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
                    CERTIFICATE_ID: certificateId,
                    HOSTNAME_SERVED: hostname,
                }),
                openPorts([ports.http, ports.https].map((port) => ({ port, from: "0.0.0.0/0" }))),
                program("firewall", sharedFiles, "firewall.sh"),
                program("setup", own, "setup.sh"),
                program("balancer-files.mjs", own, "balancer-files.mjs"),
                program("balancer.mjs", own, "balancer.mjs"),
                program("certificate.mjs", own, "certificate.mjs"),
                ...scheduled("minusnow-balancer", "MinusNow balancer's configuration", "balancer.mjs", everyMinute),
                ...scheduled("minusnow-certificate", "MinusNow balancer's certificate", "certificate.mjs", daily),
                ...(kind === "haproxy" ? [haproxyPlace] : []),
            ],
            commands: [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]],
        },
        cloud.limit,
    );
}

const everyMinute = "OnBootSec=1min\nOnUnitActiveSec=1min\nAccuracySec=5s";
const daily = "OnCalendar=daily\nRandomizedDelaySec=1h\nPersistent=true";

function scheduled(name: string, description: string, file: string, when: string): HostFile[] {
    return [
        unit(
            `${name}.service`,
            `[Unit]
Description=${description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
EnvironmentFile=/etc/minusnow/host.env
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
ExecStart=${libraryPath}/${file}
UMask=0077
PrivateTmp=true
`,
        ),
        unit(`${name}.timer`, `[Timer]\n${when}\n\n[Install]\nWantedBy=timers.target\n`),
    ];
}

/** What Debian's package brings along and others do not: a directory for the socket, and the log inside the changed root. */
const haproxyPlace = unit(
    "haproxy.service.d/minusnow.conf",
    `[Service]
RuntimeDirectory=haproxy
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
LimitNOFILE=65535
`,
);
