import { healthEndpoints } from "../../../components/reference";
import { logged } from "../../model/azure-protection";
import { primaries } from "../../model/databases";
import { appServers, services } from "../../model/service";
import {
    expectEqual,
    expectNumber,
    expectSet,
    expectValue,
    fail,
    type Finding,
    type ItemRules,
    pass,
    waits,
} from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, texts, UNKNOWN } from "../../stack";

const AGENT_PACKAGE = /AmazonCloudWatchAgent|AmazonCloudWatch-ManageAgent/;
const AZURE_AGENTS = ["AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent"];

function agents(stack: Stack): Finding[] {
    return appServers(stack).map((server) =>
        server.type === aws.instance ? awsAgent(stack, server) : azureAgent(stack, server),
    );
}

/** An association of Systems Manager that installs the agent, on this very server. */
function awsAgent(stack: Stack, server: Resource): Finding {
    const associations = stack.of(aws.association).filter((association) => installsAgent(stack, association));
    const own = associations.find((association) => targetsServer(association, server));
    if (own) {
        return pass(server, `${own.name} brings the CloudWatch agent`);
    }
    return associations.some((association) => association.isUnknown("targets"))
        ? waits(server, "which servers the agent comes to is not known before the update")
        : fail(server, "no monitoring agent is installed on it");
}

function installsAgent(stack: Stack, association: Resource): boolean {
    const document = stack.referred(association, "name", stack.of(aws.document));
    if (texts(association.get("parameters")).includes("Uninstall")) {
        return false;
    }
    return AGENT_PACKAGE.test(
        `${association.text("name") ?? ""} ${texts(association.get("parameters")).join(" ")} ${document?.text("content") ?? ""}`,
    );
}

function targetsServer(association: Resource, server: Resource): boolean {
    const targets = association.objects("targets") as { key?: unknown; values?: unknown }[];
    const byTag = targets.some(({ key, values = [] }) => {
        const [, tag] = /^tag:(.+)$/.exec(String(key)) ?? [];
        const value =
            tag === undefined ? undefined : (server.get("tags") as Record<string, unknown> | undefined)?.[tag];
        return typeof value === "string" && Array.isArray(values) && values.includes(value);
    });
    const byId = targets.filter(({ key }) => key === "InstanceIds");
    return (
        byTag ||
        byId.some(({ values }) => Array.isArray(values) && values.includes("*")) ||
        (byId.length > 0 && association.refersTo("targets", server) === true)
    );
}

function azureAgent(stack: Stack, server: Resource): Finding {
    const extension = stack
        .of(azure.machineExtension)
        .filter(
            (other) =>
                AZURE_AGENTS.includes(String(other.get("type")) || String(other.get("typePropertiesType"))) ||
                AZURE_AGENTS.some((agent) => texts(other.get("type")).includes(agent)),
        )
        .find((other) => other.get("vmName") === server.get("name") || mentionsServer(other, server));
    return extension
        ? pass(server, `${extension.name} is the Azure Monitor agent`)
        : fail(server, "no monitoring agent is installed on it");
}

function mentionsServer(extension: Resource, server: Resource): boolean {
    return (
        String(extension.get("id")).startsWith(`${String(server.get("id"))}/`) ||
        extension.refersTo("vmName", server) === true
    );
}

/** The agent's metrics reach CloudWatch only with permission. */
function permitted(stack: Stack): Finding[] {
    return [
        ...awsPermitted(stack),
        ...appServers(stack)
            .filter(({ type }) => type === azure.machine)
            .map((server) => expectSet(server, "identity.type", "an identity, by which the agent reports")),
    ];
}

function awsPermitted(stack: Stack): Finding[] {
    if (appServers(stack).every(({ type }) => type !== aws.instance)) {
        return [];
    }
    const policies = stack.of(aws.rolePolicy).map((policy) => policy.get("policy"));
    const attached = stack.of(aws.rolePolicyAttachment).map((attachment) => attachment.text("policyArn") ?? "");
    if (
        attached.some((arn) => arn.endsWith("/CloudWatchAgentServerPolicy")) ||
        policies.some((text) => typeof text === "string" && text.includes("cloudwatch:PutMetricData"))
    ) {
        return [pass(undefined, "a role may publish metrics")];
    }
    if (!policies.includes(UNKNOWN)) {
        return [fail(undefined, "no role may publish metrics (cloudwatch:PutMetricData)")];
    }
    const withRole = appServers(stack).filter((server) => server.keys.includes("iamInstanceProfile"));
    return [
        ...withRole.map((server) => pass(server, "has a role")),
        waits(undefined, "what roles allow is not known before the update"),
    ];
}

function probed(stack: Stack): Finding[] {
    return [...awsProbed(stack), ...(isOnAzure(stack) ? azureProbed(stack) : [])];
}

const isOnAzure = (stack: Stack) => services(stack).some(({ balancer }) => balancer.type !== aws.loadBalancer);

const LONGEST_FREQUENCY_SECONDS = 300;

function azureProbed(stack: Stack): Finding[] {
    const tests = stack
        .of(azure.webTest)
        .filter(
            (test) => test.get("enabled") !== false && (test.number("frequency") ?? 300) <= LONGEST_FREQUENCY_SECONDS,
        );
    return Object.values(healthEndpoints).map((path) => {
        const test = tests.find((other) => isProbed(other.text("request.requestUrl") ?? "", path));
        if (test) {
            return pass(test, `probes ${path}`);
        }
        return tests.some((other) => other.isUnknown("request"))
            ? waits(undefined, `not known before the update whether ${path} is probed`)
            : fail(undefined, `nothing probes ${path}`);
    });
}

