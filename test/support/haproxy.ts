import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { adminSocket, certificatePath } from "../../components/load-balancer/host/haproxy";

export const hasHaproxy = spawnSync("haproxy", ["-v"], { stdio: "ignore" }).status === 0;

/** HAProxy on loopback with a rendered configuration. */
export interface Haproxy {
    httpPort: number;
    httpsPort: number;
    statsPort: number;
    /** Asks by the admin socket. */
    command: (text: string) => Promise<string>;
    stop: () => Promise<void>;
}

/** What HAProxy says of a configuration; empty when it is content, warnings included. */
export function complaints(configuration: string): string {
    const place = prepare(configuration, { https: 443, http: 80, stats: 8404 });
    const { status, stderr } = spawnSync("haproxy", ["-c", "-dW", "-f", place.file], { encoding: "utf8" });
    rmSync(place.folder, { recursive: true });
    return status === 0 ? "" : stderr;
}

/** Starts it as this user, with ports and files of its own; all else is as rendered. */
export async function startHaproxy(configuration: string): Promise<Haproxy> {
    const [https, http, stats] = [await freePort(), await freePort(), await freePort()];
    const { folder, file, socket } = prepare(configuration, { https, http, stats });
    const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    const command = (text: string) => ask(socket, text);
    while ((await command("show info").catch(() => "")) === "") {
        if (child.exitCode !== null) {
            throw new Error(said);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
        httpPort: http,
        httpsPort: https,
        statsPort: stats,
        command,
        stop: async () => {
            child.kill("SIGKILL");
            await ended;
            rmSync(folder, { recursive: true });
        },
    };
}

function prepare(configuration: string, { https, http, stats }: { https: number; http: number; stats: number }) {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-haproxy-"));
    const certificate = path.join(folder, "certificate.pem");
    const socket = path.join(folder, "admin.sock");
    const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-out", "-", "-subj", "/CN=localhost"];
    writeFileSync(certificate, execFileSync("openssl", ["req", "-x509", "-days", "2", ...key], { stdio: "pipe" }));
    const file = path.join(folder, "haproxy.cfg");
    const text = configuration
        .replace(/^ {4}(chroot|user|group) .*\n/gm, "")
        .replace(certificatePath, certificate)
        .replace(adminSocket, socket)
        .replace("*:443", `*:${https}`)
        .replace("*:80", `*:${http}`)
        .replace(":8404", `:${stats}`);
    writeFileSync(file, text);
    return { folder, file, socket };
}

function ask(socket: string, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
        const connection = createConnection(socket, () => connection.end(`${text}\n`));
        let answer = "";
        connection.on("data", (chunk) => (answer += chunk.toString()));
        connection.on("error", reject);
        connection.on("close", () => resolve(answer));
    });
}

function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as { port: number };
            probe.close(() => resolve(port));
        });
    });
}
