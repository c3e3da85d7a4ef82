import * as compute from "@pulumi/azure-native/compute";
import type * as pulumi from "@pulumi/pulumi";

/** What is done on the operations machine within an update. */
export interface CommandArgs {
    /** Name of the machine's resource group. */
    resourceGroupName: pulumi.Input<string>;
    /** Name of the operations machine. */
    machineName: pulumi.Input<string>;
    /** Changes when the machine is another one, on which it then has to be done again. */
    machineIdentifier: pulumi.Input<string>;
    /** A script of bash; the update fails when it does. */
    script: string;
    /** Variables of the script. They name secrets and hold none: Azure shows them. */
    variables: { [name: string]: pulumi.Input<string> };
    /** Longest that it may take, in seconds. */
    timeoutSeconds: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * Runs a script on the operations machine, and again when the script, a variable or the machine is another one, or when it
 * failed. Each time it is a command of another name: Azure does not run one again by the same. Whoever runs the update needs
 * `Microsoft.Compute/virtualMachines/runCommands/write` on the machine.
 */
export function runOnMachine(
    name: string,
    args: CommandArgs,
    child: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
    const variables = { ...args.variables, MACHINE: args.machineIdentifier };
    return new compute.VirtualMachineRunCommandByVirtualMachine(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            vmName: args.machineName,
            source: { script: args.script },
            parameters: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
            timeoutInSeconds: args.timeoutSeconds,
            treatFailureAsDeploymentFailure: true,
            tags: args.tags,
        },
        // What Pulumi calls a resource that was made and then failed.
        { ...child, replaceOnChanges: ["parameters", "source", "#initerror"] },
    );
}
