import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A certificate with its key, PEM. */
export interface Certificate {
    certificate: string;
    key: string;
}

/** An authority that the lab's machines trust as they trust the world's. */
export interface Authority {
    certificate: string;
    issue: (...names: string[]) => Certificate;
}

export function createAuthority(folder: string): Authority {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", "/O=MinusNow lab/CN=MinusNow lab authority"];
    openssl("req", "-x509", "-days", "3", ...newKey, ...subject, "-keyout", "ca.key", "-out", "ca.pem");
    let issued = 0;
    return {
        certificate: read("ca.pem"),
        issue: (...names) => {
            const file = `issued-${++issued}`;
            const list = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",");
            writeFileSync(path.join(folder, `${file}.ext`), `subjectAltName=${list}\nextendedKeyUsage=serverAuth\n`);
            const request = ["-subj", `/CN=${names[0]!.slice(0, 60)}`, "-keyout", `${file}.key`, "-out", `${file}.csr`];
            openssl("req", ...newKey, ...request);
            const sign = [
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                `${file}.ext`,
            ];
            openssl("x509", "-req", "-in", `${file}.csr`, ...sign, "-out", `${file}.pem`);
            return { certificate: read(`${file}.pem`), key: read(`${file}.key`) };
        },
    };
}
