import { gzipSync } from "node:zlib";
import { renderYaml } from "./yaml";

/** A file that first boot writes. */
export interface HostFile {
    path: string;
    content: string;
    /** Octal, for example `0644`. */
    permissions: string;
    /** True for a large file that nobody reads: it travels compressed. */
    compressed?: boolean;
    /** True where `content` is in base64. */
    isBase64?: boolean;
}

/** What first boot does: writes files, then runs commands in order. */
export interface CloudConfig {
    files: HostFile[];
    commands: string[][];
}

/** Largest user data in bytes: what EC2 takes, the least of all clouds. */
export const userDataLimit = 16 * 1024;
/** Largest user data that Azure takes, in bytes. */
export const azureUserDataLimit = 64 * 1024 - 1;

/**
 * Renders user data for cloud-init. Password logins are off on every machine (checklist, "SSH key-based
 * authentication only").
 *
 * @throws Error when the document is larger than a cloud accepts.
 */
export function renderCloudConfig({ files, commands }: CloudConfig, limit = userDataLimit): string {
    const document = {
        ssh_pwauth: false,
        disable_root: true,
        write_files: [sshdHardening, ...files].map(writtenFile),
        runcmd: commands,
    };
    const text = `#cloud-config\n${renderYaml(document)}`;
    if (Buffer.byteLength(text) > limit) {
        throw new Error(
            `user data has ${Buffer.byteLength(text)} bytes, allowed are ${limit}; shorten the host's files`,
        );
    }
    return text;
}

/**
 * User data as cloud-init also takes it: compressed, in base64.
 *
 * @throws Error when it is larger than EC2 accepts even so.
 */
export function compressUserData(text: string): string {
    const compressed = gzipSync(text, { level: 9 });
    if (compressed.length > userDataLimit) {
        throw new Error(`user data has ${compressed.length} bytes compressed, allowed are ${userDataLimit}`);
    }
    return compressed.toString("base64");
}

function writtenFile({ path, content, permissions, compressed, isBase64 }: HostFile) {
    if (isBase64) {
        return { path, permissions, encoding: "b64", content };
    }
    return compressed
        ? { path, permissions, encoding: "gz+b64", content: gzipSync(content, { level: 9 }).toString("base64") }
        : { path, permissions, content };
}

const sshdHardening: HostFile = {
    path: "/etc/ssh/sshd_config.d/10-minusnow.conf",
    permissions: "0600",
    content: ["PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no", ""].join("\n"),
};
