import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlannedStack } from "../support/plans";
import { bootDeployment, type Deployment, HOSTNAME } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import { createLedger, type Ledger } from "./lab/ledger";
import { measured, printMeasurements } from "./lab/measurements";
import { postgresPair } from "./lab/postgres-pair";
import { outside } from "./lab/lab";
import { failures, startLoad } from "./lab/load";
import { healthOf, machinesOf, type PlannedMachine } from "./lab/reference";

/** Address of the Network Load Balancer before the balancers. */
const FRONT = "10.0.0.5";

describeMachines("what is lost and replaced without a person, on machines as the plan renders them", () => {
    let deployment: Deployment;
    let ledger: Ledger;
    let at: PlannedStack;
    const { machine, command, status, role, until, ready, lost } = postgresPair(() => deployment);
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const third = "  minusnow:network:\n    zoneCount: 3\n";
            const balancers = "  minusnow:loadBalancer:\n    kind: haproxy\n";
            at = await plan(`  minusnow:database:\n    kind: vm\n    automaticFailover: true\n${third}${balancers}`);
            const { app1, db1, db2, witness, lb1, lb2 } = machinesOf(at);
            return [db1, db2, witness, app1, lb1, lb2] as PlannedMachine[];
        });
        await ready();
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    const keeperSays = async (name: string, what: RegExp) =>
        what.test(await machine(name).ok("journalctl -b -u minusnow-keeper -o cat --no-pager"));
    const isWriting = () => Promise.resolve(ledger.isWriting(1));

    async function checkLedger(on: string, what: string): Promise<void> {
        await ledger.stop();
        expect(await lost(ledger, on)).toBe(0);
        measured(`PostgreSQL: acknowledged writes lost, ${what}`, `0 of ${ledger.acknowledged().length}`, "0");
    }

    async function comesBack(former: string, primary: string): Promise<void> {
        machine(former).start();
        await machine(former).booted();
        await until(`${former} follows in sync`, 180, async () => (await status(primary)).inSync);
        expect(await role(former)).toBe("standby");
    }

    /** What the plan puts before the balancers. */
    async function standBeforeBalancers(): Promise<void> {
        const health = healthOf(at, "-lb-https");
        const ownOf = (place: number) => `203.0.113.${121 + place}`;
        await deployment.lab.front({
            address: FRONT,
            port: 443,
            machines: ["lb1", "lb2"].map((name) => machine(name).address),
            health,
            // Users keep their addresses, by which balancers count them.
            sources: Object.fromEntries(outside.users.map((address, place) => [address, ownOf(place)])),
            like: "aws",
        });
        await wait(2 * health.intervalSeconds * 1000);
    }

    it("serves on when a balancer is killed, and has it back when it boots", async () => {
        await standBeforeBalancers();
        const load = startLoad(deployment.lab, FRONT, { perSecond: 60 });
        await wait(4000);
        const killed = Date.now();
        await machine("lb1").kill();
        await wait(30_000);
        machine("lb1").start();
        await machine("lb1").booted();
        // Users who are there stay where they are; who comes now may come to either.
        const come = ["--max-time", "5", "--connect-to", `${HOSTNAME}::${FRONT}:`, `https://${HOSTNAME}/health`];
        const served = async () => {
            for (let user = 0; user < 4; user++) {
                await deployment.lab.look("curl", "-sk", "--noproxy", "*", ...come);
            }
            const rows = await machine("lb1").ok("curl -s 'http://127.0.0.1:8404/stats;csv'");
            return Number(/^minusnow_app_servers,BACKEND,(?:[^,]*,){5}(\d+)/m.exec(rows)![1]) > 5;
        };
        const took = await until("lb1 serves again", 60, served);
        const samples = await load.stop();
        const { idempotent, writes } = failures(samples);
        const failed = [...idempotent, ...writes];
        const last = (Math.max(killed, ...failed.map(({ began }) => began)) - killed) / 1000;
        const title = `a balancer of two is killed, at ${samples.length} requests`;
        measured(`${title}: last request begun that failed`, `${last.toFixed(1)} s`, "3 checks");
        measured(
            `${title}: failed GETs, POSTs`,
            `${idempotent.length}, ${writes.length}`,
            "those under way until it is out",
        );
        measured(`${title}: it serves again after its boot`, `${took.toFixed(0)} s`, "–");
        // Three checks of the balancer in front, five seconds apart, each of which may wait three.
        expect(last).toBeLessThan(20);
        expect(
            samples.filter(({ began, status: code }) => began > killed + 30_000 && code === 200).length,
        ).toBeGreaterThan(200);
    });

    it("does not take over while the witness sees the primary, nor once that has gone on alone", async () => {
        ledger = await createLedger(machine("app1"));
        await machine("db1").ok("ip route add unreachable 10.0.18.11");
        await machine("db2").ok("ip route add unreachable 10.0.2.10");
        await until("db1 goes on alone", 90, async () => !(await status("db1")).inSync);
        await until("tickets are written again", 30, isWriting);
        await until("db2 has asked the witness", 150, () => keeperSays("db2", /the witness does not say the same/));
        expect(await role("db1")).toBe("primary");
        await machine("db1").kill();
        await until("db2 has refused", 150, () => keeperSays("db2", /did not take over: .*db1 went on without db2/));
        expect(await role("db2")).toBe("standby");
        await machine("db2").ok("ip route del unreachable 10.0.2.10");
        machine("db1").start();
        await machine("db1").booted();
        await until("db2 follows in sync", 180, async () => (await status("db1")).inSync);
        expect(await role("db1")).toBe("primary");
        await checkLedger("db1", "link cut, then the lone primary killed and back");
    });

    it("takes over by itself when the primary is killed: no acknowledged write is lost", async () => {
        ledger = await createLedger(machine("app1"));
        await wait(3000);
        await machine("db1").kill();
        const began = Date.now();
        await until("db2 is primary", 180, async () => (await role("db2")) === "primary");
        await until("tickets are written again", 90, isWriting);
        const seconds = `${((Date.now() - began) / 1000).toFixed(0)} s`;
        measured("PostgreSQL: primary killed, standby takes over by itself: all clients write after", seconds, "–");
        await comesBack("db1", "db2");
        await checkLedger("db2", "taken over by itself");
    });

    it("waits for a person while the witness is lost too, and takes over once it is back", async () => {
        ledger = await createLedger(machine("app1"));
        await wait(3000);
        await machine("witness").kill();
        machine("db2").freeze(true);
        await until("db1 has asked in vain", 200, () => keeperSays("db1", /the witness does not answer/));
        await wait(15_000);
        expect(await role("db1")).toBe("standby");
        machine("witness").start();
        await until("db1 is primary", 180, async () => (await role("db1")) === "primary");
        // It was turned off before the other one was promoted.
        expect((await machine("db2").exec("true")).stderr).toContain("is off");
        await until("tickets are written again", 90, isWriting);
        await comesBack("db2", "db1");
        await checkLedger("db1", "primary frozen, witness lost for a while");
    });

    it("forgets at a switchover what it missed before", async () => {
        const takeovers = async () =>
            Number(
                await machine("db1").ok(
                    "journalctl -b -u minusnow-keeper -o cat --no-pager | grep -c 'takes over$' || true",
                ),
            );
        const before = await takeovers();
        const { status: code, stderr, stdout } = await command("db2", "switchover");
        expect(`${stdout}${stderr}`).toContain("db2 is primary");
        expect(code).toBe(0);
        await until("db1 follows in sync", 120, async () => (await status("db2")).inSync);
        expect(await takeovers()).toBe(before);
    });

    it("answers the database machines alone", async () => {
        const ask = (from: string) => machine(from).exec("curl -sm 4 http://10.0.34.12:8008/");
        expect(JSON.parse((await ask("db1")).stdout)).toHaveProperty(["missed", "10.0.18.11"]);
        expect((await ask("app1")).stdout).toBe("");
        // It is the witness that does not answer, not the network.
        expect(await machine("app1").ok("ip neighbour show 10.0.34.12")).toContain("lladdr");
    });
});
