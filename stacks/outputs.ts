import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../components";

/** What a stack shows of its deployment, the same on every cloud. */
export function outputsOf(deployment: Deployment) {
    const { url, endpoint, networkId, memberIds, memberAddresses, writerHost, readerHost, keyId } = deployment;
    return {
        url,
        endpoint,
        networkId,
        memberIds: pulumi.all(memberIds),
        memberAddresses: pulumi.all(memberAddresses),
        writerHost,
        readerHost,
        keyId,
    };
}
