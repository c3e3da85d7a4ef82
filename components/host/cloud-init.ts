import { stringify } from "yaml";

/** A file that first boot writes. */
export interface HostFile {
    path: string;
    content: string;
    /** Octal, for example `0644`. */
    permissions: string;
}

/** What first boot does: writes files, then runs commands in order. */
export interface CloudConfig {
    files: HostFile[];
    commands: string[][];
}

/** Largest user data that EC2 takes, in bytes. */
export const userDataLimit = 16 * 1024;

/**
 * Renders user data for cloud-init. Password logins are off on every machine (checklist, "SSH key-based
 * authentication only").
 *
 * @throws Error when the document is larger than a cloud accepts.
 */
export function renderCloudConfig({ files, commands }: CloudConfig): string {
    const document = {
        ssh_pwauth: false,
        disable_root: true,
        write_files: [sshdHardening, ...files].map(({ path, content, permissions }) => ({
            path,
            permissions,
            content,
        })),
        runcmd: commands,
    };
    const text = `#cloud-config\n${stringify(document, { lineWidth: 0, blockQuote: "literal" })}`;
    if (Buffer.byteLength(text) > userDataLimit) {
        throw new Error(
            `user data has ${Buffer.byteLength(text)} bytes, allowed are ${userDataLimit}; shorten the host's files`,
        );
    }
    return text;
}

const sshdHardening: HostFile = {
    path: "/etc/ssh/sshd_config.d/10-minusnow.conf",
    permissions: "0600",
    content: ["PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no", ""].join("\n"),
};
