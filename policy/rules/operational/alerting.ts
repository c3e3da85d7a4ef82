import { thresholds } from "../../../components/reference";
import { guideThreshold, isOfProbes, type MetricAlarm, metricAlarms, receiversOf, watches } from "../../model/alarms";
import { primaries, replicas, witnesses } from "../../model/databases";
import { allMachines, appServers, services } from "../../model/service";
import { expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, texts } from "../../stack";

/** What each of the guide's metrics is watched on. */
function watchedResources(stack: Stack, metric: string): Resource[] {
    switch (metric) {
        case "response-time":
        case "error-rate":
            return services(stack).map(({ balancer }) => balancer);
        case "replication-lag":
            return replicas(stack);
        case "memory":
            return appServers(stack);
        default:
            return [...appServers(stack), ...primaries(stack), ...replicas(stack), ...witnesses(stack)];
    }
}

/** Alarms on one metric of one resource: the one with the lower threshold is the warning. */
interface Pair {
    metric: string;
    resource: Resource;
    alarms: MetricAlarm[];
}

function pairs(stack: Stack): Pair[] {
    const all = metricAlarms(stack);
    return thresholds.flatMap(({ metric }) =>
        watchedResources(stack, metric).map((resource) => ({
            metric,
            resource,
            alarms: all
                .filter(
                    (found) =>
                        found.metric === metric &&
                        (watches(found.alarm, resource) || coversAll(stack, found.alarm, resource)),
                )
                .sort((a, b) => (a.threshold ?? Infinity) - (b.threshold ?? Infinity)),
        })),
    );
}

/**
 * A log query that names no machine or gateway watches all that report to its workspace; databases have metrics of their
 * own.
 */
function coversAll(stack: Stack, alarm: Resource, resource: Resource): boolean {
    if (isOfProbes(alarm)) {
        return services(stack).some(({ balancer, proxy }) => proxy !== undefined && balancer === resource);
    }
    const named = [...allMachines(stack), ...services(stack).map(({ balancer }) => balancer)];
    return (
        alarm.type === azure.queryAlert &&
        resource.type !== azure.database &&
        !named.some((other) => watches(alarm, other))
    );
}

function thresholdsSet(stack: Stack): Finding[] {
    const found = stack.once(pairs);
    return found.length === 0 ? [fail(undefined, "nothing to watch in this stack")] : found.map(judgePair);
}

function judgePair({ metric, resource, alarms }: Pair): Finding {
    const guide = guideThreshold(metric);
    const values = [...new Set(alarms.map(({ threshold }) => threshold))].filter((value) => value !== undefined);
    if (alarms.some(({ alarm }) => alarm.isUnknown("threshold"))) {
        return waits(resource, `${metric}: thresholds are not known before the update`);
    }
    const [warning, critical] = values;
    if (warning === undefined || critical === undefined) {
        return fail(
            resource,
            `${metric}: found ${values.length === 0 ? "no alarm" : `one alarm, above ${values.join()}`}, allowed: a warning above ` +
                `${guide.warning} and a critical above ${guide.critical} ${guide.unit}`,
        );
    }
    return warning <= guide.warning && critical <= guide.critical
        ? pass(resource, `${metric}: warning above ${warning}, critical above ${critical} ${guide.unit}`)
        : fail(
              resource,
              `${metric}: found ${warning} and ${critical}, allowed: up to ${guide.warning} and ${guide.critical} ${guide.unit}`,
          );
}

/** Warnings and criticals go to different receivers, and each of those only ever gets one of the two. */
function routed(stack: Stack): Finding[] {
    const found = stack.once(pairs).filter(({ alarms }) => alarms.length > 1);
    const lower = found.map(({ alarms }) => alarms[0]!.alarm);
    const upper = found.map(({ alarms }) => alarms.at(-1)!.alarm);
    const ofWarnings = new Set(lower.flatMap((alarm) => receiversOf(stack, alarm)));
    const ofCriticals = new Set(upper.flatMap((alarm) => receiversOf(stack, alarm)));
    const outsideOf = (alarms: Resource[]) =>
        new Set(alarms.flatMap((alarm) => texts(alarm.get("alarmActions") ?? alarm.get("actions"))));
    const [lowerOutside, upperOutside] = [outsideOf(lower), outsideOf(upper)];
    return [...new Set([...lower, ...upper])].map((alarm) => {
        const own = receiversOf(stack, alarm);
        if (own.length === 0) {
            const both = texts(alarm.get("alarmActions")).find(
                (text) => lowerOutside.has(text) && upperOutside.has(text),
            );
            return both
                ? fail(alarm, `${both} gets warnings and criticals; allowed: receivers of their own for each`)
                : outsideReceiver(alarm);
        }
        const mixed = own.find((receiver) => ofWarnings.has(receiver) && ofCriticals.has(receiver));
        return mixed
            ? fail(alarm, `${mixed.name} gets warnings and criticals; allowed: receivers of their own for each`)
            : pass(alarm, `told to ${own.map(({ name }) => name).join(", ")}`);
    });
}

