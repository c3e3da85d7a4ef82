import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReleaseRequest } from "../../components/release/azure-machine";
import { createManagement, type GatewayBody, type Outcome } from "../support/azure-management.mjs";
import { repository } from "../support/plans";

const group = "/subscriptions/s/resourceGroups/g/providers";
const machine = (name: string) => `${group}/Microsoft.Compute/virtualMachines/${name}`;
const gatewayId = `${group}/Microsoft.Network/applicationGateways/lb`;
const secretId = `${group}/Microsoft.KeyVault/vaults/v/secrets/app-release`;
const links = {
    subnet: `${group}/Microsoft.Network/virtualNetworks/n/subnets/edge`,
    address: `${group}/Microsoft.Network/publicIPAddresses/lb`,
    identity: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/lb`,
    firewall: `${group}/Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/lb`,
};

const gatewayBody = (): GatewayBody => ({
    name: "lb",
    properties: {
        provisioningState: "Succeeded",
        backendAddressPools: [
            {
                name: "app-servers",
                properties: { backendAddresses: [{ ipAddress: "10.0.1.10" }, { ipAddress: "10.0.17.11" }] },
            },
        ],
        backendHttpSettingsCollection: [
            { properties: { connectionDraining: { enabled: true, drainTimeoutInSec: 50 } } },
        ],
        gatewayIPConfigurations: [{ properties: { subnet: { id: links.subnet } } }],
        frontendIPConfigurations: [{ properties: { publicIPAddress: { id: links.address } } }],
        firewallPolicy: { id: links.firewall },
    },
    identity: { userAssignedIdentities: { [links.identity]: {} } },
});

/** What is said to servers, what the gateway sends requests to at each moment, and what new servers are told. */
let said: string[];
let told: unknown;
let denied: string | undefined;
let gateways: Record<string, GatewayBody>;
/** What a script on a machine ends with. */
let outcomes: (script: string, name: string) => Partial<Outcome>;
let server: Server;

const pool = () =>
    gateways[gatewayId.toLowerCase()]!.properties.backendAddressPools[0]!.properties.backendAddresses.map(
        ({ ipAddress }) => ipAddress,
    );

beforeEach(async () => {
    said = [];
    told = denied = undefined;
    gateways = { [gatewayId.toLowerCase()]: gatewayBody() };
    outcomes = (script) => (script.includes("'status'") ? { status: 1, stdout: "REASON: it runs 1.0.0" } : {});
    const management = createManagement({
        gateways,
        run: (machineId, script) => {
            const name = machineId.split("/").at(-1)!;
            const short = script
                .replace("cloud-init status --wait >/dev/null; timeout -k 10 1500 ", "")
                .replaceAll(/'|\/usr\/local\/lib\/minusnow\//g, "");
            said.push(`${name}: ${short}${name.startsWith("app") ? ` (${pool().length} in)` : ""}`);
            return Promise.resolve({ status: 0, stdout: "", stderr: "", ...outcomes(script, name) });
        },
    });
    const answer = (request: IncomingMessage, text: string) => {
        const url = new URL(request.url!, "http://x");
        const body: unknown = text === "" ? undefined : JSON.parse(text);
        if (url.pathname.startsWith("/metadata/")) {
            return { status: 200, body: { access_token: url.searchParams.get("resource") } };
        }
        if (
            url.pathname === "/secrets/app-release" &&
            request.headers.authorization === "Bearer https://vault.azure.net"
        ) {
            told = JSON.parse((body as { value: string }).value);
            return { status: 200, body: {} };
        }
        return management.answer({ method: request.method!, url, body, may: (action) => action !== denied });
    };
    server = createServer((request, response) => {
        let text = "";
        request.on("data", (chunk) => (text += String(chunk)));
        request.on("end", () => {
            const { status, body } = answer(request, text);
            response.writeHead(status).end(body === undefined ? "" : JSON.stringify(body));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
    server.closeAllConnections();
    server.close();
});

const request: ReleaseRequest = {
    member: "app2",
    members: {
        app1: { id: machine("app1"), address: "10.0.1.10" },
        app2: { id: machine("app2"), address: "10.0.17.11" },
    },
    gatewayId,
    version: "2.0.0",
    artifact: "https://releases.blob.core.windows.net/r/2.0.0.tar.gz",
    sha256: "0".repeat(64),
    bakeSeconds: 10,
};

/** Runs the program that the operations machine carries, as its command does. */
function release(wanted: ReleaseRequest): Promise<{ code: number | null; output: string }> {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new Promise((resolve) => {
        const bundle = path.join(repository, "dist/components/release/machine.cjs");
        const child = spawn(process.execPath, [bundle], {
            env: {
                PATH: process.env["PATH"],
                METADATA: url,
                MANAGEMENT: url,
                VAULTS: url,
                IDENTITY: "identity",
                REQUEST: JSON.stringify(wanted),
                PAUSE_MS: "50",
                POLL_MS: "20",
                DRAIN_MS: "1",
                PATIENCE_SECONDS: "1",
            },
        });
        let output = "";
        child.stdout.on("data", (chunk) => (output += String(chunk)));
        child.stderr.on("data", (chunk) => (output += String(chunk)));
        child.on("close", (code) => resolve({ code, output: output.trim() }));
    });
}

const { version, artifact, sha256 } = request;
const status = `app2: release.mjs status ${version} ${sha256}`;
const install = `app2: release.mjs install ${version} ${artifact} ${sha256}`;
const watch = `app2: release.mjs watch ${version} ${sha256} 10`;

describe("the release program on Azure's operations machine (guide, step 8)", () => {
    it("takes a server out of the gateway, installs, puts it back and watches, and tells new servers", async () => {
        const { code, output } = await release({ ...request, releaseSecretId: secretId });
        expect({ code, output: JSON.parse(output) as object }).toEqual({
            code: 0,
            output: { member: "app2", version: "2.0.0", installed: true },
        });
        expect(said).toEqual([
            `${status} (2 in)`,
            "app1: release.mjs healthy (2 in)",
            `${install} (1 in)`,
            `${watch} (2 in)`,
        ]);
        expect(pool()).toEqual(["10.0.1.10", "10.0.17.11"]);
        expect(told).toEqual({ version, artifact, sha256 });
    });

    it("leaves everything of the gateway as it was but its servers", async () => {
        await release(request);
        expect(gateways[gatewayId.toLowerCase()]).toEqual(gatewayBody());
    });

    it("does nothing to a server that has the release, but puts it back", async () => {
        gateways[gatewayId.toLowerCase()]!.properties.backendAddressPools[0]!.properties.backendAddresses.pop();
        outcomes = () => ({});
        const { code, output } = await release(request);
        expect([code, JSON.parse(output)]).toEqual([0, { member: "app2", version: "2.0.0", installed: false }]);
        expect(said).toEqual([`${status} (1 in)`]);
        expect(pool()).toHaveLength(2);
    });

    it("takes no server out that is the last healthy one", async () => {
        outcomes = (script, name) =>
            script.includes("'status'") || (name === "app1" && script.includes("'healthy'"))
                ? { status: 1, stdout: "REASON: no" }
                : {};
        const { code, output } = await release(request);
        expect([code, output]).toEqual([1, "app2 is the last healthy server"]);
        expect(said.some((line) => line.includes("install"))).toBe(false);
        expect(pool()).toHaveLength(2);
    });

    it("brings back a server that falls ill while it is watched, and fails with the reason", async () => {
        outcomes = (script) =>
            script.includes("'status'")
                ? { status: 1, stdout: "REASON: it runs 1.0.0" }
                : script.includes("'watch'")
                  ? { status: 3, stdout: "REASON: it fell ill after 5 s: /health answers 503" }
                  : {};
        const { code, output } = await release({ ...request, releaseSecretId: secretId });
        expect([code, output]).toEqual([
            1,
            "app2: release 2.0.0 failed later: it fell ill after 5 s: /health answers 503; the former release is back",
        ]);
        expect(said.at(-1)).toBe("app2: release.mjs rollback (1 in)");
        expect(pool()).toHaveLength(2);
        expect(told).toBeUndefined();
    });

    it("runs PowerShell on servers with Windows, and a shell on balancers", async () => {
        const scripts: string[] = [];
        outcomes = (script, name) => {
            scripts.push(`${name}: ${script}`);
            return script.includes('"status"') ? { status: 1, stdout: "REASON: it runs 1.0.0" } : {};
        };
        const { gatewayId: _managed, ...rest } = request;
        const { code, output } = await release({ ...rest, windows: true, balancerIds: [machine("lb1")] });
        expect(code, output).toBe(0);
        expect(JSON.parse(output)).toMatchObject({ installed: true });
        const servers = scripts.filter((script) => script.startsWith("app"));
        expect(servers.length).toBeGreaterThan(2);
        expect(servers.every((script) => script.includes("$program = Start-Process"))).toBe(true);
        const ofBalancer = scripts.filter((script) => script.startsWith("lb1"));
        expect(ofBalancer.length).toBeGreaterThan(1);
        expect(ofBalancer.every((script) => script.includes("/usr/local/lib/minusnow/drain.mjs"))).toBe(true);
    });

    it("asks balancers on machines in turn", async () => {
        const { gatewayId: _managed, ...rest } = request;
        await release({ ...rest, balancerIds: [machine("lb1"), machine("lb2")] });
        expect(said.map((line) => line.replace(/ \(2 in\)$/, ""))).toEqual([
            status,
            "lb1: drain.mjs app2 out",
            "lb2: drain.mjs app2 out",
            install,
            "lb1: drain.mjs app2 in",
            "lb2: drain.mjs app2 in",
            watch,
        ]);
    });

    it.each([
        "Microsoft.Compute/virtualMachines/runCommands/write",
        "Microsoft.Network/applicationGateways/write",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    ])("says what it may not do: %s", async (action) => {
        denied = action;
        const { code, output } = await release(request);
        expect(code).toBe(1);
        expect(output).toContain(`status 403`);
        expect(output).toContain(action);
    });
});
