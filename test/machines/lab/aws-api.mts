/**
 * What machines and functions on AWS ask: the metadata service (IMDSv2 only), Systems Manager, Secrets Manager,
 * Certificate Manager, EC2, CloudWatch and S3, as far as the library's programs use them. It answers by the asker's address
 * and refuses what its role does not allow. Usage: node aws-api.mts <world.json>; SIGHUP reads the file again, and what was
 * written stays. Commands for machines go out on standard output, a line of JSON each, and their results come in on standard
 * input.
 */
import { createPrivateKey, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import { createInterface } from "node:readline";
import { labKeys, notSigned } from "./aws-signature.mts";
import { createObjectStore } from "./s3.mts";

export interface Statement {
    Effect: string;
    Action: string | string[];
    Resource: string | string[];
    Condition?: { StringEquals?: Record<string, string | string[]> };
}

/** What there is in the lab's account. */
export interface World {
    metadataAddress: string;
    address: string;
    tls: { certificate: string; key: string };
    authority: string;
    /** A key as package repositories publish it. */
    signingKey: string;
    /** Parameters by the address of the machine that asks: machines of several plans may be in one lab. */
    parameters: Record<string, Record<string, string>>;
    secrets: Record<string, string>;
    certificates: Record<string, { certificate: string; key: string }>;
    /** Files by `bucket/key`. */
    objects: Record<string, string>;
    /** Statements of each machine's role, by the machine's address. */
    roles: Record<string, Statement[]>;
    accountArn: string;
    /** Value of the tag `minusnow-servers` by instance id. */
    tags: Record<string, string>;
    /** Private address and subnet by instance id. */
    addresses: Record<string, { address: string; subnetId: string }>;
}

/** A command for a machine, and what came of it; without a script the machine is to be turned off, or on. */
export interface Command {
    id: string;
    instanceId: string;
    script?: string;
    isStart?: boolean;
}
/** An instance that runs again. */
export interface Started {
    started: string;
}
export interface Outcome {
    id: string;
    status: number;
    stdout: string;
    stderr: string;
}

const worldFile = process.argv[2]!;
let world = JSON.parse(readFileSync(worldFile, "utf8")) as World;
process.on("SIGHUP", () => (world = JSON.parse(readFileSync(worldFile, "utf8")) as World));

const TOKEN = "lab-session-token";

function metadata(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === "PUT" && request.url === "/latest/api/token") {
        response.end(TOKEN);
    } else if (request.headers["x-aws-ec2-metadata-token"] !== TOKEN) {
        response.writeHead(401).end();
    } else if (/^\/latest\/meta-data\/iam\/security-credentials\/?$/.test(request.url!)) {
        response.end("lab-role");
    } else if (request.url === "/latest/meta-data/iam/security-credentials/lab-role") {
        const expiry = new Date(Date.now() + 6 * 3600_000).toISOString();
        const keys = {
            AccessKeyId: labKeys.id,
            SecretAccessKey: labKeys.secret,
            Token: labKeys.token,
            Expiration: expiry,
        };
        response.end(JSON.stringify({ Code: "Success", Type: "AWS-HMAC", LastUpdated: expiry, ...keys }));
    } else if (request.url === "/latest/meta-data/services/domain") {
        response.end("amazonaws.com");
    } else {
        response.writeHead(404).end();
    }
}

class Refusal extends Error {
    public readonly code: string;
    constructor(code: string, message: string) {
        super(message);
        this.code = code;
    }
}

function demand(request: IncomingMessage, action: string, resource: string, tag = ""): void {
    const address = request.socket.remoteAddress!;
    const matches = (pattern: string, value: string) =>
        new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(value);
    const allowed = (world.roles[address] ?? []).some(
        ({ Effect, Action, Resource, Condition }) =>
            Effect === "Allow" &&
            Object.values(Condition?.StringEquals ?? {}).every((values) => [values].flat().includes(tag)) &&
            [Action].flat().some((pattern) => matches(pattern, action)) &&
            [Resource].flat().some((pattern) => matches(pattern, resource)),
    );
    if (!allowed) {
        throw new Refusal("AccessDeniedException", `${address} is not authorized to perform ${action} on ${resource}`);
    }
}

type Body = Record<string, string>;

/** Commands by id; those that have not ended have no outcome. */
const commands = new Map<string, { outcome?: Outcome }>();
const outcomes = createInterface({ input: process.stdin });
// Whoever started it is gone.
outcomes.on("close", () => process.exit());
outcomes.on("line", (line) => {
    const message = JSON.parse(line) as Outcome | Started;
    if ("started" in message) {
        stops.delete(message.started);
    } else {
        commands.get(message.id)!.outcome = message;
    }
});
const arn = (service: string, rest: string) => world.accountArn.replace(":svc:", `:${service}:`) + rest;

