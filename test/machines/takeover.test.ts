import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootDeployment, type Deployment } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import { createLedger, type Ledger } from "./lab/ledger";
import { measured, printMeasurements } from "./lab/measurements";
import { postgresPair } from "./lab/postgres-pair";
import { rebootWell } from "./lab/reboot";
import { machinesOf, type PlannedMachine } from "./lab/reference";

describeMachines("a primary that is lost and replaced without a person, on machines as the plan renders them", () => {
    let deployment: Deployment;
    let ledger: Ledger;
    const { machine, command, status, role, until, ready, lost } = postgresPair(() => deployment);
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const third = "  minusnow:network:\n    zoneCount: 3\n";
            const at = await plan(`  minusnow:database:\n    kind: vm\n    automaticFailover: true\n${third}`);
            const { app1, db1, db2, witness } = machinesOf(at);
            return [db1, db2, witness, app1] as PlannedMachine[];
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
        const what = "PostgreSQL: primary killed, standby takes over by itself: all clients write after";
        measured(what, seconds, "60 s to 120 s on RDS");
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

    it("starts the primary again when that went on alone while it was to be turned off", async () => {
        const { lab } = deployment;
        ledger = await createLedger(machine("app1"));
        await wait(3000);
        machine("db1").freeze(true);
        let stops = 0;
        lab.beforeStop = async (name) => {
            stops += Number(name === "db1");
            // It wakes up, does not find its standby, and goes on alone before it is off.
            await machine("db2").ok("ip route add unreachable 10.0.2.10");
            machine("db1").freeze(false);
            await until("db1 goes on alone", 90, async () => !(await status("db1")).inSync);
        };
        await until("db2 has refused", 240, () => keeperSays("db2", /did not take over: .*which is started again/));
        lab.beforeStop = () => Promise.resolve();
        expect(stops).toBe(1);
        await machine("db2").ok("ip route del unreachable 10.0.2.10");
        await machine("db1").booted();
        await until("db2 follows in sync", 240, async () => (await status("db1")).inSync);
        expect(await role("db1")).toBe("primary");
        await checkLedger("db1", "primary that went on alone while it was turned off, started again");
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

    it("has the witness reboot and see the primary again", async () => {
        const seesPrimary = async () => {
            const { missed } = JSON.parse((await machine("db1").exec("curl -sm 4 http://10.0.34.12:8008/")).stdout) as {
                missed: Record<string, number>;
            };
            return missed["10.0.18.11"] === 0;
        };
        await rebootWell("the witness", [machine("witness")], () => until("it sees db2", 60, seesPrimary));
    });

    it("answers the database machines alone", async () => {
        const ask = (from: string) => machine(from).exec("curl -sm 4 http://10.0.34.12:8008/");
        expect(JSON.parse((await ask("db1")).stdout)).toHaveProperty(["missed", "10.0.18.11"]);
        expect((await ask("app1")).stdout).toBe("");
        // It is the witness that does not answer, not the network.
        expect(await machine("app1").ok("ip neighbour show 10.0.34.12")).toContain("lladdr");
    });
});
