import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { resourceIdParts } from "../azure-ids";
import { refuseDeletion } from "../azure-lock";
import { createIdentity, giveRole, identityWithRoles } from "../azure-roles";
import { createAddress, entryProblems, pointHostname } from "./azure-entry";
import { createFirewallPolicy } from "./azure-firewall";
import { gatewayParts } from "./azure-gateway";
import { type LoadBalancer, LoadBalancerMode, RATE_LIMIT_PER_MINUTE } from "./contract";

/** Arguments of {@link AzureLoadBalancer}. */
export interface AzureLoadBalancerArgs {
    /** Name of the resource group. A change replaces the gateway and its address. */
    resourceGroupName: pulumi.Input<string>;
    /** Host name that users open, for example `minusnow.example.com`. A change is made in place; the certificate must fit. */
    hostname: pulumi.Input<string>;
    /** How requests are shared. Default and only choice active-active: a gateway has no backup servers. */
    mode?: LoadBalancerMode;
    /**
     * Resource id of the certificate's secret in a key vault, `/subscriptions/…/vaults/<vault>/secrets/<name>`; it holds
     * certificate and key as PKCS #12. The gateway takes up a new version within four hours. A change is made in place.
     */
    certificateId: pulumi.Input<string>;
    /** Name of the DNS zone for the host name's record. Default: the record is the caller's to make. Needs `dnsResourceGroup`. */
    dnsZone?: string;
    /** Resource group of the DNS zone. */
    dnsResourceGroup?: string;
    /** Requests that one address may make in a minute before it is refused. Default 2000. A change is made in place. */
    rateLimitPerMinute?: number;
    /** Subnet of the gateway; it holds nothing else. A change stops the gateway for minutes. */
    subnetId: pulumi.Input<string>;
    /** Names of the zones that the gateway runs in. A change replaces it. */
    zones: pulumi.Input<string[]>;
    /** Private addresses of the application servers. A change is made in place, after draining. */
    memberAddresses: pulumi.Input<string>[];
    /** Refuses deletion of gateway and address, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A gateway of one instance is interrupted when Azure maintains it. */
const LEAST_INSTANCES = 2;
const MOST_INSTANCES = 10;

/**
 * The public entry: an Application Gateway in all zones with TLS, security headers, health checks and a firewall (guide,
 * step 1).
 */
export class AzureLoadBalancer extends pulumi.ComponentResource implements LoadBalancer {
    /** Public address of the gateway. */
    public readonly endpoint: pulumi.Output<string>;
    /** Host name that users open. */
    public readonly hostname: pulumi.Output<string>;
    /** Resource id of the gateway. */
    public readonly gatewayId: pulumi.Output<string>;
    /** Resource id of its public address. */
    public readonly addressId: pulumi.Output<string>;
    /** Resource id of its identity. */
    public readonly identityId: pulumi.Output<string>;
    /** Resource id of its firewall policy. */
    public readonly firewallPolicyId: pulumi.Output<string>;

    constructor(name: string, args: AzureLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureLoadBalancer", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const address = createAddress(name, args, child);
        const certificate = readCertificate(name, args, child);
        const { resourceGroupName, rateLimitPerMinute = RATE_LIMIT_PER_MINUTE, tags } = args;
        const limits = { resourceGroupName, rateLimitPerMinute, tags };
        const firewall = createFirewallPolicy(`${name}-firewall`, limits, child);
        const gateway = createGateway(name, { address, certificate, firewall }, args, child, opts?.dependsOn);
        pointHostname(name, address, args, child);

        this.endpoint = address.ipAddress.apply((ip) => ip!);
        this.hostname = pulumi.output(args.hostname);
        this.gatewayId = gateway.id;
        this.addressId = address.id;
        this.identityId = certificate.identityId;
        this.firewallPolicyId = firewall;
        this.registerOutputs({
            endpoint: this.endpoint,
            hostname: this.hostname,
            gatewayId: this.gatewayId,
            addressId: this.addressId,
            identityId: this.identityId,
            firewallPolicyId: this.firewallPolicyId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

function checkArguments(args: AzureLoadBalancerArgs): void {
    const problems = entryProblems(args);
    if (args.mode === LoadBalancerMode.ActivePassive) {
        problems.push(
            "mode: found active-passive, allowed is active-active; Application Gateway has no backup servers. Use kind " +
                "haproxy or nginx for active-passive",
        );
    }
    if (problems.length > 0) {
        throw new Error(`AzureLoadBalancer: ${problems.join("; ")}`);
    }
}

/** A certificate in a key vault with the identity that may read it. */
interface Certificate {
    uri: pulumi.Output<string>;
    identityId: pulumi.Output<string>;
}

function readCertificate(name: string, args: AzureLoadBalancerArgs, child: Child): Certificate {
    const { resourceGroupName, certificateId, tags } = args;
    const { names } = resourceIdParts(pulumi.output(certificateId), "Microsoft.KeyVault/vaults/secrets");
    const identity = createIdentity(name, { resourceGroupName, tags }, child);
    const mayRead = giveRole(`${name}-reads-certificate`, "secretsUser", identity.principalId, certificateId, child);
    return {
        uri: names.apply(([vault, secret]) => `https://${vault}.vault.azure.net/secrets/${secret}`),
        identityId: identityWithRoles(identity, [mayRead]),
    };
}

/** What a gateway refers to. */
interface Parts {
    address: network.PublicIPAddress;
    certificate: Certificate;
    firewall: pulumi.Output<string>;
}

function createGateway(
    name: string,
    { address, certificate, firewall }: Parts,
    args: AzureLoadBalancerArgs,
    child: Child,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
): network.ApplicationGateway {
    const { resourceGroupName, zones, subnetId, tags } = args;
    const { hostname, memberAddresses, deletionProtection = true } = args;
    // Parts of the gateway name each other by ids that hold the gateway's own name, so it is chosen here.
    const group = address.id.apply((id) => id.split("/providers/")[0]!);
    const gatewayId = pulumi.interpolate`${group}/providers/Microsoft.Network/applicationGateways/${name}`;
    const gateway = new network.ApplicationGateway(
        name,
        {
            resourceGroupName,
            applicationGatewayName: name,
            zones,
            sku: { name: "WAF_v2", tier: "WAF_v2" },
            autoscaleConfiguration: { minCapacity: LEAST_INSTANCES, maxCapacity: MOST_INSTANCES },
            enableHttp2: true,
            firewallPolicy: { id: firewall },
            identity: { type: "UserAssigned", userAssignedIdentities: [certificate.identityId] },
            ...gatewayParts({
                gatewayId,
                addressId: address.id,
                subnetId,
                certificateUri: certificate.uri,
                hostname,
                memberAddresses,
            }),
            tags,
        },
        { ...child, dependsOn },
    );
    if (deletionProtection) {
        refuseDeletion(name, gateway.id, child);
    }
    return gateway;
}
