import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReleaseRequest } from "../../components/release/handler";

/** Elastic Load Balancing and Systems Manager on loopback, as far as a release asks them. */
class FakeAws {
    /** State of each registered server. */
    public readonly targets = new Map([
        ["i-app1", "healthy"],
        ["i-app2", "healthy"],
    ]);
    public readonly said: string[] = [];
    public parameter: string | undefined;
    /** Documents of Systems Manager that were run. */
    public readonly documents = new Set<string>();
    /** What a command on a server ends with. */
    public run: (script: string) => { status: number; output: string } = () => ({ status: 0, output: "" });
    /** Refusals that the next commands get. */
    public readonly refusals: string[] = [];
    readonly #outcomes = new Map<string, { status: number; output: string }>();
    readonly #server: Server;

    constructor() {
        this.#server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += String(chunk)));
            request.on("end", () => {
                const target = request.headers["x-amz-target"] as string | undefined;
                const [status, answer] = target
                    ? this.#systemsManager(target.split(".")[1]!, JSON.parse(body) as Record<string, unknown>)
                    : [200, this.#balancing(new URLSearchParams(body))];
                response.writeHead(status, { "content-type": target ? "application/x-amz-json-1.1" : "text/xml" });
                response.end(answer);
            });
        });
    }

    public start(): Promise<number> {
        return new Promise((resolve) =>
            this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port)),
        );
    }

    public stop(): void {
        this.#server.closeAllConnections();
        this.#server.close();
    }

    #systemsManager(operation: string, body: Record<string, unknown>): [number, string] {
        const json = (value: object): [number, string] => [200, JSON.stringify(value)];
        switch (operation) {
            case "SendCommand": {
                const refusal = this.refusals.shift();
                if (refusal) {
                    return [400, JSON.stringify({ __type: refusal })];
                }
                const { commands } = body["Parameters"] as { commands: string[] };
                this.documents.add(body["DocumentName"] as string);
                const CommandId = `command-${this.#outcomes.size}`.padEnd(36, "0");
                const script = commands.join("\n").replace("cloud-init status --wait >/dev/null; ", "");
                const [instance] = body["InstanceIds"] as string[];
                this.said.push(`${instance!}: ${script.replace("/usr/local/lib/minusnow/", "")}`);
                this.#outcomes.set(CommandId, this.run(script));
                return json({ Command: { CommandId } });
            }
            case "GetCommandInvocation": {
                const { status, output } = this.#outcomes.get(body["CommandId"] as string)!;
                return json({ Status: "Success", ResponseCode: status, StandardOutputContent: output });
            }
            case "PutParameter":
                this.parameter = body["Value"] as string;
                return json({ Version: 2 });
            default:
                return [400, JSON.stringify({ __type: "InvalidAction" })];
        }
    }

    #balancing(form: URLSearchParams): string {
        const action = form.get("Action")!;
        const named = [...form].filter(([key]) => key.endsWith(".Id")).map(([, id]) => id);
        if (action === "DescribeTargetHealth") {
            const members = [...this.targets].map(
                ([id, state]) =>
                    `<member><Target><Id>${id}</Id></Target><TargetHealth><State>${state}</State></TargetHealth></member>`,
            );
            return `<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>${members.join("")}</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`;
        }
        this.said.push(`${action} ${named.join(", ")}`);
        for (const id of named) {
            if (action === "DeregisterTargets") {
                this.targets.delete(id);
            } else if (!this.targets.has(id)) {
                this.targets.set(id, "healthy");
            }
        }
        return `<${action}Response><${action}Result/></${action}Response>`;
    }
}

let aws: FakeAws;
let handler: (request: ReleaseRequest) => Promise<{ installed: boolean }>;
beforeEach(async () => {
    aws = new FakeAws();
    process.env["AWS_ENDPOINT_URL"] = `http://127.0.0.1:${await aws.start()}`;
    process.env["AWS_REGION"] = "us-east-1";
    process.env["AWS_ACCESS_KEY_ID"] = process.env["AWS_SECRET_ACCESS_KEY"] = "test";
    vi.resetModules();
    ({ handler } = await import("../../components/release/handler"));
});
afterEach(() => {
    aws.stop();
    delete process.env["AWS_ENDPOINT_URL"];
});

