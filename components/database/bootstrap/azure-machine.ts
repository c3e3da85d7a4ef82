import type { Client } from "pg";
import { bootstrap } from "./run";

/**
 * Runs on the operations machine on Azure: brings the application's role, database and grants into being, and restarts a
 * server whose settings wait for it. What to do is in the environment; secrets are read by the machine's own identity.
 */
const METADATA = process.env["METADATA"] ?? "http://169.254.169.254";
const MANAGEMENT = process.env["MANAGEMENT"] ?? "https://management.azure.com";
const VAULTS = process.env["VAULTS"] ?? "vault.azure.net";

/** A role that was given just now reaches every part of Azure within this time. */
const ROLE_DELAY_SECONDS = 600;
const PAUSE_MS = Number(process.env["PAUSE_MS"] ?? 15_000);

function needed(name: string): string {
    const value = process.env[name];
    if (!value) {
        throw new Error(`the variable ${name} is missing`);
    }
    return value;
}

async function tokenFor(resource: string): Promise<string> {
    const query = new URLSearchParams({ "api-version": "2018-02-01", resource, client_id: needed("IDENTITY") });
    const response = await fetch(`${METADATA}/metadata/identity/oauth2/token?${query.toString()}`, {
        headers: { Metadata: "true" },
    });
    if (!response.ok) {
        throw new Error(`no token for ${resource}: status ${response.status}, ${await response.text()}`);
    }
    return ((await response.json()) as { access_token: string }).access_token;
}

/** Asks as the machine's identity, again and again while its role is not known everywhere. */
async function ask(method: string, url: string, resource: string): Promise<Response> {
    const until = Date.now() + ROLE_DELAY_SECONDS * 1000;
    for (;;) {
        const response = await fetch(url, { method, headers: { Authorization: `Bearer ${await tokenFor(resource)}` } });
        if (response.ok) {
            return response;
        }
        const waits = response.status === 403 && Date.now() < until && process.env["RETRY"] !== "no";
        if (!waits) {
            throw new Error(`${method} ${url}: status ${response.status}, ${await response.text()}`);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
}

/** Reads a secret by its resource id. */
async function readSecret(id: string): Promise<string> {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id) ?? [];
    const scheme = VAULTS.includes("//") ? VAULTS : `https://${vault}.${VAULTS}`;
    const response = await ask("GET", `${scheme}/secrets/${secret}?api-version=7.4`, "https://vault.azure.net");
    return ((await response.json()) as { value: string }).value;
}

/** A new server, or one that may be interrupted, is restarted for settings that take effect in no other way. */
async function restartIfPending(admin: Client, changes: string[]): Promise<void> {
    const { rows } = await admin.query<{ name: string }>("SELECT name FROM pg_settings WHERE pending_restart");
    const names = rows.map(({ name }) => name).join(", ");
    if (rows.length === 0) {
        return;
    }
    const isNew = changes.some((change) => change.startsWith("created database"));
    if (!isNew && process.env["RESTART"] !== "true") {
        console.log(`wait for the next restart: ${names}; set database.applyImmediately to restart now`);
        return;
    }
    for (const id of needed("SERVER_IDS").split(",")) {
        await ask("POST", `${MANAGEMENT}${id}/restart?api-version=2025-08-01`, MANAGEMENT_RESOURCE);
        console.log(`restarted ${id.split("/").at(-1)} for ${names}`);
    }
}

const MANAGEMENT_RESOURCE = "https://management.azure.com/";

async function main(): Promise<void> {
    const changes = await bootstrap(
        {
            host: needed("HOST"),
            port: Number(needed("DATABASE_PORT")),
            database: needed("DATABASE"),
            owner: needed("OWNER"),
            adminSecretId: needed("ADMIN_SECRET_ID"),
            secretId: needed("SECRET_ID"),
        },
        readSecret,
        restartIfPending,
    );
    console.log(JSON.stringify({ changes }));
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
