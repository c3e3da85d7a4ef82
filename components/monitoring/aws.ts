import * as pulumi from "@pulumi/pulumi";
import { installAgent } from "./aws-agent";
import { alarmOnArchiving, alarmOnWitness } from "./aws-archiving";
import { createAlarms } from "./aws-alarms";
import { createDashboard } from "./aws-dashboard";
import { probeName } from "./aws-metrics";
import { probeEndpoints } from "./aws-probe";
import { alarmWhenDown } from "./aws-service-down";
import { createTopics } from "./aws-topics";
import type { LoadBalancerKind } from "../load-balancer/contract";
import type { Alert, AlertReceivers, Monitoring } from "./contract";

/** Machines of one kind that are to be watched. */
export interface MonitoredMachines {
    /** Their names, for example `lb1`. */
    names: string[];
    /** Their instance ids, in the order of the names. */
    ids: pulumi.Input<string>[];
    /** Value of the tag `minusnow-servers` on each of them. */
    tag: pulumi.Input<string>;
    /** Name of their role, which is allowed to publish metrics. */
    roleName: pulumi.Input<string>;
    /** Where they keep data besides the system's disk, for example `/exports/minusnow`. */
    dataPath?: string;
}

/** Arguments of {@link AwsMonitoring}. */
export interface AwsMonitoringArgs {
    /** Who is told. Each address gets a message from AWS that it must confirm. Default nobody. */
    receivers?: AlertReceivers;
    /** ARN of an existing topic for warnings, instead of a new one. CloudWatch must be allowed to publish to it. */
    warningTopicId?: pulumi.Input<string>;
    /** ARN of an existing topic for criticals, instead of a new one. CloudWatch must be allowed to publish to it. */
    criticalTopicId?: pulumi.Input<string>;
    /** Address that users open; its health endpoints are probed from outside every minute. */
    url: pulumi.Input<string>;
    /** Instance ids of the application servers, in the order app1, app2, … */
    memberIds: pulumi.Input<string>[];
    /** Value of the tag `minusnow-servers` on every application server. */
    serversTag: pulumi.Input<string>;
    /** True for application servers on Windows. Default false. A change is made in place. */
    membersRunWindows?: boolean;
    /** Name of the application servers' role, which is allowed to publish metrics. */
    memberRoleName: pulumi.Input<string>;
    /**
     * Who balances. Default managed. Before HAProxy and Nginx is a Network Load Balancer, which sees no requests: response
     * time and error rate are then those of the probes.
     */
    loadBalancerKind?: LoadBalancerKind;
    /** Machines of the deployment besides the application servers. Default none. */
    otherMachines?: MonitoredMachines[];
    /** `arnSuffix` of the load balancer. */
    loadBalancerSuffix: pulumi.Input<string>;
    /** `arnSuffix` of the group of application servers, or of balancers behind a Network Load Balancer. */
    targetGroupSuffix: pulumi.Input<string>;
    /** Identifier of the primary on RDS. Default: the database is on machines, which are in `otherMachines`. */
    databaseId?: pulumi.Input<string>;
    /** Identifier of the replica. Default: there is none, and no replication lag to watch. */
    replicaId?: pulumi.Input<string>;
    /** Database on machines: name that they publish their metrics under, in the dimension `Database`. Default: it is on RDS. */
    databaseMetrics?: pulumi.Input<string>;
    /** Database on machines: true where a witness has a say; an alarm warns when it does not see the primary. Default false. */
    databaseWitness?: boolean;
    /** Database on machines: name of the bucket with its backups. Default: its copies are not watched. */
    databaseArchive?: pulumi.Input<string>;
    /** Name of the bucket in a second region that it is copied to. Default: there is none to watch. */
    databaseArchiveCopy?: pulumi.Input<string>;
    /** Storage that the database was made with, in GiB; disk usage counts against it. */
    databaseStorageGib: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * Agents on the servers, the guide's six metrics each with a warning and a critical alarm, probes of the health
 * endpoints, an alarm for "service down", and a dashboard (guide, "Monitoring & Health Checks").
 */
export class AwsMonitoring extends pulumi.ComponentResource implements Monitoring {
    /** Alarms by metric, level and resource; `id` is the ARN. */
    public readonly alerts: pulumi.Output<Alert[]>;
    /** Name of the CloudWatch dashboard. */
    public readonly dashboard: pulumi.Output<string>;
    /** ARN of the topic for warnings. */
    public readonly warningTopicId: pulumi.Output<string>;
    /** ARN of the topic for criticals. */
    public readonly criticalTopicId: pulumi.Output<string>;

    constructor(name: string, args: AwsMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsMonitoring", name, args, opts);
        const child = { parent: this };

        const topics = createTopics(name, args, child);
        installAgent(`${name}-agent`, args, child);
        const alarms = createAlarms(name, topics, args, child);
        alarmOnArchiving(`${name}-archiving`, topics.critical, args, child);
        alarmOnWitness(`${name}-witness`, topics.warning, args, child);
        const probes = probeEndpoints(probeName(name), topics.warning, args, child);
        alarmWhenDown(name, probes.basic, topics.critical, topics.warning, args, child);

        this.alerts = pulumi.all(alarms.map(({ alarm, ...alert }) => alarm.arn.apply((id) => ({ ...alert, id }))));
        this.dashboard = createDashboard(name, args, child);
        this.warningTopicId = topics.warning;
        this.criticalTopicId = topics.critical;
        this.registerOutputs({
            alerts: this.alerts,
            dashboard: this.dashboard,
            warningTopicId: this.warningTopicId,
            criticalTopicId: this.criticalTopicId,
        });
    }
}
