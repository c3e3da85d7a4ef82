import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { healthCheck, ports } from "../reference";
import { rolePort } from "./host/settings";

/** What the front of the machines is like. */
export interface FrontArgs {
    resourceGroupName: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    /** Address that accepts writes. */
    writerAddress: string;
    /** Address of the standby. */
    readerAddress: string;
    tags?: { [key: string]: pulumi.Input<string> };
}

const POOL = "machines";
/** Checks in a row that decide. */
const THRESHOLD = 2;
/** An address that outlives any zone is in all of them. */
const ZONES = ["1", "2", "3"];

/**
 * Two addresses that stay while the machines behind them change roles: connections go to the machine that says it has the
 * role, and to nobody while none does. A machine may belong to one internal load balancer only, and a port of it to one
 * address; connections to the standby therefore keep their address, which both machines have on their loopback.
 */
export function createFront(
    name: string,
    args: FrontArgs,
    child: { parent: pulumi.Resource },
): { id: pulumi.Output<string>; poolId: pulumi.Output<string> } {
    const { resourceGroupName, subnetId, tags } = args;
    // Parts name each other by ids that hold the load balancer's own name, so it is chosen here.
    const subscription = pulumi.output(subnetId).apply((id) => id.split("/resourceGroups/")[0]!);
    const self = pulumi.interpolate`${subscription}/resourceGroups/${resourceGroupName}/providers/Microsoft.Network/loadBalancers/${name}`;
    const part = (kind: string, partName: string) => ({ id: pulumi.interpolate`${self}/${kind}/${partName}` });
    const sides = [
        { side: "writer", role: "primary", address: args.writerAddress, floating: false },
        { side: "reader", role: "standby", address: args.readerAddress, floating: true },
    ];
    const front = new network.LoadBalancer(
        name,
        {
            resourceGroupName,
            loadBalancerName: name,
            sku: { name: "Standard" },
            frontendIPConfigurations: sides.map(({ side, address }) => ({
                name: side,
                subnet: { id: subnetId },
                privateIPAllocationMethod: "Static",
                privateIPAddress: address,
                zones: ZONES,
            })),
            backendAddressPools: [{ name: POOL }],
            probes: sides.map(({ role }) => ({
                name: role,
                protocol: "Http",
                port: rolePort,
                requestPath: `/${role}`,
                intervalInSeconds: healthCheck.intervalSeconds,
                probeThreshold: THRESHOLD,
            })),
            loadBalancingRules: sides.map(({ side, role, floating }) => ({
                name: side,
                protocol: "Tcp",
                frontendPort: ports.postgres,
                backendPort: ports.postgres,
                frontendIPConfiguration: part("frontendIPConfigurations", side),
                backendAddressPool: part("backendAddressPools", POOL),
                probe: part("probes", role),
                enableFloatingIP: floating,
                enableTcpReset: true,
                idleTimeoutInMinutes: 30,
                disableOutboundSnat: true,
            })),
            tags,
        },
        child,
    );
    return { id: front.id, poolId: pulumi.interpolate`${front.id}/backendAddressPools/${POOL}` };
}
