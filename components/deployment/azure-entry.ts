import type * as pulumi from "@pulumi/pulumi";
import type { AzureAppPair } from "../app-pair/azure";
import { AzureLoadBalancer } from "../load-balancer/azure";
import { AzureProxyLoadBalancer } from "../load-balancer/azure-proxy";
import { LoadBalancerKind } from "../load-balancer/contract";
import type { AzureNetwork } from "../network/azure";
import { AzureRelease } from "../release/azure";
import type { AzureSecrets } from "../secrets/azure";
import type { DeploymentArgs } from "./contract";

/** What the way in leads through and to. */
interface EntryTiers {
    network: AzureNetwork;
    apps: AzureAppPair;
}

/** The operations machine as those name it who use it. */
interface OperationsMachine {
    operationsMachineName: pulumi.Input<string>;
    operationsMachineIdentifier: pulumi.Input<string>;
    operationsPrincipalId: pulumi.Input<string>;
}

interface Child {
    parent: pulumi.Resource;
}

/** Whether balancers are machines of the deployment. */
export const hasProxies = ({ loadBalancer }: DeploymentArgs) =>
    (loadBalancer?.kind ?? LoadBalancerKind.Managed) !== LoadBalancerKind.Managed;

export function createLoadBalancer(
    name: string,
    { network, secrets, apps }: EntryTiers & { secrets: AzureSecrets },
    { certificateId, sshPublicKey }: { certificateId: pulumi.Input<string>; sshPublicKey: pulumi.Input<string> },
    args: DeploymentArgs,
    child: Child,
): AzureLoadBalancer | AzureProxyLoadBalancer {
    const { hostname, dnsZone, dnsResourceGroup, deletionProtection, tags } = args;
    const { kind = LoadBalancerKind.Managed, mode, rateLimitPerMinute, size, renew } = args.loadBalancer ?? {};
    const common = {
        resourceGroupName: network.resourceGroupName,
        hostname,
        certificateId,
        dnsZone,
        dnsResourceGroup,
        mode,
        rateLimitPerMinute,
        subnetId: network.subnetIds.edge[0]!,
        zones: network.zones,
        memberAddresses: apps.memberAddresses,
        deletionProtection,
        tags,
    };
    const options = { ...child, dependsOn: network };
    if (!hasProxies(args)) {
        return new AzureLoadBalancer(`${name}-lb`, common, options);
    }
    return new AzureProxyLoadBalancer(
        `${name}-lb`,
        {
            ...common,
            kind,
            size,
            renew,
            firewallGroupId: network.firewallGroupIds.edge,
            sshPublicKey,
            diskEncryptionSetId: secrets.diskEncryptionSetId,
            vaultId: secrets.vaultId,
        },
        options,
    );
}

/** Waits for the pair and its balancer as a whole: servers are taken out of it and put back. */
export function createRelease(
    name: string,
    { network, apps, balancer }: EntryTiers & { balancer: AzureLoadBalancer | AzureProxyLoadBalancer },
    operations: OperationsMachine,
    { release, tags }: DeploymentArgs,
    child: Child,
): void {
    const members = apps.memberIds.map((id, place) => ({
        id,
        identifier: apps.memberIdentifiers[place]!,
        address: apps.memberAddresses[place]!,
    }));
    new AzureRelease(
        `${name}-release`,
        {
            resourceGroupName: network.resourceGroupName,
            release,
            members,
            ...(balancer instanceof AzureLoadBalancer
                ? { gateway: gatewayOf(balancer, network) }
                : { balancers: balancersOf(balancer) }),
            ...operations,
            releaseSecretId: apps.configurationSecretIds["release.json"]!,
            tags,
        },
        { ...child, dependsOn: [apps, balancer] },
    );
}

const gatewayOf = (
    { gatewayId: id, addressId, identityId, firewallPolicyId }: AzureLoadBalancer,
    network: AzureNetwork,
) => ({ id, subnetId: network.subnetIds.edge[0]!, addressId, identityId, firewallPolicyId });

const balancersOf = ({ balancerIds, balancerIdentifiers }: AzureProxyLoadBalancer) =>
    balancerIds.map((id, place) => ({ id, identifier: balancerIdentifiers[place]! }));
