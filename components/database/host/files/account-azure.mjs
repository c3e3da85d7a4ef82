// What a database machine reads and changes in Azure, by its own identity. Every answer comes soon or not at all.
import { setTimeout as wait } from "node:timers/promises";

const { IDENTITY, SETTINGS, CERTIFICATE_SECRET_ID, PEER_ID } = process.env;
const STORAGE = "https://storage.azure.com/";
const VAULT = "https://vault.azure.net";
const MANAGEMENT = "https://management.azure.com";
const MANAGEMENT_TOKENS = `${MANAGEMENT}/`;

const tokens = new Map();

/** Kept for half an hour: each is good for a day, and its source is asked sparingly. */
async function tokenFor(resource) {
    const known = tokens.get(resource);
    if (known !== undefined && known.until > Date.now()) {
        return known.token;
    }
    const query = new URLSearchParams({ "api-version": "2018-02-01", client_id: IDENTITY, resource });
    const response = await fetch(`http://169.254.169.254/metadata/identity/oauth2/token?${query}`, {
        headers: { Metadata: "true" },
        signal: AbortSignal.timeout(2000),
    });
    if (!response.ok) {
        throw new Error(`token for ${resource}: status ${response.status}`);
    }
    const token = (await response.json()).access_token;
    tokens.set(resource, { token, until: Date.now() + 1_800_000 });
    return token;
}

async function askOnce(resource, method, url, { headers = {}, body } = {}) {
    const authorization = `Bearer ${await tokenFor(resource)}`;
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(url, { method, headers: { authorization, ...headers }, body, signal });
    if (!response.ok) {
        const { status } = response;
        const error = new Error(`${method} ${url}: status ${status}, ${await response.text()}`);
        throw Object.assign(error, { isFinal: status < 500 && status !== 429 });
    }
    return response;
}

/** What may pass is asked a second time; both times end before the keeper's word on who is primary is too old. */
const ask = (...asked) =>
    askOnce(...asked).catch((error) => {
        if (error.isFinal) {
            throw error;
        }
        return wait(500).then(() => askOnce(...asked));
    });

/** What both machines agree on is the metadata of a container each: one value, which is replaced as a whole. */
const container = (name, more = "") => `${SETTINGS}/${name}?restype=container${more}`;
const storage = { "x-ms-version": "2023-11-03" };

export const readSetting = async (name) => {
    const { headers } = await ask(STORAGE, "HEAD", container(name), { headers: storage });
    const value = headers.get("x-ms-meta-value");
    if (value === null) {
        throw new Error(`the container ${name} says nothing: somebody has deleted its metadata`);
    }
    return JSON.parse(value);
};

export const writeSetting = (name, value) =>
    name === "certificate"
        ? storeSecret(CERTIFICATE_SECRET_ID, JSON.stringify(value))
        : ask(STORAGE, "PUT", container(name, "&comp=metadata"), {
              headers: { ...storage, "x-ms-meta-value": JSON.stringify(value), "content-length": "0" },
          });

const secretUrl = (id) => {
    const [, vault, secret] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id);
    return `https://${vault}.vault.azure.net/secrets/${secret}?api-version=7.4`;
};

class Absent extends Error {}

/** The stack puts a word in the place of what machines are to write. */
export const readSecret = async (id) => {
    const { value } = await (await ask(VAULT, "GET", secretUrl(id))).json();
    if (value === "none") {
        throw new Absent(`${id} is not written yet`);
    }
    return value;
};

export const storeSecret = (id, value) =>
    ask(VAULT, "PUT", secretUrl(id), {
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ value }),
    });

export const isAbsent = (error) => error instanceof Absent;

const API = "?api-version=2024-07-01";

/** Turns the other machine off, whatever its state, and returns when it is off: then it writes nothing any more. */
export async function stopMachine() {
    const state = async () => {
        const { statuses } = await (
            await ask(MANAGEMENT_TOKENS, "GET", `${MANAGEMENT}${PEER_ID}/instanceView${API}`)
        ).json();
        return statuses.map(({ code }) => code).find((code) => code.startsWith("PowerState/"));
    };
    const until = Date.now() + 600_000;
    for (let asked = false; !["PowerState/stopped", "PowerState/deallocated"].includes(await state());) {
        if (Date.now() > until) {
            throw new Error(`${PEER_ID} was told to stop ten minutes ago and does not; see --peer-is-off`);
        }
        if (!asked) {
            await ask(MANAGEMENT_TOKENS, "POST", `${MANAGEMENT}${PEER_ID}/powerOff${API}&skipShutdown=true`);
            asked = true;
        }
        await wait(3000);
    }
}

export const startMachine = () => ask(MANAGEMENT_TOKENS, "POST", `${MANAGEMENT}${PEER_ID}/start${API}`);

/** The agent sends what is logged to the workspace, where alerts look for it. */
export const publishMetrics = async (metrics) => console.log(`minusnow-metrics ${JSON.stringify(metrics)}`);
