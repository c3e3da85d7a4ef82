// Calls AWS's services that speak JSON, by the machine's own role. Every answer comes soon or not at all: AWS's command line
// takes half a second of a processor each time, which is much for what is asked every few seconds.
import { createHash, createHmac } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

const { REGION } = process.env;
const METADATA = "http://169.254.169.254/latest";
/** The metadata service has new keys by then. */
const RENEW_BEFORE_MS = 5 * 60_000;

const digest = (text) => createHash("sha256").update(text).digest("hex");
const keyed = (key, text) => createHmac("sha256", key).update(text).digest();

/** Headers of a POST to the root of a service, with AWS Signature Version 4. */
export function signed({ host, service, region, target, body, keys, date = new Date() }) {
    const time = date.toISOString().replace(/[-:]|\.\d+/g, "");
    const headers = {
        "content-type": "application/x-amz-json-1.1",
        host,
        "x-amz-date": time,
        "x-amz-security-token": keys.token,
        "x-amz-target": target,
    };
    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const request = ["POST", "/", "", lines.join(""), names, digest(body)].join("\n");
    const scope = [time.slice(0, 8), region, service, "aws4_request"];
    const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), digest(request)].join("\n");
    const signature = keyed(scope.reduce(keyed, `AWS4${keys.secret}`), text).toString("hex");
    const credential = `Credential=${keys.id}/${scope.join("/")}`;
    return {
        ...headers,
        authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
    };
}

/** An answer, or why there was none, without what it holds. */
async function answerTo(what, url, options) {
    try {
        const response = await fetch(url, options);
        return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (error) {
        throw new Error(`${what}: ${error.cause?.code ?? error.name}`);
    }
}

/** What the parser says would quote it. */
function parsed(what, text) {
    try {
        return JSON.parse(text);
    } catch {
        throw new Error(`${what}: the answer is no JSON`);
    }
}

async function metadata(path, options) {
    const signal = AbortSignal.timeout(2000);
    const { ok, status, text } = await answerTo(`metadata ${path}`, `${METADATA}/${path}`, { ...options, signal });
    if (!ok) {
        throw new Error(`metadata ${path}: status ${status}`);
    }
    return text;
}

let known;

async function newSession() {
    const time = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
    const token = await metadata("api/token", { method: "PUT", headers: time });
    const read = (path) => metadata(`meta-data/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
    const role = await read("iam/security-credentials/");
    const given = parsed("metadata of the role", await read(`iam/security-credentials/${role}`));
    const end = Date.parse(given.Expiration);
    if (given.Code !== "Success" || Number.isNaN(end)) {
        throw new Error(`metadata of the role: ${given.Code}`);
    }
    const keys = { id: given.AccessKeyId, secret: given.SecretAccessKey, token: given.Token };
    return { keys, end, domain: await read("services/domain") };
}

/** Keys of the machine's role, and the name under which its region's services are. Those at hand are good to their end. */
async function session() {
    if (known === undefined || known.end - RENEW_BEFORE_MS < Date.now()) {
        known = await newSession().catch((error) => {
            if (known !== undefined && known.end > Date.now()) {
                return known;
            }
            throw error;
        });
    }
    return known;
}

async function ask(service, target, body) {
    const { keys, domain } = await session();
    const host = `${service}.${REGION}.${domain}`;
    const headers = signed({ host, service, region: REGION, target, body, keys });
    const options = { method: "POST", headers, body, signal: AbortSignal.timeout(5000) };
    const { ok, status, text } = await answerTo(target, `https://${host}/`, options);
    return { ok, status, answer: ok ? parsed(target, text || "{}") : refusal(text) };
}

/** Refusals that come from before the service are no JSON. */
function refusal(text) {
    try {
        return JSON.parse(text);
    } catch {
        return {};
    }
}

const isPassing = ({ status, answer }) => status >= 500 || /Throttl|TooManyUpdates/.test(answer.__type);
/** The role was made anew, or another one is the machine's. */
const isOfOldKeys = ({ answer }) => /ExpiredToken|UnrecognizedClient|InvalidClientTokenId/.test(answer.__type);

/** Answer of an operation such as `AmazonSSM.GetParameter`. What may pass is asked a second time. */
export async function call(service, target, parameters) {
    const once = () => ask(service, target, JSON.stringify(parameters));
    const again = () => wait(500).then(once);
    const first = await once().catch(again);
    if (isOfOldKeys(first)) {
        known = undefined;
    }
    const mayBeBetter = !first.ok && (isPassing(first) || isOfOldKeys(first));
    const { ok, status, answer } = mayBeBetter ? await again() : first;
    if (!ok) {
        const why = answer.message ?? answer.Message ?? "";
        throw new Error(`${target}: ${answer.__type?.split("#").at(-1) ?? `status ${status}`} ${why}`.trim());
    }
    return answer;
}
