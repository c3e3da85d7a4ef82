import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { tmpdir } from "node:os";
import path from "node:path";
import { load } from "js-yaml";

/** User data as cloud-init reads it. */
export interface CloudConfig {
    write_files: { path: string; permissions: string; content: string; encoding?: string }[];
    runcmd: string[][];
}

/** A folder that stands for a machine's `/`, with commands of our own in front of the search path. */
export interface Host {
    folder: string;
    /** Writes the files of user data below the folder, as cloud-init would below `/`. */
    boot: (userData: string) => CloudConfig;
    /** Puts a command in front of the search path. */
    fakeCommand: (name: string, script: string) => void;
    /** Runs a program of the machine's library. */
    run: (
        program: string,
        env: Record<string, string>,
        ...args: string[]
    ) => { status: number | null; stdout: string; stderr: string };
    remove: () => void;
}

/** An application that is healthy, in a process of its own: a host's programs run while this one waits for them. */
export async function startHealthyApp(failures = 0): Promise<{ port: string; stop: () => void }> {
    const answers = `let ill = ${failures}; const answers = (_, answer) => answer.writeHead(ill-- > 0 ? 503 : 200).end("OK");`;
    const server = `${answers} require("http").createServer(answers).listen(0, "127.0.0.1", function () {`;
    const child = spawn(process.execPath, ["-e", `${server} console.log(this.address().port); })`]);
    const port = await new Promise<string>((resolve) =>
        child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    return { port, stop: () => child.kill() };
}

export function createHost(): Host {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-host-"));
    const bin = path.join(folder, "bin");
    const PATH = `${bin}:${path.dirname(process.execPath)}:${process.env["PATH"]!}`;
    const programOf = (name: string) => path.join(folder, "usr/local/lib/minusnow", name);
    return {
        folder,
        boot: (userData) => {
            const config = load(userData) as CloudConfig;
            for (const { path: file, permissions, content, encoding } of config.write_files) {
                const target = path.join(folder, file);
                mkdirSync(path.dirname(target), { recursive: true });
                const isCompressed = encoding === "gz+b64";
                writeFileSync(target, isCompressed ? gunzipSync(Buffer.from(content, "base64")) : content);
                chmodSync(target, Number.parseInt(permissions, 8));
            }
            return config;
        },
        fakeCommand: (name, script) => {
            mkdirSync(bin, { recursive: true });
            writeFileSync(path.join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
        },
        run: (program, env, ...args) =>
            spawnSync(programOf(program), args, { encoding: "utf8", env: { ...env, PATH } }),
        remove: () => rmSync(folder, { recursive: true, force: true }),
    };
}
