import * as iam from "@pulumi/aws/iam";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow } from "../aws-account";
import { EXPORTS } from "../shared-storage/host/exports";
import type { AwsMonitoringArgs } from "./aws";

/** Namespace that the CloudWatch agent publishes in. */
export const AGENT_NAMESPACE = "CWAgent";

/** What the agent measures. Its dimensions must be exactly those that the alarms ask for. */
const agentConfiguration = {
    agent: { metrics_collection_interval: 60 },
    metrics: {
        namespace: AGENT_NAMESPACE,
        append_dimensions: { InstanceId: "${aws:InstanceId}" },
        aggregation_dimensions: [["InstanceId"], ["InstanceId", "path"]],
        metrics_collected: {
            mem: { measurement: ["mem_used_percent"] },
            // Where a machine has no such place, there is nothing to measure.
            disk: { measurement: ["used_percent"], resources: ["/", EXPORTS], drop_device: true },
        },
    },
};

/**
 * Waits for the first boot, whose packages need the same lock, then installs the package and starts it with the
 * configuration: two associations would run in any order.
 */
const installDocument = {
    schemaVersion: "2.2",
    description: "MinusNow: installs the CloudWatch agent and starts it with its configuration",
    parameters: { configuration: { type: "String", description: "Name of the parameter with the configuration" } },
    mainSteps: [
        {
            action: "aws:runShellScript",
            name: "afterFirstBoot",
            inputs: { runCommand: ["cloud-init status --wait || true"], timeoutSeconds: "1800" },
        },
        {
            action: "aws:configurePackage",
            name: "install",
            inputs: { name: "AmazonCloudWatchAgent", action: "Install" },
        },
        {
            action: "aws:runDocument",
            name: "configure",
            inputs: {
                documentType: "SSMDocument",
                documentPath: "AmazonCloudWatch-ManageAgent",
                documentParameters: {
                    action: "configure",
                    mode: "ec2",
                    optionalConfigurationSource: "ssm",
                    optionalConfigurationLocation: "{{ configuration }}",
                    optionalRestart: "yes",
                },
            },
        },
    ],
};

/** Brings the CloudWatch agent to every server, also to one that replaces another, through Systems Manager. */
export function installAgent(name: string, args: AwsMonitoringArgs, child: { parent: pulumi.Resource }): void {
    const { tags, serversTag, memberRoleName, otherMachines = [] } = args;
    const configuration = new ssm.Parameter(
        name,
        { name: `/${name}/configuration`, type: "String", value: JSON.stringify(agentConfiguration), tags },
        child,
    );
    const document = new ssm.Document(
        name,
        { documentType: "Command", documentFormat: "JSON", content: JSON.stringify(installDocument), tags },
        child,
    );
    const policy = pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            allow(["ssm:GetParameter"], [configuration.arn]),
            allow(["cloudwatch:PutMetricData"], ["*"], { StringEquals: { "cloudwatch:namespace": AGENT_NAMESPACE } }),
        ],
    });
    const permission = (policyName: string, role: pulumi.Input<string>) =>
        new iam.RolePolicy(policyName, { role, policy }, child);
    const permissions = [
        permission(name, memberRoleName),
        ...otherMachines.map(({ names, roleName }) => permission(`${name}-${names[0]!}`, roleName)),
    ];
    new ssm.Association(
        name,
        {
            associationName: name,
            name: document.name,
            parameters: { configuration: configuration.name },
            targets: [
                {
                    key: `tag:${SERVERS_TAG}`,
                    values: [serversTag, ...otherMachines.map(({ tag }) => tag)],
                },
            ],
            scheduleExpression: "rate(30 minutes)",
            complianceSeverity: "HIGH",
            tags,
        },
        { ...child, dependsOn: permissions },
    );
}
