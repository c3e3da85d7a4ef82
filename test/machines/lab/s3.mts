import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What a bucket's keeper asks of the account. */
export interface Account {
    /** Throws where the asker may not. */
    demand: (request: IncomingMessage, action: string, resource: string) => void;
    /** An object that was there from the beginning, by `bucket/key`. */
    given: (name: string) => Buffer | undefined;
}

interface Stored {
    content: Buffer;
    modified: Date;
}

interface Asked {
    request: IncomingMessage;
    response: ServerResponse;
    bucket: string;
    key: string;
    query: URLSearchParams;
    body: Buffer;
}

/** S3 as `aws s3 cp` and pgBackRest use it: objects, listings and uploads in parts, in memory. */
export function createObjectStore({ demand, given }: Account): (asked: Asked) => void {
    const objects = new Map<string, Stored>();
    const uploads = new Map<string, Map<number, Buffer>>();
    const put = (name: string, content: Buffer) => objects.set(name, { content, modified: new Date() });

    const find = (name: string): Stored | undefined => {
        const content = given(name);
        return objects.get(name) ?? (content && { content, modified: new Date(0) });
    };

    const list = ({ bucket, query, response }: Asked) => {
        const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
        const start = `${bucket}/${prefix}`;
        const contents: string[] = [];
        const common = new Set<string>();
        for (const [name, { content, modified }] of [...objects].filter(([one]) => one.startsWith(start)).sort()) {
            const key = name.slice(bucket.length + 1);
            const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
            if (end >= 0) {
                common.add(key.slice(0, end + 1));
            } else {
                const facts = tag("Key", key) + tag("LastModified", modified.toISOString());
                contents.push(tag("Contents", facts + tag("ETag", etag(content)) + tag("Size", content.length)));
            }
        }
        const prefixes = [...common].map((one) => tag("CommonPrefixes", tag("Prefix", one)));
        const all = tag("Name", bucket) + tag("IsTruncated", false) + contents.join("") + prefixes.join("");
        response.end(document("ListBucketResult", all));
    };

    const read = ({ request, response, bucket, key }: Asked) => {
        const stored = find(`${bucket}/${key}`);
        if (!stored) {
            response.writeHead(404, { "content-type": "application/xml" });
            response.end(request.method === "HEAD" ? undefined : document("Error", tag("Code", "NoSuchKey")));
            return;
        }
        const { content, modified } = stored;
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
        const part = from === undefined ? content : content.subarray(Number(from), to ? Number(to) + 1 : undefined);
        response.writeHead(from === undefined ? 200 : 206, {
            "content-length": part.length,
            etag: etag(content),
            "last-modified": modified.toUTCString(),
            ...(from !== undefined && {
                "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
            }),
        });
        response.end(request.method === "HEAD" ? undefined : part);
    };

    const write = ({ request, response, bucket, key, query, body }: Asked) => {
        const content = payload(request, body);
        const upload = query.get("uploadId");
        if (upload === null) {
            put(`${bucket}/${key}`, content);
        } else {
            uploads.get(upload)!.set(Number(query.get("partNumber")), content);
        }
        response.writeHead(200, { etag: etag(content) }).end();
    };

    const post = ({ response, bucket, key, query, body }: Asked) => {
        if (query.has("delete")) {
            const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, one]) => one!);
            keys.forEach((one) => objects.delete(`${bucket}/${one}`));
            response.end(document("DeleteResult", ""));
        } else if (query.has("uploads")) {
            const id = randomUUID();
            uploads.set(id, new Map());
            response.end(document("InitiateMultipartUploadResult", tag("UploadId", id)));
        } else {
            const parts = [...uploads.get(query.get("uploadId")!)!].sort(([one], [other]) => one - other);
            const content = Buffer.concat(parts.map(([, part]) => part));
            put(`${bucket}/${key}`, content);
            response.end(document("CompleteMultipartUploadResult", tag("ETag", etag(content))));
        }
    };

    const remove = ({ response, bucket, key, query }: Asked) => {
        const upload = query.get("uploadId");
        upload === null ? objects.delete(`${bucket}/${key}`) : uploads.delete(upload);
        response.writeHead(204).end();
    };

    return (asked) => {
        const { request, bucket, key, query } = asked;
        const { action, answer } =
            request.method === "PUT"
                ? { action: "s3:PutObject", answer: write }
                : request.method === "DELETE"
                  ? { action: "s3:DeleteObject", answer: remove }
                  : request.method === "POST"
                    ? { action: query.has("delete") ? "s3:DeleteObject" : "s3:PutObject", answer: post }
                    : key === ""
                      ? { action: "s3:ListBucket", answer: list }
                      : { action: "s3:GetObject", answer: read };
        const resource = action === "s3:ListBucket" ? bucket : `${bucket}/${key || "*"}`;
        demand(request, action, `arn:aws:s3:::${resource}`);
        answer(asked);
    };
}

const etag = (content: Buffer) => `"${createHash("md5").update(content).digest("hex")}"`;
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const tag = (name: string, content: string | number | boolean) =>
    `<${name}>${typeof content === "string" && !content.startsWith("<") ? escaped(content) : content}</${name}>`;
const document = (name: string, content: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`;

/** What was sent: in chunks with a checksum after them, where the command does so. */
function payload(request: IncomingMessage, body: Buffer): Buffer {
    if (!String(request.headers["x-amz-content-sha256"]).startsWith("STREAMING")) {
        return body;
    }
    const chunks: Buffer[] = [];
    for (let at = 0; ;) {
        const line = body.indexOf("\r\n", at);
        const size = Number.parseInt(body.subarray(at, line).toString(), 16);
        if (!size) {
            return Buffer.concat(chunks);
        }
        chunks.push(body.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
    }
}
