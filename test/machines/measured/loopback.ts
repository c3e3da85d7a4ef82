import { createServer, type IncomingMessage, request as plainRequest, type Server } from "node:http";
import { type RequestOptions, request as tlsRequest } from "node:https";
import { createConnection } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoadBalancerMode } from "../../../components/load-balancer/contract";
import type { BalancerHost } from "../../../components/load-balancer/host/balancer";
import { renderHaproxy } from "../../../components/load-balancer/host/haproxy";
import { renderNginx } from "../../../components/load-balancer/host/nginx";
import { type Balancer, complaints, haproxy, canRun, nginx, startBalancer } from "../../support/balancer";

const members = [
    { name: "app1", address: "127.0.0.21" },
    { name: "app2", address: "127.0.0.22" },
];
const settings: BalancerHost = {
    hostname: "minusnow.example.com",
    members,
    mode: LoadBalancerMode.ActiveActive,
    workerUser: "www-data",
    rateLimitPerMinute: 2000,
};

/** An application server on its guide's port, on a loopback address of its own. */
interface AppServer {
    /** Requests that arrived, health checks left out. */
    arrived: string[];
    /** Ends as a process does that is killed: all connections break. */
    kill: () => Promise<void>;
}

function startApp({ name, address }: (typeof members)[number]): Promise<AppServer> {
    const arrived: string[] = [];
    const server: Server = createServer((request, response) => {
        if (request.url === "/health") {
            response.end();
            return;
        }
        arrived.push(`${request.method} ${request.url}`);
        const answer = () => response.setHeader("Server", "secret").end(name);
        if (request.url?.startsWith("/slow")) {
            setTimeout(answer, 400);
        } else {
            answer();
        }
    });
    const kill = () =>
        new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
        });
    return new Promise((resolve) => server.listen(5000, address, () => resolve({ arrived, kill })));
}

interface Answer {
    status: number;
    headers: IncomingMessage["headers"];
    body: string;
}

const programs = [
    { title: "HAProxy", option: "A", program: haproxy, render: renderHaproxy },
    { title: "Nginx", option: "B", program: nginx, render: renderNginx },
];

