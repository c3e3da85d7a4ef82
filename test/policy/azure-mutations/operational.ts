import type { Resource } from "../../../plan/engine/resource";
import type { Value, Values } from "../../../plan/engine/values";
import { changed, hasName, type Mutation, removeEach, setEach, shortType } from "../change";
import { isServer } from "./boot";

const METRIC = "monitor.MetricAlert";
const QUERY = "monitor.ScheduledQueryRule";
const DIAGNOSTIC = "monitor.DiagnosticSetting";
const TEST = "applicationinsights.WebTest";

/** Defects of agents, probes, logs, alerts and who hears them. */
export function operational(all: Resource[]): Mutation[] {
    return [...agents(all), ...probes(all), ...logs(all), ...alerts(all), ...receivers(all), ...serviceDown(all)];
}

function agents(all: Resource[]): Mutation[] {
    const by = ["monitoring-agent"];
    const ofServer = ({ name }: Resource) => /-app\d$/.test(name);
    return [
        ...removeEach(all, "compute.VirtualMachineExtension", by, ofServer),
        ...setEach(all, "compute.VirtualMachineExtension", "type", "CustomScript", by, ofServer),
        ...setEach(all, "compute.VirtualMachineExtension", "vmName", "another", by, ofServer),
        ...removeEach(all, "monitor.DataCollectionRuleAssociation", by, ofServer),
        ...setEach(
            all,
            "monitor.DataCollectionRuleAssociation",
            "resourceUri",
            "/subscriptions/x/another",
            by,
            ofServer,
        ),
        ...setEach(all, "compute.VirtualMachine", "identity.type", "", ["monitoring-permission"], isServer),
        ...removeEach(all, "applicationinsights.Workbook", ["monitoring-dashboard"]),
    ];
}

function probes(all: Resource[]): Mutation[] {
    const by = ["monitoring-probes"];
    return [
        ...removeEach(all, TEST, by),
        ...setEach(all, TEST, "enabled", false, by),
        ...[600, 900].flatMap((seconds) => setEach(all, TEST, "frequency", seconds, by)),
        ...["https://minusnow.example.com/", "https://minusnow.example.com/login", ""].flatMap((url) =>
            setEach(all, TEST, "request.requestUrl", url, by),
        ),
        ...setEach(all, TEST, "request", undefined, by),
    ];
}

function logs(all: Resource[]): Mutation[] {
    const what: { end: string; by: string[] }[] = [
        { end: "-gateway", by: ["load-balancer-protection", "waf-logged"] },
        { end: "-primary", by: ["monitoring-database"] },
    ];
    const values: Value[] = [
        [],
        undefined,
        [{ categoryGroup: "allLogs", enabled: false }],
        [{ category: "SomethingElse", enabled: true }],
    ];
    return what.flatMap(({ end, by }) =>
        by.flatMap((rule) => [
            ...removeEach(all, DIAGNOSTIC, [rule], hasName(end)),
            ...setEach(all, DIAGNOSTIC, "resourceUri", "/subscriptions/x/another", [rule], hasName(end)),
            ...values.flatMap((value) => setEach(all, DIAGNOSTIC, "logs", value, [rule], hasName(end))),
        ]),
    );
}

/** An alert on one of the guide's metrics; memory of the database is watched beyond them. */
const isGuides = ({ name, inputs }: Resource) =>
    "metric" in ((inputs["tags"] ?? {}) as Values) && !/-memory-(primary|replica)-/.test(name);
function alerts(all: Resource[]): Mutation[] {
    const isMemory = ({ name }: Resource) => name.includes("-memory-");
    return [METRIC, QUERY].flatMap((type) => [
        ...removeEach(all, type, ["alerting-thresholds"], isGuides),
        ...setEach(all, type, "enabled", false, ["alerting-active"]),
        ...setEach(
            all,
            type,
            "criteria.allOf[0].threshold",
            (alert) => (isMemory(alert) ? 1 : 1_000_000),
            ["alerting-thresholds"],
            isGuides,
        ),
        ...setEach(
            all,
            type,
            "criteria.allOf[0].operator",
            (alert) => (isMemory(alert) ? "GreaterThan" : "LessThan"),
            ["alerting-thresholds"],
            isGuides,
        ),
        ...setEach(all, type, "criteria.allOf", [], ["alerting-thresholds"], isGuides),
        ...setEach(all, type, "criteria", undefined, ["alerting-thresholds"], isGuides),
        ...setEach(
            all,
            type,
            "scopes",
            ["/subscriptions/x/another"],
            ["alerting-thresholds"],
            (resource) => isGuides(resource) && type === METRIC,
        ),
        ...setEach(all, type, "actions", type === METRIC ? [] : { actionGroups: [] }, ["alerting-routed"], isGuides),
    ]);
}

function receivers(all: Resource[]): Mutation[] {
    const isGroup = ({ type }: Resource) => type.endsWith(":ActionGroup");
    const groups = all.filter(isGroup);
    const everyAlert = (group: Resource): Mutation => ({
        name: `every alert tells ${group.name}`,
        by: ["alerting-routed"],
        change: (resources) =>
            resources.map((resource) =>
                [METRIC, QUERY].includes(shortType(resource)) && isGuides(resource)
                    ? changed(
                          resource,
                          "actions",
                          shortType(resource) === METRIC ? [{ actionGroupId: group.id }] : { actionGroups: [group.id] },
                      )
                    : resource,
            ),
    });
    return [
        ...groups.map(everyAlert),
        ...[[], undefined].flatMap((value) =>
            setEach(all, "monitor.ActionGroup", "emailReceivers", value, ["alerting-heard"]),
        ),
        ...setEach(all, "monitor.ActionGroup", "enabled", false, ["alerting-heard"]),
    ];
}

function serviceDown(all: Resource[]): Mutation[] {
    const by = ["alerting-service-down"];
    const isDown = hasName("-watch-down");
    return [
        ...removeEach(all, METRIC, by, isDown),
        ...setEach(all, METRIC, "actions", [], by, isDown),
        ...setEach(all, METRIC, "scopes", ["/subscriptions/x/another"], by, isDown),
        ...setEach(all, METRIC, "criteria.allOf[0].metricName", "Throughput", by, isDown),
        ...setEach(all, METRIC, "criteria.allOf[0].threshold", 0, by, isDown),
        ...setEach(all, METRIC, "criteria.allOf[0].operator", "GreaterThan", by, isDown),
    ];
}
