import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";
import { createIdentity, giveRole, type Identity, identityWithRoles } from "../azure-roles";
import { createMachine, type Machine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { azureSystems, linuxSystem, OperatingSystem } from "../host/operating-system";
import { healthCheck, ports } from "../reference";
import { storeSecret } from "../secrets/azure-generated";
import { createAddress, entryProblems, pointHostname } from "./azure-entry";
import type { LoadBalancer, LoadBalancerKind, LoadBalancerMode } from "./contract";
import { balancerHealthPath } from "./host/balancer";
import { type BalancerProgram, renderBalancerMachine } from "./host/machine";
import { balancerNames, proxyConfiguration, proxyProblems } from "./proxies";

/** Arguments of {@link AzureProxyLoadBalancer}. */
export interface AzureProxyLoadBalancerArgs {
    /** Name of the resource group. A change replaces balancers and address. */
    resourceGroupName: pulumi.Input<string>;
    /** Who balances: haproxy or nginx. A change reaches balancers named in `renew`. */
    kind: LoadBalancerKind;
    /** How requests are shared (guide, step 8). Default active-active. A change reaches the balancers within two minutes. */
    mode?: LoadBalancerMode;
    /** Host name that users open, for example `minusnow.example.com`. A change is made in place; the certificate must fit. */
    hostname: string;
    /**
     * Resource id of the certificate's secret in a key vault, `/subscriptions/…/vaults/<vault>/secrets/<name>`, with key and
     * chain as PKCS #12 or PEM. Balancers look for a new version daily, and within two minutes for another secret.
     */
    certificateId: pulumi.Input<string>;
    /** Name of the DNS zone for the host name's record. Default: the record is the caller's to make. Needs `dnsResourceGroup`. */
    dnsZone?: string;
    /** Resource group of the DNS zone. */
    dnsResourceGroup?: string;
    /** Requests that one address may make in a minute before it gets 429. Default 2000. Reaches balancers in two minutes. */
    rateLimitPerMinute?: number;
    /** Subnet of the balancers, with a way out. A change replaces a balancer. */
    subnetId: pulumi.Input<string>;
    /** Network security group that lets users in on 443 and 80. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Names of the zones that the balancers are spread over. See `renew`. */
    zones: pulumi.Input<string[]>;
    /** Private addresses of app1, app2, …; a change reaches the balancers within two minutes. */
    memberAddresses: pulumi.Input<string>[];
    /** Operating system, Ubuntu 24.04 or Red Hat Enterprise Linux 9. Default Ubuntu 24.04. See `renew`. */
    os?: OperatingSystem;
    /** Machine size. Default Standard_D4s_v5: 4 CPU and 16 GiB, the guide's recommended size or more. See `renew`. */
    size?: pulumi.Input<string>;
    /**
     * Names of balancers, `lb1` or `lb2`, that this update replaces or restarts when their image, first-boot script, size
     * or disk differs from the present one. Default none. Name one, update, then name the other: users go to the other one,
     * and those whose connections went through it, or begin within some 15 s, connect again.
     */
    renew?: string[];
    /** Public key of the balancers' administrator `azureuser`; nothing lets anybody in. See `renew`. */
    sshPublicKey: pulumi.Input<string>;
    /** Id of the set that encrypts disks. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Resource id of the key vault for what balancers are told. */
    vaultId: pulumi.Input<string>;
    /** Refuses deletion of address and load balancer, to everyone. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: what Ubuntu's image fits, rounded to a size that Azure sells; Red Hat's image has more. */
const DISK_GIB = 32;

/**
 * The public entry on machines of one's own: HAProxy or Nginx in two zones, behind a Standard Load Balancer that only hands
 * connections on, with the users' addresses (guide, step 1, options A and B).
 */
export class AzureProxyLoadBalancer extends pulumi.ComponentResource implements LoadBalancer {
    /** Public address of the load balancer. */
    public readonly endpoint: pulumi.Output<string>;
    /** Host name that users open. */
    public readonly hostname: pulumi.Output<string>;
    /** Resource id of the Standard Load Balancer. */
    public readonly loadBalancerId: pulumi.Output<string>;
    /** Resource ids of lb1 and lb2. */
    public readonly balancerIds: pulumi.Output<string>[];
    /** What tells each from a machine that takes its place. */
    public readonly balancerIdentifiers: pulumi.Output<string>[];
    /** Their names, by which extensions find them. */
    public readonly balancerNames: pulumi.Output<string>[];
    /** Resource id of their identity. */
    public readonly identityId: pulumi.Output<string>;

    constructor(name: string, args: AzureProxyLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureProxyLoadBalancer", name, args, opts);
        const child = { parent: this };
        const program = checkArguments(args);

        const address = createAddress(name, args, child);
        const front = createFront(name, address, args, child);
        const identity = createIdentity(name, args, child);
        const documents = publishDocuments(name, program, args, child);
        const readable = { ...documents, certificate: args.certificateId };
        const rights = Object.entries(readable).map(([what, secretId]) =>
            giveRole(`${name}-reads-${what}`, "secretsUser", identity.principalId, secretId, child),
        );
        const identityId = identityWithRoles(identity, rights);
        const balancers = createBalancers(name, program, { front, identity, identityId }, args, {
            ...child,
            dependsOn: opts?.dependsOn,
        });
        pointHostname(name, address, args, child);

        this.endpoint = address.ipAddress.apply((ip) => ip!);
        this.hostname = pulumi.output(args.hostname);
        this.loadBalancerId = front.id;
        this.balancerIds = balancers.map(({ machine }) => machine.id);
        this.balancerIdentifiers = balancers.map(({ machine }) => machine.vmId);
        this.balancerNames = balancers.map(({ machine }) => machine.name);
        this.identityId = identity.id;
        this.registerOutputs({
            endpoint: this.endpoint,
            hostname: this.hostname,
            loadBalancerId: this.loadBalancerId,
            balancerIds: this.balancerIds,
            balancerIdentifiers: this.balancerIdentifiers,
            balancerNames: this.balancerNames,
            identityId: this.identityId,
        });
    }
}

type Child = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

function checkArguments(args: AzureProxyLoadBalancerArgs): BalancerProgram {
    const problems = [...proxyProblems(args, "AzureLoadBalancer"), ...entryProblems(args)];
    if (problems.length > 0) {
        throw new Error(`AzureProxyLoadBalancer: ${problems.join("; ")}`);
    }
    return args.kind as BalancerProgram;
}

const FRONTEND = "users";
const POOL = "balancers";
const PROBE = "balancer-health";

/** Hands connections on as they are to the balancers that answer for themselves; whether servers do is theirs to find out. */
function createFront(
    name: string,
    address: network.PublicIPAddress,
    args: AzureProxyLoadBalancerArgs,
    child: Child,
): network.LoadBalancer {
    const { resourceGroupName, deletionProtection = true, tags } = args;
    // Parts name each other by ids that hold the load balancer's own name, so it is chosen here.
    const group = address.id.apply((id) => id.split("/providers/")[0]!);
    const part = (kind: string, partName: string) => ({
        id: pulumi.interpolate`${group}/providers/Microsoft.Network/loadBalancers/${name}/${kind}/${partName}`,
    });
    const rule = (ruleName: string, port: number) => ({
        name: ruleName,
        protocol: "Tcp",
        frontendPort: port,
        backendPort: port,
        frontendIPConfiguration: part("frontendIPConfigurations", FRONTEND),
        backendAddressPool: part("backendAddressPools", POOL),
        probe: part("probes", PROBE),
        enableTcpReset: true,
        // The way out is address translation's.
        disableOutboundSnat: true,
    });
    const front = new network.LoadBalancer(
        name,
        {
            resourceGroupName,
            loadBalancerName: name,
            sku: { name: "Standard" },
            frontendIPConfigurations: [{ name: FRONTEND, publicIPAddress: { id: address.id } }],
            backendAddressPools: [{ name: POOL }],
            probes: [
                {
                    name: PROBE,
                    protocol: "Http",
                    port: ports.http,
                    requestPath: balancerHealthPath,
                    intervalInSeconds: healthCheck.intervalSeconds,
                    probeThreshold: healthCheck.fall,
                },
            ],
            loadBalancingRules: [rule("https", ports.https), rule("http", ports.http)],
            tags,
        },
        child,
    );
    if (deletionProtection) {
        refuseDeletion(name, front.id, child);
    }
    return front;
}

/** Balancers look here every minute: what they are to do, and which certificate is theirs. Gives the secrets' ids. */
function publishDocuments(
    name: string,
    program: BalancerProgram,
    args: AzureProxyLoadBalancerArgs,
    child: Child,
): { configuration: pulumi.Output<string>; choice: pulumi.Output<string> } {
    const { os = OperatingSystem.Ubuntu2404, hostname, certificateId, vaultId, tags } = args;
    const configuration = pulumi
        .all(args.memberAddresses)
        .apply((addresses) => proxyConfiguration(args, linuxSystem(os, azureSystems), hostname, addresses));
    const store = (key: string, description: string, value: pulumi.Output<string>) =>
        storeSecret(`${name}-${key}`, description, value, { vaultId, tags }, child);
    return {
        // Each program looks for its own: a balancer of the former kind keeps what it has until it is renewed.
        configuration: store(`configuration-${program}`, "MinusNow: configuration of the balancers", configuration),
        choice: store(
            "certificate",
            "MinusNow: which certificate is the balancers'",
            pulumi.jsonStringify({ id: certificateId, hostname }),
        ),
    };
}

/** What balancers belong to. */
interface Parts {
    front: network.LoadBalancer;
    identity: Identity;
    identityId: pulumi.Output<string>;
}

function createBalancers(
    name: string,
    program: BalancerProgram,
    { front, identity, identityId }: Parts,
    args: AzureProxyLoadBalancerArgs,
    child: Child,
): Machine[] {
    const { os = OperatingSystem.Ubuntu2404 } = args;
    const userData = pulumi
        .all([identity.clientId, args.vaultId])
        .apply(([clientId, vaultId]) =>
            renderBalancerMachine({ cloud: azureHost(os, clientId, `${vaultId}/secrets/${name}`), kind: program }),
        );
    return balancerNames.map((balancer, place) =>
        createMachine(
            `${name}-${balancer}`,
            {
                resourceGroupName: args.resourceGroupName,
                subnetId: args.subnetId,
                firewallGroupId: args.firewallGroupId,
                poolId: pulumi.interpolate`${front.id}/backendAddressPools/${POOL}`,
                zone: pulumi.output(args.zones).apply((zones) => zones[place % zones.length]!),
                size: args.size ?? "Standard_D4s_v5",
                os,
                diskGib: DISK_GIB,
                diskEncryptionSetId: args.diskEncryptionSetId,
                identityId,
                sshPublicKey: args.sshPublicKey,
                userData,
                renew: args.renew?.includes(balancer) ?? false,
                tags: { ...args.tags, "minusnow-balancer": program },
            },
            child,
        ),
    );
}
