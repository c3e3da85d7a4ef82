import { afterAll, beforeAll, expect, it } from "vitest";
import { bootDeployment, type Deployment, HOSTNAME, secretValues } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { rebootWell } from "./lab/reboot";
import { machinesOf, type PlannedMachine } from "./lab/reference";

const kinds = [
    "  minusnow:loadBalancer:\n    kind: haproxy\n",
    "  minusnow:sharedStorage:\n    kind: nfs\n",
    "  minusnow:sessionStore:\n    kind: redis\n",
].join("");
const BALANCER = "10.0.0.10";
const [STORE, FILES] = ["10.0.4.10", "10.0.3.10"];

/** The default on AWS. What is rendered for it runs; the system under it is Debian, with Amazon Linux's names and places. */
describeMachines("machines as they are rendered for Amazon Linux", () => {
    let deployment: Deployment;
    const machine = (name: string): Machine => deployment.machines[name]!;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const { app1, app2, lb1, sessions, files } = machinesOf(await plan(kinds));
            return [app1, app2, lb1, sessions, files] as PlannedMachine[];
        }, "amazon-linux");
    });
    afterAll(() => {
        printMeasurements();
        deployment.close();
    });

    const serves = () =>
        expect
            .poll(
                () =>
                    deployment.lab.look(
                        ...["curl", "-sk", "--noproxy", "*", "--max-time", "5"],
                        ...["--connect-to", `${HOSTNAME}::${BALANCER}:`, `https://${HOSTNAME}/health`],
                    ),
                { timeout: 120_000 },
            )
            .toMatch(/^OK/);

    it("serves users by HAProxy, with sessions in Valkey and files on the file server", async () => {
        await serves();
        const health = await machine("app1").ok("curl -sf localhost:5000/api/telemetry/health");
        expect(health).toContain("healthy");
        await machine("app1").ok("curl -sf -X POST --data-binary hello 'localhost:5000/uploads?name=greeting'");
        expect(await machine("app2").ok("curl -sf 'localhost:5000/uploads?name=greeting'")).toBe("hello");
        const program = await machine("sessions").ok("systemctl show minusnow-sessions -P ExecStart");
        expect(program).toContain("/usr/bin/valkey-server");
        const answer = await machine("sessions").ok(
            `valkey-cli -h ${STORE} --no-auth-warning --pass '${secretValues.sessions}' CONFIG GET maxmemory || true`,
        );
        expect(answer).toContain("NOPERM");
    });

    it("is reached on what the firewall lists, from where it lists it, and on nothing else", async () => {
        const reaches = async (from: Machine, to: string, port: number) =>
            (await from.exec(`timeout 3 bash -c 'exec 3<>/dev/tcp/${to}/${port}'`)).status === 0;
        const { data } = deployment;
        for (const [name, address, port] of [
            ["sessions", STORE, 6379],
            ["files", FILES, 2049],
        ] as const) {
            expect(await reaches(machine("app1"), address, port), name).toBe(true);
            expect(await reaches(data, address, port), name).toBe(false);
            expect(await reaches(machine("app1"), address, 22), name).toBe(false);
            const zone = await machine(name).ok("firewall-cmd --list-all");
            expect(zone).toMatch(/^\s*services:\s*$/m);
            expect(zone).toMatch(/^\s*ports:\s*$/m);
            expect(zone.match(/rule family/g)).toHaveLength(2);
        }
        // What is listed no more is closed.
        const firewall = "/usr/local/lib/minusnow/firewall";
        await machine("files").ok(`sed -i.before '/10.0.17.0/d' /etc/minusnow/firewall && ${firewall}`);
        expect((await machine("files").ok("firewall-cmd --list-rich-rules")).trim().split("\n")).toHaveLength(1);
        expect(await reaches(machine("app2"), FILES, 2049)).toBe(false);
        await machine("files").ok(`mv /etc/minusnow/firewall.before /etc/minusnow/firewall && ${firewall}`);
        expect(await reaches(machine("app2"), FILES, 2049)).toBe(true);
        measured(
            "Amazon Linux's firewalld: other subnets, other ports, rules that were taken back",
            "closed",
            "closed",
        );
    });

    it("reboots into a working state", async () => {
        const machines = ["app1", "app2", "lb1", "sessions", "files"].map(machine);
        await rebootWell("five machines as rendered for Amazon Linux, at once", machines, serves);
    });
});
