import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FIREWALLD, LAB } from "./image";

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
    openssl: "openssl",
};

/** Those of the PostgreSQL project, once its repository is there. */
const FROM_POSTGRESQL = { "postgresql17-server": "/usr/pgsql-17/bin/postgres", pgbackrest: "pgbackrest" };
const REPOSITORY =
    "https://download.postgresql.org/pub/repos/yum/reporpms/AL-2023-x86_64/pgdg-amazonlinux-repo-latest.noarch.rpm";

const programs = (packages: Record<string, string>) =>
    Object.entries(packages)
        .map(([name, program]) => `[${name}]=${program}`)
        .join(" ");

const dnf = `#!/bin/bash
set -eu
declare -A programs=(${programs(PACKAGES)})
case "$*" in
    "-y install ${REPOSITORY}") touch /${LAB}/repository; exit ;;
    "config-manager --save --setopt=amazonlinux.excludepkgs=postgresql*") touch /${LAB}/excluded; exit ;;
    "-y install "*) ;;
    *) echo "dnf: found '$*'" >&2; exit 1 ;;
esac
[ ! -e /${LAB}/repository ] || programs+=(${programs(FROM_POSTGRESQL)})
if [ -e /${LAB}/excluded ]; then
    # In its place, and without Amazon's.
    unset 'programs[postgresql17]'
    ln -sfn /usr/lib/postgresql/17 /usr/pgsql-17
fi
for package in "\${@:3}"; do
    command -v "\${programs[$package]:?is no package}"
done
`;

const rpm = `#!/bin/bash
[ "$*" = "-q pgdg-amazonlinux-repo" ] && [ -e /${LAB}/repository ]
`;

const alternatives = `#!/bin/bash
[ "$*" = "--set node /usr/bin/node-20" ]
`;

/**
 * Gives a root file system of Debian what machines of the RHEL family differ in: its package manager, firewalld in place of
 * ufw, Valkey in place of Redis, where PostgreSQL is. Its kernel and SELinux are not there.
 */
export function becomeAmazonLinux(root: string): void {
    for (const [name, content] of Object.entries({ dnf, rpm, alternatives })) {
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
    // Its user's home is another one.
    rmSync(path.join(root, "var/lib/postgresql"), { recursive: true });
}
