import * as applicationinsights from "@pulumi/azure-native/applicationinsights";
import * as monitor from "@pulumi/azure-native/monitor";
import * as pulumi from "@pulumi/pulumi";
import { healthEndpoints } from "../reference";
import type { AzureMonitoringArgs } from "./azure";
import { severities } from "./azure-log-alert";
import type { ActionGroups } from "./azure-receivers";
import { AlertLevel } from "./contract";

type Child = { parent: pulumi.Resource };

/** Where Azure asks from: five places, so that trouble at one of them tells nobody that the service is down. */
const LOCATIONS = ["us-va-ash-azr", "us-ca-sjc-azr", "emea-nl-ams-azr", "emea-gb-db3-azr", "apac-sg-sin-azr"];
/** Places that must fail at the same time. */
const FAILED_LOCATIONS = 2;
/** The shortest interval that Azure offers, in seconds; the places ask in turn, so one asks every minute. */
const FREQUENCY_SECONDS = 300;
const TIMEOUT_SECONDS = 30;
/** Days before its end at which a certificate counts as a failure. */
const CERTIFICATE_DAYS = 10;

/** Asks the application's health endpoints from outside its network, as a user reaches them; gives where results are. */
export function probeEndpoints(
    name: string,
    workspaceId: pulumi.Input<string>,
    groups: ActionGroups,
    args: AzureMonitoringArgs,
    child: Child,
): pulumi.Output<string> {
    const component = new applicationinsights.Component(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            kind: "web",
            applicationType: "web",
            ingestionMode: "LogAnalytics",
            workspaceResourceId: workspaceId,
            tags: args.tags,
        },
        child,
    );
    for (const endpoint of Object.keys(healthEndpoints) as (keyof typeof healthEndpoints)[]) {
        const test = createTest(`${name}-${endpoint}`, healthEndpoints[endpoint], component, args, child);
        const level = endpoint === "basic" ? AlertLevel.Critical : AlertLevel.Warning;
        alertOn(`${name}-${endpoint}`, healthEndpoints[endpoint], test, component, level, groups, args, child);
    }
    return component.id;
}

function createTest(
    name: string,
    urlPath: string,
    component: applicationinsights.Component,
    args: AzureMonitoringArgs,
    child: Child,
): applicationinsights.WebTest {
    // Azure shows a test under the component that this tag names.
    const link = component.id.apply((id) => ({ [`hidden-link:${id}`]: "Resource" }));
    return new applicationinsights.WebTest(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            webTestName: name,
            syntheticMonitorId: name,
            webTestKind: "standard",
            kind: "standard",
            enabled: true,
            frequency: FREQUENCY_SECONDS,
            timeout: TIMEOUT_SECONDS,
            retryEnabled: true,
            locations: LOCATIONS.map((location) => ({ location })),
            request: {
                requestUrl: pulumi.interpolate`${args.url}${urlPath}`,
                httpVerb: "GET",
                followRedirects: false,
                parseDependentRequests: false,
            },
            validationRules: {
                expectedHttpStatusCode: 200,
                sSLCheck: true,
                sSLCertRemainingLifetimeCheck: CERTIFICATE_DAYS,
            },
            tags: pulumi.all([link, args.tags ?? {}]).apply(([hidden, tags]) => ({ ...tags, ...hidden })),
        },
        child,
    );
}

function alertOn(
    ruleName: string,
    urlPath: string,
    test: applicationinsights.WebTest,
    component: applicationinsights.Component,
    level: AlertLevel,
    groups: ActionGroups,
    { resourceGroupName, tags }: AzureMonitoringArgs,
    child: Child,
): void {
    new monitor.MetricAlert(
        ruleName,
        {
            resourceGroupName,
            ruleName,
            location: "global",
            description: `MinusNow: ${urlPath} does not answer as it should`,
            enabled: true,
            severity: severities[level],
            scopes: [test.id, component.id],
            evaluationFrequency: "PT1M",
            windowSize: "PT5M",
            criteria: {
                odataType: "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
                webTestId: test.id,
                componentId: component.id,
                failedLocationCount: FAILED_LOCATIONS,
            },
            actions: [{ actionGroupId: groups[level] }],
            tags,
        },
        child,
    );
}
