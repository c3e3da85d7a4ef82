import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { load } from "js-yaml";
import { AwsMachineDatabase, type AwsMachineDatabaseArgs } from "../../components/aws";
import { refusePrimary } from "../../components/database/machines";
import { freePort } from "../support/loopback";
import { build, type Recorded } from "../support/mocks";
import { repository } from "../support/plans";

const database: AwsMachineDatabaseArgs = {
    networkId: "vpc-1",
    subnetIds: ["subnet-1", "subnet-2"],
    subnetNetworks: ["10.0.2.0/24", "10.0.18.0/24"],
    privateAddresses: ["10.0.2.10", "10.0.18.11"],
    firewallGroupId: "sg-db",
    appNetworks: ["10.0.1.0/24", "10.0.17.0/24"],
    keyId: "arn:aws:kms:us-east-1:111122223333:key/k",
};
const create = (more: Partial<AwsMachineDatabaseArgs> = {}) => new AwsMachineDatabase("db", { ...database, ...more });

interface CloudConfig {
    write_files: { path: string; content: string; encoding?: string }[];
}

function files(built: Recorded, machine: string): CloudConfig["write_files"] {
    const script = gunzipSync(Buffer.from(built.one("ec2.Instance", machine)["userDataBase64"] as string, "base64"));
    return (load(script.toString()) as CloudConfig).write_files.flatMap((one) => {
        const bytes = Buffer.from(one.content, "base64");
        if (one.path.endsWith("/programs.br")) {
            const programs = JSON.parse(brotliDecompressSync(bytes).toString()) as Record<string, string>;
            const folder = path.dirname(one.path);
            return Object.entries(programs).map(([name, content]) => ({ path: `${folder}/${name}`, content }));
        }
        return one.encoding === "gz+b64" ? { ...one, content: gunzipSync(bytes).toString() } : one;
    });
}

const file = (built: Recorded, machine: string, place: string) =>
    files(built, machine).find((one) => one.path === place)!.content;

/** What the account has once the machines run. */
const parameters = { names: ["/db/cluster", "/db/primary"], values: ['"7412"', '"db1"'] };

describe("witness", () => {
    it("counts only machines that it knows, and only while it sees anybody", async () => {
        const folder = mkdtempSync(path.join(tmpdir(), "minusnow-witness-"));
        const port = await freePort();
        const [known, stranger] = ["127.0.0.41", "127.0.0.42"];
        let status = 200;
        let machine: Server | undefined = createServer((_, response) => response.writeHead(status).end());
        await new Promise<void>((resolve) => machine!.listen(port, known, resolve));
        const start = () =>
            spawn(process.execPath, [path.join(repository, "components/database/host/files/witness.mjs")], {
                env: {
                    ...process.env,
                    ADDRESS: "127.0.0.1",
                    MACHINES: `${known},${stranger}`,
                    ROLE_PORT: String(port),
                    STATE_DIRECTORY: folder,
                },
                stdio: "ignore",
            });
        // Beside busy labs this process and the witness wait long for a processor.
        const patience = { timeout: 60_000 };
        const missed = async () => {
            const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
            return ((await answer?.json()) as { missed: Record<string, number> } | undefined)?.missed;
        };
        let witness = start();
        try {
            await expect.poll(missed, patience).toEqual({ [known]: 0 });
            status = 503;
            await expect.poll(async () => (await missed())?.[known], patience).toBeGreaterThan(0);
            machine.close();
            machine.closeAllConnections();
            machine = undefined;
            const count = await missed();
            await new Promise((resolve) => setTimeout(resolve, 7000));
            expect(await missed()).toEqual(count);
            witness.kill("SIGKILL");
            witness = start();
            await expect.poll(missed, patience).toEqual({ [known]: 0 });
        } finally {
            witness.kill("SIGKILL");
            machine?.close();
            rmSync(folder, { recursive: true });
        }
    });
});

