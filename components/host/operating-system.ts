/** Operating systems that application servers can run. */
export const OperatingSystem = {
    /** Amazon Linux 2023; on AWS it carries agent, mount helper and Node.js in its own repositories. */
    AmazonLinux2023: "amazon-linux-2023",
    /** Ubuntu 24.04 LTS. */
    Ubuntu2404: "ubuntu-24.04",
    /** Debian 13. */
    Debian13: "debian-13",
} as const;
export type OperatingSystem = (typeof OperatingSystem)[keyof typeof OperatingSystem];

/** Package managers differ by family, and with them package names. */
export const osFamily: { [os in OperatingSystem]: "rhel" | "debian" } = {
    "amazon-linux-2023": "rhel",
    "ubuntu-24.04": "debian",
    "debian-13": "debian",
};

/** Debian's and Ubuntu's package mirrors are reached over HTTP, their packages signed; the others' over HTTPS. */
export function packageMirrorPorts(os: OperatingSystem): number[] {
    return osFamily[os] === "debian" ? [80] : [];
}
