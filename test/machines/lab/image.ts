import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { alone, cache } from "./alone";

/** What an image of the cloud has, and what first boot would fetch: the lab's network reaches no mirror. */
const PACKAGES = [
    ...["systemd", "systemd-sysv", "systemd-resolved", "dbus", "cloud-init", "netplan.io", "iproute2", "locales"],
    ...["openssh-server", "ca-certificates", "curl", "gnupg", "openssl", "nftables", "ufw", "procps"],
    ...["awscli", "nodejs", "nfs-common", "postgresql-client", "sslscan"],
    ...["postgresql-client-17", "zstd"],
    ...["haproxy", "nginx-light", "redis-server", "postgresql-17", "pgbackrest", "nfs-kernel-server", "e2fsprogs"],
    // What machines of the other family have.
    ...[
        "valkey-server",
        "python3-firewall",
        "python3-dbus",
        "python3-gi",
        "python3-nftables",
        "polkitd",
        "gir1.2-nm-1.0",
    ],
    // Pebble is Let's Encrypt's own small server for tests.
    ...["certbot", "pebble"],
];
/** Packages of Debian start what they bring; first boot has to say what a machine runs. */
const STARTED_BY_PACKAGES = [
    "haproxy",
    "nginx",
    "redis-server",
    "valkey-server",
    "postgresql",
    "nfs-server",
    "ufw",
    "apt-daily.timer",
    "certbot.timer",
];
const SUITE = "trixie";
/** A higher number builds every cached image again. */
const REVISION = 5;

/** What the lab keeps in the image besides packages. */
export const LAB = "var/lib/lab";
/** A package as Microsoft gives it to bring in its repository. */
export const MICROSOFT_PACKAGE = `${LAB}/packages-microsoft-prod.deb`;
/** Debian's package, which may not be installed beside cloud-init; on other systems it is. */
export const FIREWALLD = `${LAB}/firewalld.deb`;
/** Packages that Microsoft's repository has; what is in them is the lab's. */
const FROM_MICROSOFT = ["aznfs", "azcopy"];

/** Why machines cannot be booted here; undefined where they can. */
export function missingForMachines(): string | undefined {
    if (process.platform !== "linux" || process.getuid?.() !== 0) {
        return "machines are booted on Linux as root";
    }
    const commands = ["apt-get", "mmdebstrap", "systemd-nspawn", "nsenter", "ip", "openssl"];
    const absent = commands.filter((command) => spawnSync("which", [command]).status !== 0);
    const keys = existsSync("/usr/share/keyrings/debian-archive-keyring.gpg") ? [] : ["debian-archive-keyring"];
    return absent.length + keys.length === 0 ? undefined : `not installed: ${[...absent, ...keys].join(", ")}`;
}

/** The root file system that all machines start from, Debian 13; it is built once and kept. */
export function buildImage(): string {
    const key = createHash("sha256").update(JSON.stringify([PACKAGES, STARTED_BY_PACKAGES, SUITE, REVISION]));
    const image = path.join(cache, key.digest("hex").slice(0, 16));
    alone(() => {
        if (existsSync(image)) {
            return;
        }
        rmSync(cache, { recursive: true, force: true });
        mkdirSync(cache);
        install(`${image}.partial`);
        renameSync(`${image}.partial`, image);
    });
    return image;
}

