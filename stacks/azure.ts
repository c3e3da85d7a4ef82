import { Provider } from "@pulumi/azure-native/provider";
import { AzureDeployment } from "../components/azure";
import type { StackConfig } from "./config";
import { deploymentArgs } from "./deployment-args";
import { outputsOf } from "./outputs";

/** Deploys a stack to Azure. */
export function deployToAzure(config: StackConfig) {
    const provider = new Provider("azure", { location: config.region });
    return outputsOf(new AzureDeployment(`minusnow-${config.environment}`, deploymentArgs(config), { provider }));
}
