import { Provider } from "@pulumi/aws/provider";
import type { Region } from "@pulumi/aws/types/enums";
import { AwsDeployment } from "../components/aws";
import type { StackConfig } from "./config";
import { deploymentArgs } from "./deployment-args";
import { outputsOf } from "./outputs";

/** Deploys a stack to AWS. */
export function deployToAws(config: StackConfig) {
    const provider = new Provider("aws", { region: config.region as Region });
    return outputsOf(new AwsDeployment(`minusnow-${config.environment}`, deploymentArgs(config), { provider }));
}
