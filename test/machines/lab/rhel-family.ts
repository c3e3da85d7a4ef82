import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FIREWALLD, LAB } from "./image";

/** Systems that the lab's image can stand for. */
export type System = "debian" | keyof typeof systems;

/** Where a file says that a machine was given a repository, or told to leave something out. */
const given = (name: string) => `/${LAB}/${name}`;
const PGDG = "https://download.postgresql.org/pub/repos/yum/reporpms";

/** A program of a package, which Debian's has brought, and the files without which there is no such package. */
type Package = [program: string, ...needs: string[]];

const common: Record<string, Package> = {
    tar: ["tar"],
    gzip: ["gzip"],
    haproxy: ["haproxy"],
    nginx: ["nginx"],
    valkey: ["valkey-server"],
    "nfs-utils": ["exportfs"],
    e2fsprogs: ["mkfs.ext4"],
    firewalld: ["firewall-cmd"],
    openssl: ["openssl"],
};

const SERVER = "/usr/pgsql-17/bin/postgres";

/** Packages by their names, and what is said to dnf besides their installation. */
const systems = {
    "amazon-linux": {
        packages: {
            ...common,
            nodejs20: ["node"],
            "nodejs20-npm": ["npm"],
            "amazon-efs-utils": ["mount.efs"],
            postgresql17: ["psql"],
            // Amazon's goes before, unless it is left out.
            "postgresql17-server": [SERVER, given("postgresql"), given("excluded")],
            "postgresql17-contrib": [SERVER, given("postgresql"), given("excluded")],
            pgbackrest: ["pgbackrest", given("postgresql")],
        },
        told: {
            [`-y install ${PGDG}/AL-2023-x86_64/pgdg-amazonlinux-repo-latest.noarch.rpm`]: "postgresql",
            "config-manager --save --setopt=amazonlinux.excludepkgs=postgresql*": "excluded",
        },
    },
    rhel: {
        packages: {
            ...common,
            nodejs: ["node", "/etc/yum.repos.d/nodesource.repo"],
            aznfs: ["mount.aznfs", given("microsoft")],
            postgresql17: ["psql", given("postgresql")],
            "postgresql17-server": [SERVER, given("postgresql")],
            "postgresql17-contrib": [SERVER, given("postgresql")],
            pgbackrest: ["pgbackrest", given("postgresql"), given("epel")],
            "policycoreutils-python-utils": ["semanage"],
        },
        told: {
            [`-y install ${PGDG}/EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm`]: "postgresql",
            "-y install https://dl.fedoraproject.org/pub/epel/epel-release-latest-9.noarch.rpm": "epel",
            "-y install https://packages.microsoft.com/config/rhel/9/packages-microsoft-prod.rpm": "microsoft",
        },
    },
} satisfies Record<string, { packages: Record<string, Package>; told: Record<string, string> }>;

function dnf({ packages, told }: { packages: Record<string, Package>; told: Record<string, string> }): string {
    const cases = Object.entries(told).map(([command, name]) => `"${command}") touch ${given(name)}; exit ;;`);
    const offers = Object.entries(packages).map(([name, [program, ...needs]]) =>
        [...needs.map((file) => `[ ! -e ${file} ] ||`), `programs[${name}]=${program}`].join(" "),
    );
    return `set -eu
case "$*" in
    ${cases.join("\n    ")}
    "-y install "*) ;;
    *) echo "dnf: found '$*'" >&2; exit 1 ;;
esac
declare -A programs
${offers.join("\n")}
for package in "\${@:3}"; do
    command -v "\${programs[$package]:?is no package}"
done
`;
}

const commands = {
    rpm: `[ "$*" = "-q pgdg-amazonlinux-repo" ] && [ -e ${given("postgresql")} ]`,
    alternatives: '[ "$*" = "--set node /usr/bin/node-20" ]',
    // What is there already is an error.
    semanage: `told="/${LAB}/semanage-$(tr -c 'a-z_\\n' - <<<"\${*/--modify/--add}")"
case "$*" in
    "permissive --list") ls /${LAB} ;;
    "fcontext --add --type bin_t /usr/lib/minusnow(/.*)?" | "permissive --add "*_t) [ ! -e "$told" ] && touch "$told" ;;
    "fcontext --modify --type bin_t /usr/lib/minusnow(/.*)?") [ -e "$told" ] ;;
    *) echo "semanage: found '$*'" >&2; exit 1 ;;
esac`,
    restorecon: '[ "$*" = "-R /usr/local/lib/minusnow" ]',
};

/**
 * Gives a root file system of Debian what machines of the RHEL family differ in: package manager, firewalld in place of ufw,
 * Valkey in place of Redis, where PostgreSQL is. Their kernels, SELinux and logical volumes are not there.
 */
export function become(system: keyof typeof systems, root: string): void {
    const own = { ...commands, dnf: dnf(systems[system]) };
    for (const [name, content] of Object.entries(own)) {
        writeFileSync(path.join(root, "usr/bin", name), `#!/bin/bash\n${content}\n`, { mode: 0o755 });
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
    if (system === "rhel") {
        // As in the image: who opens nothing is closed.
        execFileSync("systemctl", ["--root", root, "enable", "firewalld"], { stdio: "pipe" });
    }
    mkdirSync(path.join(root, "etc/yum.repos.d"));
    mkdirSync(path.join(root, "etc/pki/tls/certs"), { recursive: true });
    symlinkSync("/etc/ssl/certs/ca-certificates.crt", path.join(root, "etc/pki/tls/certs/ca-bundle.crt"));
    symlinkSync("/usr/lib/postgresql/17", path.join(root, "usr/pgsql-17"));
    // Its user's home is another one.
    rmSync(path.join(root, "var/lib/postgresql"), { recursive: true });
}