function awsProbed(stack: Stack): Finding[] {
    const functions = stack.of(aws.lambda).filter((probe) => runsOften(stack, probe));
    if (stack.of(aws.loadBalancer).length === 0) {
        return [];
    }
    return Object.values(healthEndpoints).map((path) => {
        const probe = functions.find((other) => texts(other.get("environment")).some((text) => isProbed(text, path)));
        const check = stack.of(aws.healthCheck).find((other) => other.get("resourcePath") === path);
        if (probe ?? check) {
            return pass(probe ?? check, `probes ${path}`);
        }
        return functions.some((other) => other.isUnknown("environment"))
            ? waits(undefined, `not known before the update whether ${path} is probed`)
            : fail(undefined, `nothing probes ${path}`);
    });
}

function isProbed(targets: string, path: string): boolean {
    return [...targets.matchAll(/https?:\/\/[^/"'\s]+(\/[^"'\s,;]*)/g)].some(([, found]) => found === path);
}

const EVERY_FEW_MINUTES = /^(rate\([1-5] minutes?\)|cron\((\*|0|\*\/[1-5]|0\/[1-5]) \* \* \* \? \*\))$/;

/** A function that a schedule of minutes starts. */
function runsOften(stack: Stack, probe: Resource): boolean {
    const rules = stack
        .of(aws.eventRule)
        .filter(
            (rule) => rule.get("state") !== "DISABLED" && EVERY_FEW_MINUTES.test(rule.text("scheduleExpression") ?? ""),
        );
    return stack
        .of(aws.eventTarget)
        .some(
            (target) =>
                target.refersTo("arn", probe) === true && rules.some((rule) => target.refersTo("rule", rule) === true),
        );
}

function databaseObserved(stack: Stack): Finding[] {
    const onAzure = primaries(stack)
        .filter(({ type }) => type === azure.database)
        .map((database) => logged(stack, database, ["PostgreSQLLogs"]));
    const onAws = primaries(stack)
        .filter(({ type }) => type === aws.database)
        .flatMap((database) => [
            expectNumber(database, "monitoringInterval", 1, 60),
            expectEqual(database, "performanceInsightsEnabled", true),
            expectValue(
                database,
                "enabledCloudwatchLogsExports",
                (value) => Array.isArray(value) && value.includes("postgresql"),
                "postgresql among them",
            ),
        ]);
    return [...onAws, ...onAzure];
}

function dashboard(stack: Stack): Finding[] {
    if (appServers(stack).length === 0) {
        return [];
    }
    const found = stack.of(aws.dashboard, azure.workbook, azure.dashboard);
    return found.length > 0
        ? found.map((board) => pass(board, "a dashboard"))
        : [fail(undefined, "no dashboard in this stack")];
}

function collected(stack: Stack): Finding[] {
    return appServers(stack)
        .filter(({ type }) => type === azure.machine)
        .map((server) =>
            stack.of(azure.collectionAssociation).some((other) => other.refersTo("resourceUri", server) === true)
                ? pass(server, "a data collection rule is associated with it")
                : fail(server, "no data collection rule is associated with it"),
        );
}

/** Monitoring agents installed. */
export const monitoring: ItemRules = {
    item: "monitoring",
    rules: [
        {
            id: "monitoring-agent",
            title: "A monitoring agent is on every application server",
            severity: "high",
            risk: "A full disk or exhausted memory is seen when the service is down.",
            fix: "Install the CloudWatch agent through Systems Manager, or the Azure Monitor agent as an extension.",
            step: "Monitoring & Health Checks",
            controls: ["Security Hub SSM.1", "AWS Well-Architected REL06-BP01", "MCSB LT-3"],
            check: (stack) => [...agents(stack), ...collected(stack)],
        },
        {
            id: "monitoring-permission",
            title: "Servers may publish what they measure",
            severity: "medium",
            risk: "The agent runs and nothing arrives.",
            fix: "Allow the servers' role cloudwatch:PutMetricData; on Azure give them an identity.",
            step: "Monitoring & Health Checks",
            controls: [],
            check: permitted,
        },
        {
            id: "monitoring-probes",
            title: "The three health endpoints are probed from outside",
            severity: "high",
            risk: "Users find an outage before the team does.",
            fix: "Probe /health, /api/telemetry/health and /api/telemetry/overview every few minutes.",
            step: "Application Health Endpoints",
            controls: ["AWS Well-Architected REL11-BP01"],
            check: probed,
        },
        {
            id: "monitoring-database",
            title: "The database is observed",
            severity: "medium",
            risk: "Slow queries and errors cannot be explained.",
            fix: "Turn on enhanced monitoring, Performance Insights and the export of its log; on Azure a diagnostic setting.",
            step: "Monitoring & Health Checks",
            controls: ["AWS Well-Architected REL06-BP01"],
            check: databaseObserved,
        },
        {
            id: "monitoring-dashboard",
            title: "A dashboard shows the metrics",
            severity: "low",
            risk: "In an incident, time goes into finding the graphs.",
            fix: "Add a dashboard, on Azure a workbook, with the six metrics.",
            step: "Monitoring & Health Checks",
            controls: ["AWS Well-Architected REL06-BP02"],
            check: dashboard,
        },
    ],
};
