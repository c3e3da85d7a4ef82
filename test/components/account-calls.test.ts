import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signatureIn, signatureOf } from "../machines/lab/aws-signature.mjs";
import { repository } from "../support/plans";

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
