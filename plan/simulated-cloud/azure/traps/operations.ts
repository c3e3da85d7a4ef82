import { at, form, isSet, listAt, numberAt, oneOf, textAt, textOf, type Trap, type Values, when } from "../../trap";
import { azurerm, learn, spec } from "./sources";

const GROUP = "azure-native:monitor:ActionGroup";
const METRIC = "azure-native:monitor:MetricAlert";
const QUERY = "azure-native:monitor:ScheduledQueryRule";
const COLLECTION = "azure-native:monitor:DataCollectionRule";
const DIAGNOSTIC = "azure-native:monitor:DiagnosticSetting";
const TEST = "azure-native:applicationinsights:WebTest";
const WORKBOOK = "azure-native:applicationinsights:Workbook";
const WORKSPACE = "azure-native:operationalinsights:Workspace";
const ROLE = "azure-native:authorization:RoleAssignment";
const DEFINITION = "azure-native:authorization:RoleDefinition";
const LOCK = "azure-native:authorization:ManagementLockByScope";
const nameGuide = learn("azure-resource-manager/management/resource-name-rules");
const metricSource = azurerm("monitor/monitor_metric_alert_resource.go");
const querySource = azurerm("monitor/monitor_scheduled_query_rules_alert_v2_resource.go");

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Minutes of an ISO 8601 duration such as `PT5M`, `PT6H` or `P1D`. */
function minutes(duration: string | undefined): number | undefined {
    const [, days, hours, mins] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration ?? "") ?? [];
    const total = Number(days ?? 0) * 1440 + Number(hours ?? 0) * 60 + Number(mins ?? 0);
    return total === 0 ? undefined : total;
}

const shorterThanFrequency = (inputs: Values) => {
    const [window, frequency] = [minutes(textAt(inputs, "windowSize")), minutes(textAt(inputs, "evaluationFrequency"))];
    return window !== undefined && frequency !== undefined && window < frequency;
};

const badSeverity = (inputs: Values) => {
    const severity = numberAt(inputs, "severity");
    return severity !== undefined && (severity < 0 || severity > 4);
};

