import * as pulumi from "@pulumi/pulumi";
import { installAgents } from "./azure-agent";
import { alertOnArchiving, alertOnWitness } from "./azure-archiving";
import { createAlerts } from "./azure-alerts";
import { collectLogs } from "./azure-diagnostics";
import { probeEndpoints } from "./azure-probe";
import { createActionGroups } from "./azure-receivers";
import { alertWhenDown } from "./azure-service-down";
import { createWorkbook } from "./azure-workbook";
import { createWorkspace } from "./azure-workspace";
import type { Alert, AlertReceivers, Monitoring } from "./contract";

/** A machine that is to be watched. */
export interface AzureMonitoredMachine {
    /** What it is called in alerts, for example `sessions`. */
    part: string;
    /** Resource id of the machine. */
    id: pulumi.Input<string>;
    /** Its name. */
    name: pulumi.Input<string>;
    /** Resource id of its identity, by which the agent reports. */
    identityId: pulumi.Input<string>;
    /** Where its data is, if that is not on the system's disk. */
    dataPath?: string;
}

/** Arguments of {@link AzureMonitoring}. */
export interface AzureMonitoringArgs {
    /** Name of the resource group. A change replaces everything of this tier, its logs included. */
    resourceGroupName: pulumi.Input<string>;
    /** Id of an existing Log Analytics workspace. Default: one is created, which keeps logs 90 days. */
    workspaceId?: pulumi.Input<string>;
    /** Who is told. Default nobody. A change is made in place. */
    receivers?: AlertReceivers;
    /** Id of an existing action group for warnings, instead of a new one. */
    warningTopicId?: pulumi.Input<string>;
    /** Id of an existing action group for criticals, instead of a new one. */
    criticalTopicId?: pulumi.Input<string>;
    /** Address that users open; its health endpoints are asked from outside. */
    url: pulumi.Input<string>;
    /** Resource ids of the application servers, in the order app1, app2, … */
    memberIds: pulumi.Input<string>[];
    /** Their names, in the same order. */
    memberNames: pulumi.Input<string>[];
    /** Resource id of their identity, by which the agent reports. */
    memberIdentityId: pulumi.Input<string>;
    /** True for application servers on Windows. Default false. A change replaces their agents. */
    membersRunWindows?: boolean;
    /** Resource id of the operations machine. */
    operationsMachineId: pulumi.Input<string>;
    /** Its name. */
    operationsMachineName: pulumi.Input<string>;
    /** Resource id of its identity. */
    operationsIdentityId: pulumi.Input<string>;
    /** Machines of the deployment besides those. Default none. */
    otherMachines?: AzureMonitoredMachine[];
    /** Resource id of the gateway. Exactly one of this and `loadBalancerId`. */
    gatewayId?: pulumi.Input<string>;
    /** Resource id of the Standard Load Balancer before balancers on machines, which are among `otherMachines`. */
    loadBalancerId?: pulumi.Input<string>;
    /** Resource id of the primary database. Default: it is on machines among `otherMachines`, whose log tells of it. */
    databaseId?: pulumi.Input<string>;
    /** Database on machines: true where a witness has a say; an alert warns when it does not see the primary. Default false. */
    databaseWitness?: boolean;
    /** Resource id of the replica. Default: there is none, and no replication lag to watch. */
    replicaId?: pulumi.Input<string>;
    /** Resource id of the key vault. */
    vaultId: pulumi.Input<string>;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * Agents on the machines, the guide's six metrics each with a warning and a critical alert, tests of the health endpoints
 * from five places of the world, an alert for "service down", logs of all services, and a workbook (guide, "Monitoring &
 * Health Checks").
 */
export class AzureMonitoring extends pulumi.ComponentResource implements Monitoring {
    /** Alerts by metric, level and resource; `id` is the resource id. */
    public readonly alerts: pulumi.Output<Alert[]>;
    /** Resource id of the workbook. */
    public readonly dashboard: pulumi.Output<string>;
    /** Resource id of the workspace. */
    public readonly workspaceId: pulumi.Output<string>;
    /** Resource id of the action group for warnings. */
    public readonly warningTopicId: pulumi.Output<string>;
    /** Resource id of the action group for criticals. */
    public readonly criticalTopicId: pulumi.Output<string>;

    constructor(name: string, args: AzureMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureMonitoring", name, args, opts);
        const child = { parent: this };
        if ((args.gatewayId === undefined) === (args.loadBalancerId === undefined)) {
            throw new Error("AzureMonitoring: gatewayId and loadBalancerId: allowed is exactly one of them");
        }

        const workspaceId = pulumi.output(args.workspaceId ?? createWorkspace(name, args, child));
        const groups = createActionGroups(name, args, child);
        collectLogs(`${name}-logs`, workspaceId, args, child);
        installAgents(`${name}-agent`, workspaceId, args, child);
        const probesId = probeEndpoints(`${name}-probe`, workspaceId, groups, args, child);
        const sources = { workspaceId, probesId, probe: `${name}-probe-basic` };
        const alerts = createAlerts(name, sources, groups, args, child);
        alertWhenDown(name, groups, args, child);
        alertOnArchiving(`${name}-archiving`, workspaceId, groups, args, child);
        alertOnWitness(`${name}-witness`, workspaceId, groups, args, child);

        this.alerts = pulumi.all(alerts);
        this.dashboard = createWorkbook(name, sources, args, child);
        this.workspaceId = workspaceId;
        this.warningTopicId = groups.warning;
        this.criticalTopicId = groups.critical;
        this.registerOutputs({
            alerts: this.alerts,
            dashboard: this.dashboard,
            workspaceId: this.workspaceId,
            warningTopicId: this.warningTopicId,
            criticalTopicId: this.criticalTopicId,
        });
    }
}
