/**
 * A layer-4 balancer before the database: asks each machine by HTTP who it is, and hands connections to those that say so
 * twice. AWS's ends those to a machine that no longer does, unless that is the last, and hands new ones to anybody while
 * nobody does; Azure's lets them go on, and drops new ones. Usage: node front.mts <front.json>.
 */
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer, type Socket } from "node:net";

/** What a front is told. */
export interface Front {
    address: string;
    port: number;
    machines: string[];
    health: {
        port: number;
        path: string;
        intervalSeconds: number;
        timeoutSeconds: number;
        threshold: number;
        /** Address that asks. Default: any. */
        from?: string;
    };
    /** The front's own addresses by the network of its clients, as if the clients' own were kept. */
    sources: Record<string, string>;
    like: "aws" | "azure";
}

const { address, port, machines, health, sources, like } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Front;
// Whoever started it is gone.
process.stdin.resume().on("close", () => process.exit());

class Target {
    public isHealthy = false;
    readonly #open = new Set<Socket>();
    readonly #host: string;
    #inRow = 0;

    constructor(host: string) {
        this.#host = host;
        setInterval(() => this.#ask(), health.intervalSeconds * 1000);
        this.#ask();
    }

    #ask(): void {
        const options = {
            host: this.#host,
            port: health.port,
            path: health.path,
            timeout: health.timeoutSeconds * 1000,
            ...(health.from !== undefined && { localAddress: health.from }),
        };
        const request = get(options, (response) => {
            response.resume();
            this.#count(response.statusCode === 200);
        });
        request.on("timeout", () => request.destroy(new Error("too late")));
        request.on("error", () => this.#count(false));
    }

    #count(answer: boolean): void {
        this.#inRow = answer === this.isHealthy ? 0 : this.#inRow + 1;
        if (this.#inRow === health.threshold) {
            this.isHealthy = answer;
            this.#inRow = 0;
            // Connections to it go on where nobody else is healthy either.
            if (like === "aws" && !answer && targets.some(({ isHealthy }) => isHealthy)) {
                this.#open.forEach((socket) => socket.destroy());
            }
        }
    }

    hand(client: Socket): void {
        const network = Object.keys(sources).find((start) => client.remoteAddress!.includes(start));
        const server = connect({ host: this.#host, port, localAddress: network && sources[network] });
        this.#open.add(client);
        const end = () => {
            this.#open.delete(client);
            client.destroy();
            server.destroy();
        };
        [client, server].forEach((socket) => socket.on("error", end).on("close", end));
        client.pipe(server).pipe(client);
    }
}

const targets = machines.map((host) => new Target(host));
let next = 0;
createServer((client) => {
    const healthy = targets.filter(({ isHealthy }) => isHealthy);
    const candidates = healthy.length > 0 || like === "azure" ? healthy : targets;
    if (candidates.length === 0) {
        // Dropped: its client learns nothing.
        client.pause().on("error", () => client.destroy());
        return;
    }
    candidates[next++ % candidates.length]!.hand(client);
}).listen(port, address, () => console.log("ready"));
