import * as compute from "@pulumi/azure-native/compute";
import * as monitor from "@pulumi/azure-native/monitor";
import * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";

type Child = { parent: pulumi.Resource };

/** Counters that the agent reads every minute; log queries find them by these names. */
const COUNTERS = ["Logical Disk(*)\\% Used Space", "Memory(*)\\% Used Memory", "Processor(*)\\% Processor Time"];

/** Brings Azure Monitor's agent to every machine and tells it what to collect. */
export function installAgents(
    name: string,
    workspaceId: pulumi.Input<string>,
    args: AzureMonitoringArgs,
    child: Child,
): void {
    const rule = createRule(name, workspaceId, args, child);
    const machines = [
        ...args.memberIds.map((id, place) => ({
            part: `app${place + 1}`,
            id,
            vmName: args.memberNames[place]!,
            identityId: args.memberIdentityId,
        })),
        {
            part: "operations",
            id: args.operationsMachineId,
            vmName: args.operationsMachineName,
            identityId: args.operationsIdentityId,
        },
        ...(args.otherMachines ?? []).map(({ part, id, name: vmName, identityId }) => ({
            part,
            id,
            vmName,
            identityId,
        })),
    ];
    for (const machine of machines) {
        installAgent(`${name}-${machine.part}`, machine, rule, args, child);
    }
}

function createRule(
    name: string,
    workspaceId: pulumi.Input<string>,
    args: AzureMonitoringArgs,
    child: Child,
): monitor.DataCollectionRule {
    const { resourceGroupName, tags } = args;
    return new monitor.DataCollectionRule(
        name,
        {
            resourceGroupName,
            kind: "Linux",
            description: "MinusNow: counters and system logs of machines",
            dataSources: {
                performanceCounters: [
                    {
                        name: "counters",
                        streams: ["Microsoft-Perf"],
                        samplingFrequencyInSeconds: 60,
                        counterSpecifiers: COUNTERS,
                    },
                ],
                syslog: [
                    {
                        name: "syslog",
                        streams: ["Microsoft-Syslog"],
                        facilityNames: ["auth", "authpriv", "cron", "daemon", "kern", "syslog", "user"],
                        logLevels: ["Info", "Notice", "Warning", "Error", "Critical", "Alert", "Emergency"],
                    },
                ],
            },
            destinations: { logAnalytics: [{ name: "workspace", workspaceResourceId: workspaceId }] },
            dataFlows: [{ streams: ["Microsoft-Perf", "Microsoft-Syslog"], destinations: ["workspace"] }],
            tags,
        },
        child,
    );
}

interface WatchedMachine {
    id: pulumi.Input<string>;
    vmName: pulumi.Input<string>;
    identityId: pulumi.Input<string>;
}

function installAgent(
    name: string,
    { id, vmName, identityId }: WatchedMachine,
    rule: monitor.DataCollectionRule,
    { resourceGroupName, tags }: AzureMonitoringArgs,
    child: Child,
): void {
    const identity = { "identifier-name": "mi_res_id", "identifier-value": identityId };
    const agent = new compute.VirtualMachineExtension(
        name,
        {
            resourceGroupName,
            vmName,
            vmExtensionName: "AzureMonitorLinuxAgent",
            publisher: "Microsoft.Azure.Monitor",
            type: "AzureMonitorLinuxAgent",
            typeHandlerVersion: "1.33",
            autoUpgradeMinorVersion: true,
            enableAutomaticUpgrade: true,
            settings: { authentication: { managedIdentity: identity } },
            tags,
        },
        child,
    );
    new monitor.DataCollectionRuleAssociation(
        name,
        { associationName: name, resourceUri: id, dataCollectionRuleId: rule.id },
        { ...child, dependsOn: agent },
    );
}
