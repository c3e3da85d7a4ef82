/**
 * A Network Load Balancer before the database: asks each machine by HTTP who it is, hands connections to those that say so
 * twice, and ends those to a machine that no longer does, unless that is the last. Usage: node front.mts <front.json>.
 */
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer, type Socket } from "node:net";

/** What a front is told. */
export interface Front {
    address: string;
    port: number;
    machines: string[];
    health: { port: number; path: string; intervalSeconds: number; timeoutSeconds: number; threshold: number };
    /** The front's own addresses by the network of its clients, as if the clients' own were kept. */
    sources: Record<string, string>;
}

const { address, port, machines, health, sources } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Front;
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
            // As AWS's: connections to it go on where nobody else is healthy either.
            if (!answer && targets.some(({ isHealthy }) => isHealthy)) {
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
    // As AWS's: where nobody is healthy, anybody may be.
    const candidates = healthy.length > 0 ? healthy : targets;
    candidates[next++ % candidates.length]!.hand(client);
}).listen(port, address, () => console.log("ready"));
