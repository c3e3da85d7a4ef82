import { X509Certificate } from "node:crypto";
import path from "node:path";
import { HOSTNAME } from "./deployment";
import type { Lab } from "./lab";

/** The certificate that users at an address are given, who trust one authority alone, a file of the lab, and need its chain. */
export async function certificateServed(lab: Lab, address: string, authority = "ca.pem"): Promise<X509Certificate> {
    const child = lab.outside("openssl", [
        ...["s_client", "-connect", `${address}:443`, "-servername", HOSTNAME, "-verify_hostname", HOSTNAME],
        ...["-verify_return_error", "-CAfile", path.join(lab.folder, authority)],
    ]);
    child.stdin!.end();
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout!) {
        chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    const [block] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text) ?? [];
    if (block === undefined) {
        throw new Error(`${address} gives no certificate that is trusted\n${text}`);
    }
    return new X509Certificate(block);
}
