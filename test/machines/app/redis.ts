import { createConnection, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

type Waiting = { resolve: (value: string | null) => void; reject: (error: Error) => void };

/** As much of Redis's protocol as sessions need. */
export class Redis {
    readonly #url: URL;
    #socket: Socket | undefined;
    #waiting: Waiting[] = [];
    #text = "";

    constructor(url: string) {
        this.#url = new URL(url);
    }

    command(...words: string[]): Promise<string | null> {
        const socket = this.#connected();
        const text = `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
        return new Promise((resolve, reject) => {
            this.#waiting.push({ resolve, reject });
            socket.write(text);
        });
    }

    #connected(): Socket {
        if (this.#socket && !this.#socket.destroyed) {
            return this.#socket;
        }
        const { hostname: host, port, protocol, username, password } = this.#url;
        const target = { host, port: Number(port), servername: host };
        const socket = protocol === "rediss:" ? connectTls(target) : createConnection(target);
        socket.setTimeout(5000, () => socket.destroy(new Error("the session store does not answer")));
        socket.on("data", (chunk) => this.#read(String(chunk)));
        socket.on("error", () => undefined);
        socket.on("close", () => {
            this.#waiting.splice(0).forEach(({ reject }) => reject(new Error("the session store hung up")));
            this.#text = "";
        });
        this.#socket = socket;
        const login = [username, password].filter((part) => part !== "").map((part) => decodeURIComponent(part));
        if (login.length > 0) {
            this.command("AUTH", ...login).catch(() => undefined);
        }
        return socket;
    }

    #read(chunk: string): void {
        this.#text += chunk;
        for (;;) {
            const end = this.#text.indexOf("\r\n");
            if (end < 0) {
                return;
            }
            const [kind, rest] = [this.#text[0], this.#text.slice(1, end)];
            const length = kind === "$" ? Number(rest) : -1;
            const total = end + 2 + (length >= 0 ? length + 2 : 0);
            if (this.#text.length < total) {
                return;
            }
            const value = kind === "$" ? (length < 0 ? null : this.#text.slice(end + 2, end + 2 + length)) : rest;
            this.#text = this.#text.slice(total);
            const { resolve, reject } = this.#waiting.shift()!;
            if (kind === "-") {
                reject(new Error(rest));
            } else {
                resolve(value);
            }
        }
    }
}
