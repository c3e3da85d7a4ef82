import { readFileSync } from "node:fs";
import path from "node:path";
import type { Mount } from "../shared-storage/contract";
import { type CloudHost, platformFamily } from "./cloud-host";
import type { HostFile } from "./cloud-init";

/** Where a machine's own programs are. */
export const libraryPath = "/usr/local/lib/minusnow";

/** Programs that machines of every kind have, from this folder. */
export const sharedFiles = path.join(__dirname, "files");

/** A program under {@link libraryPath}, from a file of this library. */
export function program(name: string, folder: string, file: string): HostFile {
    const content = readFileSync(path.join(folder, file), "utf8");
    return { path: `${libraryPath}/${name}`, permissions: "0755", content };
}

/** A systemd unit. */
export function unit(name: string, content: string): HostFile {
    return { path: `/etc/systemd/system/${name}`, permissions: "0644", content };
}

/** First boot repeats its setup until that succeeds: mirrors and the cloud's roles may be late. */
export const setUp = [["bash", "-c", `until ${libraryPath}/setup; do sleep 30; done`]];

/** What no service of a machine needs; each adds the paths that it writes, the addresses that it uses and more. */
export const sandbox = `NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
LockPersonality=true
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
CapabilityBoundingSet=
SystemCallArchitectures=native`;

/** Search path of a machine's programs; snaps install outside systemd's default. */
export const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

/** A program that runs once when it is asked to, with the machine's variables. */
export function oneshot(name: string, description: string, execute: string, more = ""): HostFile {
    return unit(
        `${name}.service`,
        `[Unit]
Description=${description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
EnvironmentFile=/etc/minusnow/host.env
Environment=${searchPath}
ExecStart=${execute}
UMask=0077
PrivateTmp=true
${more}`,
    );
}

/** When a {@link oneshot} of the same name runs by itself. */
export function timer(name: string, when: string): HostFile {
    return unit(`${name}.timer`, `[Timer]\n${when}\n\n[Install]\nWantedBy=timers.target\n`);
}

export const everyMinute = "OnBootSec=1min\nOnUnitActiveSec=1min\nAccuracySec=5s";
export const daily = "OnCalendar=daily\nRandomizedDelaySec=1h\nPersistent=true";

/** What every machine has: its variables, and how it installs packages. */
export function systemFiles(cloud: CloudHost, packages: string[], variables: Record<string, string>): HostFile[] {
    const grow = cloud.platform === "rhel-azure" ? [program("grow", sharedFiles, "grow-rhel-azure.sh")] : [];
    return [
        hostVariables({ ...variables, ...cloud.variables, PACKAGES: `"${packages.join(" ")}"` }),
        { ...program("packages", sharedFiles, `packages-${cloud.platform}.sh`), compressed: true },
        ...grow,
    ];
}

/** What a machine has that asks its cloud for settings, secrets or artifacts. */
export function cloudFiles(cloud: CloudHost, packages: string[], variables: Record<string, string>): HostFile[] {
    const module = { ...program("cloud.mjs", sharedFiles, cloud.cloudModule), compressed: true };
    return [...systemFiles(cloud, packages, variables), module];
}

/** Package of the firewall that a machine has itself. */
export const firewallPackage = ({ platform }: CloudHost) => (platformFamily[platform] === "rhel" ? "firewalld" : "ufw");

/** What that firewall lets in, over TCP. */
export function firewall(cloud: CloudHost, openings: { port: number; from: string }[]): HostFile[] {
    const content = openings.map(({ port, from }) => `${port} ${from}\n`).join("");
    return [
        { path: "/etc/minusnow/firewall", permissions: "0644", content },
        program("firewall", sharedFiles, `firewall-${firewallPackage(cloud)}.sh`),
    ];
}

/** Variables of every program of a machine; none is secret. */
function hostVariables(variables: Record<string, string>): HostFile {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    return { path: "/etc/minusnow/host.env", permissions: "0644", content: lines.join("") };
}

/** The shared directories, as fstab(5) writes them, under a path. */
export function mountTable(mounts: Mount[], under: string, access: "ro" | "rw" = "rw"): HostFile {
    const lines = mounts.map(linuxMount).map(({ directory, source, type, options }) => {
        const all = access === "ro" ? `ro,${options}` : options;
        return `${source} ${under}/${directory} ${type} ${all} 0 0\n`;
    });
    return { path: "/etc/minusnow/fstab", permissions: "0644", content: lines.join("") };
}

/** Where the login of shares of SMB is on a machine. */
export const shareLogin = "/etc/minusnow/share-login";

/** A share of SMB as Linux mounts it, encrypted on its way. */
function linuxMount(mount: Mount): Mount {
    if (mount.type !== "smb") {
        return mount;
    }
    const source = mount.source.replaceAll("\\", "/");
    return { ...mount, source, type: "cifs", options: `_netdev,nofail,vers=3.1.1,seal,credentials=${shareLogin}` };
}

/** Mounts the shared directories without holding up the boot, then starts what waited for them. */
export function storageUnit(thenStart?: string): HostFile {
    const next = thenStart === undefined ? "" : `ExecStartPost=/usr/bin/systemctl --no-block start ${thenStart}\n`;
    return unit(
        "minusnow-storage.service",
        `[Unit]
Description=MinusNow shared directories
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=true
TimeoutStartSec=infinity
ExecStart=${libraryPath}/mount-storage
${next}
[Install]
WantedBy=multi-user.target
`,
    );
}
