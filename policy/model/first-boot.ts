import { gunzipSync } from "node:zlib";
import type { Resource } from "../stack";
import { aws } from "../types";

/** The text of a machine's first-boot script. */
export function firstBoot(server: Resource): string | undefined {
    const isTemplate = server.type === aws.launchTemplate;
    const plain = isTemplate ? undefined : server.text("userData");
    const encoded = isTemplate
        ? server.text("userData")
        : (server.text("userDataBase64") ?? server.text("osProfile.customData"));
    return plain ?? (encoded === undefined ? undefined : fromBase64(encoded));
}

/** The text behind base64, compressed or not. */
export function fromBase64(encoded: string): string {
    const bytes = Buffer.from(encoded, "base64");
    const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return isCompressed ? gunzipSync(bytes).toString() : bytes.toString();
}
