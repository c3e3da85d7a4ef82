import * as monitor from "@pulumi/azure-native/monitor";
import * as pulumi from "@pulumi/pulumi";
import type { AzureMonitoringArgs } from "./azure";
import { AlertLevel } from "./contract";

/** Ids of the action groups that alerts call. */
export type ActionGroups = { [level in AlertLevel]: pulumi.Output<string> };

/** An action group for each level with its receivers. */
export function createActionGroups(
    name: string,
    args: AzureMonitoringArgs,
    child: { parent: pulumi.Resource },
): ActionGroups {
    const { resourceGroupName, receivers, warningTopicId, criticalTopicId, tags } = args;
    const create = (level: AlertLevel) =>
        new monitor.ActionGroup(
            `${name}-${level}`,
            {
                resourceGroupName,
                location: "global",
                enabled: true,
                // Twelve characters at most; mails and messages begin with it.
                groupShortName: level === AlertLevel.Warning ? "minusnowwarn" : "minusnowcrit",
                emailReceivers: (receivers?.[level] ?? []).map((emailAddress) => ({
                    name: emailAddress,
                    emailAddress,
                    useCommonAlertSchema: true,
                })),
                tags,
            },
            child,
        ).id;
    return {
        warning: pulumi.output(warningTopicId ?? create(AlertLevel.Warning)),
        critical: pulumi.output(criticalTopicId ?? create(AlertLevel.Critical)),
    };
}
