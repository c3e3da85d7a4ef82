import * as monitor from "@pulumi/azure-native/monitor";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";
import { severities } from "./azure-alerts";
import type { ActionGroups } from "./azure-receivers";
import { AlertLevel } from "./contract";

/** Tells that the service is down when the gateway finds no healthy server, and warns when half of it is. */
export function alertWhenDown(
    name: string,
    groups: ActionGroups,
    { resourceGroupName, gatewayId, tags }: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): void {
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
                scopes: [gatewayId],
                evaluationFrequency: "PT1M",
                windowSize: "PT1M",
                criteria: {
                    odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    allOf: [
                        {
                            criterionType: "StaticThresholdCriterion",
                            name: part,
                            metricNamespace: "Microsoft.Network/applicationGateways",
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

interface HostCondition {
    metricName: string;
    operator: string;
    threshold: number;
}
