import * as network from "@pulumi/azure-native/network";
import type * as pulumi from "@pulumi/pulumi";

/** Largest file that a request may bring, in MB; Azure inspects none beyond 4000. */
const FILE_LIMIT_MB = 750;
/** Largest other body, in KB: Azure's most. */
const BODY_LIMIT_KB = 2000;

/**
 * A web application firewall policy: managed rules that block, and a rate limit per address. Azure's rules cannot be told to
 * only count for bodies, as on AWS: what they block by mistake is excluded by its field once the log shows it.
 */
export function createFirewallPolicy(
    name: string,
    args: {
        resourceGroupName: pulumi.Input<string>;
        rateLimitPerMinute: number;
        tags?: { [key: string]: pulumi.Input<string> };
    },
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { resourceGroupName, rateLimitPerMinute, tags } = args;
    return new network.WebApplicationFirewallPolicy(
        name,
        {
            resourceGroupName,
            policySettings: {
                state: "Enabled",
                mode: "Prevention",
                requestBodyCheck: true,
                requestBodyEnforcement: true,
                maxRequestBodySizeInKb: BODY_LIMIT_KB,
                fileUploadEnforcement: true,
                fileUploadLimitInMb: FILE_LIMIT_MB,
            },
            customRules: [rateRule(rateLimitPerMinute)],
            managedRules: {
                managedRuleSets: [
                    { ruleSetType: "Microsoft_DefaultRuleSet", ruleSetVersion: "2.1" },
                    { ruleSetType: "Microsoft_BotManagerRuleSet", ruleSetVersion: "1.1" },
                ],
            },
            tags,
        },
        child,
    ).id;
}

/** Every request counts, since every address has a slash in its path. */
function rateRule(rateLimitThreshold: number) {
    return {
        name: "RateLimitPerAddress",
        priority: 1,
        ruleType: "RateLimitRule",
        action: "Block",
        state: "Enabled",
        rateLimitDuration: "OneMin",
        rateLimitThreshold,
        groupByUserSession: [{ groupByVariables: [{ variableName: "ClientAddr" }] }],
        matchConditions: [
            {
                matchVariables: [{ variableName: "RequestUri" }],
                operator: "Contains",
                negationConditon: false,
                matchValues: ["/"],
                transforms: [],
            },
        ],
    };
}
