import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A certificate with its key, PEM. */
export interface Certificate {
    certificate: string;
    key: string;
}

/** Who signs certificates. */
export interface Authority {
    certificate: string;
    issue: (...names: string[]) => Certificate;
    /** Another that this one vouches for. */
    intermediate: () => Authority;
}

/** An authority that the lab's machines trust as they trust the world's. */
export function createAuthority(folder: string): Authority {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-x509", "-days", "3", ...newKey, ...subject("authority"), "-keyout", "ca.key", "-out", "ca.pem");

    let signed = 0;
    const sign = (issuer: string, own: string[], extensions: string) => {
        const file = `signed-${++signed}`;
        writeFileSync(path.join(folder, `${file}.ext`), extensions);
        openssl("req", ...newKey, ...own, "-keyout", `${file}.key`, "-out", `${file}.csr`);
        const by = ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-days", "2"];
        openssl("x509", "-req", "-in", `${file}.csr`, ...by, "-extfile", `${file}.ext`, "-out", `${file}.pem`);
        return file;
    };
    const authority = (issuer: string): Authority => ({
        certificate: read(`${issuer}.pem`),
        issue: (...names) => {
            const list = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",");
            const extensions = `subjectAltName=${list}\nextendedKeyUsage=serverAuth\n`;
            const file = sign(issuer, ["-subj", `/CN=${names[0]!.slice(0, 60)}`], extensions);
            return { certificate: read(`${file}.pem`), key: read(`${file}.key`) };
        },
        intermediate: () => authority(sign(issuer, subject("intermediate"), "basicConstraints=critical,CA:TRUE\n")),
    });
    return authority("ca");
}

const subject = (what: string) => ["-subj", `/O=MinusNow lab/CN=MinusNow lab ${what}`];