export const operationsTraps: readonly Trap[] = [
    when(
        "azure-action-group-short-name",
        GROUP,
        (inputs) => (textAt(inputs, "groupShortName") ?? "x").length > 12,
        "BadRequest: The groupShortName of an action group has at most 12 characters.",
        spec("monitor"),
    ),
    when(
        "azure-action-group-receivers",
        GROUP,
        (inputs) => {
            const names = listAt(inputs, "emailReceivers").map((receiver) => textAt(receiver, "name"));
            return new Set(names).size < names.length;
        },
        "BadRequest: the receivers of an action group have different names",
        spec("monitor"),
    ),
    form(
        "azure-metric-alert-name",
        METRIC,
        "ruleName",
        /^(?!.*[ .]$)[^*#&+:<>?@%{}\\/]{1,260}$/,
        (name) => `BadRequest: The alert's name '${name}' has characters that are not allowed.`,
        nameGuide,
    ),
    oneOf(
        "azure-metric-alert-frequency",
        METRIC,
        "evaluationFrequency",
        ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"],
        metricSource,
    ),
    oneOf(
        "azure-metric-alert-window",
        METRIC,
        "windowSize",
        ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"],
        metricSource,
    ),
    when(
        "azure-metric-alert-window-short",
        METRIC,
        shorterThanFrequency,
        "BadRequest: The window of an alert is not shorter than its frequency.",
        metricSource,
    ),
    when(
        "azure-metric-alert-severity",
        METRIC,
        badSeverity,
        "BadRequest: The severity of an alert is 0 to 4.",
        metricSource,
    ),
    when(
        "azure-metric-alert-location",
        METRIC,
        (inputs) => isSet(inputs, "location") && textAt(inputs, "location")?.toLowerCase() !== "global",
        "LocationNotAvailableForResourceType: metric alerts are in the location global",
        metricSource,
    ),
    when(
        "azure-metric-alert-criteria",
        METRIC,
        (inputs) => {
            const kind = textAt(inputs, "criteria.odataType") ?? "";
            return /MultipleMetricCriteria$/.test(kind) && listAt(inputs, "criteria.allOf").length === 0;
        },
        "BadRequest: an alert has one criterion or more",
        metricSource,
    ),
    when(
        "azure-metric-alert-web-test",
        METRIC,
        (inputs) =>
            (textAt(inputs, "criteria.odataType") ?? "").endsWith("WebtestLocationAvailabilityCriteria") &&
            listAt(inputs, "scopes").length !== 2,
        "BadRequest: an alert on a web test has the test and its component as scopes",
        learn("azure-monitor/app/availability-alerts"),
    ),
    form(
        "azure-query-alert-name",
        QUERY,
        "ruleName",
        /^(?!.*[ .]$)[^*<>%{}&:\\?/#]{1,260}$/,
        (name) => `BadRequest: The alert's name '${name}' has characters that are not allowed.`,
        nameGuide,
    ),
    oneOf(
        "azure-query-alert-frequency",
        QUERY,
        "evaluationFrequency",
        ["PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D"],
        querySource,
    ),
    oneOf(
        "azure-query-alert-window",
        QUERY,
        "windowSize",
        [
            "PT1M",
            "PT5M",
            "PT10M",
            "PT15M",
            "PT30M",
            "PT45M",
            "PT1H",
            "PT2H",
            "PT3H",
            "PT4H",
            "PT5H",
            "PT6H",
            "P1D",
            "P2D",
        ],
        querySource,
    ),
    when(
        "azure-query-alert-window-short",
        QUERY,
        shorterThanFrequency,
        "BadRequest: The window of an alert is not shorter than its frequency.",
        querySource,
    ),
    when(
        "azure-query-alert-severity",
        QUERY,
        badSeverity,
        "BadRequest: The severity of an alert is 0 to 4.",
        querySource,
    ),
    when(
        "azure-query-alert-scope",
        QUERY,
        (inputs) => listAt(inputs, "scopes").length > 1,
        "BadRequest: a log alert has one scope",
        querySource,
    ),
    when(
        "azure-query-alert-measure",
        QUERY,
        (inputs) =>
            listAt(inputs, "criteria.allOf").some(
                (condition) =>
                    (at(condition, "timeAggregation") === "Count") === isSet(condition, "metricMeasureColumn"),
            ),
        "BadRequest: metricMeasureColumn goes with every aggregation but Count",
        querySource,
    ),
    when(
        "azure-query-alert-periods",
        QUERY,
        (inputs) =>
            listAt(inputs, "criteria.allOf").some((condition) => {
                const [all, failing] = [
                    numberAt(condition, "failingPeriods.numberOfEvaluationPeriods") ?? 1,
                    numberAt(condition, "failingPeriods.minFailingPeriodsToAlert") ?? 1,
                ];
                return all < 1 || all > 6 || failing > all;
            }),
        "BadRequest: an alert looks at 1 to 6 periods, of which no more can fail",
        querySource,
    ),
    when(
        "azure-collection-stream",
        COLLECTION,
        (inputs) => {
            const flows = listAt(inputs, "dataFlows")
                .flatMap((flow) => listAt(flow, "streams"))
                .map(textOf);
            const sources = ["performanceCounters", "syslog", "extensions", "logFiles"]
                .flatMap((kind) => listAt(inputs, `dataSources.${kind}`))
                .flatMap((source) => listAt(source, "streams"))
                .map(textOf);
            return sources.some((stream) => !flows.includes(stream));
        },
        "InvalidPayload: Data collection rule is invalid: a stream of a data source is in no data flow.",
        learn("azure-monitor/essentials/data-collection-rule-structure"),
    ),
    when(
        "azure-collection-destination",
        COLLECTION,
        (inputs) => {
            const known = listAt(inputs, "destinations.logAnalytics").map((destination) => textAt(destination, "name"));
            return listAt(inputs, "dataFlows")
                .flatMap((flow) => listAt(flow, "destinations"))
                .some((destination) => !known.includes(textOf(destination)));
        },
        "InvalidPayload: Data collection rule is invalid: a data flow names a destination that is not there.",
        learn("azure-monitor/essentials/data-collection-rule-structure"),
    ),
    when(
        "azure-diagnostic-target",
        DIAGNOSTIC,
        (inputs) =>
            !["workspaceId", "storageAccountId", "eventHubAuthorizationRuleId"].some((key) => isSet(inputs, key)),
        "BadRequest: a diagnostic setting needs a place for its logs",
        learn("azure-monitor/essentials/diagnostic-settings"),
    ),
    when(
        "azure-diagnostic-category",
        DIAGNOSTIC,
        (inputs) => listAt(inputs, "logs").some((log) => isSet(log, "category") === isSet(log, "categoryGroup")),
        "BadRequest: a log of a diagnostic setting has a category or a group of them, one of both",
        learn("azure-monitor/essentials/diagnostic-settings"),
    ),
    oneOf("azure-web-test-frequency", TEST, "frequency", [300, 600, 900], learn("azure-monitor/app/availability")),
    when(
        "azure-web-test-locations",
        TEST,
        (inputs) => listAt(inputs, "locations").length < 1 || listAt(inputs, "locations").length > 16,
        "BadRequest: a web test runs from 1 to 16 locations",
        learn("azure-monitor/app/availability"),
    ),
    when(
        "azure-web-test-address",
        TEST,
        (inputs) => {
            const url = textAt(inputs, "request.requestUrl");
            return url !== undefined && !/^https?:\/\/[^/]+/.test(url);
        },
        "BadRequest: the address of a web test is a public one, with http or https",
        learn("azure-monitor/app/availability"),
    ),
    when(
        "azure-web-test-certificate",
        TEST,
        (inputs) =>
            isSet(inputs, "validationRules.sSLCertRemainingLifetimeCheck") &&
            (textAt(inputs, "request.requestUrl") ?? "https:").startsWith("http:"),
        "BadRequest: a certificate is checked on addresses with https only",
        learn("azure-monitor/app/availability"),
    ),
    form(
        "azure-workbook-name",
        WORKBOOK,
        "resourceName",
        UUID,
        (name) => `BadRequest: The name '${name}' of a workbook is not a GUID.`,
        spec("applicationinsights"),
    ),
    when(
        "azure-workspace-retention",
        WORKSPACE,
        (inputs) => {
            const days = numberAt(inputs, "retentionInDays") ?? 30;
            return days !== 7 && (days < 30 || days > 730);
        },
        "InvalidParameter: 'RetentionInDays' property doesn't match the SKU limits: 30 to 730 days.",
        learn("azure-monitor/logs/data-retention-configure"),
    ),
    form(
        "azure-role-principal",
        ROLE,
        "principalId",
        UUID,
        (id) => `InvalidPrincipalId: A valid principal ID must be provided; '${id}' is not a GUID.`,
        learn("role-based-access-control/troubleshooting"),
    ),
    when(
        "azure-role-twice",
        ROLE,
        (inputs, world) => {
            const key = (values: Values) =>
                [values["principalId"], values["roleDefinitionId"], values["scope"]].map(textOf).join(" ");
            const known = ["principalId", "roleDefinitionId", "scope"].every(
                (property) => textAt(inputs, property) !== undefined,
            );
            return known && world.ofType(ROLE).some(({ values }) => key(values) === key(inputs));
        },
        "RoleAssignmentExists: The role assignment already exists.",
        learn("role-based-access-control/troubleshooting"),
    ),
    form(
        "azure-role-scope",
        ROLE,
        "scope",
        /^\/(subscriptions|providers\/Microsoft\.Management)\//i,
        (scope) => `MissingSubscription: The scope '${scope}' is no resource id.`,
        learn("role-based-access-control/scope-overview"),
    ),
    when(
        "azure-definition-wildcard",
        DEFINITION,
        (inputs) =>
            listAt(inputs, "assignableScopes").some((scope) => textOf(scope) === "/") ||
            !isSet(inputs, "assignableScopes"),
        "InvalidRoleDefinitionAssignableScopes: a custom role names the scopes that it can be given in",
        learn("role-based-access-control/custom-roles"),
    ),
    when(
        "azure-definition-name",
        DEFINITION,
        (inputs, world) =>
            isSet(inputs, "roleName") &&
            world.ofType(DEFINITION).some(({ values }) => values["roleName"] === inputs["roleName"]),
        "RoleDefinitionWithSameNameExists: A custom role with the same name already exists in this directory.",
        learn("role-based-access-control/custom-roles"),
    ),
    when(
        "azure-definition-name-length",
        DEFINITION,
        (inputs) => (textAt(inputs, "roleName") ?? "").length > 512,
        "InvalidRoleDefinitionName: the name of a custom role has at most 512 characters",
        learn("role-based-access-control/custom-roles"),
    ),
    oneOf(
        "azure-lock-level",
        LOCK,
        "level",
        ["CanNotDelete", "ReadOnly"],
        learn("azure-resource-manager/management/lock-resources"),
    ),
    when(
        "azure-lock-notes",
        LOCK,
        (inputs) => (textAt(inputs, "notes") ?? "").length > 512,
        "BadRequest: the notes of a lock have at most 512 characters",
        learn("azure-resource-manager/management/lock-resources"),
    ),
];
