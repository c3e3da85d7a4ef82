// Reads this deployment's settings, secrets and artifacts on Azure, by the machine's own identity.
import { execFileSync } from "node:child_process";
import { resolveCname } from "node:dns/promises";
import { setTimeout as wait } from "node:timers/promises";

/** A role that was given just now is refused by some part of Azure for minutes, so every error is tried again. */
const retries = ["--retry", "60", "--retry-all-errors", "--retry-delay", "10", "--retry-max-time", "600"];

/** Headers go in through standard input: arguments can be seen by every process. */
export const curl = (headers, ...args) =>
    execFileSync("curl", ["-fsS", ...retries, "--config", "-", ...args], {
        encoding: "utf8",
        input: headers.map((header) => `header = "${header}"\n`).join(""),
    });

const token = (resource) => {
    const query = `api-version=2018-02-01&client_id=${process.env.IDENTITY}&resource=${encodeURIComponent(resource)}`;
    return JSON.parse(curl(["Metadata: true"], `http://169.254.169.254/metadata/identity/oauth2/token?${query}`))
        .access_token;
};

export const bearer = (resource) => `Authorization: Bearer ${token(resource)}`;

/** A secret by its resource id, which ends in /vaults/<vault>/secrets/<secret>. */
export const readSecret = (id) => {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id);
    const url = `https://${vault}.vault.azure.net/secrets/${secret}?api-version=7.4`;
    return JSON.parse(curl([bearer("https://vault.azure.net")], url)).value;
};

/** A certificate with chain and key, PEM in any order, from PEM or from PKCS #12 without a password. */
export const readCertificate = (id) => {
    const text = readSecret(id);
    if (text.includes("-----BEGIN ")) {
        return text;
    }
    const open = (...more) =>
        execFileSync("openssl", ["pkcs12", "-nodes", "-passin", "pass:", ...more], {
            encoding: "utf8",
            input: Buffer.from(text, "base64"),
            stdio: "pipe",
        });
    try {
        return open();
    } catch {
        // Encrypted as it was usual before OpenSSL 3.
        return open("-legacy");
    }
};

/** A document that is a secret for the sake of its place. */
export const readParameter = (id) => JSON.parse(readSecret(id));

export const readSetting = (name) => JSON.parse(readSecret(`${process.env.SETTINGS}-${name}`));

export const storageHeaders = () => [bearer("https://storage.azure.com/"), "x-ms-version: 2023-11-03"];

export const download = (url, file) => curl(storageHeaders(), "-L", "-o", file, url);

const role = /\.(writer|reader)\.postgres\.database\.azure\.com$/;
const attempts = 30;

/** The server behind a name that follows a promotion: its certificate bears its own name. */
export const databaseHost = async (host) => {
    for (let attempt = 1; role.test(host); attempt++) {
        try {
            const [server] = await resolveCname(host);
            return server.replace(".privatelink.", ".");
        } catch (error) {
            if (attempt === attempts) {
                throw error;
            }
            await wait(Number(process.env.PAUSE_MS ?? 5000));
        }
    }
    return host;
};
