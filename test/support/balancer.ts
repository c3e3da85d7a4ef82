import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { certificatePath } from "../../components/load-balancer/host/balancer";
import { adminSocket } from "../../components/load-balancer/host/haproxy";
import { freePort, hasOpenssl, issueCertificate } from "./loopback";

/** Ports and files in place of a machine's own. */
interface Place {
    folder: string;
    certificate: string;
    https: number;
    http: number;
    stats: number;
}

/** A balancer's program, and how it runs as this user on loopback with a rendered configuration. */
export interface Program {
    name: "haproxy" | "nginx";
    /** Writes the configuration, changed in nothing but ports and files, and gives its path. */
    configure: (rendered: string, place: Place) => string;
    check: (file: string) => string[];
    run: (file: string) => string[];
}

export const haproxy: Program = {
    name: "haproxy",
    configure: (rendered, { folder, certificate, https, http, stats }) =>
        written(
            folder,
            rendered
                .replace(/^ {4}(chroot|user|group) .*\n/gm, "")
                .replace(certificatePath, certificate)
                .replace(adminSocket, path.join(folder, "admin.sock"))
                .replace("*:443", `*:${https}`)
                .replace("*:80", `*:${http}`)
                .replace(":8404", `:${stats}`),
        ),
    check: (file) => ["-c", "-dW", "-f", file],
    run: (file) => ["-db", "-f", file],
};

export const nginx: Program = {
    name: "nginx",
    configure: (rendered, { folder, certificate, https, http }) => {
        const own = rendered
            .replaceAll(certificatePath, certificate)
            .replace("listen 443", `listen ${https}`)
            .replace("listen 80", `listen ${http}`);
        const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => {
            mkdirSync(path.join(folder, kind));
            return `${kind}_temp_path ${path.join(folder, kind)};\n`;
        });
        const placed = own
            .replace(/^user .*;\n/m, "")
            .replace("/run/nginx.pid", `${folder}/pid`)
            .replace("error_log /var/log/nginx/error.log", "error_log stderr warn")
            .replace(/access_log .* combined;\n/, `access_log off;\n${temporary.join("")}`);
        return written(folder, placed);
    },
    check: (file) => ["-t", "-q", "-c", file],
    run: (file) => ["-g", "daemon off;", "-c", file],
};

function written(folder: string, text: string): string {
    const file = path.join(folder, "balancer.conf");
    writeFileSync(file, text);
    return file;
}

/** True where it can be run, with a certificate. */
export function canRun({ name }: Program): boolean {
    return hasOpenssl && spawnSync(name, ["-v"], { stdio: "ignore" }).status === 0;
}

/** A balancer on loopback. */
export interface Balancer {
    httpPort: number;
    httpsPort: number;
    statsPort: number;
    /** Asks HAProxy by its admin socket. */
    command: (text: string) => Promise<string>;
    stop: () => Promise<void>;
}

/** What the program says of a configuration; empty when it is content, warnings included. */
export function complaints(program: Program, rendered: string): string {
    const folder = createFolder();
    const ports = { https: 443, http: 80, stats: 8404 };
    const file = program.configure(rendered, { folder, certificate: certify(folder), ...ports });
    const { status, stderr } = spawnSync(program.name, program.check(file), { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    return status === 0 && program.name === "haproxy" ? "" : stderr;
}

export async function startBalancer(program: Program, rendered: string): Promise<Balancer> {
    const folder = createFolder();
    const [https, http, stats] = [await freePort(), await freePort(), await freePort()];
    const file = program.configure(rendered, { folder, certificate: certify(folder), https, http, stats });
    const child = spawn(program.name, program.run(file), { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    await listens(https, child, () => said);
    return {
        httpPort: http,
        httpsPort: https,
        statsPort: stats,
        command: (text) => ask(path.join(folder, "admin.sock"), text),
        stop: async () => {
            // Nginx ends its workers at once on TERM, HAProxy on KILL.
            child.kill(program.name === "nginx" ? "SIGTERM" : "SIGKILL");
            await ended;
            rmSync(folder, { recursive: true });
        },
    };
}

const createFolder = () => mkdtempSync(path.join(tmpdir(), "minusnow-balancer-"));

function certify(folder: string): string {
    const file = path.join(folder, "certificate.pem");
    issueCertificate(file, file);
    return file;
}

async function listens(port: number, child: ChildProcess, said: () => string): Promise<void> {
    for (;;) {
        const connected = await new Promise<boolean>((resolve) => {
            const socket = createConnection(port, "127.0.0.1", () => {
                socket.destroy();
                resolve(true);
            });
            socket.on("error", () => resolve(false));
        });
        if (connected) {
            return;
        }
        if (child.exitCode !== null) {
            throw new Error(said());
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
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