const request: ReleaseRequest = {
    member: "app2",
    instanceId: "i-app2",
    memberIds: ["i-app1", "i-app2"],
    targetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/app/0123456789abcdef",
    version: "2.0.0",
    artifact: "s3://releases/2.0.0.tar.gz",
    sha256: "0".repeat(64),
    bakeSeconds: 0,
};
const status = `i-app2: 'release.mjs' 'status' '2.0.0' '${request.sha256}'`;
const install = `i-app2: 'release.mjs' 'install' '2.0.0' 's3://releases/2.0.0.tar.gz' '${request.sha256}'`;
const watch = `i-app2: 'release.mjs' 'watch' '2.0.0' '${request.sha256}' '0'`;
const otherRuns = (script: string) =>
    script.includes("'status'") ? { status: 1, output: "REASON: it runs 1.0.0" } : { status: 0, output: "" };

describe("the release function behind a managed balancer", () => {
    it("deregisters, waits, installs, registers, and tells new servers after the last one", async () => {
        aws.run = otherRuns;
        await expect(handler({ ...request, parameterName: "/app/release" })).resolves.toEqual({ installed: true });
        expect(aws.said).toEqual([
            status,
            "RegisterTargets i-app1",
            "DeregisterTargets i-app2",
            install,
            "RegisterTargets i-app2",
            watch,
        ]);
        expect([...aws.targets.keys()]).toEqual(["i-app1", "i-app2"]);
        expect(JSON.parse(aws.parameter!)).toMatchObject({ version: "2.0.0", sha256: request.sha256 });
    });

    it("brings back a server that an earlier run left out before it takes out the next", async () => {
        aws.run = otherRuns;
        aws.targets.delete("i-app1");
        await handler(request);
        expect(aws.said.slice(1, 3)).toEqual(["RegisterTargets i-app1", "DeregisterTargets i-app2"]);
    });

    it("registers a server again that could not take the release, and writes no parameter", async () => {
        aws.run = (script) =>
            script.includes("'install'")
                ? { status: 1, output: "REASON: s3://releases/2.0.0.tar.gz: found SHA-256 1, allowed is 0" }
                : otherRuns(script);
        await expect(handler({ ...request, parameterName: "/app/release" })).rejects.toThrow(
            "app2: release 2.0.0 failed: s3://releases/2.0.0.tar.gz: found SHA-256 1, allowed is 0",
        );
        expect(aws.said.at(-1)).toBe("RegisterTargets i-app2");
        expect(aws.parameter).toBeUndefined();
    });

    it("does not take out a single server: nobody else would answer", async () => {
        aws.run = otherRuns;
        await handler({ ...request, memberIds: ["i-app2"] });
        expect(aws.said).toEqual([status, install, watch]);
    });

    it("waits for a server that has not reported yet, and for a role that is new", async () => {
        aws.refusals.push("InvalidInstanceId", "AccessDeniedException");
        await expect(handler(request)).resolves.toEqual({ installed: false });
        expect(aws.said).toEqual([status, "RegisterTargets i-app2"]);
    });

    it("quotes what it passes to a shell", async () => {
        aws.run = otherRuns;
        await handler({ ...request, artifact: "s3://it's/$(reboot).tar.gz" });
        expect(aws.said).toContain(
            `i-app2: 'release.mjs' 'install' '2.0.0' 's3://it'\\''s/$(reboot).tar.gz' '${request.sha256}'`,
        );
    });
});

it("runs PowerShell on a server with Windows, and waits longer for it", async () => {
    aws.run = (script) =>
        script.includes('"status"') ? { status: 1, output: "REASON: it runs 1.0.0" } : { status: 0, output: "" };
    expect(await handler({ ...request, windows: true })).toEqual({ installed: true });
    const scripts = aws.said.filter((said) => said.startsWith("i-"));
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.every((said) => said.includes("$program = Start-Process"))).toBe(true);
    expect(aws.documents).toEqual(new Set(["AWS-RunPowerShellScript"]));
});

it("asks each balancer on a machine in turn", async () => {
    aws.run = otherRuns;
    const { targetGroupArn: _managed, ...rest } = request;
    await handler({ ...rest, balancerIds: ["i-lb1", "i-lb2"] });
    expect(aws.said).toEqual([
        status,
        "i-lb1: 'drain.mjs' 'app2' 'out'",
        "i-lb2: 'drain.mjs' 'app2' 'out'",
        install,
        "i-lb1: 'drain.mjs' 'app2' 'in'",
        "i-lb2: 'drain.mjs' 'app2' 'in'",
        watch,
    ]);
});
