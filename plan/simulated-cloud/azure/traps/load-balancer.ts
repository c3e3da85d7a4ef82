import { at, isSet, listAt, numberAt, textAt, textOf, type Trap, type Values, when } from "../../trap";
import { missingParts, missingReference } from "./parts";
import { azurerm, learn, spec } from "./sources";

const BALANCER = "azure-native:network:LoadBalancer";
const ADDRESS = "azure-native:network:PublicIPAddress";
const CARD = "azure-native:network:NetworkInterface";
const probeGuide = learn("load-balancer/load-balancer-custom-probe-overview");
const api = spec("network/resource-manager/Microsoft.Network");

/** Ports that Azure's probes do not ask. */
const UNPROBED = [19, 21, 25, 70, 110, 119, 143, 220, 993];

const rules = (inputs: Values) => listAt(inputs, "loadBalancingRules");
const probes = (inputs: Values) => listAt(inputs, "probes");
const isBasic = (inputs: Values) => (textAt(inputs, "sku.name") ?? "Basic") === "Basic";

export const loadBalancerTraps: readonly Trap[] = [
    {
        id: "azure-balancer-part-missing",
        type: BALANCER,
        source: azurerm("loadbalancer/loadbalancer_rule_resource.go"),
        check: (inputs) => {
            const [missing] = missingParts(inputs, "loadBalancers");
            return missing === undefined ? undefined : missingReference(missing);
        },
    },
    {
        id: "azure-balancer-pool-missing",
        type: CARD,
        source: azurerm("network/network_interface_backend_address_pool_association_resource.go"),
        check: (inputs, world) => {
            const pools = listAt(inputs, "ipConfigurations").flatMap((configuration) =>
                listAt(configuration, "loadBalancerBackendAddressPools").map((pool) => textAt(pool, "id") ?? ""),
            );
            const missing = pools.find((pool) => {
                const [id = "", name] = pool.split("/backendAddressPools/");
                const balancer = world.find(BALANCER, id);
                return (
                    balancer !== undefined &&
                    !listAt(balancer.values, "backendAddressPools").some((own) => at(own, "name") === name)
                );
            });
            return missing === undefined ? undefined : missingReference(missing);
        },
    },
    when(
        "azure-balancer-basic",
        BALANCER,
        isBasic,
        "BasicSkuLoadBalancerRetired: load balancers of the Basic SKU cannot be created since 2025-03-31",
        learn("load-balancer/load-balancer-basic-upgrade-guidance"),
    ),
    when(
        "azure-balancer-address-sku",
        BALANCER,
        (inputs, world) =>
            listAt(inputs, "frontendIPConfigurations").some((frontend) => {
                const address = world.find(ADDRESS, at(frontend, "publicIPAddress.id"));
                return address !== undefined && isBasic(address.values) !== isBasic(inputs);
            }),
        "PublicIPAndLBSkuDoNotMatch: the load balancer and its public IP address must have the same SKU",
        learn("load-balancer/skus"),
    ),
    when(
        "azure-balancer-port-twice",
        BALANCER,
        (inputs) => {
            const known = rules(inputs).filter((rule) => textAt(rule, "frontendIPConfiguration.id") !== undefined);
            const taken = known.map(
                (rule) =>
                    `${textAt(rule, "frontendIPConfiguration.id")} ${textAt(rule, "protocol")} ${numberAt(rule, "frontendPort")}`,
            );
            return new Set(taken).size < taken.length;
        },
        "RulesUseSameFrontendPortProtocolAndIPConfig: two load-balancing rules have the same frontend, protocol and port",
        azurerm("loadbalancer/loadbalancer_rule_resource.go"),
    ),
    when(
        "azure-balancer-backend-twice",
        BALANCER,
        (inputs) => {
            const taken = rules(inputs)
                .filter((rule) => at(rule, "enableFloatingIP") !== true)
                .filter((rule) => textAt(rule, "backendAddressPool.id") !== undefined)
                .map((rule) => `${textAt(rule, "backendAddressPool.id")} ${numberAt(rule, "backendPort")}`);
            return new Set(taken).size < taken.length;
        },
        "RulesUseSameBackendPortProtocolAndPool: rules without floating IP must not use the same backend port of the same pool",
        learn("load-balancer/load-balancer-multivip-overview"),
    ),
    {
        id: "azure-balancer-two-internal",
        type: CARD,
        source: learn("load-balancer/components"),
        check: (inputs, world) => {
            const pools = listAt(inputs, "ipConfigurations").flatMap((configuration) =>
                listAt(configuration, "loadBalancerBackendAddressPools").map((pool) => textAt(pool, "id") ?? ""),
            );
            const balancers = [...new Set(pools.map((pool) => pool.split("/backendAddressPools/")[0]!))];
            const internal = balancers.filter((id) =>
                listAt(world.find(BALANCER, id)?.values, "frontendIPConfigurations").some((front) =>
                    isSet(front, "subnet"),
                ),
            );
            return internal.length > 1
                ? "NetworkInterfaceUsesMultipleLoadBalancersOfSameType: a network interface may be in the pools of one public and one internal load balancer"
                : undefined;
        },
    },
    when(
        "azure-balancer-probe-interval",
        BALANCER,
        (inputs) => probes(inputs).some((probe) => (numberAt(probe, "intervalInSeconds") ?? 15) < 5),
        "ProbeIntervalInvalid: the least interval of a probe is 5 seconds",
        api,
    ),
    when(
        "azure-balancer-probe-path",
        BALANCER,
        (inputs) =>
            probes(inputs).some(
                (probe) => /^https?$/i.test(textOf(at(probe, "protocol"))) !== isSet(probe, "requestPath"),
            ),
        "ProbeRequestPathInvalid: a probe over HTTP or HTTPS needs a path, one over TCP takes none",
        api,
    ),
    when(
        "azure-balancer-probe-port",
        BALANCER,
        (inputs) => probes(inputs).some((probe) => UNPROBED.includes(numberAt(probe, "port") ?? 0)),
        "ProbePortInvalid: ports 19, 21, 25, 70, 110, 119, 143, 220 and 993 cannot be probed",
        probeGuide,
    ),
    when(
        "azure-balancer-idle-timeout",
        BALANCER,
        (inputs) =>
            rules(inputs).some((rule) => {
                const minutes = numberAt(rule, "idleTimeoutInMinutes") ?? 4;
                return minutes < 4 || minutes > 30;
            }),
        "LoadBalancingRuleInvalidIdleTimeout: the idle timeout of a rule is 4 to 30 minutes",
        learn("load-balancer/load-balancer-tcp-reset"),
    ),
];
