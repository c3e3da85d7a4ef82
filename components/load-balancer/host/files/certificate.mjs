#!/usr/bin/env node
// Takes up the balancer's certificate when it is another one: the leaf, then its chain, then the key, in one file.
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificateWanted, LOCK } from "./balancer-files.mjs";
import { readCertificate } from "./cloud.mjs";
import { installed } from "./files.mjs";

const { id, hostname } = certificateWanted();
const { CERTIFICATE_FILE: file } = process.env;
const text = readCertificate(id);
const blocks = (kind) => text.match(new RegExp(`-----BEGIN ${kind}-----[^]*?-----END ${kind}-----`, "g")) ?? [];
const certificates = blocks("CERTIFICATE").map((block) => new X509Certificate(block));
const key = createPrivateKey(blocks("[A-Z ]*PRIVATE KEY")[0]);

const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
if (!leaf) {
    throw new Error(`${id}: found no certificate that belongs to its private key`);
}
if (!leaf.checkHost(hostname)) {
    throw new Error(`${id}: found a certificate for ${leaf.subjectAltName}, allowed is one for ${hostname}`);
}
if (new Date(leaf.validTo) < new Date()) {
    throw new Error(`${id}: found a certificate that ended on ${leaf.validTo}`);
}
const chain = [leaf];
for (let last = leaf; ; last = chain.at(-1)) {
    const issuer = certificates.find((other) => !chain.includes(other) && last.checkIssued(other));
    if (!issuer) {
        break;
    }
    chain.push(issuer);
}
const parts = [...chain.map(String), key.export({ type: "pkcs8", format: "pem" })];
if (installed(file, parts.map((part) => `${part.trim()}\n`).join(""), { mode: 0o600 })) {
    execFileSync("flock", [LOCK, "/usr/local/lib/minusnow/balancer.mjs", "--local"]);
}
