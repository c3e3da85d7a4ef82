/**
 * What machines on Azure ask: the metadata service, the key vault, blobs and management, as far as the library's programs use
 * them. It answers by the asker's address and identity, and refuses what its roles do not allow. Usage: node azure-api.mts
 * <world.json>; SIGHUP reads the file again, and what was written stays. Commands for machines go out on standard output, a
 * line of JSON each, and their results come in on standard input.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps, request as ask } from "node:https";
import { createInterface } from "node:readline";
import { type Answer, createManagement, type Outcome } from "../../support/azure-management.mts";
import { acme } from "./acme.mts";
import { createBlobStore } from "./blobs.mts";

/** What an identity may do to what. */
export interface Grant {
    /** Resource id in small letters. */
    scope: string;
    actions: string[];
}

/** What there is in the lab's subscription. */
export interface AzureWorld {
    metadataAddress: string;
    address: string;
    tls: { certificate: string; key: string };
    signingKey: string;
    /** A package as Microsoft's repository gives it, by its file. */
    packageFile: string;
    /** Machines by private address: resource id, and the identity that they carry. */
    machines: Record<string, { id: string; clientId: string; grants: Grant[] }>;
    /** Values of secrets by resource id in small letters. */
    secrets: Record<string, string>;
    /** Files by URL. */
    blobs: Record<string, string>;
    /** First metadata of containers by URL. */
    containers: Record<string, string>;
}

const worldFile = process.argv[2]!;
const readWorld = () => JSON.parse(readFileSync(worldFile, "utf8")) as AzureWorld;
let world = readWorld();
process.on("SIGHUP", () => (world = readWorld()));

type Machine = AzureWorld["machines"][string];
type Found = Answer & { file?: string; headers?: object };

const waiting = new Map<string, (outcome: Outcome) => void>();
const outcomes = createInterface({ input: process.stdin });
// Whoever started it is gone.
outcomes.on("close", () => process.exit());
outcomes.on("line", (line) => {
    const message = JSON.parse(line) as Outcome & { id?: string; started?: string };
    if (message.started !== undefined) {
        manage.started(message.started.toLowerCase());
    }
    if (message.id !== undefined) {
        waiting.get(message.id)?.(message);
    }
});

/** Has the lab run a script on a machine, or turn it off or on. */
const command = (machineId: string, what: { script?: string; isStart?: boolean } = {}) =>
    new Promise<Outcome>((resolve) => {
        const id = randomUUID();
        const own = Object.values(world.machines).find((machine) => machine.id.toLowerCase() === machineId);
        waiting.set(id, resolve);
        console.log(JSON.stringify({ id, instanceId: own?.id, ...what }));
    });

const manage = createManagement({
    run: (machineId, script) => command(machineId, { script }),
    turnOff: (machineId) => command(machineId).then(() => undefined),
    turnOn: (machineId) => command(machineId, { isStart: true }).then(() => undefined),
    onRecord: (name, [value]) => void publish(name, value!),
});
const store = createBlobStore();

/** What machines have written, in place of what there was. */
const written = new Map<string, string>();

function metadata(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, "http://x");
    const machine = world.machines[request.socket.remoteAddress!];
    const asked = url.searchParams.get("client_id");
    if (url.pathname !== "/metadata/identity/oauth2/token" || request.headers["metadata"] !== "true") {
        response.writeHead(400).end();
    } else if (machine === undefined || machine.clientId !== asked) {
        response
            .writeHead(400)
            .end(JSON.stringify({ error: "invalid_request", error_description: "Identity not found" }));
    } else {
        response.end(JSON.stringify({ access_token: `${asked} ${url.searchParams.get("resource")}` }));
    }
}

function mayOf(machine: Machine) {
    return (action: string, resource: string) =>
        machine.grants.some(
            ({ scope, actions }) =>
                `${resource.toLowerCase()}/`.startsWith(`${scope}/`) &&
                actions.some(
                    (pattern) =>
                        pattern === action || (pattern.endsWith("*") && action.startsWith(pattern.slice(0, -1))),
                ),
        );
}

/** The audience that a token for each service must have. */
const audiences: [RegExp, string][] = [
    [/^management\.azure\.com$/, "https://management.azure.com/"],
    [/\.vault\.azure\.net$/, "https://vault.azure.net"],
    [/\.blob\.core\.windows\.net$/, "https://storage.azure.com/"],
];

function answer(request: IncomingMessage, url: URL, body: unknown): Found | undefined {
    const audience = audiences.find(([pattern]) => pattern.test(url.hostname))?.[1];
    const machine = world.machines[request.socket.remoteAddress!];
    if (audience === undefined) {
        return publicPage(url);
    }
    if (machine === undefined || request.headers.authorization !== `Bearer ${machine.clientId} ${audience}`) {
        return { status: 401 };
    }
    const may = mayOf(machine);
    const method = request.method!;
    if (url.hostname === "management.azure.com") {
        return manage.answer({ method, url, body, may });
    }
    if (url.hostname.endsWith(".vault.azure.net")) {
        return secret(method, url, body, may);
    }
    const isAgreement = url.searchParams.get("restype") === "container" && !(url.href in world.blobs);
    return isAgreement ? agreement(request, url, may) : blob(url, may);
}

const CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers";

/** Metadata of a container: what the machines of a database agree on. */
function agreement(request: IncomingMessage, url: URL, may: ReturnType<typeof mayOf>): Answer & { headers?: object } {
    const place = `${url.origin}${url.pathname}`;
    const scope = accountScope(url);
    if (!may(`${CONTAINERS}/${request.method === "PUT" ? "write" : "read"}`, scope)) {
        return { status: 403 };
    }
    if (request.method === "PUT") {
        store.metadata.set(place, String(request.headers["x-ms-meta-value"]));
        return { status: 200 };
    }
    const value = store.metadata.get(place) ?? world.containers[place];
    return value === undefined ? { status: 404 } : { status: 200, headers: { "x-ms-meta-value": value } };
}

/** The account that a URL is of, as something may be done to it. */
function accountScope({ hostname }: URL): string {
    const account = hostname.split(".")[0]!;
    const scopes = Object.values(world.machines).flatMap(({ grants }) => grants.map(({ scope }) => scope));
    return scopes.find((one) => one.endsWith(`/storageaccounts/${account}`)) ?? account;
}

function secret(method: string, url: URL, body: unknown, may: ReturnType<typeof mayOf>): Answer {
    const end = `/vaults/${url.hostname.split(".")[0]}${url.pathname}`.toLowerCase();
    const id = Object.keys(world.secrets).find((known) => known.endsWith(end));
    const action = `Microsoft.KeyVault/vaults/secrets/${method === "PUT" ? "set" : "get"}Secret/action`;
    if (id === undefined) {
        return { status: 404, body: { error: { code: "SecretNotFound" } } };
    }
    if (!may(action, id)) {
        return { status: 403, body: { error: { code: "Forbidden", message: `${action} on ${id}` } } };
    }
    if (method === "PUT") {
        written.set(id, (body as { value: string }).value);
    }
    return { status: 200, body: { value: written.get(id) ?? world.secrets[id] } };
}

function blob(url: URL, may: ReturnType<typeof mayOf>): Answer & { file?: string } {
    const file = world.blobs[url.href];
    const isAllowed = may(`${CONTAINERS}/blobs/read`, accountScope(url));
    return file === undefined ? { status: 404 } : isAllowed ? { status: 200, file } : { status: 403 };
}

/** Has the lab's DNS answer with this record. */
async function publish(host: string, value: string): Promise<void> {
    for (const [step, more] of [["clear-txt", {}] as const, ["set-txt", { value }] as const]) {
        await fetch(`${acme.records}/${step}`, { method: "POST", body: JSON.stringify({ host: `${host}.`, ...more }) });
    }
}

/** Hands on what Let's Encrypt is asked to the authority that plays it, which has its directory elsewhere. */
function handOn(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const path = request.url === "/directory" ? acme.directory : request.url;
    const { method, headers } = request;
    const asked = ask({ ...acme.address, path, method, headers, rejectUnauthorized: false }, (answer_) => {
        response.writeHead(answer_.statusCode!, answer_.headers);
        answer_.pipe(response);
    });
    asked.on("error", () => request.socket.destroy());
    asked.end(body);
}

/** What first boot fetches from others' pages. */
function publicPage({ hostname, pathname }: URL): (Answer & { file?: string }) | undefined {
    if (hostname === "packages.microsoft.com" && pathname.endsWith("/packages-microsoft-prod.deb")) {
        return { status: 200, file: world.packageFile };
    }
    return /\.(gpg\.key|asc)$/.test(pathname) ? { status: 200, body: world.signingKey } : undefined;
}

createHttp(metadata).listen(80, world.metadataAddress);
createHttps({ cert: world.tls.certificate, key: world.tls.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
        const body = Buffer.concat(chunks);
        const url = new URL(request.url!, `https://${request.headers.host}`);
        if (request.headers.authorization?.startsWith("SharedKey ")) {
            // What Debian's pgBackRest cannot do by identity, it does here by a key that is looked at by nobody.
            const place = `${url.hostname}${decodeURIComponent(url.pathname)}`;
            store.answer({ request, response, place, query: url.searchParams, body });
            return;
        }
        if (url.hostname === acme.name) {
            handOn(request, response, body);
            return;
        }
        const isDocument = String(request.headers["content-type"]).startsWith("application/json");
        const found = answer(request, url, isDocument ? JSON.parse(body.toString()) : undefined);
        if (found === undefined) {
            // As where nothing is reached.
            request.socket.destroy();
            return;
        }
        const { status, body: told, file, headers = {} } = found;
        response.writeHead(status, { ...headers });
        const plain = typeof told === "string" || told === undefined ? (told ?? "") : JSON.stringify(told);
        response.end(file === undefined ? plain : readFileSync(file));
    });
}).listen(443, world.address, () => console.log("ready"));