function outsideReceiver(alarm: Resource): Finding {
    const property = alarm.type === aws.alarm ? "alarmActions" : "actions";
    const value = alarm.get(property);
    if (alarm.isUnknown(property)) {
        return waits(alarm, "whom it tells is not known before the update");
    }
    const topics = texts(value).filter((text) => /^arn:[\w-]+:sns:|\/actionGroups\//i.test(text));
    return topics.length > 0
        ? pass(alarm, "told to receivers outside this stack")
        : fail(alarm, `${property}: it tells nobody`);
}

function heard(stack: Stack): Finding[] {
    const told = new Set(
        [...metricAlarms(stack).map(({ alarm }) => alarm), ...stack.of(aws.compositeAlarm)].flatMap((alarm) =>
            receiversOf(stack, alarm),
        ),
    );
    return [...told].map((receiver) => {
        if (receiver.type === azure.actionGroup) {
            const people = ["emailReceivers", "smsReceivers", "voiceReceivers", "webhookReceivers"].flatMap((key) =>
                receiver.list(key),
            );
            return people.length > 0 && receiver.get("enabled") !== false
                ? pass(receiver, `${people.length} receivers`)
                : fail(receiver, "nobody is told: it has no receiver, or is turned off");
        }
        const subscriptions = stack
            .of(aws.subscription)
            .filter((subscription) => subscription.refersTo("topic", receiver) === true);
        return subscriptions.length > 0
            ? pass(receiver, `${subscriptions.length} subscriptions`)
            : fail(receiver, "nobody subscribes to it");
    });
}

function active(stack: Stack): Finding[] {
    return [
        ...stack
            .of(aws.alarm, aws.compositeAlarm)
            .map((alarm) => expectValue(alarm, "actionsEnabled", (value) => value !== false, "true")),
        ...stack
            .of(azure.metricAlert, azure.queryAlert)
            .map((alarm) => expectValue(alarm, "enabled", (value) => value !== false, "true")),
    ];
}

/** CloudWatch publishes to an encrypted topic only when the key lets it. An action group on Azure keeps no messages. */
function encryptedTopics(stack: Stack): Finding[] {
    return stack.of(aws.topic).map((topic) => {
        const key = stack.referred(topic, "kmsMasterKeyId", stack.of(aws.key));
        const value = topic.get("kmsMasterKeyId");
        if (!key) {
            return value === undefined || value === null || value === ""
                ? fail(topic, "its messages are not encrypted; allowed: a customer key")
                : typeof value === "string" && /alias\/aws\/sns$/.test(value)
                  ? fail(topic, "AWS's own key for SNS does not let alarms publish; allowed: a customer key")
                  : pass(topic, "encrypted by a key outside this stack");
        }
        const policy = key.get("policy");
        if (typeof policy !== "string") {
            return waits(topic, "the policy of its key is not known before the update");
        }
        return policy.includes("cloudwatch.amazonaws.com") && /kms:(GenerateDataKey|\*)/.test(policy)
            ? pass(topic, "encrypted, and alarms may publish")
            : fail(
                  topic,
                  `the key ${key.name} does not let cloudwatch.amazonaws.com use it: alarms fail without a word`,
              );
    });
}

function serviceDown(stack: Stack): Finding[] {
    const onAzure = services(stack).filter(({ balancer }) => balancer.type !== aws.loadBalancer);
    return [...awsServiceDown(stack), ...onAzure.map(({ balancer }) => azureServiceDown(stack, balancer))];
}

/** Azure has no alarm over alarms: what users reach tells when it finds nothing healthy behind it. */
function azureServiceDown(stack: Stack, balancer: Resource): Finding {
    const health = balancer.type === azure.gateway ? "HealthyHostCount" : "DipAvailability";
    const alerts = stack.of(azure.metricAlert).filter(
        (alert) =>
            alert.refersTo("scopes", balancer) === true &&
            alert.objects("criteria.allOf").some(({ metricName, operator, threshold }) => {
                const least = operator === "LessThan" ? 1 : operator === "LessThanOrEqual" ? 0 : undefined;
                return metricName === health && threshold === least;
            }),
    );
    const telling = alerts.find((alert) => receiversOf(stack, alert).length > 0 || alert.list("actions").length > 0);
    if (telling) {
        return pass(telling, "tells that the service is down");
    }
    return alerts.length > 0
        ? fail(alerts[0], "actions: it tells nobody")
        : fail(balancer, "no alert tells that it finds nothing healthy behind it");
}

function awsServiceDown(stack: Stack): Finding[] {
    if (stack.of(aws.loadBalancer).length === 0) {
        return [];
    }
    const composites = stack.of(aws.compositeAlarm);
    if (composites.length === 0) {
        return [fail(undefined, "no composite alarm tells that the service is down")];
    }
    const telling = composites.filter(
        (alarm) => receiversOf(stack, alarm).length > 0 || alarm.list("alarmActions").length > 0,
    );
    const [first] = composites;
    if (telling.length === 0) {
        return [fail(first, "alarmActions: it tells nobody")];
    }
    return telling.map((alarm) =>
        alarm.isUnknown("alarmRule") || stack.of(aws.alarm).some((other) => alarm.refersTo("alarmRule", other) === true)
            ? pass(alarm, "tells that the service is down")
            : fail(alarm, "alarmRule: it names no alarm of this stack"),
    );
}

/** Alerting rules configured. */
export const alerting: ItemRules = {
    item: "alerting",
    rules: [
        {
            id: "alerting-thresholds",
            title: "Each metric has a warning and a critical alarm at the guide's thresholds",
            severity: "high",
            risk: "Nobody hears of a problem while it is small.",
            fix: "Add a warning and a critical alarm for each metric of each server, the database and the balancer.",
            step: "Alerting Thresholds",
            controls: ["AWS Well-Architected REL06-BP02", "AWS Well-Architected OPS08-BP04", "MCSB LT-5"],
            check: thresholdsSet,
        },
        {
            id: "alerting-routed",
            title: "Warnings and criticals go to receivers of their own",
            severity: "high",
            risk: "People are woken by warnings, and then sleep through a critical.",
            fix: "Send warnings to one topic or action group and criticals to another.",
            step: "Alerting Thresholds",
            controls: ["Security Hub CloudWatch.15", "AWS Well-Architected REL06-BP03", "MCSB IR-2"],
            check: routed,
        },
        {
            id: "alerting-heard",
            title: "Somebody receives the alarms",
            severity: "high",
            risk: "An alarm is raised that nobody hears.",
            fix: "Subscribe people to the topic, or add receivers to the action group.",
            step: "Alerting Thresholds",
            controls: ["AWS Well-Architected REL06-BP03", "MCSB IR-2"],
            check: heard,
        },
        {
            id: "alerting-active",
            title: "No alarm is turned off",
            severity: "high",
            risk: "An alarm that was silenced for a night stays silent.",
            fix: "Turn its actions on.",
            step: "Alerting Thresholds",
            controls: ["Security Hub CloudWatch.17"],
            check: active,
        },
        {
            id: "alerting-encrypted",
            title: "Alarm messages are encrypted by a key that alarms may use",
            severity: "medium",
            risk: "Messages can be read, or are never delivered.",
            fix: "Encrypt the topic by a customer key whose policy allows cloudwatch.amazonaws.com.",
            step: "Alerting Thresholds",
            controls: ["Security Hub SNS.1", "AWS Well-Architected SEC08-BP02", "MCSB DP-4"],
            check: encryptedTopics,
        },
        {
            id: "alerting-service-down",
            title: "One alarm tells that the service is down",
            severity: "medium",
            risk: "Twenty alarms are raised, and none says what matters.",
            fix: "Add a composite alarm over the health of the servers and the probe; on Azure an alert on HealthyHostCount.",
            step: "Monitoring & Health Checks",
            controls: ["AWS Well-Architected REL11-BP06"],
            check: serviceDown,
        },
    ],
};
