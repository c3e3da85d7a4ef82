/**
 * A stand-in for MinusNow: the guide's environment, health endpoints and shared directories, tickets in PostgreSQL,
 * sessions in Redis. It ends at once when it is told to, as Node.js does by itself.
 */
import { randomUUID } from "node:crypto";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import pg from "pg";
import { Redis } from "./redis";

declare const VERSION: string;
const directories = ["data", "audit-logs", "support-tickets", "artifacts", "uploads"];
const database = new pg.Pool({
    connectionString: process.env["DATABASE_URL"],
    max: 20,
    connectionTimeoutMillis: 3000,
    query_timeout: 10_000,
});
database.on("error", () => undefined);
const sessions = process.env["REDIS_URL"] === undefined ? undefined : new Redis(process.env["REDIS_URL"]);

async function components(): Promise<Record<string, string>> {
    const tried = async (work: () => unknown) => {
        try {
            await work();
            return "ok";
        } catch (error) {
            return (error as Error).message;
        }
    };
    return {
        database: await tried(() => database.query("SELECT 1 FROM tickets LIMIT 1")),
        ...(sessions && { sessions: await tried(() => sessions.command("PING")) }),
        storage: await tried(() => directories.forEach((directory) => accessSync(directory, constants.W_OK))),
    };
}

const cookies = (request: IncomingMessage) =>
    Object.fromEntries((request.headers.cookie ?? "").split("; ").map((part) => part.split("=") as [string, string]));

async function body(request: IncomingMessage): Promise<string> {
    let text = "";
    for await (const chunk of request) {
        text += String(chunk);
    }
    return text;
}

type Route = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => unknown;
const json = (response: ServerResponse, status: number, value: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));

const routes: Record<string, Route> = {
    "GET /": (_, response) => json(response, 200, { version: VERSION }),
    "GET /health": (_, response) => response.end("OK"),
    "GET /api/telemetry/health": async (_, response) => {
        const found = await components();
        const isHealthy = Object.values(found).every((state) => state === "ok");
        json(response, isHealthy ? 200 : 503, { status: isHealthy ? "healthy" : "degraded", components: found });
    },
    "GET /api/telemetry/overview": (_, response) =>
        json(response, 200, { uptime: process.uptime(), memory: process.memoryUsage().rss }),
    "GET /slow": (_, response, query) => setTimeout(() => response.end("done"), Number(query.get("ms") ?? 1000)),
    "GET /address": (request, response) =>
        json(response, 200, { forwarded: request.headers["x-forwarded-for"] ?? null }),
    "POST /tickets": async (request, response) => {
        const { key } = JSON.parse(await body(request)) as { key: string };
        await database.query("INSERT INTO tickets (key) VALUES ($1)", [key]);
        json(response, 201, { key });
    },
    "GET /tickets": async (_, response) => {
        const { rows } = await database.query("SELECT key FROM tickets");
        json(
            response,
            200,
            rows.map((row: { key: string }) => row.key),
        );
    },
    "POST /login": async (_, response) => {
        const id = randomUUID();
        await sessions!.command("SET", `session:${id}`, "alice", "EX", "3600");
        response.setHeader("set-cookie", `sid=${id}; Path=/; HttpOnly`);
        json(response, 200, {});
    },
    "GET /me": async (request, response) => {
        const user = await sessions!.command("GET", `session:${cookies(request)["sid"]}`);
        json(response, user ? 200 : 401, { user });
    },
    "POST /uploads": async (request, response, query) => {
        writeFileSync(`uploads/${query.get("name")!}`, await body(request));
        json(response, 201, {});
    },
    "GET /uploads": (_, response, query) => response.end(readFileSync(`uploads/${query.get("name")!}`)),
};

createServer((request, response) => {
    const url = new URL(request.url!, "http://app");
    response.setHeader("x-served-by", `${hostname()} ${VERSION}`);
    const route = routes[`${request.method} ${url.pathname}`];
    Promise.resolve(route ? route(request, response, url.searchParams) : json(response, 404, {})).catch(
        (error: unknown) => json(response, 500, { error: (error as Error).message }),
    );
}).listen(Number(process.env["PORT"]));
