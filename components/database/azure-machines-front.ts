import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { healthCheck, ports } from "../reference";
import { rolePort } from "./host/settings";

/** What the front of the machines is like. */
export interface FrontArgs {
    resourceGroupName: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

const PARTS = { frontendIPConfigurations: "clients", backendAddressPools: "machines", probes: "role" };
/** Checks in a row that decide. */
const THRESHOLD = 2;
/** An address that outlives any zone is in all of them. */
const ZONES = ["1", "2", "3"];

/**
 * An address that stays while the machine behind it changes: connections go to the machine that says it has the role, and to
 * nobody while none does.
 */
export function createFront(
    name: string,
    role: "primary" | "standby",
    address: string,
    { resourceGroupName, subnetId, tags }: FrontArgs,
    child: { parent: pulumi.Resource },
): { id: pulumi.Output<string>; poolId: pulumi.Output<string> } {
    // Parts name each other by ids that hold the load balancer's own name, so it is chosen here.
    const group = pulumi.output(subnetId).apply((id) => id.split("/resourceGroups/")[0]!);
    const self = pulumi.interpolate`${group}/resourceGroups/${resourceGroupName}/providers/Microsoft.Network/loadBalancers/${name}`;
    const part = (kind: keyof typeof PARTS) => ({ id: pulumi.interpolate`${self}/${kind}/${PARTS[kind]}` });
    const front = new network.LoadBalancer(
        name,
        {
            resourceGroupName,
            loadBalancerName: name,
            sku: { name: "Standard" },
            frontendIPConfigurations: [
                {
                    name: PARTS.frontendIPConfigurations,
                    subnet: { id: subnetId },
                    privateIPAllocationMethod: "Static",
                    privateIPAddress: address,
                    zones: ZONES,
                },
            ],
            backendAddressPools: [{ name: PARTS.backendAddressPools }],
            probes: [
                {
                    name: PARTS.probes,
                    protocol: "Http",
                    port: rolePort,
                    requestPath: `/${role}`,
                    intervalInSeconds: healthCheck.intervalSeconds,
                    probeThreshold: THRESHOLD,
                },
            ],
            loadBalancingRules: [
                {
                    name: "postgresql",
                    protocol: "Tcp",
                    frontendPort: ports.postgres,
                    backendPort: ports.postgres,
                    frontendIPConfiguration: part("frontendIPConfigurations"),
                    backendAddressPool: part("backendAddressPools"),
                    probe: part("probes"),
                    enableTcpReset: true,
                    idleTimeoutInMinutes: 30,
                    disableOutboundSnat: true,
                },
            ],
            tags,
        },
        child,
    );
    return { id: front.id, poolId: pulumi.interpolate`${front.id}/backendAddressPools/${PARTS.backendAddressPools}` };
}
