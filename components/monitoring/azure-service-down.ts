import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";
import { severities } from "./azure-log-alert";
import type { ActionGroups } from "./azure-receivers";
import { AlertLevel } from "./contract";

/** Tells that the service is down when what users reach finds nothing healthy behind it, and warns when half of it is. */
export function alertWhenDown(
    name: string,
    groups: ActionGroups,
    args: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
    const { resourceGroupName, gatewayId, loadBalancerId, tags } = args;
    const alert = (part: string, level: AlertLevel, description: string, condition: HostCondition) =>
        new monitor.MetricAlert(
            `${name}-${part}`,
            {
                resourceGroupName,
                ruleName: `${name}-${part}`,
                location: "global",
                description: `MinusNow: ${description}`,
                enabled: true,
                severity: severities[level],
                scopes: [gatewayId ?? loadBalancerId!],
                evaluationFrequency: "PT1M",
                windowSize: "PT1M",
                criteria: {
                    odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    allOf: [
                        {
                            criterionType: "StaticThresholdCriterion",
                            name: part,
                            metricNamespace: `Microsoft.Network/${gatewayId === undefined ? "loadBalancers" : "applicationGateways"}`,
                            timeAggregation: "Average",
                            ...condition,
                        },
                    ],
                },
                actions: [{ actionGroupId: groups[level] }],
                tags,
            },
            child,
        );
    if (gatewayId === undefined) {
        alertOnBalancers(alert);
        return;
    }
    alert("down", AlertLevel.Critical, "the gateway finds no healthy application server", {
        metricName: "HealthyHostCount",
        operator: "LessThan",
        threshold: 1,
    });
    alert("unhealthy-server", AlertLevel.Warning, "the gateway finds an application server unhealthy", {
        metricName: "UnhealthyHostCount",
        operator: "GreaterThan",
        threshold: 0,
    });
}

type CreateAlert = (part: string, level: AlertLevel, description: string, condition: HostCondition) => void;

/** The share of probes that balancers answer, in percent over all of them; whether servers do is asked from outside. */
function alertOnBalancers(alert: CreateAlert): void {
    alert("down", AlertLevel.Critical, "no balancer answers", {
        metricName: "DipAvailability",
        operator: "LessThan",
        threshold: 1,
    });
    alert("unhealthy-balancer", AlertLevel.Warning, "a balancer does not answer", {
        metricName: "DipAvailability",
        operator: "LessThan",
        threshold: 90,
    });
}

interface HostCondition {
    metricName: string;
    operator: string;
    threshold: number;
}
