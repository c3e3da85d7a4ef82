import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";

/** A port of 127.0.0.1 that nothing listens at. */
export function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as { port: number };
            probe.close(() => resolve(port));
        });
    });
}

export const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;

/** Issues a certificate for `localhost` by itself, and writes it and its key; both may be one file. */
export function issueCertificate(certificate: string, key: string): void {
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const args = ["req", "-x509", "-days", "2", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-out", "-"];
    const text = execFileSync("openssl", [...args, ...name], { encoding: "utf8", stdio: "pipe" });
    const part = (kind: string) => new RegExp(`-----BEGIN ${kind}-----[^]*?-----END ${kind}-----\\n`).exec(text)![0];
    writeFileSync(certificate, part("CERTIFICATE"));
    appendFileSync(key, part("PRIVATE KEY"), { mode: 0o600 });
}
