import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { everythingBefore } from "../../support/plans";
import { azureDeployment, BALANCER } from "../lab/azure-deployment";
import { releaseCommandsOf } from "../lab/azure-reference";
import { HOSTNAME } from "../lab/deployment";
import { describeMachines } from "../lab/describe-machines";
import { failed, failures, lost, rateOf } from "../lab/load";
import { measured, printMeasurements } from "../lab/measurements";

describeMachines("machines on Azure, under load", () => {
    const azure = azureDeployment({ proxy: "nginx", os: "ubuntu-24.04" });
    const { machine, planOf, release, certificateAt, bothAnswer, underLoad, lastServers } = azure;
    beforeAll(azure.boot);
    afterAll(() => {
        printMeasurements();
        azure.close();
    });

    it("has Let's Encrypt issue a certificate, which balancers take from the vault", async () => {
        const first = await certificateAt(BALANCER);
        expect(first.issuer).toContain("Pebble");
        const log = await machine("ops").ok(
            "journalctl --unit minusnow-issue-certificate@keep --output cat --no-pager",
        );
        expect(log).toMatch(new RegExp(`^${HOSTNAME} has a certificate until 20`, "m"));
    });

    it("leaves a certificate that lasts alone, and looks for one twice a day", async () => {
        const before = await certificateAt(BALANCER);
        await machine("ops").ok("systemctl start minusnow-issue-certificate@keep");
        await machine("lb1").ok("systemctl start minusnow-certificate");
        expect((await certificateAt(BALANCER)).serialNumber).toBe(before.serialNumber);
        const next = "systemctl show minusnow-issue-certificate.timer -P NextElapseUSecRealtime";
        const left = await machine("ops").ok(`echo $(( $(date -d "$(${next})" +%s) - $(date +%s) ))`);
        expect(Number(left)).toBeGreaterThan(0);
        expect(Number(left)).toBeLessThan(18 * 3600);
    });

    it("has another one issued when it is asked to, and takes it up without dropping a connection", async () => {
        const before = await certificateAt(BALANCER);
        const { samples } = await underLoad(async () => {
            await machine("ops").ok("systemctl start minusnow-issue-certificate@renew");
            await machine("lb1").ok("systemctl start minusnow-certificate");
        });
        measured("Azure: a certificate of Let's Encrypt taken up: failed", failed(samples), "0");
        expect(lost(samples)).toEqual([]);
        expect((await certificateAt(BALANCER)).serialNumber).not.toBe(before.serialNumber);
    });

    it("releases to app2 before app1", async () => {
        const at = await planOf("1.0.0");
        const [first, second] = releaseCommandsOf(at).map(({ name }) =>
            at.one("compute.VirtualMachineRunCommandByVirtualMachine", name),
        );
        expect([first!.name, second!.name].map((name) => name.replace(/^.*-/, ""))).toEqual(["app2", "app1"]);
        expect(everythingBefore(at, second!.urn).has(first!.urn)).toBe(true);
    });

    it("fails no request under 200 requests a second, by run commands from the operations machine", async () => {
        azure.pack("2.0.0");
        const { result, samples } = await underLoad(() => release("2.0.0", 10));
        expect(result).toEqual({ status: 0, message: "" });
        const rate = rateOf(samples);
        measured(
            "Release on Azure of 2 servers: failed",
            `${failed(samples)}, at ${rate} a second`,
            "0, at 200 a second",
        );
        expect(rate).toBeGreaterThanOrEqual(200);
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
    });

    it("rolls back a release that does not start on app2, leaves app1 alone, and fails the update", async () => {
        azure.pack("3.0.0", () => "process.exit(1);");
        const pid = "systemctl show minusnow -p MainPID --value";
        const before = await machine("app1").ok(pid);
        const { result, samples } = await underLoad(() => release("3.0.0", 10));
        expect(result.status).toBe(1);
        expect(result.message).toMatch(/^app2: release 3\.0\.0 failed.*the former release is back$/);
        measured("A release on Azure that does not start: failed", failed(samples), "0, rolled back");
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
        expect(await machine("app1").ok(pid)).toBe(before);
    });

    it("loses no request that may be asked twice when app1 is killed, and takes it out when it freezes", async () => {
        const app1 = machine("app1");
        const killed = await underLoad(async () => {
            await app1.kill();
            await wait(10_000);
            app1.start();
            await app1.booted();
        });
        const lostGets = failures(killed.samples).idempotent.length;
        measured("Azure, app1 killed: failed GETs", `${lostGets} of ${killed.samples.length}`, "0");
        expect(lostGets).toBe(0);
        await bothAnswer();
        await wait(12_000);
        let at = 0;
        const frozen = await underLoad(async () => {
            app1.freeze(true);
            at = Date.now();
            await wait(25_000);
            app1.freeze(false);
        });
        const unanswered = lost(frozen.samples);
        const last = Math.max(at, ...unanswered.map(({ began }) => began)) - at;
        measured("Azure, app1 freezes: last request begun that failed", `${(last / 1000).toFixed(1)} s`, "15 s");
        expect(unanswered.filter(({ began }) => began > at + 15_000)).toEqual([]);
        await bothAnswer();
    });
});
