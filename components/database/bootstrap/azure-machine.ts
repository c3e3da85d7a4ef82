import { bootstrap, type ConnectAsAdministrator } from "./run";

/**
 * Runs on the operations machine on Azure: brings the application's role, database and grants into being, and restarts a
 * server whose settings wait for it. What to do is in the environment; secrets are read by the machine's own identity.
 */
const METADATA = process.env["METADATA"] ?? "http://169.254.169.254";
const MANAGEMENT = process.env["MANAGEMENT"] ?? "https://management.azure.com";
const VAULTS = process.env["VAULTS"] ?? "vault.azure.net";

/** A role that was given just now reaches every part of Azure within this time. */
const PATIENCE_SECONDS = Number(process.env["PATIENCE_SECONDS"] ?? 600);
const RESTART_SECONDS = 900;
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
    await refuseFailure(response, `token for ${resource}`);
    return ((await response.json()) as { access_token: string }).access_token;
}

/** An answer that will be the same however often it is asked for. */
class FinalError extends Error {}

/** Statuses of a role that is not known everywhere, of a server that is busy, and of a service that has a bad moment. */
const passing = [401, 403, 409, 429, 500, 502, 503, 504];

async function refuseFailure(response: Response, what: string): Promise<void> {
    if (!response.ok) {
        const message = `${what}: status ${response.status}, ${await response.text()}`;
        throw passing.includes(response.status) ? new Error(message) : new FinalError(message);
    }
}

/** Asks as the machine's identity, again and again while the answer may become another one. */
async function ask(method: string, url: string, resource: string): Promise<Response> {
    const until = Date.now() + PATIENCE_SECONDS * 1000;
    for (;;) {
        try {
            const headers = { Authorization: `Bearer ${await tokenFor(resource)}` };
            const response = await fetch(url, { method, headers });
            await refuseFailure(response, `${method} ${url}`);
            return response;
        } catch (error) {
            if (error instanceof FinalError || Date.now() > until) {
                throw error;
            }
            await pause();
        }
    }
}

/** Reads a secret by its resource id. */
async function readSecret(id: string): Promise<string> {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id) ?? [];
    const scheme = VAULTS.includes("//") ? VAULTS : `https://${vault}.${VAULTS}`;
    const response = await ask("GET", `${scheme}/secrets/${secret}?api-version=7.4`, "https://vault.azure.net");
    return ((await response.json()) as { value: string }).value;
}

async function pendingSettings(connect: ConnectAsAdministrator): Promise<string[]> {
    const admin = await connect();
    try {
        const { rows } = await admin.query<{ name: string }>("SELECT name FROM pg_settings WHERE pending_restart");
        return rows.map(({ name }) => name);
    } finally {
        await admin.end();
    }
}

/** A new server, or one that may be interrupted, is restarted for settings that take effect in no other way. */
async function restartIfPending(connect: ConnectAsAdministrator, changes: string[]): Promise<void> {
    const names = await pendingSettings(connect);
    if (names.length === 0) {
        return;
    }
    const isNew = changes.some((change) => change.startsWith("created database"));
    if (!isNew && process.env["RESTART"] !== "true") {
        console.log(`wait for the next restart: ${names.join(", ")}; set database.applyImmediately to restart now`);
        return;
    }
    await ask("POST", `${serverUrl()}/restart?${SERVER_API}`, MANAGEMENT_RESOURCE);
    await isRestarted(connect);
    console.log(`restarted ${needed("SERVER_ID").split("/").at(-1)} for ${names.join(", ")}`);
}

/** Azure accepts a restart and does it later: it is done when no setting waits and the server takes orders again. */
async function isRestarted(connect: ConnectAsAdministrator): Promise<void> {
    const until = Date.now() + RESTART_SECONDS * 1000;
    for (;;) {
        await pause();
        const waiting = await pendingSettings(connect).catch(() => ["no connection"]);
        const response = await ask("GET", `${serverUrl()}?${SERVER_API}`, MANAGEMENT_RESOURCE);
        const { properties } = (await response.json()) as { properties: { state: string } };
        if (waiting.length === 0 && properties.state === "Ready") {
            return;
        }
        if (Date.now() > until) {
            const found = `${properties.state}, ${waiting.join(", ") || "no setting"} waiting`;
            throw new Error(
                `${RESTART_SECONDS} s after its restart the server is ${found}; allowed is Ready, none waiting`,
            );
        }
    }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

const serverUrl = () => `${MANAGEMENT}${needed("SERVER_ID")}`;
const SERVER_API = "api-version=2025-08-01";
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
    const { message, cause } = error as Error;
    console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
    process.exitCode = 1;
});
