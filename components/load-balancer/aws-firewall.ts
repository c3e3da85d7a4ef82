import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as wafv2 from "@pulumi/aws/wafv2";
import type * as pulumi from "@pulumi/pulumi";

/** A group of rules that AWS maintains, and those of its rules that only count. */
interface ManagedRuleGroup {
    name: string;
    countOnly: string[];
}

/**
 * Managed rule groups in the order they are asked. Rules on bodies only count: users attach files, and tickets hold HTML,
 * paths and SQL by nature.
 */
const managedRuleGroups: ManagedRuleGroup[] = [
    { name: "AWSManagedRulesAmazonIpReputationList", countOnly: [] },
    {
        name: "AWSManagedRulesCommonRuleSet",
        countOnly: ["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY"],
    },
    { name: "AWSManagedRulesKnownBadInputsRuleSet", countOnly: [] },
    { name: "AWSManagedRulesSQLiRuleSet", countOnly: ["SQLi_BODY"] },
];

/** Seconds over which requests of one address are counted. */
const RATE_WINDOW_SECONDS = 60;

/** A web application firewall in front of a load balancer: managed rules, a rate limit per address, a log. */
export function protectByFirewall(
    name: string,
    loadBalancerArn: pulumi.Output<string>,
    args: { rateLimitPerMinute: number; tags?: { [key: string]: pulumi.Input<string> } },
    child: { parent: pulumi.Resource },
): void {
    const { tags } = args;
    const acl = new wafv2.WebAcl(
        name,
        {
            description: "MinusNow: managed rules and a rate limit per address",
            scope: "REGIONAL",
            defaultAction: { allow: {} },
            rules: [rateRule(args.rateLimitPerMinute), ...managedRuleGroups.map(managedRule)],
            visibilityConfig: visibility("minusnow-firewall"),
            tags,
        },
        child,
    );
    new wafv2.WebAclAssociation(name, { resourceArn: loadBalancerArn, webAclArn: acl.arn }, child);
    const logs = new cloudwatch.LogGroup(
        name,
        { namePrefix: `aws-waf-logs-${name}-`, retentionInDays: 90, tags },
        child,
    );
    new wafv2.WebAclLoggingConfiguration(
        name,
        {
            resourceArn: acl.arn,
            logDestinationConfigs: [logs.arn],
            redactedFields: [{ singleHeader: { name: "authorization" } }, { singleHeader: { name: "cookie" } }],
        },
        child,
    );
}

function rateRule(limit: number) {
    return {
        name: "rate-limit-per-address",
        priority: 0,
        statement: { rateBasedStatement: { limit, aggregateKeyType: "IP", evaluationWindowSec: RATE_WINDOW_SECONDS } },
        action: { block: { customResponse: { responseCode: 429 } } },
        visibilityConfig: visibility("rate-limit-per-address"),
    };
}

function managedRule({ name, countOnly }: ManagedRuleGroup, place: number) {
    const ruleActionOverrides = countOnly.map((rule) => ({ name: rule, actionToUse: { count: {} } }));
    return {
        name,
        priority: place + 1,
        statement: { managedRuleGroupStatement: { vendorName: "AWS", name, ruleActionOverrides } },
        overrideAction: { none: {} },
        visibilityConfig: visibility(name),
    };
}

function visibility(metricName: string) {
    return { cloudwatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true };
}
