/** How programs on the operations machine on Azure ask Azure, by the machine's own identity. */
const METADATA = process.env["METADATA"] ?? "http://169.254.169.254";
const MANAGEMENT = process.env["MANAGEMENT"] ?? "https://management.azure.com";
const VAULTS = process.env["VAULTS"] ?? "vault.azure.net";

const MANAGEMENT_RESOURCE = "https://management.azure.com/";
const VAULT_RESOURCE = "https://vault.azure.net";

/** A role that was given just now reaches every part of Azure within this time. */
const PATIENCE_SECONDS = Number(process.env["PATIENCE_SECONDS"] ?? 600);
const PAUSE_MS = Number(process.env["PAUSE_MS"] ?? 15_000);

/** A variable that the program cannot do without. */
export function needed(name: string): string {
    const value = process.env[name];
    if (!value) {
        throw new Error(`the variable ${name} is missing`);
    }
    return value;
}

/** Time between two questions. */
export const pause = (milliseconds = PAUSE_MS) => new Promise((resolve) => setTimeout(resolve, milliseconds));

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

async function tokenFor(resource: string): Promise<string> {
    const query = new URLSearchParams({ "api-version": "2018-02-01", resource, client_id: needed("IDENTITY") });
    const response = await fetch(`${METADATA}/metadata/identity/oauth2/token?${query.toString()}`, {
        headers: { Metadata: "true" },
    });
    await refuseFailure(response, `token for ${resource}`);
    return ((await response.json()) as { access_token: string }).access_token;
}

/** Asks as the machine's identity, again and again while the answer may become another one. */
async function ask(method: string, url: string, resource: string, body?: object): Promise<unknown> {
    const until = Date.now() + PATIENCE_SECONDS * 1000;
    for (;;) {
        try {
            const headers = {
                Authorization: `Bearer ${await tokenFor(resource)}`,
                ...(body && { "Content-Type": "application/json" }),
            };
            const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
            await refuseFailure(response, `${method} ${url}`);
            const text = await response.text();
            return text === "" ? undefined : (JSON.parse(text) as unknown);
        } catch (error) {
            if (error instanceof FinalError || Date.now() > until) {
                throw error;
            }
            await pause();
        }
    }
}

/** Asks Azure's management for a resource or an action of it, by its id. */
export const manage = (method: string, id: string, version: string, body?: object, more = "") =>
    ask(method, `${MANAGEMENT}${id}?api-version=${version}${more}`, MANAGEMENT_RESOURCE, body);

function secretUrl(id: string): string {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id) ?? [];
    const place = VAULTS.includes("//") ? VAULTS : `https://${vault}.${VAULTS}`;
    return `${place}/secrets/${secret}?api-version=7.4`;
}

/** Reads a secret by its resource id. */
export async function readSecret(id: string): Promise<string> {
    return ((await ask("GET", secretUrl(id), VAULT_RESOURCE)) as { value: string }).value;
}

/** Makes a new version of a secret; Azure shows the description as its type. */
export async function writeSecret(id: string, value: string, contentType: string): Promise<void> {
    await ask("PUT", secretUrl(id), VAULT_RESOURCE, { value, contentType });
}

/** Runs a program to its end; what went wrong is the last line. */
export function runToEnd(program: () => Promise<void>): void {
    program().catch((error: unknown) => {
        const { message, cause } = error as Error;
        console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
        process.exitCode = 1;
    });
}
