/**
 * What machines and functions on AWS ask: the metadata service (IMDSv2 only), Systems Manager, Secrets Manager,
 * Certificate Manager and S3, as far as the library's programs use them. It answers by the asker's address and refuses what
 * its role does not allow. Usage: node aws-api.mts <world.json>; SIGHUP reads the file again. Commands for machines go out
 * on standard output, a line of JSON each, and their results come in on standard input.
 */
import { createPrivateKey, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import { createInterface } from "node:readline";

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
}

/** A command for a machine, and what came of it. */
export interface Command {
    id: string;
    instanceId: string;
    script: string;
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
    } else if (request.url === "/latest/meta-data/iam/security-credentials/") {
        response.end("lab-role");
    } else if (request.url === "/latest/meta-data/iam/security-credentials/lab-role") {
        const expiry = new Date(Date.now() + 6 * 3600_000).toISOString();
        const keys = { AccessKeyId: "ASIALAB", SecretAccessKey: "lab", Token: "lab", Expiration: expiry };
        response.end(JSON.stringify({ Code: "Success", Type: "AWS-HMAC", LastUpdated: expiry, ...keys }));
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
    const outcome = JSON.parse(line) as Outcome;
    commands.get(outcome.id)!.outcome = outcome;
});
const arn = (service: string, rest: string) => world.accountArn.replace(":svc:", `:${service}:`) + rest;

const operations: Record<string, (body: Body, request: IncomingMessage) => unknown> = {
    "AmazonSSM.GetParameter": ({ Name }, request) => {
        demand(request, "ssm:GetParameter", arn("ssm", `:parameter${Name}`));
        const value = found(world.parameters[request.socket.remoteAddress!]!, Name!, "ParameterNotFound");
        return { Parameter: { Name, Type: "String", Value: value, Version: 1 } };
    },
    "AmazonSSM.PutParameter": ({ Name, Value }, request) => {
        demand(request, "ssm:PutParameter", arn("ssm", `:parameter${Name}`));
        Object.values(world.parameters).forEach((own) => (own[Name!] = Value!));
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
        return { ARN: SecretId, SecretString: found(world.secrets, SecretId!, "ResourceNotFoundException") };
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

function found<T>(all: Record<string, T>, name: string, code: string): T {
    if (!(name in all)) {
        throw new Refusal(code, `${name} does not exist`);
    }
    return all[name]!;
}

async function api(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
        chunks.push(chunk as Buffer);
    }
    const operation =
        operations[String(request.headers["x-amz-target"]).replace(/^CertificateManager_\d+/, "CertificateManager")];
    try {
        if (operation) {
            const answer = operation(JSON.parse(Buffer.concat(chunks).toString()) as Body, request);
            response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
        } else {
            await other(request, response);
        }
    } catch (error) {
        const { code = "InternalFailure", message } = error as Refusal;
        const text = JSON.stringify({ __type: code, message });
        response.writeHead(400, { "content-type": "application/x-amz-json-1.1" }).end(text);
    }
}

/** S3's objects, and what first boot fetches from AWS's and others' pages. */
async function other(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host!.split(":")[0]!;
    const bucket = /^(.+)\.s3[.-]/.exec(host)?.[1];
    if (bucket !== undefined) {
        const name = bucket + decodeURIComponent(new URL(request.url!, "https://x").pathname);
        demand(request, "s3:GetObject", `arn:aws:s3:::${name}`);
        const content = readFileSync(found(world.objects, name, "NoSuchKey"));
        const headers = { "content-length": content.length, etag: '"lab"', "last-modified": new Date(0).toUTCString() };
        response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : content);
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
