// Reads this deployment's settings, secrets and artifacts on Azure, by the machine's own identity.
import { execFileSync } from "node:child_process";
import { resolveCname } from "node:dns/promises";

/** Headers go in through standard input: arguments can be seen by every process. */
const curl = (headers, ...args) =>
    execFileSync("curl", ["-fsS", "--retry", "5", "--config", "-", ...args], {
        encoding: "utf8",
        input: headers.map((header) => `header = "${header}"\n`).join(""),
    });

export const token = (resource) => {
    const query = `api-version=2018-02-01&client_id=${process.env.IDENTITY}&resource=${encodeURIComponent(resource)}`;
    return JSON.parse(curl(["Metadata: true"], `http://169.254.169.254/metadata/identity/oauth2/token?${query}`))
        .access_token;
};

const bearer = (resource) => `Authorization: Bearer ${token(resource)}`;

/** A secret by its resource id, which ends in /vaults/<vault>/secrets/<secret>. */
export const readSecret = (id) => {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id);
    const url = `https://${vault}.vault.azure.net/secrets/${secret}?api-version=7.4`;
    return JSON.parse(curl([bearer("https://vault.azure.net")], url)).value;
};

export const readSetting = (name) => JSON.parse(readSecret(`${process.env.SETTINGS}-${name}`));

export const download = (url, file) =>
    curl([bearer("https://storage.azure.com/"), "x-ms-version: 2023-11-03"], "-L", "-o", file, url);

/** The server behind the name that follows a promotion: its certificate bears its own name. */
export const databaseHost = async (host) => {
    const [server] = await resolveCname(host).catch(() => []);
    return server?.endsWith(".postgres.database.azure.com") ? server : host;
};
