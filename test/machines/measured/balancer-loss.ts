import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlannedStack } from "../../support/plans";
import { bootDeployment, type Deployment, HOSTNAME } from "../lab/deployment";
import { describeMachines } from "../lab/describe-machines";
import { outside } from "../lab/lab";
import { failures, startLoad } from "../lab/load";
import { measured, printMeasurements } from "../lab/measurements";
import { healthOf, machinesOf, type PlannedMachine } from "../lab/reference";

/** Address of the Network Load Balancer before the balancers. */
const FRONT = "10.0.0.5";
/** Longest that a balancer is waited for that has booted, in seconds. */
const AGAIN_SECONDS = 60;

describeMachines("two balancers on machines, as the plan renders them", () => {
    let deployment: Deployment;
    let at: PlannedStack;
    const machine = (name: string) => deployment.machines[name]!;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            at = await plan("  minusnow:loadBalancer:\n    kind: haproxy\n");
            const { app1, lb1, lb2 } = machinesOf(at);
            return [app1, lb1, lb2] as PlannedMachine[];
        });
        await standBeforeBalancers();
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

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

    /** Users who are there stay where they are; who comes now may come to either. */
    async function servesNewUsers(name: string): Promise<boolean> {
        const come = ["--max-time", "5", "--connect-to", `${HOSTNAME}::${FRONT}:`, `https://${HOSTNAME}/health`];
        for (let user = 0; user < 4; user++) {
            await deployment.lab.look("curl", "-sk", "--noproxy", "*", ...come);
        }
        const rows = await machine(name).ok("curl -s 'http://127.0.0.1:8404/stats;csv'");
        return Number(/^minusnow_app_servers,BACKEND,(?:[^,]*,){5}(\d+)/m.exec(rows)![1]) > 5;
    }

    it("serve on when one is killed, and have it back when it boots", async () => {
        const load = startLoad(deployment.lab, FRONT, { perSecond: 60 });
        await wait(4000);
        const killed = Date.now();
        await machine("lb1").kill();
        await wait(30_000);
        machine("lb1").start();
        await machine("lb1").booted();
        const booted = Date.now();
        while (!(await servesNewUsers("lb1").catch(() => false))) {
            expect(Date.now() - booted).toBeLessThan(AGAIN_SECONDS * 1000);
            await wait(500);
        }
        const took = (Date.now() - booted) / 1000;
        const samples = await load.stop();
        const { idempotent, writes } = failures(samples);
        const all = [...idempotent, ...writes];
        const last = (Math.max(killed, ...all.map(({ began }) => began)) - killed) / 1000;
        const title = "A balancer of two is killed";
        measured(`${title}: last request begun that failed`, `${last.toFixed(1)} s`, "3 checks");
        measured(
            `${title}: failed GETs, POSTs`,
            `${idempotent.length}, ${writes.length} of ${samples.length}`,
            "those under way until it is out",
        );
        measured(`${title}: it serves again after its boot`, `${took.toFixed(0)} s`, `${AGAIN_SECONDS} s`);
        // Three checks of the balancer in front, five seconds apart, each of which may wait three.
        expect(last).toBeLessThan(20);
        expect(
            samples.filter(({ began, status: code }) => began > killed + 30_000 && code === 200).length,
        ).toBeGreaterThan(200);
    });
});
