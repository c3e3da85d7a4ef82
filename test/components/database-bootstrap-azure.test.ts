import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import path from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasOpenssl } from "../support/loopback";
import { repository } from "../support/plans";
import { type PostgresServer, startPostgres } from "../support/postgres";

/** What Azure answers on the machine: metadata, key vault and management, all of them on loopback. */
interface Azure {
    url: string;
    asked: string[];
    /** Refusals to give before the first answer, by what the URL contains. */
    refuse: Record<string, number[]>;
    stop: () => Promise<void>;
}

const SERVER_ID =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/minusnow-primary";
const vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets";
const secrets: Record<string, object> = {
    admin: { username: "minusnow_admin", password: "admin" },
    app: { username: "minusnow", password: "Aa1-_first.password~" },
};

async function startAzure(onRestart: () => Promise<void>): Promise<Azure> {
    const azure: Azure = { url: "", asked: [], refuse: {}, stop: () => Promise.resolve() };
    let restarting = Promise.resolve();
    let state = "Ready";
    const answer = (request: IncomingMessage): { status: number; body: unknown } => {
        const url = new URL(request.url!, "http://localhost");
        azure.asked.push(`${request.method} ${url.pathname}`);
        const refusals = Object.entries(azure.refuse).find(([part]) => url.pathname.includes(part))?.[1];
        const status = refusals?.shift();
        if (status !== undefined) {
            return { status, body: { error: "refused" } };
        }
        if (url.pathname.startsWith("/metadata/")) {
            const isAllowed =
                request.headers["metadata"] === "true" && url.searchParams.get("client_id") === "identity";
            const token = `token for ${url.searchParams.get("resource")}`;
            return isAllowed ? { status: 200, body: { access_token: token } } : { status: 400, body: {} };
        }
        const resource = url.pathname.startsWith("/secrets/")
            ? "https://vault.azure.net"
            : "https://management.azure.com/";
        if (request.headers.authorization !== `Bearer token for ${resource}`) {
            return { status: 401, body: {} };
        }
        const secret = secrets[/^\/secrets\/(\w+)$/.exec(url.pathname)?.[1] ?? ""];
        if (secret) {
            return { status: 200, body: { value: JSON.stringify(secret) } };
        }
        if (url.pathname === `${SERVER_ID}/restart` && request.method === "POST") {
            state = "Restarting";
            restarting = onRestart().then(() => {
                state = "Ready";
            });
            return { status: 202, body: {} };
        }
        return url.pathname === SERVER_ID
            ? { status: 200, body: { properties: { state } } }
            : { status: 404, body: { error: "no such resource" } };
    };
    const server: Server = createServer((request, response) => {
        const { status, body } = answer(request);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    azure.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    azure.stop = async () => {
        await restarting;
        await new Promise((resolve) => server.close(resolve));
    };
    return azure;
}

describe.skipIf(!hasOpenssl)("the operations machine's bootstrap on Azure (guide, step 3)", () => {
    let postgres: PostgresServer;
    let azure: Azure;

    const asSuperuser = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
        const client = new Client({
            host: "127.0.0.1",
            port: postgres.port,
            user: "postgres",
            password: "postgres",
            database: "postgres",
        });
        await client.connect();
        try {
            return await work(client);
        } finally {
            await client.end();
        }
    };
    const maxConnections = () =>
        asSuperuser(async (client) => {
            const { rows } = await client.query<{ max_connections: string }>("SHOW max_connections");
            return rows[0]!.max_connections;
        });

    /** Runs the program that machines carry, as its command does. */
    const run = (variables: Record<string, string> = {}) =>
        new Promise<{ code: number | null; output: string }>((resolve) => {
            const bundle = path.join(repository, "dist/components/database/bootstrap/machine.cjs");
            const child = spawn(process.execPath, [bundle], {
                env: {
                    PATH: process.env["PATH"],
                    NODE_EXTRA_CA_CERTS: postgres.certificate,
                    METADATA: azure.url,
                    MANAGEMENT: azure.url,
                    VAULTS: azure.url,
                    IDENTITY: "identity",
                    PAUSE_MS: "50",
                    PATIENCE_SECONDS: "5",
                    HOST: "localhost",
                    DATABASE_PORT: String(postgres.port),
                    DATABASE: "minusnow_db",
                    OWNER: "minusnow",
                    ADMIN_SECRET_ID: `${vault}/admin`,
                    SECRET_ID: `${vault}/app`,
                    SERVER_ID,
                    RESTART: "false",
                    ROTATION: "1",
                    ...variables,
                },
            });
            let output = "";
            child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
            child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
            child.on("close", (code) => resolve({ code, output }));
        });

    beforeAll(async () => {
        postgres = await startPostgres({ tls: true });
        azure = await startAzure(() => postgres.restart());
        await asSuperuser(async (client) => {
            await client.query("CREATE ROLE minusnow_admin LOGIN CREATEROLE CREATEDB PASSWORD 'admin'");
            await client.query("ALTER SYSTEM SET max_connections = 150");
            await client.query("SELECT pg_reload_conf()");
        });
    });
    afterAll(async () => {
        await azure.stop();
        await postgres.stop();
    });
    beforeEach(() => {
        azure.asked = [];
        azure.refuse = {};
    });

    it("waits for a role that Azure does not know yet, creates everything and restarts a new server for its settings", async () => {
        azure.refuse = { "/secrets/": [403, 403], "/restart": [409] };
        const { code, output } = await run();
        expect(output).toContain("restarted minusnow-primary for max_connections");
        expect(code).toBe(0);
        expect(output).toContain("created database minusnow_db");
        expect(azure.asked.filter((each) => each === `POST ${SERVER_ID}/restart`)).toHaveLength(2);
        expect(await maxConnections()).toBe("150");
        expect(output).not.toMatch(/password~|"admin"/);
    });

    it("does nothing the second time", async () => {
        const { code, output } = await run();
        expect(output).toBe('{"changes":[]}\n');
        expect(code).toBe(0);
        expect(azure.asked.some((each) => each.startsWith("POST"))).toBe(false);
    });

    it("tells what waits on a server in use, and restarts it only when it may", async () => {
        await asSuperuser(async (client) => {
            await client.query("ALTER SYSTEM SET max_connections = 180");
            await client.query("SELECT pg_reload_conf()");
        });
        const waiting = await run();
        expect(waiting.output).toContain("wait for the next restart: max_connections");
        expect(await maxConnections()).toBe("150");
        const restarted = await run({ RESTART: "true" });
        expect(restarted.output).toContain("restarted minusnow-primary for max_connections");
        expect(await maxConnections()).toBe("180");
    });

    it("fails at once, and names the secret, where waiting would not help", async () => {
        const { code, output } = await run({ SECRET_ID: `${vault}/absent` });
        expect(code).toBe(1);
        expect(output).toContain("/secrets/absent?api-version=7.4: status 404");
        expect(azure.asked.filter((each) => each.endsWith("/absent"))).toHaveLength(1);
    });

    it("fails when a role does not arrive in time", async () => {
        azure.refuse = { "/secrets/admin": Array.from({ length: 1000 }, () => 403) };
        const { code, output } = await run({ PATIENCE_SECONDS: "1" });
        expect(code).toBe(1);
        expect(output).toContain("/secrets/admin?api-version=7.4: status 403");
    });

    it("refuses a server whose certificate it cannot trust", async () => {
        const { code, output } = await run({ NODE_EXTRA_CA_CERTS: "" });
        expect(code).toBe(1);
        expect(output).toMatch(/self-signed certificate/);
    });
});