/** What machines have written, in place of what the account had. */
const written = { parameters: new Map<string, string>(), secrets: new Map<string, string>() };

const operations: Record<string, (body: Body, request: IncomingMessage) => unknown> = {
    "AmazonSSM.GetParameter": ({ Name }, request) => {
        demand(request, "ssm:GetParameter", arn("ssm", `:parameter${Name}`));
        const given = world.parameters[request.socket.remoteAddress!]!;
        const value = written.parameters.get(Name!) ?? found(given, Name!, "ParameterNotFound");
        return { Parameter: { Name, Type: "String", Value: value, Version: 1 } };
    },
    "AmazonSSM.PutParameter": ({ Name, Value }, request) => {
        demand(request, "ssm:PutParameter", arn("ssm", `:parameter${Name}`));
        written.parameters.set(Name!, Value!);
        return { Version: 2 };
    },
    "AmazonSSM.SendCommand": (body, request) => {
        const { DocumentName, InstanceIds, Parameters } = body as unknown as {
            DocumentName: string;
            InstanceIds: string[];
            Parameters: { commands: string[] };
        };
        const instanceId = InstanceIds[0]!;
        demand(request, "ssm:SendCommand", `arn:aws:ssm:us-east-1::document/${DocumentName}`);
        demand(request, "ssm:SendCommand", arn("ec2", `:instance/${instanceId}`), world.tags[instanceId]);
        const command: Command = { id: randomUUID(), instanceId, script: Parameters.commands.join("\n") };
        commands.set(command.id, {});
        console.log(JSON.stringify(command));
        return { Command: { CommandId: command.id } };
    },
    "AmazonSSM.GetCommandInvocation": ({ CommandId }, request) => {
        demand(request, "ssm:GetCommandInvocation", "*");
        const { outcome } = commands.get(CommandId!)!;
        return outcome === undefined
            ? { Status: "InProgress", ResponseCode: -1 }
            : {
                  Status: outcome.status === 0 ? "Success" : "Failed",
                  ResponseCode: outcome.status,
                  StandardOutputContent: outcome.stdout.slice(0, 24_000),
                  StandardErrorContent: outcome.stderr.slice(0, 24_000),
              };
    },
    "secretsmanager.GetSecretValue": ({ SecretId }, request) => {
        demand(request, "secretsmanager:GetSecretValue", SecretId!);
        const stored = written.secrets.get(SecretId!);
        return { ARN: SecretId, SecretString: stored ?? found(world.secrets, SecretId!, "ResourceNotFoundException") };
    },
    "secretsmanager.PutSecretValue": ({ SecretId, SecretString, ClientRequestToken }, request) => {
        if (ClientRequestToken === undefined) {
            throw new Refusal("InvalidParameterException", "ClientRequestToken is required");
        }
        demand(request, "secretsmanager:PutSecretValue", SecretId!);
        written.secrets.set(SecretId!, SecretString!);
        return { ARN: SecretId };
    },
    "CertificateManager.ExportCertificate": ({ CertificateArn, Passphrase }, request) => {
        demand(request, "acm:ExportCertificate", CertificateArn!);
        const { certificate, key } = found(world.certificates, CertificateArn!, "ResourceNotFoundException");
        const passphrase = Buffer.from(Passphrase!, "base64").toString();
        const PrivateKey = createPrivateKey(key).export({
            type: "pkcs8",
            format: "pem",
            cipher: "aes-256-cbc",
            passphrase,
        });
        return { Certificate: certificate, CertificateChain: world.authority, PrivateKey };
    },
};

/** Instances that were told to stop, by id; those that are off have an outcome. */
const stops = new Map<string, string>();

/** The last value of each metric, by namespace, name and the value of its dimension. */
const metrics: Record<string, number> = {};

