import { Provider } from "@pulumi/aws/provider";
import type { Region } from "@pulumi/aws/types/enums";
import * as pulumi from "@pulumi/pulumi";
import { AwsDeployment } from "../components/aws";
import type { StackConfig } from "./config";
import { deploymentArgs } from "./deployment-args";

/** Deploys a stack to AWS. */
export function deployToAws(config: StackConfig) {
    const provider = new Provider("aws", { region: config.region as Region });
    const { url, endpoint, networkId, memberIds, memberAddresses, writerHost, readerHost, keyId } = new AwsDeployment(
        `minusnow-${config.environment}`,
        deploymentArgs(config),
        { provider },
    );
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
