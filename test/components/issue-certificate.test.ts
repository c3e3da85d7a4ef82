import { execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { notIssued } from "../../components/load-balancer/contract";
import type { CertificatePlan } from "../../components/load-balancer/issue/azure-machine";
import { createManagement } from "../support/azure-management.mjs";
import { repository } from "../support/plans";

const HOSTNAME = "minusnow.example.com";
const group = "/subscriptions/s/resourceGroups/g/providers";
const plan: CertificatePlan = {
    hostname: HOSTNAME,
    secretId: `${group}/Microsoft.KeyVault/vaults/v/secrets/certificate`,
    recordId: `${group}/Microsoft.Network/dnsZones/example.com/TXT/_acme-challenge.minusnow`,
};
const DAY_MS = 86_400_000;
/** As long as Let's Encrypt's last. */
const DAYS = 90;

let folder: string;
let server: Server;
/** What the vault holds. */
let secret: { value: string; contentType?: string };
/** Whether it may be written to. */
let isVaultOpen: boolean;
/** What the record set held, in turn. */
let records: string[];

const inFolder = (...parts: string[]) => path.join(folder, ...parts);

beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "minusnow-issue-"));
    secret = { value: notIssued };
    records = [];
    isVaultOpen = true;
    writeFileSync(inFolder("plan.json"), JSON.stringify(plan));
    certbot(HOSTNAME);
    const management = createManagement({
        run: () => Promise.reject(new Error("nothing is run")),
        onRecord: (name, [value]) => records.push(`${name} ${value}`),
    });
    server = createServer((request, response) => {
        const url = new URL(request.url!, "http://x");
        let text = "";
        request.on("data", (chunk) => (text += String(chunk)));
        request.on("end", () => {
            const body = text === "" ? undefined : (JSON.parse(text) as object);
            if (url.pathname.startsWith("/metadata/")) {
                response.end(JSON.stringify({ access_token: url.searchParams.get("resource") }));
            } else if (url.pathname === "/secrets/certificate") {
                if (request.method === "PUT" && !isVaultOpen) {
                    response.writeHead(403).end();
                    return;
                }
                secret = request.method === "PUT" ? (body as typeof secret) : secret;
                response.end(JSON.stringify(secret));
            } else {
                const answer = management.answer({ method: request.method!, url, body, may: () => true });
                response.writeHead(answer.status).end(JSON.stringify(answer.body));
            }
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
});

/** A certbot that has a certificate issued for a name, and keeps what it was asked. */
function certbot(name: string, status = 0): void {
    const live = inFolder("state/config/live", HOSTNAME);
    const files = `-keyout ${live}/privkey.pem -out ${live}/fullchain.pem`;
    const names = `-subj /CN=${name} -addext subjectAltName=DNS:${name}`;
    const script = [
        "#!/bin/bash",
        `printf '%s\\n' "$@" >${inFolder("asked")}`,
        `mkdir -p ${live}`,
        `openssl req -x509 -newkey rsa:2048 -nodes -days ${DAYS} ${names} ${files} 2>/dev/null`,
        `exit ${status}`,
    ];
    mkdirSync(inFolder("bin"), { recursive: true });
    writeFileSync(inFolder("bin/certbot"), script.join("\n"));
    chmodSync(inFolder("bin/certbot"), 0o755);
}

/** Runs the program that the operations machine carries, some days later, with these records in DNS. */
function run(step = "keep", { later = 0, dns = [] as string[] } = {}): Promise<{ code: number; output: string }> {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const world = [
        `const now = Date.now; Date.now = () => now() + ${later * DAY_MS};`,
        `import dns from "node:dns"; dns.promises.Resolver.prototype.resolveTxt = async () => ${JSON.stringify([dns])};`,
    ].join("\n");
    const bundle = path.join(repository, "dist/components/load-balancer/issue/machine.cjs");
    const child = spawn(process.execPath, [bundle, step], {
        env: {
            PATH: `${inFolder("bin")}:${process.env["PATH"]!}`,
            NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(world)}`,
            ...{
                METADATA: url,
                MANAGEMENT: url,
                VAULTS: url,
                IDENTITY: "identity",
                PAUSE_MS: "20",
                PATIENCE_SECONDS: "1",
            },
            ...{ PLAN: inFolder("plan.json"), STATE_DIRECTORY: inFolder("state"), SPREAD_MS: "0", RECORD_SECONDS: "2" },
            CERTBOT_VALIDATION: "the-proof",
        },
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (output += String(chunk)));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? -1, output: output.trim() })));
}

const inVault = () =>
    new X509Certificate(
        execFileSync("openssl", ["pkcs12", "-nokeys", "-clcerts", "-passin", "pass:"], {
            input: Buffer.from(secret.value, "base64"),
            stdio: "pipe",
        }),
    );
const wasAsked = () => existsSync(inFolder("asked"));
const forget = () => rmSync(inFolder("asked"), { force: true });

describe("a certificate of Let's Encrypt on Azure", () => {
    it("is issued for the host name, and kept as Application Gateway reads it", async () => {
        const { code, output } = await run();
        expect(output).toMatch(new RegExp(`${HOSTNAME} has a certificate until 20\\d\\d-`));
        expect(code).toBe(0);
        const asked = readFileSync(inFolder("asked"), "utf8").split("\n");
        expect(asked).toEqual(expect.arrayContaining(["certonly", "--non-interactive", "--agree-tos", HOSTNAME]));
        expect(asked[asked.indexOf("--preferred-challenges") + 1]).toBe("dns");
        expect(secret.contentType).toBe("application/x-pkcs12");
        expect(inVault().checkHost(HOSTNAME)).toBe(HOSTNAME);
    });

    it("is left alone while more than a third of its time is left, and renewed then", async () => {
        await run();
        const first = inVault().serialNumber;
        forget();
        expect((await run("keep", { later: DAYS * 0.66 })).code).toBe(0);
        expect(wasAsked()).toBe(false);
        expect((await run("keep", { later: DAYS * 0.67 })).code).toBe(0);
        expect(wasAsked()).toBe(true);
        expect(inVault().serialNumber).not.toBe(first);
    });

    it("is issued anew when it is asked for", async () => {
        await run();
        const first = inVault().serialNumber;
        await run("renew");
        expect(inVault().serialNumber).not.toBe(first);
    });

    it("leaves no key on the machine once it is in the vault, and is not asked for twice when it did not get there", async () => {
        isVaultOpen = false;
        expect((await run()).code).toBe(1);
        expect(wasAsked()).toBe(true);
        isVaultOpen = true;
        forget();
        expect((await run()).code).toBe(0);
        expect(wasAsked()).toBe(false);
        expect(inVault().checkHost(HOSTNAME)).toBe(HOSTNAME);
        const left = readdirSync(inFolder("state"), { recursive: true, encoding: "utf8" });
        expect(left.filter((name) => name.endsWith(".pem"))).toEqual([]);
    });

    it("is issued again for another host name", async () => {
        certbot("former.example.com");
        await run();
        forget();
        certbot(HOSTNAME);
        await run();
        expect(wasAsked()).toBe(true);
        expect(inVault().checkHost(HOSTNAME)).toBe(HOSTNAME);
    });

    it("stays what it was when none is issued, and the run fails", async () => {
        certbot(HOSTNAME, 1);
        const { code, output } = await run();
        expect(code).toBe(1);
        expect(output).toContain("certbot");
        expect(secret).toEqual({ value: notIssued });
    });

    it("is proven by the zone's record, which says nothing afterwards", async () => {
        const proven = await run("prove", { dns: ["the-proof"] });
        expect(proven).toEqual({ code: 0, output: "" });
        await run("withdraw");
        expect(records).toEqual([
            "_acme-challenge.minusnow.example.com the-proof",
            "_acme-challenge.minusnow.example.com minusnow",
        ]);
    });

    it("says which zone nobody asks when the record is not seen", async () => {
        const { code, output } = await run("prove", { dns: ["minusnow"] });
        expect(code).toBe(1);
        expect(output).toBe(
            "_acme-challenge.minusnow.example.com: found minusnow, allowed is the-proof; delegate example.com to the zone's name servers, and have no private zone of this name in the network",
        );
    });
});
