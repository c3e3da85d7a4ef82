import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

interface Asked {
    request: IncomingMessage;
    response: ServerResponse;
    /** Account, container and blob. */
    place: string;
    query: URLSearchParams;
    body: Buffer;
}

interface Stored {
    content: Buffer;
    modified: Date;
}

/** Blobs as pgBackRest uses them: whole ones, blocks, ranges and listings; and the metadata of containers; in memory. */
export function createBlobStore() {
    const blobs = new Map<string, Stored>();
    const blocks = new Map<string, Map<string, Buffer>>();
    const metadata = new Map<string, string>();
    const put = (place: string, content: Buffer) => blobs.set(place, { content, modified: new Date() });

    const list = ({ place, query, response }: Asked) => {
        const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
        const start = `${place}/${prefix}`;
        const found: string[] = [];
        const common = new Set<string>();
        for (const [name, { content, modified }] of [...blobs].filter(([one]) => one.startsWith(start)).sort()) {
            const key = name.slice(place.length + 1);
            const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
            if (end >= 0) {
                common.add(key.slice(0, end + 1));
            } else {
                const facts = tag("Last-Modified", modified.toUTCString()) + tag("Content-Length", content.length);
                found.push(tag("Blob", tag("Name", key) + tag("Properties", facts)));
            }
        }
        const prefixes = [...common].map((name) => tag("BlobPrefix", tag("Name", name)));
        const all = tag("Blobs", found.join("") + prefixes.join("")) + tag("NextMarker", "");
        response.writeHead(200, { "content-type": "application/xml" });
        response.end(`<?xml version="1.0" encoding="utf-8"?>${tag("EnumerationResults", all)}`);
    };

    const read = ({ request, response, place }: Asked) => {
        const stored = blobs.get(place);
        if (!stored) {
            response.writeHead(404, { "x-ms-error-code": "BlobNotFound" }).end();
            return;
        }
        const { content, modified } = stored;
        const range = String(request.headers["x-ms-range"] ?? request.headers.range ?? "");
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
        const part = from === undefined ? content : content.subarray(Number(from), to ? Number(to) + 1 : undefined);
        response.writeHead(from === undefined ? 200 : 206, {
            "content-length": part.length,
            "last-modified": modified.toUTCString(),
            etag: `"${createHash("md5").update(content).digest("hex")}"`,
        });
        response.end(request.method === "HEAD" ? undefined : part);
    };

    const write = ({ response, place, query, body }: Asked) => {
        const own = blocks.get(place) ?? new Map<string, Buffer>();
        if (query.get("comp") === "block") {
            blocks.set(place, own.set(query.get("blockid")!, body));
        } else if (query.get("comp") === "blocklist") {
            const ids = [...body.toString().matchAll(/<(?:Uncommitted|Latest)>([^<]+)</g)].map(([, id]) => id!);
            put(place, Buffer.concat(ids.map((id) => own.get(id)!)));
            blocks.delete(place);
        } else {
            put(place, body);
        }
        response.writeHead(201, { "content-md5": createHash("md5").update(body).digest("base64") }).end();
    };

    return {
        /** What a container's metadata says, as the machines have written it. */
        metadata,
        answer: (asked: Asked) => {
            const { request, response, place, query } = asked;
            if (request.method === "GET" && query.get("comp") === "list") {
                list(asked);
            } else if (request.method === "PUT") {
                write(asked);
            } else if (request.method === "DELETE") {
                response.writeHead(blobs.delete(place) ? 202 : 404).end();
            } else {
                read(asked);
            }
        },
    };
}

const tag = (name: string, value: string | number) => `<${name}>${value}</${name}>`;
