import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { everythingBefore, type PlannedStack, repository } from "../../support/plans";
import { labKeys } from "../lab/aws-signature.mjs";
import { bootDeployment, type Deployment } from "../lab/deployment";
import { describeMachines } from "../lab/describe-machines";
import { outside } from "../lab/lab";
import { failed, lost, rateOf, type Sample, startLoad } from "../lab/load";
import { measured, printMeasurements } from "../lab/measurements";
import { machinesOf, type PlannedMachine } from "../lab/reference";

const BALANCER = "10.0.0.10";
const stackFile = "  minusnow:loadBalancer:\n    kind: haproxy\n";

/** What the update asks the release function to do, in the update's order. */
function invocations(at: PlannedStack): string[] {
    const all = at.all("lambda.Invocation").filter(({ name }) => /-release-app\d+$/.test(name));
    const sorted = all.sort((a, b) => Number(everythingBefore(at, a.urn).has(b.urn)) - 0.5);
    return sorted.map(({ inputs }) => inputs["input"] as string);
}

describeMachines("a release to the booted pair (guide, step 8)", () => {
    let deployment: Deployment;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const { app1, app2, lb1, lb2 } = machinesOf(await plan(stackFile));
            return [app1, app2, lb1, lb2] as PlannedMachine[];
        });
        await wait(12_000);
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    interface Outcome {
        status: number;
        message: string;
    }

    function invoke(input: string): { ended: Promise<Outcome>; kill: () => void } {
        const { lab } = deployment;
        const endpoint = `https://${outside.aws}`;
        const child = lab.outside("env", [
            "AWS_REGION=us-east-1",
            `AWS_ACCESS_KEY_ID=${labKeys.id}`,
            `AWS_SECRET_ACCESS_KEY=${labKeys.secret}`,
            `AWS_SESSION_TOKEN=${labKeys.token}`,
            `AWS_ENDPOINT_URL=${endpoint}`,
            `NODE_EXTRA_CA_CERTS=${path.join(lab.folder, "ca.pem")}`,
            process.execPath,
            path.join(import.meta.dirname, "../lab/run-handler.mts"),
            path.join(repository, "dist/components/release/bundle.js"),
            input,
        ]);
        let message = "";
        child.stderr!.on("data", (chunk: Buffer) => (message += chunk.toString()));
        child.stdout!.resume();
        const ended = new Promise<Outcome>((resolve) =>
            child.once("close", (status) => resolve({ status: status ?? -1, message })),
        );
        return { ended, kill: () => child.kill("SIGKILL") };
    }

    /** An update with a release, as Pulumi would make it: it stops at the first failure. */
    async function release(version: string, bakeSeconds: number): Promise<Outcome> {
        const at = await deployment.plan(stackFile, version);
        const { app1, app2, lb1, lb2 } = machinesOf(at);
        await deployment.tell([app1, app2, lb1, lb2] as PlannedMachine[]);
        for (const input of invocations(at)) {
            const outcome = await invoke(JSON.stringify({ ...JSON.parse(input), bakeSeconds })).ended;
            if (outcome.status !== 0) {
                return outcome;
            }
        }
        return { status: 0, message: "" };
    }

    async function underLoad<T>(work: () => Promise<T>): Promise<{ result: T; samples: Sample[]; seconds: number }> {
        const load = startLoad(deployment.lab, BALANCER, { perSecond: 220 });
        await wait(3000);
        const began = Date.now();
        const result = await work();
        const seconds = (Date.now() - began) / 1000;
        await wait(3000);
        return { result, samples: await load.stop(), seconds };
    }

    /** How often the schema was brought to a version. */
    const migrations = async (version: string) =>
        Number(
            await deployment.data.ok(
                `runuser -u postgres -- psql -XAtq minusnow_db -c "SELECT count(*) FROM migrations WHERE version = '${version}'"`,
            ),
        );

    const lastServers = (samples: Sample[]) => [...new Set(samples.slice(-200).map(({ server }) => server))].sort();

    it("asks for app2 before app1, and tells new servers when app1 has it", async () => {
        const order = invocations(await deployment.plan(stackFile)).map(
            (input) => JSON.parse(input) as { member: string; parameterName?: string },
        );
        expect(order.map(({ member }) => member)).toEqual(["app2", "app1"]);
        expect(order.map(({ parameterName }) => parameterName)).toEqual([undefined, "/minusnow-prod-app/release"]);
    });

    it("fails no request under 200 requests a second", async () => {
        deployment.release("2.0.0");
        const { result, samples, seconds } = await underLoad(() => release("2.0.0", 10));
        expect(result).toEqual({ status: 0, message: "" });
        const rate = rateOf(samples);
        const told = `${failed(samples)}, in ${seconds.toFixed(0)} s at ${rate} a second`;
        measured("Release of 2 servers: failed", told, "0, at 200 a second");
        expect(lost(samples)).toEqual([]);
        const count = await migrations("2.0.0");
        measured("Release of 2 servers: migrations of the schema", count, "1");
        expect(count).toBe(1);
        expect(rate).toBeGreaterThanOrEqual(200);
        expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
    });

    it("does nothing when it runs again", async () => {
        const { result, samples } = await underLoad(() => release("2.0.0", 10));
        expect(result.status).toBe(0);
        expect(lost(samples)).toEqual([]);
    });

    it.each([
        ["does not start", "3.0.0", () => "process.exit(1);"],
        [
            "falls ill while it is watched",
            "4.0.0",
            (program: string) => program.replace("isHealthy ? 200 : 503", "process.uptime() < 12 ? 200 : 503"),
        ],
    ] as const)(
        "rolls back a release that %s on app2, leaves app1 alone, and fails the update",
        async (what, version, change) => {
            deployment.release(version, change);
            const pid = "systemctl show minusnow -p MainPID --value";
            const before = await deployment.machines["app1"]!.ok(pid);
            const { result, samples } = await underLoad(() => release(version, 30));
            expect(result.status).toBe(1);
            expect(result.message).toMatch(new RegExp(`^app2: release ${version} failed.*the former release is back`));
            measured(`A release that ${what}: failed`, failed(samples), "0, rolled back, update fails");
            expect(lost(samples)).toEqual([]);
            expect(lastServers(samples)).toEqual(["app1 2.0.0", "app2 2.0.0"]);
            expect(await deployment.machines["app1"]!.ok(pid)).toBe(before);
        },
    );

    it("goes on where it was broken off", async () => {
        deployment.release("5.0.0");
        const { samples } = await underLoad(async () => {
            const at = await deployment.plan(stackFile, "5.0.0");
            const { app1, app2, lb1, lb2 } = machinesOf(at);
            await deployment.tell([app1, app2, lb1, lb2] as PlannedMachine[]);
            const first = invoke(invocations(at)[0]!);
            const server = deployment.machines["app2"]!;
            // It is out of the balancer by then, and about to download, to unpack or to migrate.
            const isAtWork = async () => (await server.ok("ls /opt/minusnow/releases")).includes("5.0.0");
            while (!(await isAtWork())) {
                await wait(50);
            }
            first.kill();
            await server.kill();
            await first.ended;
            server.start();
            await server.booted();
            expect(await release("5.0.0", 5)).toEqual({ status: 0, message: "" });
        });
        measured("A release broken off, app2 killed in its midst, and run again: failed", failed(samples), "0");
        expect(lost(samples)).toEqual([]);
        expect(lastServers(samples)).toEqual(["app1 5.0.0", "app2 5.0.0"]);
    });

    it("refuses an artifact whose checksum is another", async () => {
        const at = await deployment.plan(stackFile, "5.0.0");
        const input = {
            ...JSON.parse(invocations(at)[0]!),
            version: "6.0.0",
            sha256: "0".repeat(64),
            bakeSeconds: 0,
        } as object;
        const { samples, result } = await underLoad(() => invoke(JSON.stringify(input)).ended);
        expect(result.message).toMatch(/found SHA-256 [0-9a-f]{64}, allowed is 0{64}/);
        expect(lost(samples)).toEqual([]);
    });
});
