import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow, allowReadingSecrets } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import { ports, sessionStoreMemory } from "../reference";
import { type GeneratedSecret, generateSecret } from "../secrets/aws-generated";
import type { MemoryPolicy, SessionStore } from "./contract";
import { renderSessionStore } from "./host/machine";

/** Arguments of {@link AwsRedisSessionStore}. */
export interface AwsRedisSessionStoreArgs {
    /** Instance type. Default t3.small: 2 GiB, for the guide's 256 MB and the system. See `renew`. */
    size?: pulumi.Input<string>;
    /** Id of the cache subnet, with a way out for packages. A change replaces the machine and ends all sessions. */
    subnetId: pulumi.Input<string>;
    /** Private address. Default: any free address of the subnet. A change replaces the machine. */
    privateAddress?: string;
    /** Security group that lets application servers in on 6379. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: the machine's own firewall lets nobody else in. See `renew`. */
    appNetworks: string[];
    /** Operating system. Default Amazon Linux 2023, which brings Valkey; Debian and Ubuntu bring Redis. See `renew`. */
    os?: OperatingSystem;
    /** ARN of the KMS key that encrypts disk and password. See `renew`. */
    keyId: pulumi.Input<string>;
    /** What happens when memory is full. Default allkeys-lru (guide, step 8). See `renew`. */
    memoryPolicy?: MemoryPolicy;
    /** A higher number replaces the password; the former stays valid until the next. Default 1. */
    rotation?: number;
    /**
     * True lets this update replace or restart the machine when its image, first-boot script, size or disk differs from the
     * present one; that ends all sessions. Default false.
     */
    renew?: boolean;
    /** Refuses termination outside Pulumi. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

const DISK_GIB = 20;

/**
 * Sessions in Redis on one machine, as the guide's step 8 sets it up, with a password. Its failure ends all sessions:
 * {@link AwsSessionStore} has two nodes and a failover.
 */
export class AwsRedisSessionStore extends pulumi.ComponentResource implements SessionStore {
    /** Instance id of the machine. */
    public readonly machineId: pulumi.Output<string>;
    /** Value of the tag `minusnow-servers` on the machine, by which Systems Manager finds it. */
    public readonly machineTag: pulumi.Output<string>;
    /** Name of the machine's role. */
    public readonly roleName: pulumi.Output<string>;
    /** Private address of the machine. */
    public readonly host: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Always false: the store answers on its private address to application servers alone. */
    public readonly tls: pulumi.Output<boolean>;
    /** ARN of the secret with the password. */
    public readonly secretId: pulumi.Output<string>;

    constructor(name: string, args: AwsRedisSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsRedisSessionStore", name, args, opts);
        const child = { parent: this };
        const { os = OperatingSystem.AmazonLinux2023, keyId, rotation = 1, tags } = args;

        const description = "MinusNow: password of the session store";
        // What a URL takes as it is.
        const secret = { description, keyId, specialCharacters: "!-", length: 64, rotation, tags };
        const password = generateSecret(`${name}-password`, secret, child);
        const policy = pulumi.jsonStringify({
            Version: "2012-10-17",
            Statement: [allow(systemsManagerActions, ["*"]), ...allowReadingSecrets([password.id], keyId)],
        });
        const profile = createProfile(name, policy, tags, child);
        const machine = createMachine(
            name,
            {
                image: newestImage(os, child),
                size: args.size ?? "t3.small",
                subnetId: args.subnetId,
                privateAddress: args.privateAddress,
                firewallGroupId: args.firewallGroupId,
                profile,
                userData: renderUserData(os, password, args, child),
                diskGib: DISK_GIB,
                keyId,
                deletionProtection: args.deletionProtection ?? true,
                renew: args.renew ?? false,
                tags: { ...tags, [SERVERS_TAG]: name, "minusnow-role": "session-store" },
            },
            { ...child, dependsOn: opts?.dependsOn },
        );

        this.machineId = machine.id;
        this.machineTag = pulumi.output(name);
        this.roleName = profile.role.apply((role) => role!);
        this.host = machine.privateIp;
        this.port = pulumi.output(ports.redis);
        this.tls = pulumi.output(false);
        this.secretId = password.id;
        this.registerOutputs({
            machineId: this.machineId,
            machineTag: this.machineTag,
            roleName: this.roleName,
            host: this.host,
            port: this.port,
            tls: this.tls,
            secretId: this.secretId,
        });
    }
}

function renderUserData(
    os: OperatingSystem,
    { id, version }: GeneratedSecret,
    { memoryPolicy = sessionStoreMemory.policy, appNetworks }: AwsRedisSessionStoreArgs,
    child: pulumi.InvokeOptions,
): pulumi.Output<string> {
    const region = getRegionOutput({}, child).region;
    return (
        pulumi
            // The password is there before the machine that reads it.
            .all([region, id, version.urn])
            .apply(([regionName, secretId]) =>
                renderSessionStore({ cloud: awsHost(os, regionName, ""), secretId, memoryPolicy, appNetworks }),
            )
    );
}
