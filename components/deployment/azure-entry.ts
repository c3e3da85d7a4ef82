import { AzureLoadBalancer } from "../load-balancer/azure";
import { type IssuedCertificate, issueCertificate } from "../load-balancer/azure-certificate";
import { AzureProxyLoadBalancer } from "../load-balancer/azure-proxy";
import { LoadBalancerKind } from "../load-balancer/contract";
import type { AzureNetwork } from "../network/azure";
import { AzureRelease } from "../release/azure";
import { type AzureTiers, type Child, type Needed, operationsMachine } from "./azure-tiers";
import type { DeploymentArgs } from "./contract";
import { otherSystem, runsWindows } from "./settings";

/** Whether balancers are machines of the deployment. */
export const hasProxies = ({ loadBalancer }: DeploymentArgs) =>
    (loadBalancer?.kind ?? LoadBalancerKind.Managed) !== LoadBalancerKind.Managed;

export function createLoadBalancer(
    name: string,
    tiers: Pick<AzureTiers, "network" | "secrets" | "apps" | "operations">,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureTiers["balancer"] {
    const { network, secrets, apps } = tiers;
    const { hostname, dnsZone, dnsResourceGroup, deletionProtection, tags } = args;
    const { kind = LoadBalancerKind.Managed, mode, rateLimitPerMinute, size, renew } = args.loadBalancer ?? {};
    const own = args.certificateId === undefined ? ownCertificate(name, tiers, args, child) : undefined;
    const common = {
        resourceGroupName: network.resourceGroupName,
        hostname,
        certificateId: args.certificateId ?? own!.secretId,
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
    const options = { ...child, dependsOn: own === undefined ? network : [network, own.issued] };
    if (!hasProxies(args)) {
        return new AzureLoadBalancer(`${name}-lb`, common, options);
    }
    return new AzureProxyLoadBalancer(
        `${name}-lb`,
        {
            ...common,
            kind,
            os: otherSystem(args),
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

/** From Let's Encrypt, where none is brought along. */
function ownCertificate(
    name: string,
    { network, secrets, operations }: Pick<AzureTiers, "network" | "secrets" | "operations">,
    { hostname, dnsZone, dnsResourceGroup, tags }: DeploymentArgs,
    child: Child,
): IssuedCertificate {
    return issueCertificate(
        `${name}-certificate`,
        {
            hostname,
            // There is a zone: the arguments were checked.
            dnsZone: dnsZone!,
            dnsResourceGroup: dnsResourceGroup!,
            vaultId: secrets.vaultId,
            resourceGroupName: network.resourceGroupName,
            ...operationsMachine(operations),
            tags,
        },
        child,
    );
}

/** Waits for the pair and its balancer as a whole: servers are taken out of it and put back. */
export function createRelease(
    name: string,
    { network, apps, balancer, operations }: Pick<AzureTiers, "network" | "apps" | "balancer" | "operations">,
    args: DeploymentArgs,
    child: Child,
): void {
    const { release, tags } = args;
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
            windows: runsWindows(args),
            ...(balancer instanceof AzureLoadBalancer
                ? { gateway: gatewayOf(balancer, network) }
                : { balancers: balancersOf(balancer) }),
            ...operationsMachine(operations),
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
