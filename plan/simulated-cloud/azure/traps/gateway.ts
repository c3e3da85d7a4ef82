import { at, isSet, listAt, numberAt, textAt, textOf, type Trap, type Values, when, type World } from "../../trap";
import { missingParts, missingReference } from "./parts";
import { azurerm, learn } from "./sources";

const GATEWAY = "azure-native:network:ApplicationGateway";
const POLICY = "azure-native:network:WebApplicationFirewallPolicy";
const SUBNET = "azure-native:network:Subnet";
const gatewayGuide = learn("application-gateway/configuration-infrastructure");
const gatewaySource = azurerm("network/application_gateway_resource.go");
const wafGuide = learn("web-application-firewall/ag/application-gateway-waf-configuration");

const outside = (value: number | undefined, [least, most]: [number, number]) =>
    value !== undefined && (value < least || value > most);

/** A number of each entry of a collection that is outside its range. */
const anyOutside = (inputs: Values, collection: string, path: string, limits: [number, number]) =>
    listAt(inputs, collection).some((entry) => outside(numberAt(entry, path), limits));

const subnetOf = (inputs: Values, world: World) =>
    world.find(SUBNET, at(listAt(inputs, "gatewayIPConfigurations")[0], "subnet.id"));

/** Azure manages each instance over these ports, and refuses a gateway that it could not manage. */
function isUnmanageable(inputs: Values, world: World): boolean {
    const group = world.find(
        "azure-native:network:NetworkSecurityGroup",
        at(subnetOf(inputs, world)?.values, "networkSecurityGroup.id"),
    );
    const inbound = (listAt(group?.values, "securityRules") as Values[])
        .filter(({ direction }) => direction === "Inbound")
        .sort((a, b) => Number(a["priority"]) - Number(b["priority"]));
    const first = inbound.find(
        ({ sourceAddressPrefix, destinationPortRange }) =>
            ["GatewayManager", "Internet", "*"].includes(textOf(sourceAddressPrefix)) &&
            ["65200-65535", "*"].includes(textOf(destinationPortRange)),
    );
    return group !== undefined && first?.["access"] === "Deny";
}

/** Any outbound rule that denies what the gateway needs. */
function isCutOff(inputs: Values, world: World): boolean {
    const group = world.find(
        "azure-native:network:NetworkSecurityGroup",
        at(subnetOf(inputs, world)?.values, "networkSecurityGroup.id"),
    );
    return (listAt(group?.values, "securityRules") as Values[]).some(
        ({ direction, access, destinationAddressPrefix }) =>
            direction === "Outbound" &&
            access === "Deny" &&
            ["*", "Internet"].includes(textOf(destinationAddressPrefix)),
    );
}

