import { afterAll, beforeAll, expect, it } from "vitest";
import { bootDeployment, type Deployment, HOSTNAME, secretValues } from "./lab/deployment";
import { describeMachines } from "./lab/describe-machines";
import type { Machine } from "./lab/machine";
import { measured, printMeasurements } from "./lab/measurements";
import { rebootWell } from "./lab/reboot";
import { postgresPair } from "./lab/postgres-pair";
import { machinesOf } from "./lab/reference";

const kinds = [
    "  minusnow:database:\n    kind: vm\n    os: amazon-linux-2023\n",
    "  minusnow:loadBalancer:\n    kind: haproxy\n",
    "  minusnow:sharedStorage:\n    kind: nfs\n",
    "  minusnow:sessionStore:\n    kind: redis\n",
].join("");
const BALANCER = "10.0.0.10";
/** Two networks of servers, the other machine, and the networks of the balancers that ask for its role. */
const RULES_OF_DATABASE = 5;
const names = ["app1", "app2", "lb1", "sessions", "files", "db1", "db2"];
const [STORE, FILES] = ["10.0.4.10", "10.0.3.10"];

/** The default on AWS. What is rendered for it runs; the system under it is Debian, with Amazon Linux's names and places. */
describeMachines("machines as they are rendered for Amazon Linux", () => {
    let deployment: Deployment;
    const pair = postgresPair(() => deployment);
    const { machine } = pair;
    beforeAll(async () => {
        deployment = await bootDeployment(async (plan) => {
            const planned = machinesOf(await plan(kinds));
            return names.map((name) => planned[name]!);
        }, "amazon-linux");
        await pair.ready();
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
            ["db1", "10.0.2.10", 5432],
        ] as const) {
            expect(await reaches(machine("app1"), address, port), name).toBe(true);
            expect(await reaches(data, address, port), name).toBe(false);
            expect(await reaches(machine("app1"), address, 22), name).toBe(false);
            const zone = await machine(name).ok("firewall-cmd --list-all");
            expect(zone).toMatch(/^\s*services:\s*$/m);
            expect(zone).toMatch(/^\s*ports:\s*$/m);
            expect(zone.match(/rule family/g)!.length).toBe(name === "db1" ? RULES_OF_DATABASE : 2);
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

    it("keeps its database on two machines, archives it, and switches over", async () => {
        expect((await pair.psql("db1", "SHOW data_directory")).trim()).toBe("/var/lib/postgresql/minusnow");
        expect(await machine("db1").ok("systemctl show minusnow-database -P ExecStart")).toContain(
            "/usr/pgsql-17/bin/",
        );
        await machine("db1").ok("runuser -u postgres -- pgbackrest --stanza=minusnow check");
        const { status, stderr, stdout } = await pair.command("db2", "switchover");
        expect(stdout + stderr).toContain("db2 is primary");
        expect(status).toBe(0);
        await pair.until("db1 follows in sync", 120, async () => (await pair.status("db2")).inSync);
        await pair.until("the application is well", 120, () => pair.isWell("app1"));
    });

    it("reboots into a working state", async () => {
        const works = async () => {
            await serves();
            await pair.until("the application is well", 120, () => pair.isWell("app1"));
        };
        await rebootWell("seven machines as rendered for Amazon Linux, at once", names.map(machine), works);
    });
});