describe("AwsMachineDatabase", () => {
    it("tells each machine of the other", async () => {
        const built = await build(() => create());
        for (const [machine, own, other, peer] of [
            ["db1", "10.0.2.10", "10.0.18.11", "db2"],
            ["db2", "10.0.18.11", "10.0.2.10", "db1"],
        ] as const) {
            const variables = file(built, machine, "/etc/minusnow/host.env");
            expect(variables).toContain(`NAME=${machine}\nADDRESS=${own}\nPEER=${peer}\nPEER_ADDRESS=${other}\n`);
            const settings = file(built, machine, "/etc/minusnow/postgresql/postgresql.conf");
            expect(settings).toContain(`host=${other} port=5432 user=replicator application_name=${machine} `);
            expect(settings).toContain(`primary_slot_name = '${machine}'`);
            expect(file(built, machine, "/etc/minusnow/postgresql/pg_hba.conf")).toBe(
                [
                    "local all postgres peer",
                    "hostssl minusnow_db minusnow,minusnow_2 10.0.1.0/24 scram-sha-256",
                    "hostssl minusnow_db minusnow,minusnow_2 10.0.17.0/24 scram-sha-256",
                    `hostssl replication replicator ${other}/32 scram-sha-256`,
                    `hostssl postgres replicator ${other}/32 scram-sha-256`,
                    "",
                ].join("\n"),
            );
        }
    });

    it("takes no answer for no machine: only one that is there and stopped counts as off", () => {
        const folder = mkdtempSync(path.join(tmpdir(), "minusnow-fence-"));
        const module = path.join(folder, "account-aws.mjs");
        cpSync(path.join(repository, "components/database/host/files/account-aws.mjs"), module);
        writeFileSync(
            path.join(folder, "aws-call.mjs"),
            "export const call = undefined;\nexport const submit = async () => process.env.ANSWER;",
        );
        writeFileSync(path.join(folder, "postgres.mjs"), "export const run = undefined;");
        const program = `import { stopMachine } from ${JSON.stringify(module)}; await stopMachine("10.0.2.10");`;
        const stop = (ANSWER: string) =>
            spawnSync(process.execPath, ["--input-type=module", "-e", program], {
                encoding: "utf8",
                env: { ...process.env, ANSWER },
                timeout: 5000,
            });
        const machine = (id: string, state: string) =>
            `<item><instanceId>${id}</instanceId><tagSet><item><key>Name</key></item></tagSet>
             <instanceState>\n<code>0</code>\n<name>${state}</name></instanceState></item>`;
        const listed = (...machines: string[]) =>
            `<DescribeInstancesResponse><reservationSet>${machines.join("")}</reservationSet></DescribeInstancesResponse>`;
        expect(stop(listed(machine("i-1", "stopped"))).status).toBe(0);
        const none = stop(listed());
        expect(none.status).toBe(1);
        expect(none.stderr).toContain("no machine has the address 10.0.2.10");
        const other = stop("<html>not here</html>");
        expect(other.status).toBe(1);
        expect(other.stderr).toContain("DescribeInstances: found no list of machines");
        // It waits for the second, which has the address now.
        const renewed = stop(listed(machine("i-1", "terminated"), machine("i-2", "stopping")));
        expect(renewed.signal).toBe("SIGTERM");
        rmSync(folder, { recursive: true });
    });

    it("brings programs that can be read by what runs them", async () => {
        const built = await build(() => create());
        const folder = mkdtempSync(path.join(tmpdir(), "minusnow-programs-"));
        const programs = files(built, "db1").filter((one) => one.path.startsWith("/usr/local/"));
        expect(programs.length).toBeGreaterThan(10);
        for (const { path: place, content } of programs.filter((one) => !one.path.endsWith(".sql"))) {
            const copy = path.join(folder, path.basename(place));
            writeFileSync(copy, content);
            const [command, check] = place.endsWith(".mjs") ? [process.execPath, "--check"] : ["bash", "-n"];
            const { status, stderr } = spawnSync(command, [check, copy], { encoding: "utf8" });
            expect(status, `${place}: ${stderr}`).toBe(0);
        }
        rmSync(folder, { recursive: true });
        const { content } = programs.find((one) => one.path.endsWith("/database.mjs"))!;
        expect(content).toContain("    --accept-loss   although");
        expect(content).not.toContain("// What an administrator");
    });

    it("copies its archive to a second region by a role that may do nothing else, where there is one", async () => {
        const built = await build(() => create({ copyRegion: "us-west-2" }));
        const inCopyRegion = built.resources.filter(({ inputs }) => inputs["region"] === "us-west-2");
        expect(new Set(inCopyRegion.map(({ name }) => name))).toEqual(new Set(["db-archive-copy"]));
        expect(inCopyRegion).toHaveLength(8);
        const { rules } = built.one("s3.BucketReplicationConfig") as { rules: Record<string, unknown>[] };
        expect(rules).toHaveLength(1);
        expect(rules[0]).toMatchObject({
            status: "Enabled",
            filter: {},
            deleteMarkerReplication: { status: "Enabled" },
            sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
            destination: { metrics: { status: "Enabled" } },
        });
        const { Statement } = JSON.parse(built.one("iam.RolePolicy", "-archive-copy")["policy"] as string) as {
            Statement: { Action: string[]; Resource: string[]; Condition?: object }[];
        };
        expect(Statement.map(({ Action }) => Action.join())).toEqual([
            "s3:GetReplicationConfiguration,s3:ListBucket",
            "s3:GetObjectVersionForReplication,s3:GetObjectVersionAcl,s3:GetObjectVersionTagging",
            "s3:ReplicateObject,s3:ReplicateDelete,s3:ReplicateTags",
            "kms:Decrypt",
            "kms:Encrypt",
        ]);
        expect(Statement.flatMap(({ Resource }) => Resource)).not.toContain("*");
        expect((await build(() => create())).all("s3.BucketReplicationConfig")).toEqual([]);
    });

    it("keeps what is deleted from its archive for two weeks, out of its machines' reach", async () => {
        const built = await build(() => create());
        expect(built.one("s3.BucketVersioning")["versioningConfiguration"]).toEqual({ status: "Enabled" });
        const { rules } = built.one("s3.BucketLifecycleConfiguration") as { rules: Record<string, unknown>[] };
        expect(rules.map((rule) => rule["noncurrentVersionExpiration"] ?? rule["expiration"])).toEqual([
            { days: 30 },
            { noncurrentDays: 14 },
            undefined,
        ]);
        expect(built.one("iam.RolePolicy")["policy"]).not.toContain("DeleteObjectVersion");
    });

    it("may stop and start its own machines only, and read no secret but its own", async () => {
        const built = await build(() => create());
        const { Statement } = JSON.parse(built.one("iam.RolePolicy")["policy"] as string) as {
            Statement: { Action: string[]; Resource: string[]; Condition?: object }[];
        };
        const stop = Statement.find(({ Action }) => Action.includes("ec2:StopInstances"))!;
        expect(stop.Action).toContain("ec2:StartInstances");
        const grant = Statement.find(({ Action }) => Action.includes("kms:CreateGrant"))!;
        expect(grant.Condition).toMatchObject({ Bool: { "kms:GrantIsForAWSResource": "true" } });
        expect(stop.Condition).toEqual({ StringEquals: { "aws:ResourceTag/minusnow-servers": "db" } });
        const tagged = built.all("ec2.Instance").map(({ inputs }) => inputs["tags"] as Record<string, string>);
        expect(tagged.map((tags) => tags["minusnow-servers"])).toEqual(["db", "db"]);
        const secrets = Statement.find(({ Action }) => Action.includes("secretsmanager:GetSecretValue"))!;
        expect(secrets.Resource).toHaveLength(3);
        const written = Statement.find(({ Action }) => Action.includes("secretsmanager:PutSecretValue"))!;
        expect(written.Resource).toHaveLength(1);
    });

    it("renews the standby, and never the primary", async () => {
        const token = "aws:ssm/getParametersByPath:getParametersByPath";
        const built = await build(() => create({ renew: ["db2"] }), { [token]: parameters });
        expect(built.calls.map((call) => call.token)).toContain(token);
        expect((await build(() => create())).calls.map((call) => call.token)).not.toContain(token);
        const refuse = (machine: string, primary?: string) => () => refusePrimary("Database", machine, primary);
        expect(refuse("db1", '"db1"')).toThrow('found "db1", switch over first');
        expect(refuse("db2", '"nobody"')).toThrow('found "nobody", switch over first');
        expect(refuse("db2", '"db1"')).not.toThrow();
        expect(refuse("db1")).not.toThrow();
    });

    it("has a third voter whose role lets it do nothing but be looked after", async () => {
        const third = {
            automaticFailover: true,
            subnetIds: ["subnet-1", "subnet-2", "subnet-3"],
            privateAddresses: ["10.0.2.10", "10.0.18.11", "10.0.34.12"],
        };
        const built = await build(() => create(third));
        const witness = built.one("ec2.Instance", "-witness");
        expect(witness).toMatchObject({ subnetId: "subnet-3", privateIp: "10.0.34.12", instanceType: "t3.micro" });
        const { write_files: written } = load(witness["userData"] as string) as CloudConfig;
        const contentOf = (place: string) => written.find((one) => one.path === place)!.content;
        expect(contentOf("/etc/minusnow/host.env")).toContain(
            "ADDRESS=10.0.34.12\nMACHINES=10.0.2.10,10.0.18.11\nROLE_PORT=8008\n",
        );
        expect(contentOf("/etc/minusnow/firewall")).toBe("8008 10.0.2.10/32\n8008 10.0.18.11/32\n");
        const { Statement } = JSON.parse(built.one("iam.RolePolicy", "-witness")["policy"] as string) as {
            Statement: { Action: string[] }[];
        };
        const actions = Statement.flatMap(({ Action }) => Action);
        expect(actions.filter((action) => !/^(ssm|ssmmessages|ec2messages):/.test(action))).toEqual([]);
        expect(actions).not.toContain("ssm:GetParameter");
        for (const machine of ["-db1", "-db2"]) {
            expect(file(built, machine, "/etc/minusnow/host.env")).toContain("WITNESS_ADDRESS=10.0.34.12\n");
        }
        expect(file(await build(() => create()), "-db1", "/etc/minusnow/host.env")).not.toContain("WITNESS");
    });

    it("refuses to fail over by itself with two voters, and says why", async () => {
        await expect(build(() => create({ automaticFailover: true }))).rejects.toThrow(
            "privateAddresses: found 2, allowed is one for each of db1, db2, witness: of two voters none can tell",
        );
        const addresses = { automaticFailover: true, privateAddresses: ["10.0.2.10", "10.0.18.11", "10.0.18.12"] };
        await expect(build(() => create(addresses))).rejects.toThrow("subnetIds: found 2, allowed is one for each");
    });

    it("moves the application to its other login by a rotation, as on RDS", async () => {
        const stored = async (rotation: number) =>
            (await build(() => create({ rotation }))).one("secretsmanager.Secret", "-app")["description"];
        expect(await stored(1)).toBe("MinusNow: login of minusnow to PostgreSQL");
        expect(await stored(2)).toBe("MinusNow: login of minusnow_2 to PostgreSQL");
    });
});