function install(root: string): void {
    const args = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, SUITE, root, mirror()];
    const download = `mkdir -p /${LAB} && cd /${LAB} && apt-get download firewalld && mv firewalld_*.deb /${FIREWALLD}`;
    const hook = `--customize-hook=chroot "$1" sh -c '${download}'`;
    execFileSync("mmdebstrap", ["--quiet", '--aptopt=Acquire::Languages "none"', hook, ...args], { stdio: "inherit" });
    const chroot = (...command: string[]) => execFileSync("chroot", [root, ...command], { stdio: "pipe" });
    for (const service of STARTED_BY_PACKAGES) {
        chroot("systemctl", "disable", service);
    }
    chroot("systemctl", "enable", "systemd-networkd");
    chroot("pg_dropcluster", "17", "main");
    write(root, "etc/apt/apt.conf.d/90no-network", 'Acquire::Retries "0";\n');
    // NodeSource's package of Node.js has npm in it, Debian's has not.
    const npm = path.dirname(path.dirname(process.env["npm_execpath"] ?? whichNpm()));
    cpSync(npm, path.join(root, "usr/lib/node_modules/npm"), { recursive: true });
    chroot("ln", "-sf", "../lib/node_modules/npm/bin/npm-cli.js", "/usr/bin/npm");
    // The images of AWS carry the agent, the guide's mount helper encrypts; both speak to AWS only.
    write(root, "etc/systemd/system/amazon-ssm-agent.service", "[Service]\nExecStart=/usr/bin/true\n");
    write(root, "usr/sbin/mount.efs", mountHelper, 0o755);
    write(root, "usr/sbin/mount.aznfs", azureMountHelper, 0o755);
    for (const name of [...FROM_MICROSOFT, "packages-microsoft-prod"]) {
        chroot("dpkg-deb", "--build", emptyPackage(root, name), `/${path.dirname(MICROSOFT_PACKAGE)}/${name}.deb`);
    }
    chroot("dpkg", "-i", ...FROM_MICROSOFT.map((name) => `/${path.dirname(MICROSOFT_PACKAGE)}/${name}.deb`));
    // The kernel under the lab has no NFS: what is exported is told, and nothing is served.
    rmSync(path.join(root, "usr/sbin/mount.nfs4"));
    write(root, "usr/sbin/mount.nfs4", nfsMountHelper, 0o755);
    write(root, "etc/systemd/system/nfs-server.service", nfsWithoutKernel);
}

function emptyPackage(root: string, name: string): string {
    const folder = `${path.dirname(MICROSOFT_PACKAGE)}/${name}`;
    mkdirSync(path.join(root, folder, "DEBIAN"), { recursive: true });
    const control = [
        `Package: ${name}`,
        "Version: 1",
        "Architecture: all",
        "Maintainer: lab",
        "Description: empty",
        "",
    ];
    write(root, `${folder}/DEBIAN/control`, control.join("\n"));
    return `/${folder}`;
}

function write(root: string, file: string, content: string, mode = 0o644): void {
    writeFileSync(path.join(root, file), content);
    chmodSync(path.join(root, file), mode);
}

const whichNpm = () => execFileSync("readlink", ["-f", execFileSync("which", ["npm"]).toString().trim()]).toString();

/** A directory that all machines share, for each access point; the kernel under the lab has no NFS. */
const mountHelper = `#!/bin/bash
set -eu
[[ "$*" == *tls* ]] || { echo "mount.efs: access without TLS is denied" >&2; exit 32; }
point=$(grep -o 'accesspoint=[^, ]*' <<<"$*" | cut -d= -f2)
mkdir -p "/srv/shared/$point"
chown 5000:5000 "/srv/shared/$point"
mount --bind "/srv/shared/$point" "$2"
`;

/** As above, a directory for each that the file server exports. */
const nfsMountHelper = `#!/bin/bash
set -eu
[[ "$*" == *hard* && "$*" == *vers=4* ]] || { echo "mount.nfs4: found '$*', allowed: hard, version 4" >&2; exit 32; }
# As a hard mount: it goes on until it is answered.
until timeout 3 bash -c "exec 3<>/dev/tcp/\${1%%:*}/2049" 2>/dev/null; do sleep 1; done
point=$(tr / - <<<"\${1#*:}")
mkdir -p "/srv/shared/$point"
chown 5000:5000 "/srv/shared/$point"
mount --bind "/srv/shared/$point" "$2"
`;

/** As above, a directory for each share. */
const azureMountHelper = `#!/bin/bash
set -eu
[[ "$*" == *vers=4* ]] || { echo "mount.aznfs: found '$*', allowed: version 4" >&2; exit 32; }
point=\${1##*/}
mkdir -p "/srv/shared/$point"
chown 5000:5000 "/srv/shared/$point"
mount --bind "/srv/shared/$point" "$2"
`;

const nfsWithoutKernel = `[Unit]
Description=NFS server that serves nothing
[Service]
ExecStartPre=/usr/sbin/exportfs -r
ExecStart=/usr/bin/node -e "require('net').createServer((socket) => socket.destroy()).listen(2049)"
[Install]
WantedBy=multi-user.target
`;

/** Debian's mirror as this machine's own apt knows it; another system's knows none. */
function mirror(): string {
    const format = ["indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)", "Created-By: Packages"];
    const lines = execFileSync("apt-get", format, { encoding: "utf8" }).split("\n");
    const own = lines
        .map((line) => line.split(" "))
        .find(([origin, release]) => origin === "Debian" && !release!.includes("-"));
    return own?.[2] ?? "http://deb.debian.org/debian";
}