for (const { title, option, program, render } of programs) {
    describe.skipIf(!canRun(program))(`${title} as it is rendered (guide, step 1, option ${option})`, () => {
        const isHaproxy = program === haproxy;
        let balancer: Balancer | undefined;
        let apps: AppServer[];

        beforeEach(async () => {
            apps = await Promise.all(members.map(startApp));
        });
        afterEach(async () => {
            await balancer?.stop();
            balancer = undefined;
            await Promise.all(apps.map((app) => app.kill().catch(() => undefined)));
        });
        const start = async (changes: Partial<BalancerHost> = {}) => {
            balancer = await startBalancer(program, render({ ...settings, ...changes }));
        };
        const ask = (url: string, options: RequestOptions = {}, body = "") =>
            new Promise<Answer>((resolve, reject) => {
                const send = url.startsWith("https:") ? tlsRequest : plainRequest;
                const request = send(url, { rejectUnauthorized: false, agent: false, ...options }, (response) => {
                    let text = "";
                    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
                    response.on("end", () =>
                        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
                    );
                });
                request.on("error", reject);
                request.end(body);
            });
        const site = () => `https://127.0.0.1:${balancer!.httpsPort}`;

        it.each([LoadBalancerMode.ActiveActive, LoadBalancerMode.ActivePassive])(
            "accepts the configuration of mode %s without a warning",
            (mode) => {
                expect(complaints(program, render({ ...settings, mode }))).toBe("");
            },
        );

        it("redirects 80 by 301 and sends the three headers, also on its own answers", async () => {
            await start();
            const redirect = await ask(`http://127.0.0.1:${balancer!.httpPort}/tickets?open=1`, {
                headers: { Host: "minusnow.example.com" },
            });
            expect(redirect).toMatchObject({
                status: 301,
                headers: { location: "https://minusnow.example.com/tickets?open=1", "x-frame-options": "SAMEORIGIN" },
            });
            const { status, headers } = await ask(`${site()}/`);
            expect(status).toBe(200);
            expect(headers).toMatchObject({
                "strict-transport-security": "max-age=31536000; includeSubDomains",
                "x-content-type-options": "nosniff",
                "x-frame-options": "SAMEORIGIN",
            });
            expect(headers["server"] ?? "nginx").toBe("nginx");
        });

        it.each([
            ["TLSv1.1", false],
            ["TLSv1.2", true],
            ["TLSv1.3", true],
        ] as const)("speaks %s: %s", async (version, spoken) => {
            await start();
            const handshake = new Promise<boolean>((resolve) => {
                const options = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" };
                const socket = tlsConnect(
                    balancer!.httpsPort,
                    "127.0.0.1",
                    { rejectUnauthorized: false, ...options },
                    () => {
                        socket.destroy();
                        resolve(true);
                    },
                );
                socket.on("error", () => resolve(false));
            });
            expect(await handshake).toBe(spoken);
        });

        it("shares requests, and keeps a session at its server by a cookie that scripts cannot read", async () => {
            await start();
            const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`${site()}/`)));
            expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(["app1", "app2"]));
            const [cookie] = answers[0]!.headers["set-cookie"]!;
            expect(cookie).toMatch(/^SERVERID=app\d; path=\/; HttpOnly; Secure$/i);
            const headers = { Cookie: cookie!.split(";")[0] };
            const sticky = await Promise.all(Array.from({ length: 8 }, () => ask(`${site()}/`, { headers })));
            expect(new Set(sticky.map(({ body }) => body))).toEqual(new Set([answers[0]!.body]));
            expect(sticky.every((answer) => answer.headers["set-cookie"] === undefined)).toBe(true);
        });

        it("answers 429 to an address above its rate while another is served", async () => {
            await start({ rateLimitPerMinute: 50 });
            const flood = await Promise.all(Array.from({ length: 80 }, () => ask(`${site()}/`)));
            const statuses = flood.map(({ status }) => status);
            const served = statuses.filter((status) => status === 200).length;
            expect(served).toBeGreaterThanOrEqual(50);
            // Nginx counts by a bucket that leaks.
            expect(served).toBeLessThanOrEqual(isHaproxy ? 50 : 55);
            expect(statuses.filter((status) => status === 429)).toHaveLength(80 - served);
            expect(await ask(`${site()}/`, { localAddress: "127.0.0.9" })).toMatchObject({ status: 200 });
        });

        it("loses no request that may be asked twice when a server is killed under load, and repeats no write", async () => {
            await start();
            const sent: Promise<{ kind: string; failed: boolean }>[] = [];
            const BODY = { GET: "", POST: "title=printer" };
            const lengthOf = (kind: keyof typeof BODY) =>
                kind === "POST" ? { "Content-Length": BODY.POST.length } : {};
            const send = (kind: keyof typeof BODY, place: number) =>
                sent.push(
                    ask(`${site()}/slow/${kind}/${place}`, { method: kind, headers: lengthOf(kind) }, BODY[kind]).then(
                        ({ status }) => ({ kind, failed: status >= 500 }),
                        () => ({ kind, failed: true }),
                    ),
                );
            for (let place = 0; place < 60; place++) {
                send("GET", place);
                if (place % 3 === 0) {
                    send("POST", place);
                }
                if (place === 30) {
                    void apps[0]!.kill();
                }
                await new Promise((resolve) => setTimeout(resolve, 15));
            }
            const outcomes = await Promise.all(sent);
            expect(outcomes.filter(({ kind, failed }) => kind === "GET" && failed)).toEqual([]);
            const writes = apps.flatMap(({ arrived }) => arrived).filter((line) => line.startsWith("POST"));
            expect(new Set(writes).size).toBe(writes.length);
            expect(apps[1]!.arrived.length).toBeGreaterThan(30);
        }, 30_000);

        it("sends everything to the first server in active-passive mode, until it fails", async () => {
            await start({ mode: LoadBalancerMode.ActivePassive });
            const before = await Promise.all(Array.from({ length: 6 }, () => ask(`${site()}/`)));
            expect(new Set(before.map(({ body }) => body))).toEqual(new Set(["app1"]));
            await apps[0]!.kill();
            const deadline = Date.now() + 25_000;
            let answer = await ask(`${site()}/`);
            while (answer.body !== "app2" && Date.now() < deadline) {
                await new Promise((resolve) => setTimeout(resolve, 250));
                answer = await ask(`${site()}/`);
            }
            expect(answer).toMatchObject({ status: 200, body: "app2" });
        }, 40_000);

        it("loses no request that may be asked twice when the first of active-passive servers is killed", async () => {
            await start({ mode: LoadBalancerMode.ActivePassive, rateLimitPerMinute: 100_000 });
            const sent: Promise<string>[] = [];
            const began = Date.now();
            const rate = { perSecond: 150, seconds: 8, killAfter: 2 };
            let killed = false;
            while (Date.now() - began < rate.seconds * 1000) {
                const due = ((Date.now() - began) / 1000) * rate.perSecond;
                while (sent.length < due) {
                    const url = sent.length % 3 === 0 ? "/slow" : "/";
                    sent.push(
                        ask(`${site()}${url}`).then(
                            ({ status, body }) => `${status} ${body}`,
                            (error: unknown) => (error as Error).message,
                        ),
                    );
                }
                if (!killed && Date.now() - began > rate.killAfter * 1000) {
                    killed = true;
                    void apps[0]!.kill();
                }
                await new Promise((resolve) => setTimeout(resolve, 5));
            }
            const answers = await Promise.all(sent);
            expect(answers.filter((answer) => !/^200 app[12]$/.test(answer))).toEqual([]);
            expect(new Set(answers)).toEqual(new Set(["200 app1", "200 app2"]));
        }, 60_000);

        it("tells the balancer in front that it is alive, whatever the servers do, on port 80", async () => {
            await start({ members: [{ name: "app1", address: "127.0.0.9" }] });
            const health = `http://127.0.0.1:${balancer!.httpPort}/balancer-health`;
            expect(await ask(health)).toMatchObject({ status: 200 });
        });

        if (isHaproxy) {
            it("drains a server by weight 0, of its sessions too (guide, step 8)", async () => {
                await start();
                await balancer!.command("set weight minusnow_app_servers/app1 0%");
                const cookies = ["", "SERVERID=app1", "SERVERID=app2"];
                const answers = await Promise.all(
                    cookies.map((Cookie) => ask(`${site()}/`, { headers: Cookie ? { Cookie } : {} })),
                );
                expect(answers.map(({ body }) => body)).toEqual(["app2", "app2", "app2"]);
            });

            it("shows statistics on loopback's own address alone", async () => {
                await start();
                expect(await ask(`http://127.0.0.1:${balancer!.statsPort}/stats`)).toMatchObject({ status: 200 });
                const reached = await new Promise<boolean>((resolve) => {
                    const socket = createConnection(balancer!.statsPort, "127.0.0.2", () => {
                        socket.destroy();
                        resolve(true);
                    });
                    socket.on("error", () => resolve(false));
                });
                expect(reached).toBe(false);
            });
        }
    });
}
