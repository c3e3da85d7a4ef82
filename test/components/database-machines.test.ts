import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { load } from "js-yaml";
import { AwsMachineDatabase, type AwsMachineDatabaseArgs } from "../../components/aws";
import { refusePrimary } from "../../components/database/machines";
import { signatureIn, signatureOf } from "../machines/lab/aws-signature.mjs";
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

describe("calls of AWS", () => {
    it("are signed as AWS's own library signs them", async () => {
        const module = path.join(repository, "components/host/files/aws-call.mjs");
        const { signed } = (await import(module)) as { signed: (call: object) => Record<string, string> };
        const signedCall = fc.record({
            service: fc.constantFrom("ssm", "ec2"),
            region: fc.constantFrom("us-east-1", "cn-north-1"),
            headers: fc.constantFrom(
                { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter" },
                { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
            ),
            body: fc.json(),
            date: fc.date({ min: new Date("2026-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
            keys: fc.record({
                id: fc.stringMatching(/^[0-9A-Z]{1,20}$/),
                secret: fc.base64String({ minLength: 4 }),
                token: fc.base64String({ minLength: 4 }),
            }),
        });
        await fc.assert(
            fc.asyncProperty(signedCall, async (call) => {
                const headers = signed({ ...call, host: `${call.service}.${call.region}.amazonaws.com` });
                expect(signatureIn(headers["authorization"]!)).toBe(await signatureOf(headers, call.body, call.keys));
            }),
        );
    });

    describe("by a role", () => {
        const SECRET = "hunter2-in-clear";
        const role = { Code: "Success", AccessKeyId: "A", SecretAccessKey: "S", Token: "T", Expiration: "" };
        const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
        let roles: object[];
        let answers: [status: number, body: string][];
        let signedBy: string[];
        let ask: () => Promise<{ SecretString: string }>;
        let describe: () => Promise<string>;

        beforeEach(async () => {
            [roles, answers, signedBy] = [[], [], []];
            vi.resetModules();
            vi.stubEnv("REGION", "us-east-1");
            vi.stubGlobal("fetch", (url: string, { headers }: { headers: Record<string, string> }) => {
                if (!url.includes("169.254.169.254")) {
                    signedBy.push(/Credential=(\w+)/.exec(headers["authorization"]!)![1]!);
                    const [status, body] = answers.shift()!;
                    return Promise.resolve(new Response(body, { status }));
                }
                const next = url.endsWith("-credentials/role") ? JSON.stringify(roles.shift() ?? "none") : "role";
                return next === '"none"'
                    ? Promise.reject(new TypeError("fetch failed"))
                    : Promise.resolve(new Response(next));
            });
            const module = path.join(repository, "components/host/files/aws-call.mjs");
            const { call, submit } = (await import(module)) as {
                call: (...args: unknown[]) => ReturnType<typeof ask>;
                submit: (...args: unknown[]) => Promise<string>;
            };
            ask = () => call("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: "x" });
            describe = () => submit("ec2", "DescribeInstances", "2016-11-15", {});
        });
        afterEach(() => {
            vi.unstubAllGlobals();
            vi.unstubAllEnvs();
        });
        const good: [number, string] = [200, JSON.stringify({ SecretString: SECRET })];

        it("go on once the role is there", async () => {
            const notYet = { Code: "AssumeRoleUnauthorizedAccess" };
            roles = [notYet, notYet, { ...role, Expiration: inHours(6) }];
            answers = [good];
            await expect(ask()).rejects.toThrow("iam/security-credentials/: AssumeRoleUnauthorizedAccess");
            expect((await ask()).SecretString).toBe(SECRET);
        });

        it("take new keys when those at hand are refused", async () => {
            roles = [
                { ...role, Expiration: inHours(6) },
                { ...role, AccessKeyId: "B", Expiration: inHours(6) },
            ];
            answers = [good, [400, JSON.stringify({ __type: "ExpiredTokenException" })], good];
            await ask();
            expect((await ask()).SecretString).toBe(SECRET);
            expect(signedBy).toEqual(["A", "A", "B"]);
        });

        it("use keys to their end while no new ones are to be had", async () => {
            roles = [{ ...role, Expiration: inHours(0.05) }];
            answers = [good, good];
            await ask();
            expect((await ask()).SecretString).toBe(SECRET);
        });

        it("are asked again once where a service is busy, and quote no answer", async () => {
            roles = [{ ...role, Expiration: inHours(6) }];
            answers = [
                [503, "busy"],
                good,
                [400, JSON.stringify({ __type: "x#AccessDeniedException", message: "not authorized" })],
            ];
            expect((await ask()).SecretString).toBe(SECRET);
            await expect(ask()).rejects.toThrow(
                /^secretsmanager.GetSecretValue: AccessDeniedException .*not authorized/,
            );
            answers = [
                [200, SECRET],
                [200, SECRET],
            ];
            await expect(ask()).rejects.toThrow(/^secretsmanager.GetSecretValue: found no JSON$/);
        });

        it("understand the errors of services that answer in XML", async () => {
            const refusal = (code: string) =>
                `<Response><Errors><Error><Code>${code}</Code><Message>so it is</Message></Error></Errors></Response>`;
            roles = [
                { ...role, Expiration: inHours(6) },
                { ...role, AccessKeyId: "B", Expiration: inHours(6) },
            ];
            answers = [
                [400, refusal("RequestExpired")],
                [200, "<instancesSet/>"],
                [503, refusal("RequestLimitExceeded")],
                [200, "<instancesSet/>"],
                [403, refusal("UnauthorizedOperation")],
                [400, refusal("InvalidInstanceID.Malformed")],
            ];
            expect(await describe()).toBe("<instancesSet/>");
            expect(await describe()).toBe("<instancesSet/>");
            await expect(describe()).rejects.toThrow(/^DescribeInstances: UnauthorizedOperation so it is$/);
            await expect(describe()).rejects.toThrow(/^DescribeInstances: InvalidInstanceID.Malformed so it is$/);
            expect(signedBy).toEqual(["A", "B", "B", "B", "B", "B"]);
        });
    });
});

describe("calls of Azure", () => {
    const SETTINGS = "https://minusnow.blob.core.windows.net";
    let answers: (Response | Error)[];
    let asked: string[];
    let readSetting: (name: string) => Promise<unknown>;

    beforeEach(async () => {
        [answers, asked] = [[], []];
        vi.resetModules();
        vi.stubEnv("SETTINGS", SETTINGS);
        vi.stubGlobal("fetch", (url: string, { method = "GET" }: { method?: string }) => {
            if (url.startsWith("http://169.254.169.254/")) {
                return Promise.resolve(Response.json({ access_token: "t" }));
            }
            asked.push(`${method} ${url}`);
            const next = answers.shift()!;
            return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
        });
        const module = path.join(repository, "components/database/host/files/account-azure.mjs");
        ({ readSetting } = (await import(module)) as { readSetting: typeof readSetting });
    });
    afterEach(() => {
        vi.unstubAllGlobals();
        vi.unstubAllEnvs();
    });
    const good = () => new Response(null, { headers: { "x-ms-meta-value": '"db1"' } });

    it.each([
        ["does not answer in time", () => new DOMException("timed out", "TimeoutError") as Error],
        ["is busy", () => new Response("busy", { status: 503 })],
        ["has been asked too much", () => new Response("slow down", { status: 429 })],
    ])("are made again once where a service %s", async (_, first) => {
        answers = [first(), good()];
        expect(await readSetting("primary")).toBe("db1");
        answers = [first(), new Response("still", { status: 500 })];
        await expect(readSetting("primary")).rejects.toThrow(/status 500, still$/);
        expect(asked).toEqual(Array(4).fill(`HEAD ${SETTINGS}/primary?restype=container`));
    });

    it("end while the keeper's word is still fresh, where nothing answers", async () => {
        vi.stubGlobal("fetch", (url: string, { signal }: { signal: AbortSignal }) =>
            url.startsWith("http://169.254.169.254/")
                ? Promise.resolve(Response.json({ access_token: "t" }))
                : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
        );
        const began = Date.now();
        await expect(readSetting("primary")).rejects.toThrow("timeout");
        const keeper = readFileSync(path.join(repository, "components/database/host/files/keeper.mjs"), "utf8");
        const constant = (name: string) => Number(new RegExp(`${name} = ([\\d_]+)`).exec(keeper)![1]!.replace("_", ""));
        expect(Date.now() - began).toBeLessThan(constant("FRESH_MS") - constant("PAUSE_MS"));
    });

    it("are made once where they are refused", async () => {
        answers = [new Response("no", { status: 403 })];
        await expect(readSetting("primary")).rejects.toThrow(/status 403, no$/);
        expect(asked).toHaveLength(1);
    });
});

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