/** Operations of the services that take forms and answer in XML. */
const forms: Record<string, (form: URLSearchParams, request: IncomingMessage) => string> = {
    DescribeInstances: (form, request) => {
        demand(request, "ec2:DescribeInstances", "*");
        const filters = [1, 2, 3].flatMap((place) => {
            const name = form.get(`Filter.${place}.Name`);
            return name === null ? [] : [[name, form.get(`Filter.${place}.Value.1`)!] as const];
        });
        const items = Object.entries(world.addresses).filter(([id, { address, subnetId }]) => {
            const facts: Record<string, string | undefined> = {
                "private-ip-address": address,
                "subnet-id": subnetId,
                "tag:minusnow-servers": world.tags[id],
            };
            return filters.every(([name, value]) => facts[name] === value);
        });
        const instances = items.map(([id]) => {
            const stop = stops.get(id);
            const state = stop === undefined ? "running" : commands.get(stop)?.outcome ? "stopped" : "stopping";
            const code = { running: 16, stopping: 64, stopped: 80 }[state];
            return `<item><instanceId>${id}</instanceId><instanceState><code>${code}</code><name>${state}</name></instanceState></item>`;
        });
        return `<reservationSet><item><instancesSet>${instances.join("")}</instancesSet></item></reservationSet>`;
    },
    StopInstances: (form, request) => {
        const instanceId = form.get("InstanceId.1")!;
        demand(request, "ec2:StopInstances", arn("ec2", `:instance/${instanceId}`), world.tags[instanceId]);
        const command: Command = { id: randomUUID(), instanceId };
        commands.set(command.id, {});
        stops.set(instanceId, command.id);
        console.log(JSON.stringify(command));
        return "<instancesSet/>";
    },
    StartInstances: (form, request) => {
        const instanceId = form.get("InstanceId.1")!;
        demand(request, "ec2:StartInstances", arn("ec2", `:instance/${instanceId}`), world.tags[instanceId]);
        const command: Command = { id: randomUUID(), instanceId, isStart: true };
        commands.set(command.id, {});
        console.log(JSON.stringify(command));
        return "<instancesSet/>";
    },
    PutMetricData: (form, request) => {
        demand(request, "cloudwatch:PutMetricData", "*", form.get("Namespace")!);
        for (let place = 1; form.has(`MetricData.member.${place}.MetricName`); place++) {
            const member = (part: string) => form.get(`MetricData.member.${place}.${part}`)!;
            metrics[`${form.get("Namespace")} ${member("MetricName")} ${member("Dimensions.member.1.Value")}`] = Number(
                member("Value"),
            );
        }
        return "";
    },
};

const store = createObjectStore({
    demand,
    given: (name) => (name in world.objects ? readFileSync(world.objects[name]!) : undefined),
});

function found<T>(all: Record<string, T>, name: string, code: string): T {
    if (!(name in all)) {
        throw new Refusal(code, `${name} does not exist`);
    }
    return all[name]!;
}

/** How a call of a service that speaks JSON or takes forms is answered; undefined for everything else. */
function asked(request: IncomingMessage, body: Buffer): { type: string; answer: () => string } | undefined {
    const target = String(request.headers["x-amz-target"]).replace(/^CertificateManager_\d+/, "CertificateManager");
    if (target in operations) {
        const answer = () => JSON.stringify(operations[target]!(JSON.parse(body.toString()) as Body, request));
        return { type: "application/x-amz-json-1.1", answer };
    }
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    const form = new URLSearchParams(isForm ? body.toString() : "");
    const action = form.get("Action") ?? "";
    const answer = () =>
        `<${action}Response><requestId>lab</requestId>${forms[action]!(form, request)}</${action}Response>`;
    return action in forms ? { type: "text/xml", answer } : undefined;
}

async function api(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
        chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks);
    const call = asked(request, body);
    try {
        if (call === undefined) {
            return other(request, response, body);
        }
        const unsigned = await notSigned(request, body, labKeys);
        if (unsigned !== undefined) {
            throw new Refusal(unsigned, "the request signature does not match");
        }
        const answer = call.answer();
        response.writeHead(200, { "content-type": call.type }).end(answer);
    } catch (error) {
        const { code = "InternalFailure", message } = error as Refusal;
        const isXml = call?.type === "text/xml";
        const xml = `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`;
        const text = isXml ? xml : JSON.stringify({ __type: code, message });
        response.writeHead(400, { "content-type": call?.type ?? "application/x-amz-json-1.1" }).end(text);
    }
}

/** S3's objects, and what first boot fetches from AWS's and others' pages. */
function other(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const host = request.headers.host!.split(":")[0]!;
    const bucket = /^(.+)\.s3[.-]/.exec(host)?.[1];
    const url = new URL(request.url!, "https://x");
    if (bucket !== undefined) {
        const key = decodeURIComponent(url.pathname).slice(1);
        store({ request, response, bucket, key, query: url.searchParams, body });
    } else if (url.pathname === "/lab/metrics") {
        response.end(JSON.stringify(metrics));
    } else if (host.startsWith("truststore.pki.rds")) {
        response.end(world.authority);
    } else if (host === "deb.nodesource.com" && request.url!.endsWith(".gpg.key")) {
        response.end(world.signingKey);
    } else {
        // As where nothing is reached.
        request.socket.destroy();
    }
}

createHttp(metadata).listen(80, world.metadataAddress);
createHttps(
    { cert: world.tls.certificate, key: world.tls.key },
    (request, response) => void api(request, response),
).listen(443, world.address, () => console.log("ready"));
