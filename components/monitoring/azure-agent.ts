import * as compute from "@pulumi/azure-native/compute";
import * as monitor from "@pulumi/azure-native/monitor";
import type * as types from "@pulumi/azure-native/types";
import * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";

type Child = { parent: pulumi.Resource };

/** What an agent collects on a system, and what it is called there. */
interface Collection {
    kind: "Linux" | "Windows";
    /** Counters that the agent reads every minute; log queries find them by these names. */
    counters: string[];
    logs: Pick<types.input.monitor.DataCollectionRuleDataSourcesArgs, "syslog" | "windowsEventLogs">;
    stream: "Microsoft-Syslog" | "Microsoft-Event";
    agent: "AzureMonitorLinuxAgent" | "AzureMonitorWindowsAgent";
    version: string;
}

const linux: Collection = {
    kind: "Linux",
    counters: ["Logical Disk(*)\\% Used Space", "Memory(*)\\% Used Memory", "Processor(*)\\% Processor Time"],
    logs: {
        syslog: [
            {
                name: "syslog",
                streams: ["Microsoft-Syslog"],
                facilityNames: ["auth", "authpriv", "cron", "daemon", "kern", "syslog", "user"],
                logLevels: ["Info", "Notice", "Warning", "Error", "Critical", "Alert", "Emergency"],
            },
        ],
    },
    stream: "Microsoft-Syslog",
    agent: "AzureMonitorLinuxAgent",
    version: "1.33",
};

const FROM_WARNINGS = "*[System[(Level=1 or Level=2 or Level=3)]]";
const windows: Collection = {
    kind: "Windows",
    counters: [
        "\\LogicalDisk(*)\\% Free Space",
        "\\Memory\\% Committed Bytes In Use",
        "\\Processor(_Total)\\% Processor Time",
    ],
    logs: {
        windowsEventLogs: [
            {
                name: "events",
                streams: ["Microsoft-Event"],
                xPathQueries: [`Application!${FROM_WARNINGS}`, `System!${FROM_WARNINGS}`],
            },
        ],
    },
    stream: "Microsoft-Event",
    agent: "AzureMonitorWindowsAgent",
    version: "1.35",
};

/** Brings Azure Monitor's agent to every machine and tells it what to collect. */
export function installAgents(
    name: string,
    workspaceId: pulumi.Input<string>,
    args: AzureMonitoringArgs,
    child: Child,
): void {
    const members = args.memberIds.map((id, place) => ({
        part: `app${place + 1}`,
        id,
        vmName: args.memberNames[place]!,
        identityId: args.memberIdentityId,
    }));
    const others = [
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
    const install = (collection: Collection, ruleName: string, machines: WatchedMachine[]) => {
        const rule = createRule(ruleName, collection, workspaceId, args, child);
        for (const machine of machines) {
            installAgent(`${name}-${machine.part}`, machine, collection, rule, args, child);
        }
    };
    if (args.membersRunWindows) {
        install(windows, `${name}-windows`, members);
        install(linux, name, others);
    } else {
        install(linux, name, [...members, ...others]);
    }
}

function createRule(
    name: string,
    { kind, counters, logs, stream }: Collection,
    workspaceId: pulumi.Input<string>,
    { resourceGroupName, tags }: AzureMonitoringArgs,
    child: Child,
): monitor.DataCollectionRule {
    return new monitor.DataCollectionRule(
        name,
        {
            resourceGroupName,
            kind,
            description: "MinusNow: counters and system logs of machines",
            dataSources: {
                performanceCounters: [
                    {
                        name: "counters",
                        streams: ["Microsoft-Perf"],
                        samplingFrequencyInSeconds: 60,
                        counterSpecifiers: counters,
                    },
                ],
                ...logs,
            },
            destinations: { logAnalytics: [{ name: "workspace", workspaceResourceId: workspaceId }] },
            dataFlows: [{ streams: ["Microsoft-Perf", stream], destinations: ["workspace"] }],
            tags,
        },
        child,
    );
}

interface WatchedMachine {
    part: string;
    id: pulumi.Input<string>;
    vmName: pulumi.Input<string>;
    identityId: pulumi.Input<string>;
}

function installAgent(
    name: string,
    { id, vmName, identityId }: WatchedMachine,
    { agent: type, version }: Collection,
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
            vmExtensionName: type,
            publisher: "Microsoft.Azure.Monitor",
            type,
            typeHandlerVersion: version,
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
