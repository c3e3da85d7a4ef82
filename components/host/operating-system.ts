/** Operating systems that application servers can run. */
export const OperatingSystem = {
    /** Amazon Linux 2023; on AWS it carries agent, mount helper and Node.js in its own repositories. */
    AmazonLinux2023: "amazon-linux-2023",
    /** Ubuntu 24.04 LTS. */
    Ubuntu2404: "ubuntu-24.04",
    /** Debian 13. */
    Debian13: "debian-13",
    /** Red Hat Enterprise Linux 9, which needs a subscription; on Azure, where Amazon Linux is not. */
    Rhel9: "rhel-9",
    /** Windows Server 2025 with desktop experience; application servers only. */
    WindowsServer2025: "windows-server-2025",
} as const;
export type OperatingSystem = (typeof OperatingSystem)[keyof typeof OperatingSystem];

/** Systems that machines of every kind run. */
export type LinuxSystem = Exclude<OperatingSystem, "windows-server-2025">;

/** Those of each cloud. */
export const awsSystems: LinuxSystem[] = ["amazon-linux-2023", "ubuntu-24.04", "debian-13"];
export const azureSystems: LinuxSystem[] = ["ubuntu-24.04", "rhel-9"];

export const isLinux = (os: OperatingSystem): os is LinuxSystem => os !== OperatingSystem.WindowsServer2025;

/** What is wrong with a system, of those that are allowed. */
export const systemProblems = (os: OperatingSystem, allowed: OperatingSystem[]): string[] =>
    allowed.includes(os) ? [] : [`os: found ${os}, allowed are ${allowed.join(", ")}`];

/**
 * A system as machines of a cloud take it that are no application servers.
 *
 * @throws Error for Windows, and for a system that the cloud has no machines of here.
 */
export function linuxSystem(os: OperatingSystem, systems: LinuxSystem[]): LinuxSystem {
    const [problem] = systemProblems(os, systems);
    if (!isLinux(os) || problem !== undefined) {
        throw new Error(problem);
    }
    return os;
}

/** Package managers differ by family, and with them names and places. */
export type OsFamily = "rhel" | "debian";

export const osFamily: { [os in LinuxSystem]: OsFamily } = {
    "amazon-linux-2023": "rhel",
    "ubuntu-24.04": "debian",
    "debian-13": "debian",
    "rhel-9": "rhel",
};

/** Debian's and Ubuntu's package mirrors are reached over HTTP, their packages signed; the others' over HTTPS. */
export function packageMirrorPorts(os: OperatingSystem): number[] {
    return isLinux(os) && osFamily[os] === "debian" ? [80] : [];
}
