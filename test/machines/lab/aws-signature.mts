import type { IncomingMessage } from "node:http";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

/** Keys that a role's machines get. */
export interface Keys {
    id: string;
    secret: string;
    token: string;
}

/** Of every role in the lab. */
export const labKeys: Keys = { id: "ASIALAB", secret: "lab", token: "lab" };

/** What a POST to the root of a service must have as its signature, by AWS's own library, for the headers that it signs. */
export async function signatureOf(headers: Record<string, string>, body: Buffer | string, keys: Keys): Promise<string> {
    const [, scope = "", names = ""] = /Credential=\S+?\/(\S+), ?SignedHeaders=(\S+),/.exec(headers["authorization"]!)!;
    const [, region = "", service = ""] = scope.split("/");
    const signer = new SignatureV4({
        service,
        region,
        credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token },
        sha256: Sha256,
        applyChecksum: false,
    });
    const { headers: expected } = await signer.sign(
        {
            method: "POST",
            protocol: "https:",
            hostname: headers["host"]!,
            path: "/",
            headers: Object.fromEntries(names.split(";").map((name) => [name, headers[name]!])),
            body,
        },
        { signingDate: dateOf(headers["x-amz-date"]!) },
    );
    return signatureIn(expected["authorization"]!);
}

export const signatureIn = (authorization: string) => /Signature=([0-9a-f]{64})$/.exec(authorization)?.[1] ?? "none";

/** Such as 20261201T063000Z. */
const dateOf = (text: string) =>
    new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));

const LATE_MS = 5 * 60_000;

/** Why AWS takes a request from nobody; undefined where it is signed well. */
export async function notSigned(request: IncomingMessage, body: Buffer, keys: Keys): Promise<string | undefined> {
    const headers = request.headers as Record<string, string>;
    if (headers["authorization"] === undefined || headers["x-amz-date"] === undefined) {
        return "MissingAuthenticationTokenException";
    }
    if (Math.abs(dateOf(headers["x-amz-date"]).getTime() - Date.now()) > LATE_MS) {
        return "InvalidSignatureException: Signature expired";
    }
    const isSame = (await signatureOf(headers, body, keys)) === signatureIn(headers["authorization"]);
    return isSame ? undefined : "InvalidSignatureException";
}
