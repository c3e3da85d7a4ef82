// Calls AWS's services by the machine's own role. Every answer comes soon or not at all: AWS's command line takes half a
// second of a processor each time, and many seconds on a machine that is busy, just when another one has to be stopped.
import { createHash, createHmac } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { parsed } from "./files.mjs";

const { REGION } = process.env;
const METADATA = "http://169.254.169.254/latest";
/** The metadata service has new keys by then. */
const RENEW_BEFORE_MS = 5 * 60_000;

const digest = (text) => createHash("sha256").update(text).digest("hex");
const keyed = (key, text) => createHmac("sha256", key).update(text).digest();

/** Headers of a POST to the root of a service, with AWS Signature Version 4. */
export function signed({ host, service, region, headers, body, keys, date = new Date() }) {
    const time = date.toISOString().replace(/[-:]|\.\d+/g, "");
    const all = { ...headers, host, "x-amz-date": time, "x-amz-security-token": keys.token };
    const sorted = Object.keys(all).sort();
    const names = sorted.join(";");
    const lines = sorted.map((name) => `${name}:${all[name]}\n`);
    const request = ["POST", "/", "", lines.join(""), names, digest(body)].join("\n");
    const scope = [time.slice(0, 8), region, service, "aws4_request"];
    const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), digest(request)].join("\n");
    const signature = keyed(scope.reduce(keyed, `AWS4${keys.secret}`), text).toString("hex");
    const credential = `Credential=${keys.id}/${scope.join("/")}`;
    return {
        ...all,
        authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
    };
}

/** An answer, or why there was none. */
async function answerTo(what, url, options, ms) {
    try {
        const response = await fetch(url, { ...options, signal: AbortSignal.timeout(ms) });
        return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (error) {
        throw new Error(`${what}: ${error.cause?.code ?? error.name}`);
    }
}

async function metadata(path, options) {
    const { ok, status, text } = await answerTo(path, `${METADATA}/${path}`, options, 2000);
    if (!ok) {
        throw new Error(`${path}: status ${status}`);
    }
    return text;
}

let known;

async function newSession() {
    const time = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
    const token = await metadata("api/token", { method: "PUT", headers: time });
    const read = (path) => metadata(`meta-data/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
    const roles = "iam/security-credentials/";
    const given = parsed(roles, await read(roles + (await read(roles))));
    const end = Date.parse(given.Expiration);
    if (given.Code !== "Success" || Number.isNaN(end)) {
        throw new Error(`${roles}: ${given.Code}`);
    }
    const keys = { id: given.AccessKeyId, secret: given.SecretAccessKey, token: given.Token };
    return { keys, end, domain: await read("services/domain") };
}

/** Keys of the machine's role, and the name under which its region's services are. Those at hand are good to their end. */
async function session() {
    if (known === undefined || known.end - RENEW_BEFORE_MS < Date.now()) {
        known = await newSession().catch((error) => {
            if (known?.end > Date.now()) {
                return known;
            }
            throw error;
        });
    }
    return known;
}

async function ask(service, what, headers, body) {
    const { keys, domain } = await session();
    const host = `${service}.${REGION}.${domain}`;
    const all = signed({ host, service, region: REGION, headers, body, keys });
    return answerTo(what, `https://${host}/`, { method: "POST", headers: all, body }, 5000);
}

const errorIn = (text) => /(?:"__type":\s*"(?:[^"]*#)?|<Code>)([\w.]+)["<]/.exec(text)?.[1] ?? "";
const isPassing = ({ status, text }) => status >= 500 || /Throttl|TooManyUpdates/.test(errorIn(text));
/** The role was made anew, or another one is the machine's. */
const isOfOldKeys = ({ text }) =>
    /ExpiredToken|RequestExpired|UnrecognizedClient|InvalidClientTokenId|AuthFailure/.test(errorIn(text));

/** The text of an answer. What may pass is asked a second time. */
async function answered(service, what, headers, body) {
    const once = () => ask(service, what, headers, body);
    const again = () => wait(500).then(once);
    let answer = await once().catch(again);
    if (!answer.ok && (isPassing(answer) || isOfOldKeys(answer))) {
        known = isOfOldKeys(answer) ? undefined : known;
        answer = await again();
    }
    const { ok, status, text } = answer;
    if (!ok) {
        const type = errorIn(text) || `status ${status}`;
        // Services that speak JSON would quote a refused value.
        const [, reason = type.startsWith("AccessDenied") ? text : ""] = /<Message>(.+?)<\/Message>/s.exec(text) ?? [];
        throw new Error(`${what}: ${type} ${reason}`.trim());
    }
    return text;
}

/** Answer of an operation such as `AmazonSSM.GetParameter`, of services that speak JSON. */
export async function call(service, target, parameters) {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
    return parsed(target, (await answered(service, target, headers, JSON.stringify(parameters))) || "{}");
}

/** Answer, in XML, of an operation such as `DescribeInstances`, of services that take forms. */
export function submit(service, Action, Version, parameters) {
    const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const form = new URLSearchParams({ Action, Version, ...parameters });
    return answered(service, Action, headers, form.toString());
}
