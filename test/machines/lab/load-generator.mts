/**
 * Users on the Internet: requests at a steady rate, whatever the answers. Prints every one as JSON when its input ends.
 * Usage: node load-generator.mts <plan.json>
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

export interface LoadPlan {
    /** Address of the balancer. */
    address: string;
    hostname: string;
    authority: string;
    /** Addresses of the users. */
    from: readonly string[];
    perSecond: number;
    /** How many requests there are at most; default: no end. */
    most?: number;
    /** Path and method of each kind, with its share. */
    mix: { method: string; path: string; share: number }[];
}

/** One request: when it began and ended in milliseconds since 1970, and what came back; 0 where nothing did. */
export interface Sample {
    began: number;
    ended: number;
    method: string;
    status: number;
    /** Server and version. */
    server: string;
    /** True for a user without a session. */
    isNew: boolean;
    /** True where an idle connection was closed meanwhile, and the request was asked again. */
    isRepeated?: boolean;
    /** Why nothing came back. */
    reason?: string;
    /** What a POST wrote. */
    key?: string;
}

const {
    address,
    hostname,
    authority,
    from,
    perSecond,
    most = Infinity,
    mix,
} = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as LoadPlan;
const USERS = 40;
/** Nobody read the request: the connection had been closed while it was idle. */
const IDLE_CLOSED = "closed while idle";
const TIMEOUT_MS = 60_000;
const agents = from.map((localAddress) => new Agent({ keepAlive: true, ca: authority, localAddress }));
const cookies: string[] = Array.from({ length: USERS }, () => "");
const samples: Sample[] = [];
let open = 0;

/** Every second user is new each time. */
const isNew = (user: number) => user % 2 === 1;

function ask(user: number): void {
    const { method, path } = pick();
    const key = method === "POST" ? randomUUID() : undefined;
    open++;
    send(user, { method, path, key, began: Date.now() }, true);
}

interface Request {
    method: string;
    path: string;
    key: string | undefined;
    began: number;
}

/** As a browser does, it asks again what may be asked twice when the other side closed an idle connection meanwhile. */
function send(user: number, asking: Request, mayRepeat: boolean): void {
    const { method, path, key, began } = asking;
    const done = (status: number, server: string, reason?: string) => {
        open--;
        samples.push({
            began,
            ended: Date.now(),
            method,
            status,
            server,
            isNew: isNew(user),
            ...(!mayRepeat && { isRepeated: true }),
            ...(reason && { reason }),
            ...(key && { key }),
        });
    };
    const asked = request(
        {
            host: address,
            servername: hostname,
            // What is asked again gets a connection of its own.
            ...(mayRepeat
                ? { agent: agents[user % agents.length]! }
                : { agent: false, ca: authority, localAddress: from[user % from.length]! }),
            method,
            path,
            timeout: TIMEOUT_MS,
            headers: { host: hostname, ...(cookies[user] && { cookie: cookies[user] }) },
        },
        (response) => {
            const set = response.headers["set-cookie"]?.find((cookie) => cookie.startsWith("SERVERID="));
            cookies[user] = !isNew(user) ? (set?.split(";")[0] ?? cookies[user]!) : "";
            response.resume();
            response.once("end", () => done(response.statusCode!, String(response.headers["x-served-by"] ?? "")));
            response.once("error", (error) => done(0, "", error.message));
        },
    );
    asked.once("timeout", () => asked.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    asked.once("error", (error: NodeJS.ErrnoException) => {
        const wasIdle = asked.reusedSocket && error.code === "ECONNRESET";
        if (mayRepeat && method === "GET" && wasIdle) {
            send(user, asking, false);
        } else {
            done(0, "", wasIdle ? IDLE_CLOSED : error.message);
        }
    });
    asked.end(key && JSON.stringify({ key }));
}

function pick() {
    let place = Math.random();
    return mix.find(({ share }) => (place -= share) < 0) ?? mix[0]!;
}

let sent = 0;
const started = Date.now();
const timer = setInterval(() => {
    for (const due = Math.min(most, ((Date.now() - started) * perSecond) / 1000); sent < due; sent++) {
        ask(sent % USERS);
    }
}, 5);

process.stdin.resume();
process.stdin.once("end", () => {
    clearInterval(timer);
    const finish = setInterval(() => {
        if (open === 0) {
            clearInterval(finish);
            process.stdout.write(JSON.stringify(samples), () => process.exit());
        }
    }, 20);
});
