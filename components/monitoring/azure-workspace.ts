import * as operationalinsights from "@pulumi/azure-native/operationalinsights";
import type * as pulumi from "@pulumi/pulumi";

/** Days that logs can be searched; the guide keeps configuration as long. */
const RETENTION_DAYS = 90;

/** Where logs of everything go and are searched. */
export function createWorkspace(
    name: string,
    args: { resourceGroupName: pulumi.Input<string>; tags?: { [key: string]: pulumi.Input<string> } },
    child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const { resourceGroupName, tags } = args;
    const settings = { sku: { name: "PerGB2018" }, retentionInDays: RETENTION_DAYS };
    // Only identities write to it: its shared keys would let anybody who finds one.
    const features = { disableLocalAuth: true };
    return new operationalinsights.Workspace(name, { resourceGroupName, ...settings, features, tags }, child).id;
}
