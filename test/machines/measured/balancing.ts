import { X509Certificate } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootDeployment, type Deployment, HOSTNAME, secretValues } from "../lab/deployment";
import { describeMachines } from "../lab/describe-machines";
import { outside } from "../lab/lab";
import {
    failed,
    failures,
    isClosedWhileIdle,
    lost,
    type Sample,
    startLoad,
    untilLastFailure,
    untilServedBy,
} from "../lab/load";
import type { Machine } from "../lab/machine";
import { measured, printMeasurements } from "../lab/measurements";
import { certificateOf, machinesOf, type PlannedMachine } from "../lab/reference";
import { rebootWell } from "../lab/reboot";
import { lineOfKey, numberOfPlaces, plant, secretsSeen, seen } from "../lab/seen";
import { certificateServed } from "../lab/served";

const kinds = ["haproxy", "nginx"] as const;
type Kind = (typeof kinds)[number];
const modes = ["active-active", "active-passive"] as const;
type Mode = (typeof modes)[number];

const addresses: { [kind in Kind]: string } = { haproxy: "10.0.0.10", nginx: "10.0.0.20" };
const names: { [kind in Kind]: string } = { haproxy: "HAProxy", nginx: "Nginx" };

describeMachines("machines behind HAProxy and Nginx, as the plan renders them", () => {
    let deployment: Deployment;
    let planned: { [mode in Mode]: PlannedMachine[] };
    const machine = (name: string): Machine => deployment.machines[name]!;

    /** The application servers and one balancer of each kind. */
    async function choose(plan: Deployment["plan"], mode: Mode, more = ""): Promise<PlannedMachine[]> {
        const plans = await Promise.all(
            kinds.map((kind) => plan(`  minusnow:loadBalancer:\n    kind: ${kind}\n    mode: ${mode}\n${more}`)),
        );
        const all = plans.map(machinesOf);
        const balancers = kinds.map((kind, place) => ({
            ...all[place]!["lb1"]!,
            name: kind,
            address: addresses[kind],
        }));
        return [all[0]!["app1"]!, all[0]!["app2"]!, ...balancers];
    }

    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            planned = {
                "active-active": await choose(plan, "active-active"),
                "active-passive": await choose(plan, "active-passive"),
            };
            return planned["active-active"];
        });
        await settled();
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    const curl = (kind: Kind, url: string, ...args: string[]) =>
        deployment.lab.look(
            ...["curl", "-sS", "--noproxy", "*", "--interface", outside.users[0]!, "--max-time", "60"],
            ...["--connect-to", `${HOSTNAME}::${addresses[kind]}:`, url, ...args],
        );

    /** Both balancers answer. */
    async function settled(): Promise<void> {
        for (const kind of kinds) {
            for (let attempt = 0; !(await curl(kind, `https://${HOSTNAME}/health`, "-k")).startsWith("OK"); attempt++) {
                expect(attempt, `${kind} does not answer`).toBeLessThan(100);
                await wait(300);
            }
        }
    }

    describe.each(kinds)("%s from outside", (kind) => {
        it("redirects by 301 and sends the three headers (guide, step 1)", async () => {
            const redirect = await curl(kind, `http://${HOSTNAME}/tickets?open=1`, "-D", "-", "-o", "/dev/null");
            expect(redirect).toMatch(/^HTTP\/1.1 301 /);
            expect(redirect).toMatch(new RegExp(`^location: https://${HOSTNAME}/tickets\\?open=1\r$`, "im"));
            const answer = await curl(kind, `https://${HOSTNAME}/`, "-k", "-D", "-", "-o", "/dev/null");
            expect(answer).toMatch(/^strict-transport-security: max-age=31536000; includeSubDomains\r$/im);
            expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im);
            expect(answer).toMatch(/^x-frame-options: SAMEORIGIN\r$/im);
            measured(`${names[kind]}: redirect and security headers`, "301, all three", "301, all three");
        });

        it("speaks TLS 1.2 and 1.3 only, with ciphers that keep secrets later", async () => {
            const scan = await deployment.lab.look(
                "sslscan",
                "--no-colour",
                `--sni-name=${HOSTNAME}`,
                `${addresses[kind]}:443`,
            );
            const enabled = [...scan.matchAll(/^(SSLv\d|TLSv[\d.]+)\s+enabled/gm)].map(([, version]) => version);
            expect(enabled, scan).toEqual(["TLSv1.2", "TLSv1.3"]);
            const ciphers = [...scan.matchAll(/^(?:Preferred|Accepted)\s+(\S+)\s+\d+ bits\s+(\S+)/gm)];
            const old = ciphers.filter(([, version, name]) => version === "TLSv1.2" && !/^ECDHE-.*-GCM-/.test(name!));
            expect(old, scan).toEqual([]);
            expect(scan).not.toMatch(/^TLSv[\d.]+ vulnerable to heartbleed/m);
            measured(`${names[kind]}: TLS, by sslscan`, enabled.join(", "), "TLSv1.2, TLSv1.3");
            const offered = [...new Set(ciphers.map(([, , name]) => name!))].join(", ");
            measured(`${names[kind]}: ciphers, by sslscan`, offered, "ECDHE with GCM, those of TLS 1.3");
        });

        it("shows its statistics and anything but 80 and 443 to nobody outside", async () => {
            const reached = [];
            for (const port of [22, 111, 5000, 8404]) {
                const answer = await deployment.lab.look(
                    "curl",
                    "-sS",
                    "--max-time",
                    "1",
                    `http://${addresses[kind]}:${port}/stats`,
                );
                if (!/curl: \((7|28)\)/.test(answer)) {
                    reached.push(`${port}: ${answer}`);
                }
            }
            measured(`${names[kind]}: statistics and ports besides 80 and 443, from outside`, reached.length, "0");
            expect(reached).toEqual([]);
        });

        it("answers 429 to an address above the rate while another is served", async () => {
            const flood = startLoad(deployment.lab, addresses[kind], {
                from: [outside.flooder],
                perSecond: 300,
                mix: [{ method: "GET", path: "/", share: 1 }],
            });
            const other = startLoad(deployment.lab, addresses[kind], { perSecond: 20 });
            await wait(15_000);
            const [flooding, served] = [await flood.stop(), await other.stop()];
            const refused = flooding.filter(({ status }) => status === 429).length;
            measured(
                `${names[kind]}: flood from one address`,
                `${refused} of ${flooding.length} got 429`,
                "429 above 2000 a minute",
            );
            const good = served.filter(({ status }) => status === 200 || status === 201).length;
            measured(`${names[kind]}: another address meanwhile`, `${good} of ${served.length} served`, "all");
            expect(refused).toBeGreaterThan(0);
            expect(flooding.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(2600);
            expect(served.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual([]);
        });
    });

    it.each(kinds)("%s serves what comes all at once, as after a pause of the network", async (kind) => {
        const load = startLoad(deployment.lab, addresses[kind], { perSecond: 100_000, most: 1500 });
        await wait(5000);
        const samples = await load.stop();
        measured(`${names[kind]}: failed of 1500 requests at once`, failed(samples), "0");
        expect(samples).toHaveLength(1500);
        expect(lost(samples), failed(samples)).toEqual([]);
    });

    it.each(kinds)("%s tells the application the user's address, whatever the user says", async (kind) => {
        const spoofed = ["-H", "X-Forwarded-For: 192.0.2.1"];
        const { forwarded } = JSON.parse(await curl(kind, `https://${HOSTNAME}/address`, "-k", ...spoofed)) as {
            forwarded: string;
        };
        expect(forwarded.split(", ").at(-1)).toBe(outside.users[0]);
    });

    it.each(kinds)("%s drains a server of all that it was asked before it may go (guide, step 8)", async (kind) => {
        const mix = [
            { method: "GET", path: "/slow?ms=4000", share: 0.5 },
            { method: "POST", path: "/tickets", share: 0.5 },
        ];
        const drain = (direction: string) => machine(kind).ok(`/usr/local/lib/minusnow/drain.mjs app2 ${direction}`);
        const load = startLoad(deployment.lab, addresses[kind], { perSecond: 60, mix });
        await wait(6000);
        const began = Date.now();
        await drain("out");
        const took = Date.now() - began;
        // The other balancer has no users.
        await machine("app2").ok("systemctl kill --signal=KILL minusnow");
        await wait(3000);
        await machine("app2").ok("systemctl restart minusnow");
        await wait(10_000);
        await drain("in");
        await wait(5000);
        const samples = await load.stop();
        const { idempotent, writes } = failures(samples);
        const title = `${names[kind]}: app2 killed once it was drained: failed`;
        measured(title, failed(samples), "0");
        expect([...idempotent, ...writes.filter(known)]).toEqual([]);
        expect(took).toBeGreaterThan(2000);
        expect(untilServedBy(samples, "app2", began + took + 10_000)).toBeDefined();
    });

    /** Steady load on both balancers while something happens to app1. */
    async function during(
        event: () => Promise<void> | void,
        seconds: number,
    ): Promise<{ at: number; samples: Record<Kind, Sample[]> }> {
        const loads = kinds.map((kind) => startLoad(deployment.lab, addresses[kind], { perSecond: 100 }));
        await wait(4000);
        const at = Date.now();
        await event();
        await wait(seconds * 1000);
        const samples = await Promise.all(loads.map((load) => load.stop()));
        return { at, samples: { haproxy: samples[0]!, nginx: samples[1]! } };
    }

    const known = (sample: Sample) => !isClosedWhileIdle(sample);

    /** Tickets that users were told are written, and that are not there. */
    async function lostWrites(kind: Kind, samples: Sample[]): Promise<string[]> {
        const there = new Set(JSON.parse(await curl(kind, `https://${HOSTNAME}/tickets`, "-k")) as string[]);
        const acknowledged = samples.filter(({ method, status }) => method === "POST" && status === 201);
        expect(acknowledged.length).toBeGreaterThan(0);
        return acknowledged.map(({ key }) => key!).filter((key) => !there.has(key));
    }

    async function expectCertificate(what: string, serial: string, samples: Record<Kind, Sample[]>): Promise<void> {
        for (const kind of kinds) {
            const { idempotent, writes } = failures(samples[kind]);
            const title = `${names[kind]}: failed while it took up ${what}`;
            measured(title, failed(samples[kind]), "0");
            expect([...idempotent, ...writes.filter(known)], title).toEqual([]);
            expect((await certificateServed(deployment.lab, addresses[kind])).serialNumber, title).toBe(serial);
        }
    }

    /** Tells the account of other plans, and waits until both balancers have looked for them and taken them up. */
    async function takenUp(told: PlannedMachine[]): Promise<void> {
        const since = (kind: Kind) => machine(kind).ok("stat -c %Z /etc/minusnow/balancer.json");
        const before = await Promise.all(kinds.map(since));
        await deployment.tell(told);
        const end = Date.now() + 90_000;
        while ((await Promise.all(kinds.map(since))).some((now, place) => now === before[place])) {
            expect(Date.now(), "both balancers look every minute").toBeLessThan(end);
            await wait(500);
        }
    }

    it("takes up a renewed certificate without dropping a connection, and looks for one daily", async () => {
        const renewed = deployment.lab.authority.issue(HOSTNAME);
        const { samples } = await during(async () => {
            await deployment.give({ certificates: { [certificateOf(planned["active-active"][0]!.at)]: renewed } });
            await Promise.all(kinds.map((kind) => machine(kind).ok("systemctl start minusnow-certificate")));
        }, 10);
        await expectCertificate(
            "a renewed certificate",
            new X509Certificate(renewed.certificate).serialNumber,
            samples,
        );
        for (const kind of kinds) {
            const next = "systemctl show minusnow-certificate.timer -P NextElapseUSecRealtime";
            const seconds_ = Number(await machine(kind).ok(`echo $(( $(date -d "$(${next})" +%s) - $(date +%s) ))`));
            expect(seconds_, kind).toBeGreaterThan(0);
            expect(seconds_, kind).toBeLessThan(26 * 3600);
        }
    });

    it("takes its certificate from a secret, whose parts stand in any order, when the configuration says so", async () => {
        const id = "arn:aws:secretsmanager:us-east-1:111122223333:secret:certificate-AbCdEf";
        const intermediate = deployment.lab.authority.intermediate();
        const { certificate, key } = intermediate.issue(HOSTNAME);
        await deployment.give({ secrets: { [id]: [intermediate.certificate, key, certificate].join("") } });
        const told = await choose(deployment.plan, "active-active", `  minusnow:certificateId: ${id}\n`);
        // Users trust the authority alone: they need the chain.
        const { samples } = await during(() => takenUp(told), 10);
        await expectCertificate("one from a secret", new X509Certificate(certificate).serialNumber, samples);
    });

    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

    describe.each(modes)("%s", (mode) => {
        if (mode === "active-passive") {
            it("reaches the balancers by their configuration alone, and costs no request", async () => {
                const { samples } = await during(() => takenUp(planned[mode]), 10);
                for (const kind of kinds) {
                    measured(
                        `${names[kind]}: failed while it took up another configuration`,
                        failed(samples[kind]),
                        "0",
                    );
                    expect(lost(samples[kind]), failed(samples[kind])).toEqual([]);
                    // Users who were at app2 stay there.
                    const last = samples[kind].slice(-100).filter(({ isNew }) => isNew);
                    expect(new Set(last.map(({ server }) => server))).toEqual(new Set(["app1 1.0.0"]));
                }
            });
        }

        it("loses no request that may be asked twice when app1 is killed, and has it back when it boots", async () => {
            const app1 = machine("app1");
            let back = 0;
            const { at, samples } = await during(async () => {
                await app1.kill();
                await wait(20_000);
                app1.start();
                await app1.booted();
                back = Date.now();
            }, 20);
            for (const kind of kinds) {
                const { idempotent, writes } = failures(samples[kind]);
                const until = untilLastFailure(samples[kind].filter(known), at);
                const rejoined = untilServedBy(samples[kind], "app1", back);
                const title = `${names[kind]}, ${mode}, app1 killed`;
                measured(`${title}: failed GETs`, `${idempotent.length} of ${samples[kind].length}`, "0");
                measured(`${title}: failed POSTs`, writes.length, "those under way");
                measured(`${title}: last failure`, seconds(until), "15 s");
                measured(
                    `${title}: app1 answers again after its boot`,
                    rejoined === undefined ? "never" : seconds(rejoined),
                    "15 s",
                );
                const lost = await lostWrites(kind, samples[kind]);
                measured(`${title}: tickets that were acknowledged and are not in the database`, lost.length, "0");
                expect(lost, title).toEqual([]);
                expect(idempotent, title).toEqual([]);
                expect(until).toBeLessThan(15_000);
                expect(rejoined).toBeLessThan(15_000);
            }
        });

        it.each([
            ["freezes", (frozen: boolean) => machine("app1").freeze(frozen)],
            ["loses its cable", (out: boolean) => machine("app1").plug(!out)],
        ] as const)("takes app1 out within the guide's 15 s when it %s", async (what, happen) => {
            let back = 0;
            const { at, samples } = await during(async () => {
                happen(true);
                await wait(25_000);
                happen(false);
                back = Date.now();
            }, 20);
            for (const kind of kinds) {
                const begunLater = samples[kind].filter(({ began }) => began > at + 15_000);
                const { idempotent, writes } = failures(samples[kind]);
                const late = failures(begunLater.filter(known));
                const slow = Math.max(
                    ...samples[kind].filter(({ status }) => status === 200).map(({ began, ended }) => ended - began),
                );
                const title = `${names[kind]}, ${mode}, app1 ${what}`;
                const lastBegun = Math.max(at, ...[...idempotent, ...writes].map(({ began }) => began)) - at;
                measured(`${title}: last request begun that failed`, seconds(lastBegun), "15 s");
                measured(
                    `${title}: failed GETs, POSTs`,
                    `${idempotent.length}, ${writes.length} of ${samples[kind].length}`,
                    "those under way until it is out",
                );
                const until = untilLastFailure(samples[kind].filter(known), at);
                measured(`${title}: last failure`, seconds(until), "15 s, and 50 s for one under way");
                measured(`${title}: slowest good answer`, seconds(slow), "50 s");
                expect(until).toBeLessThan(65_000);
                const rejoined = untilServedBy(samples[kind], "app1", back);
                measured(`${title}: answers again`, rejoined === undefined ? "never" : seconds(rejoined), "15 s");
                expect([...late.idempotent, ...late.writes], title).toEqual([]);
                expect(rejoined).toBeLessThan(15_000);
            }
        });
    });

    it("keeps sessions and files when an application server is lost", async () => {
        const login = await curl(
            "haproxy",
            `https://${HOSTNAME}/login`,
            "-k",
            "-X",
            "POST",
            "-D",
            "-",
            "-o",
            "/dev/null",
        );
        const sid = /sid=([^;]+)/.exec(login)![1]!;
        const stored = await curl(
            "haproxy",
            `https://${HOSTNAME}/uploads?name=plan.txt`,
            "-k",
            "-X",
            "POST",
            "-d",
            "the plan",
        );
        expect(stored).toBe("{}");
        machine("app1").plug(false);
        await wait(20_000);
        const me = await curl("haproxy", `https://${HOSTNAME}/me`, "-k", "-H", `Cookie: sid=${sid}; SERVERID=app1`);
        const file = await curl("haproxy", `https://${HOSTNAME}/uploads?name=plan.txt`, "-k");
        machine("app1").plug(true);
        expect(JSON.parse(me)).toEqual({ user: "alice" });
        expect(file).toBe("the plan");
        measured("A session and a file after the loss of app1", "there", "there");
    });

    it("lets no secret be seen in processes, world-readable files, the journal or cloud-init's log", async () => {
        await plant(machine("app1"), "a-planted-secret");
        expect(await seen(machine("app1"), "a-planted-secret")).toHaveLength(numberOfPlaces);
        const names_ = ["app1", "app2", ...kinds];
        const keys = await Promise.all(
            kinds.map(async (kind) => [`key of ${kind}`, await lineOfKey(machine(kind), "$CERTIFICATE_FILE")] as const),
        );
        const found = await secretsSeen(names_.map(machine), { ...secretValues, ...Object.fromEntries(keys) });
        const mode = await machine("app1").ok("stat -c '%a %U' /opt/minusnow/.env");
        expect(mode.trim()).toBe("600 root");
        measured("Secrets found on two servers and two balancers", found.length, "0");
        expect(found).toEqual([]);
    });

    it("runs the application under systemd at an exposure of 3.0 or better, and away from the machine's credentials", async () => {
        const exposure = await machine("app1").ok("systemd-analyze security minusnow --no-pager | tail -1");
        const level = Number(/: ([\d.]+) /.exec(exposure)![1]);
        measured("systemd-analyze security minusnow", level, "3.0 or less");
        expect(level).toBeLessThanOrEqual(3);
        const asked =
            "curl -sS -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token";
        const user = "systemd-run --quiet --wait --pipe -p User=minusnow -p IPAddressDeny=169.254.169.254";
        expect((await machine("app1").exec(`${user} ${asked}`)).status).not.toBe(0);
        expect(await machine("app1").ok(asked)).not.toBe("");
    });

    it("has every machine reboot into a working state", async () => {
        for (const name of ["app1", "app2", ...kinds]) {
            await rebootWell(name, [machine(name)], settled);
        }
        for (const app of ["app1", "app2"]) {
            expect(await machine(app).ok("curl -sf localhost:5000/api/telemetry/health")).toContain("healthy");
        }
    });
});
