import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { manage, needed, pause, readSecret, runToEnd, writeSecret } from "../../operations/azure-client";

/**
 * Runs on the operations machine on Azure: has Let's Encrypt issue the host name's certificate by certbot, and keeps it in the
 * key vault, where balancers look for it. What to issue is in the file that the variable PLAN names. Usage: `keep` has one issued when
 * there is none that lasts, `renew` in any case; certbot calls `prove` and `withdraw`, which have the name proven by a DNS record.
 */
export interface CertificatePlan {
    hostname: string;
    /** Resource id of the secret for key and chain, as PKCS #12. */
    secretId: string;
    /** Resource id of the TXT record set that proves the name. */
    recordId: string;
}

const DNS_API = "2018-05-01";
/** What the record set holds while nothing is proven; Azure allows none to be empty. */
const NOTHING = "minusnow";
/** Azure's name servers all know a change after this time. */
const SPREAD_MS = Number(process.env["SPREAD_MS"] ?? 60_000);
/** Longest that a record is waited for, in seconds. */
const RECORD_SECONDS = Number(process.env["RECORD_SECONDS"] ?? 300);
/** Where certbot keeps its account, and the key until it is in the vault. */
const STATE = needed("STATE_DIRECTORY");

const { hostname, secretId, recordId } = JSON.parse(readFileSync(needed("PLAN"), "utf8")) as CertificatePlan;

const setRecord = (value: string) =>
    manage("PUT", recordId, DNS_API, { properties: { TTL: 60, TXTRecords: [{ value: [value] }] } });

async function prove(value: string): Promise<void> {
    const name = `_acme-challenge.${hostname}`;
    await setRecord(value);
    let found: string[] = [];
    for (const end = Date.now() + RECORD_SECONDS * 1000; !found.includes(value); await pause(1000)) {
        if (Date.now() > end) {
            const zone = /\/dnsZones\/([^/]+)\//i.exec(recordId)![1]!;
            throw new Error(
                `${name}: found ${found.join(", ") || "no TXT record"}, allowed is ${value}; delegate ${zone} to the zone's name servers, and have no private zone of this name in the network`,
            );
        }
        // A resolver may remember what it was told.
        found = await new Resolver().resolveTxt(name).then(
            (records) => records.map((parts) => parts.join("")),
            () => [],
        );
    }
    await pause(SPREAD_MS);
}

/** The certificate in the vault; undefined while there is none. */
async function present(): Promise<X509Certificate | undefined> {
    const bundle = Buffer.from(await readSecret(secretId), "base64");
    try {
        const print = ["pkcs12", "-nokeys", "-clcerts", "-passin", "pass:"];
        return new X509Certificate(execFileSync("openssl", print, { input: bundle, stdio: "pipe" }));
    } catch {
        return undefined;
    }
}

/** Whether more than a third of its time is left. */
function lasts({ validFrom, validTo }: X509Certificate): boolean {
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    return to - Date.now() > (to - from) / 3;
}

const fits = (certificate: X509Certificate | undefined) =>
    certificate?.checkHost(hostname) !== undefined && lasts(certificate);

/** Where certbot leaves what was issued. */
const file = (name: string) => path.join(STATE, "config/live", hostname, `${name}.pem`);

function issue(): void {
    const own = `${process.execPath} ${process.argv[1]!}`;
    const places = ["config", "work", "logs"].flatMap((part) => [`--${part}-dir`, path.join(STATE, part)]);
    const args = [
        ...["certonly", "--non-interactive", "--agree-tos", "--register-unsafely-without-email"],
        ...["--manual", "--preferred-challenges", "dns"],
        ...["--manual-auth-hook", `${own} prove`, "--manual-cleanup-hook", `${own} withdraw`],
        // Application Gateway takes PKCS #12 with RSA for certain.
        ...["--key-type", "rsa", "--rsa-key-size", "2048", "--force-renewal"],
        ...["--domains", hostname, "--cert-name", hostname, ...places],
    ];
    execFileSync("certbot", args, { stdio: "inherit" });
}

/** Puts what was issued in the vault, and leaves no key here. */
async function store(): Promise<void> {
    // As every Windows and every OpenSSL reads it; without a password it protects nothing.
    const form = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", "-passout", "pass:"];
    const files = ["-inkey", file("privkey"), "-in", file("fullchain")];
    const bundle = execFileSync("openssl", ["pkcs12", "-export", ...form, ...files], { stdio: "pipe" });
    await writeSecret(secretId, bundle.toString("base64"), "application/x-pkcs12");
    forget();
}

function forget(): void {
    for (const part of ["live", "archive", "renewal", "keys", "csr"]) {
        rmSync(path.join(STATE, "config", part), { recursive: true, force: true });
    }
}

/** Let's Encrypt issues five in a week for a name: one that was issued and did not reach the vault is taken first. */
async function renew(): Promise<void> {
    const left = existsSync(file("fullchain")) ? new X509Certificate(readFileSync(file("fullchain"))) : undefined;
    if (!fits(left)) {
        issue();
    }
    await store();
}

/** Has one issued when there is none that lasts. */
async function keep(): Promise<void> {
    if (!fits(await present())) {
        await renew();
    }
    const { validTo } = (await present())!;
    console.log(`${hostname} has a certificate until ${new Date(validTo).toISOString()}`);
}

const steps: Record<string, () => Promise<unknown>> = {
    keep,
    renew,
    prove: () => prove(needed("CERTBOT_VALIDATION")),
    withdraw: () => setRecord(NOTHING),
};

runToEnd(async () => {
    await steps[process.argv[2]!]!();
});
