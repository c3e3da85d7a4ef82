import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveRole, identityWithRoles } from "../azure-roles";
import { createMachine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import { ports, sessionStoreMemory } from "../reference";
import { generateSecret } from "../secrets/azure-generated";
import type { MemoryPolicy, SessionStore } from "./contract";
import { renderSessionStore } from "./host/machine";

/** Arguments of {@link AzureRedisSessionStore}. */
export interface AzureRedisSessionStoreArgs {
    /** Name of the resource group. A change ends all sessions. */
    resourceGroupName: pulumi.Input<string>;
    /** Machine size. Default Standard_B2s_v2: 2 CPU and 8 GiB. See `renew`. */
    size?: pulumi.Input<string>;
    /** Operating system, Ubuntu 24.04 or Red Hat Enterprise Linux 9. Default Ubuntu 24.04. See `renew`. */
    os?: OperatingSystem;
    /** Id of the cache subnet, with a way out for packages. A change is made in place. */
    subnetId: pulumi.Input<string>;
    /** Private address. Default: any free address of the subnet. A change is made in place. */
    privateAddress?: string;
    /** Network security group that lets application servers in on 6379. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: the machine's own firewall lets nobody else in. See `renew`. */
    appNetworks: string[];
    /** Zone of the machine. See `renew`. */
    zone: pulumi.Input<string>;
    /** Id of the set that encrypts its disk. See `renew`. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Public key of its administrator `azureuser`; nothing lets anybody in. See `renew`. */
    sshPublicKey: pulumi.Input<string>;
    /** Resource id of the key vault for the password. */
    vaultId: pulumi.Input<string>;
    /** What happens when memory is full. Default allkeys-lru (guide, step 8). See `renew`. */
    memoryPolicy?: MemoryPolicy;
    /** A higher number replaces the password; the former stays valid until the next. Default 1. */
    rotation?: number;
    /** True lets this update replace the machine when its image, first-boot script, zone or disk is another one. Default false. */
    renew?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

const DISK_GIB = 64;

/**
 * Sessions in Redis on one machine, as the guide's step 8 sets it up, with a password. Its failure ends all sessions:
 * {@link AzureSessionStore} has two nodes and a failover.
 */
export class AzureRedisSessionStore extends pulumi.ComponentResource implements SessionStore {
    /** Resource id of the machine. */
    public readonly machineId: pulumi.Output<string>;
    /** Name of the machine. */
    public readonly machineName: pulumi.Output<string>;
    /** Resource id of its identity. */
    public readonly identityId: pulumi.Output<string>;
    /** Private address of the machine. */
    public readonly host: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Always false: the store answers on its private address to application servers alone. */
    public readonly tls: pulumi.Output<boolean>;
    /** Resource id of the secret with the password. */
    public readonly secretId: pulumi.Output<string>;

    constructor(name: string, args: AzureRedisSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureRedisSessionStore", name, args, opts);
        const child = { parent: this };
        const { resourceGroupName, vaultId, rotation = 1, tags } = args;

        const description = "MinusNow: password of the session store";
        // What a URL takes as it is.
        const secret = { description, specialCharacters: "!-", length: 64, rotation, vaultId, tags };
        const password = generateSecret(`${name}-password`, secret, child);
        const identity = createIdentity(name, { resourceGroupName, tags }, child);
        const mayRead = giveRole(`${name}-reads-password`, "secretsUser", identity.principalId, password.id, child);
        const { machine, privateAddress } = createMachine(
            name,
            {
                resourceGroupName,
                subnetId: args.subnetId,
                privateAddress: args.privateAddress,
                firewallGroupId: args.firewallGroupId,
                zone: args.zone,
                size: args.size ?? "Standard_B2s_v2",
                os: args.os,
                diskGib: DISK_GIB,
                diskEncryptionSetId: args.diskEncryptionSetId,
                identityId: identityWithRoles(identity, [mayRead]),
                sshPublicKey: args.sshPublicKey,
                userData: renderUserData(identity.clientId, password.id, args),
                renew: args.renew ?? false,
                tags: { ...tags, "minusnow-role": "session-store" },
            },
            { ...child, dependsOn: opts?.dependsOn },
        );

        this.machineId = machine.id;
        this.machineName = machine.name;
        this.identityId = identity.id;
        this.host = privateAddress;
        this.port = pulumi.output(ports.redis);
        this.tls = pulumi.output(false);
        this.secretId = password.id;
        this.registerOutputs({
            machineId: this.machineId,
            machineName: this.machineName,
            identityId: this.identityId,
            host: this.host,
            port: this.port,
            tls: this.tls,
            secretId: this.secretId,
        });
    }
}

function renderUserData(
    clientId: pulumi.Output<string>,
    passwordId: pulumi.Output<string>,
    args: AzureRedisSessionStoreArgs,
): pulumi.Output<string> {
    const { os = OperatingSystem.Ubuntu2404, memoryPolicy = sessionStoreMemory.policy, appNetworks } = args;
    return pulumi
        .all([clientId, passwordId])
        .apply(([id, secretId]) =>
            renderSessionStore({ cloud: azureHost(os, id), secretId, memoryPolicy, appNetworks }),
        );
}