export const gatewayTraps: readonly Trap[] = [
    {
        id: "azure-gateway-part-missing",
        type: GATEWAY,
        source: gatewaySource,
        check: (inputs) => {
            const [missing] = missingParts(inputs, "applicationGateways");
            return missing === undefined ? undefined : missingReference(missing);
        },
    },
    when(
        "azure-gateway-rule-priority",
        GATEWAY,
        (inputs) =>
            textAt(inputs, "sku.tier")?.endsWith("_v2") === true &&
            listAt(inputs, "requestRoutingRules").some((rule) => !isSet(rule, "priority")),
        "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty: Priority for the request routing rule cannot be empty. All request routing rules should have a priority.",
        learn("application-gateway/configuration-request-routing-rules"),
    ),
    when(
        "azure-gateway-rule-priority-twice",
        GATEWAY,
        (inputs) => {
            const priorities = listAt(inputs, "requestRoutingRules").map((rule) => at(rule, "priority"));
            return new Set(priorities).size < priorities.length;
        },
        "ApplicationGatewayRequestRoutingRulePriorityDuplicate: two request routing rules have the same priority",
        learn("application-gateway/configuration-request-routing-rules"),
    ),
    when(
        "azure-gateway-rule-target",
        GATEWAY,
        (inputs) =>
            listAt(inputs, "requestRoutingRules").some(
                (rule) => isSet(rule, "backendAddressPool") === isSet(rule, "redirectConfiguration"),
            ),
        "ApplicationGatewayRequestRoutingRuleTarget: a basic rule sends requests to a backend pool or redirects them, one of both",
        gatewaySource,
    ),
    when(
        "azure-gateway-probe-interval",
        GATEWAY,
        (inputs) => anyOutside(inputs, "probes", "interval", [1, 86400]),
        "ApplicationGatewayProbeIntervalOutOfRange: the interval of a probe is 1 to 86400 seconds",
        gatewaySource,
    ),
    when(
        "azure-gateway-probe-timeout",
        GATEWAY,
        (inputs) => anyOutside(inputs, "probes", "timeout", [1, 86400]),
        "ApplicationGatewayProbeTimeoutOutOfRange: the timeout of a probe is 1 to 86400 seconds",
        gatewaySource,
    ),
    when(
        "azure-gateway-probe-threshold",
        GATEWAY,
        (inputs) => anyOutside(inputs, "probes", "unhealthyThreshold", [1, 20]),
        "ApplicationGatewayProbeUnhealthyThresholdOutOfRange: the unhealthy threshold of a probe is 1 to 20",
        gatewaySource,
    ),
    when(
        "azure-gateway-probe-path",
        GATEWAY,
        (inputs) => listAt(inputs, "probes").some((probe) => textAt(probe, "path")?.startsWith("/") === false),
        "ApplicationGatewayProbePathInvalid: the path of a probe begins with /",
        gatewaySource,
    ),
    when(
        "azure-gateway-drain",
        GATEWAY,
        (inputs) =>
            anyOutside(inputs, "backendHttpSettingsCollection", "connectionDraining.drainTimeoutInSec", [1, 3600]),
        "ApplicationGatewayBackendHttpSettingsConnectionDrainingTimeout: the drain timeout is 1 to 3600 seconds",
        gatewaySource,
    ),
    when(
        "azure-gateway-request-timeout",
        GATEWAY,
        (inputs) => anyOutside(inputs, "backendHttpSettingsCollection", "requestTimeout", [1, 86400]),
        "ApplicationGatewayBackendHttpSettingsRequestTimeout: the request timeout is 1 to 86400 seconds",
        gatewaySource,
    ),
    when(
        "azure-gateway-vault-identity",
        GATEWAY,
        (inputs) =>
            listAt(inputs, "sslCertificates").some((certificate) => isSet(certificate, "keyVaultSecretId")) &&
            !isSet(inputs, "identity"),
        "ApplicationGatewaySslCertificateKeyVaultSecretIdWithoutIdentity: a certificate of a key vault needs a user-assigned identity of the gateway",
        learn("application-gateway/key-vault-certs"),
    ),
    when(
        "azure-gateway-vault-address",
        GATEWAY,
        (inputs) =>
            listAt(inputs, "sslCertificates").some((certificate) => {
                const address = textAt(certificate, "keyVaultSecretId");
                return (
                    address !== undefined &&
                    !/^https:\/\/[a-z0-9-]+\.vault\.[a-z.]+\/(secrets|certificates)\/.+/i.test(address)
                );
            }),
        "ApplicationGatewayKeyVaultSecretIdInvalid: keyVaultSecretId is the address of a secret, https://<vault>.vault.azure.net/secrets/<name>",
        learn("application-gateway/key-vault-certs"),
    ),
    when(
        "azure-gateway-listener-certificate",
        GATEWAY,
        (inputs) =>
            listAt(inputs, "httpListeners").some(
                (listener) => at(listener, "protocol") === "Https" && !isSet(listener, "sslCertificate"),
            ),
        "ApplicationGatewayHttpsListenerMustReferenceSslCert: a listener of the protocol Https needs a certificate",
        gatewaySource,
    ),
    when(
        "azure-gateway-capacity",
        GATEWAY,
        (inputs) => {
            const least = numberAt(inputs, "autoscaleConfiguration.minCapacity");
            const most = numberAt(inputs, "autoscaleConfiguration.maxCapacity");
            return (
                (least !== undefined && most !== undefined && least >= most) ||
                (isSet(inputs, "autoscaleConfiguration") && isSet(inputs, "sku.capacity"))
            );
        },
        "ApplicationGatewayAutoscaleConfigurationInvalid: minCapacity is below maxCapacity, and sku.capacity is not set beside them",
        gatewaySource,
    ),
    when(
        "azure-gateway-firewall-tier",
        GATEWAY,
        (inputs) => isSet(inputs, "firewallPolicy") && at(inputs, "sku.tier") !== "WAF_v2",
        "ApplicationGatewayFirewallPolicyNotSupportedForSku: a firewall policy needs the tier WAF_v2",
        gatewaySource,
    ),
    when(
        "azure-gateway-subnet-shared",
        GATEWAY,
        (inputs, world) => {
            const subnet = textAt(listAt(inputs, "gatewayIPConfigurations")[0], "subnet.id");
            const cards = world
                .ofType("azure-native:network:NetworkInterface")
                .flatMap(({ values }) => listAt(values, "ipConfigurations"))
                .map((configuration) => textAt(configuration, "subnet.id"));
            const endpoints = world
                .ofType("azure-native:network:PrivateEndpoint")
                .map(({ values }) => textAt(values, "subnet.id"));
            return subnet !== undefined && [...cards, ...endpoints].includes(subnet);
        },
        "ApplicationGatewaySubnetCannotBeUsedByOtherResources: the subnet of a gateway holds nothing but gateways",
        gatewayGuide,
    ),
    when(
        "azure-gateway-unmanageable",
        GATEWAY,
        isUnmanageable,
        "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup: Network security group blocks incoming internet traffic on ports 65200 - 65535 to subnet, associated with Application Gateway. This is not permitted for Application Gateways that have V2 Sku.",
        gatewayGuide,
    ),
    when(
        "azure-gateway-cut-off",
        GATEWAY,
        isCutOff,
        "ApplicationGatewaySubnetOutboundTrafficBlocked: the gateway is made and reports an unknown health for all backends, because its subnet's security group denies outbound traffic",
        gatewayGuide,
    ),
    when(
        "azure-gateway-small-subnet",
        GATEWAY,
        (inputs, world) => {
            const prefix = Number(textAt(subnetOf(inputs, world)?.values, "addressPrefix")?.split("/")[1]);
            const instances =
                numberAt(inputs, "autoscaleConfiguration.maxCapacity") ?? numberAt(inputs, "sku.capacity") ?? 1;
            // Five addresses are Azure's own, and each instance takes one.
            return 2 ** (32 - prefix) < instances + 5;
        },
        "ApplicationGatewaySubnetDoesNotHaveEnoughIPAddresses: the subnet has fewer addresses than the gateway may have instances",
        gatewayGuide,
    ),
    when(
        "azure-firewall-rate-group",
        POLICY,
        (inputs) =>
            listAt(inputs, "customRules").some(
                (rule) => at(rule, "ruleType") === "RateLimitRule" && !isSet(rule, "groupByUserSession"),
            ),
        "ApplicationGatewayFirewallRateLimitRuleMissingGroupBy: a RateLimitRule needs GroupByUserSession",
        learn("web-application-firewall/ag/rate-limiting-overview"),
    ),
    when(
        "azure-firewall-rate-threshold",
        POLICY,
        (inputs) =>
            listAt(inputs, "customRules").some(
                (rule) =>
                    at(rule, "ruleType") === "RateLimitRule" && !((numberAt(rule, "rateLimitThreshold") ?? 0) >= 1),
            ),
        "ApplicationGatewayFirewallRateLimitThresholdInvalid: the threshold of a RateLimitRule is 1 or more",
        azurerm("network/web_application_firewall_policy_resource.go"),
    ),
    when(
        "azure-firewall-rule-name",
        POLICY,
        (inputs) =>
            listAt(inputs, "customRules").some(
                (rule) => !/^[a-zA-Z][a-zA-Z0-9]{0,127}$/.test(textAt(rule, "name") ?? "x"),
            ),
        "ApplicationGatewayFirewallCustomRuleNameInvalid: the name of a custom rule begins with a letter and holds letters and digits only",
        learn("web-application-firewall/ag/custom-waf-rules-overview"),
    ),
    when(
        "azure-firewall-rule-priority",
        POLICY,
        (inputs) => listAt(inputs, "customRules").some((rule) => outside(numberAt(rule, "priority"), [1, 100])),
        "ApplicationGatewayFirewallCustomRulePriorityInvalid: the priority of a custom rule is 1 to 100",
        learn("web-application-firewall/ag/custom-waf-rules-overview"),
    ),
    when(
        "azure-firewall-body-size",
        POLICY,
        (inputs) => outside(numberAt(inputs, "policySettings.maxRequestBodySizeInKb"), [8, 2000]),
        "ApplicationGatewayFirewallMaxRequestBodySizeInvalid: the largest request body is 8 to 2000 KB",
        wafGuide,
    ),
    when(
        "azure-firewall-file-size",
        POLICY,
        (inputs) => outside(numberAt(inputs, "policySettings.fileUploadLimitInMb"), [1, 4000]),
        "ApplicationGatewayFirewallFileUploadLimitInvalid: the largest file is 1 to 4000 MB",
        wafGuide,
    ),
    when(
        "azure-firewall-rule-set",
        POLICY,
        (inputs) => {
            const known: Record<string, string[]> = {
                OWASP: ["3.0", "3.1", "3.2"],
                Microsoft_DefaultRuleSet: ["2.1", "2.2"],
                Microsoft_BotManagerRuleSet: ["0.1", "1.0", "1.1"],
                Microsoft_HTTPDDoSRuleSet: ["1.0"],
            };
            return listAt(inputs, "managedRules.managedRuleSets").some((set) => {
                const versions = known[textAt(set, "ruleSetType") ?? ""];
                return !versions?.includes(textAt(set, "ruleSetVersion") ?? "");
            });
        },
        "ApplicationGatewayFirewallUnknownRuleSet: there is no such managed rule set in this version",
        azurerm("network/validate/web_application_firewall_policy.go"),
    ),
];
