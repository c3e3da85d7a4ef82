import * as iam from "@pulumi/aws/iam";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow } from "../aws-account";
import { windowsApplication } from "../reference";
import { EXPORTS } from "../shared-storage/host/exports";
import type { AwsMonitoringArgs } from "./aws";

/** Namespace that the CloudWatch agent publishes in. */
export const AGENT_NAMESPACE = "CWAgent";

/** What first boot leaves on Windows when it is done. */
const BOOTED = `${windowsApplication.folder}\\booted`;

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

/** The same on Windows, whose counters have names and dimensions of their own. */
const windowsConfiguration = {
    agent: { metrics_collection_interval: 60 },
    metrics: {
        namespace: AGENT_NAMESPACE,
        append_dimensions: { InstanceId: "${aws:InstanceId}" },
        aggregation_dimensions: [["InstanceId"], ["InstanceId", "instance"]],
        metrics_collected: {
            Memory: { measurement: ["% Committed Bytes In Use"] },
            LogicalDisk: { measurement: ["% Free Space"], resources: ["C:"] },
        },
    },
};

const onPlatform = (platformType: "Linux" | "Windows") => ({
    precondition: { StringEquals: ["platformType", platformType] },
});

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
            ...onPlatform("Linux"),
            inputs: { runCommand: ["cloud-init status --wait || true"], timeoutSeconds: "1800" },
        },
        {
            action: "aws:runPowerShellScript",
            name: "afterFirstBootOfWindows",
            ...onPlatform("Windows"),
            inputs: {
                runCommand: [`while (-not (Test-Path '${BOOTED}')) { Start-Sleep -Seconds 5 }`],
                timeoutSeconds: "1800",
            },
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
    const document = new ssm.Document(
        name,
        { documentType: "Command", documentFormat: "JSON", content: JSON.stringify(installDocument), tags },
        child,
    );
    const install = (part: string, configuration: object, machines: Installed[]) =>
        associate(part, document, configuration, machines, tags, child);
    const members = { part: name, roleName: memberRoleName, tag: serversTag };
    const others = otherMachines.map(({ names, roleName, tag }) => ({ part: `${name}-${names[0]!}`, roleName, tag }));
    if (args.membersRunWindows) {
        install(`${name}-windows`, windowsConfiguration, [members]);
        if (others.length > 0) {
            install(name, agentConfiguration, others);
        }
    } else {
        install(name, agentConfiguration, [members, ...others]);
    }
}

/** Machines that share a role and a tag. */
interface Installed {
    part: string;
    roleName: pulumi.Input<string>;
    tag: pulumi.Input<string>;
}

function associate(
    name: string,
    document: ssm.Document,
    content: object,
    machines: Installed[],
    tags: AwsMonitoringArgs["tags"],
    child: { parent: pulumi.Resource },
): void {
    const configuration = new ssm.Parameter(
        name,
        { name: `/${name}/configuration`, type: "String", value: JSON.stringify(content), tags },
        child,
    );
    const policy = pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            allow(["ssm:GetParameter"], [configuration.arn]),
            allow(["cloudwatch:PutMetricData"], ["*"], { StringEquals: { "cloudwatch:namespace": AGENT_NAMESPACE } }),
        ],
    });
    const permissions = machines.map(
        ({ part, roleName }) => new iam.RolePolicy(part, { role: roleName, policy }, child),
    );
    new ssm.Association(
        name,
        {
            associationName: name,
            name: document.name,
            parameters: { configuration: configuration.name },
            targets: [{ key: `tag:${SERVERS_TAG}`, values: machines.map(({ tag }) => tag) }],
            scheduleExpression: "rate(30 minutes)",
            complianceSeverity: "HIGH",
            tags,
        },
        { ...child, dependsOn: permissions },
    );
}
