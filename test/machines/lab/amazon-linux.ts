import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FIREWALLD } from "./image";

/** Packages by their names on Amazon Linux, with a program of theirs, which Debian's package has brought. */
const PACKAGES = {
    nodejs20: "node",
    "nodejs20-npm": "npm",
    "amazon-efs-utils": "mount.efs",
    postgresql17: "psql",
    tar: "tar",
    gzip: "gzip",
    haproxy: "haproxy",
    nginx: "nginx",
    valkey: "valkey-server",
    "nfs-utils": "exportfs",
    e2fsprogs: "mkfs.ext4",
    firewalld: "firewall-cmd",
};

const dnf = `#!/bin/bash
set -eu
[ "$1 $2" = "-y install" ] || { echo "dnf: found '$*', allowed is -y install" >&2; exit 1; }
declare -A programs=(${Object.entries(PACKAGES)
    .map(([name, program]) => `[${name}]=${program}`)
    .join(" ")})
for package in "\${@:3}"; do
    command -v "\${programs[$package]:?is no package}"
done
`;

const alternatives = `#!/bin/bash
[ "$*" = "--set node /usr/bin/node-20" ]
`;

/**
 * Gives a root file system of Debian what machines of the RHEL family differ in: its package manager, firewalld in place of
 * ufw, Valkey in place of Redis, the user that Nginx runs as. Its kernel and SELinux are not there.
 */
export function becomeAmazonLinux(root: string): void {
    for (const [name, content] of Object.entries({ dnf, alternatives })) {
        writeFileSync(path.join(root, "usr/bin", name), content, { mode: 0o755 });
    }
    execFileSync("dpkg-deb", ["--extract", path.join(root, FIREWALLD), root]);
    // What its installation would do besides.
    const policy = path.join(root, "usr/share/polkit-1/actions/org.fedoraproject.FirewallD1");
    // Debian has cloud-init start before what a firewall that is to start before the network needs: one would be left out.
    const unit = path.join(root, "usr/lib/systemd/system/firewalld.service");
    writeFileSync(unit, readFileSync(unit, "utf8").replace(/^(Before|Wants)=network-pre\.target$/gm, ""));
    symlinkSync("org.fedoraproject.FirewallD1.server.policy.choice", `${policy}.policy`);
    for (const file of ["usr/sbin/ufw", "usr/bin/apt-get", "usr/bin/redis-server"]) {
        rmSync(path.join(root, file));
    }
}
