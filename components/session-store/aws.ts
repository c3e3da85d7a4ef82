import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as elasticache from "@pulumi/aws/elasticache";
import * as pulumi from "@pulumi/pulumi";
import { ports, sessionStoreMemory } from "../reference";
import { generateSecret } from "../secrets/aws-generated";
import { MemoryPolicy, type SessionStore } from "./contract";

/** Arguments of {@link AwsSessionStore}. */
export interface AwsSessionStoreArgs {
    /** Node type. Default cache.t4g.small: 1.4 GiB, five times the guide's 256 MB (step 8). A change is made in place. */
    size?: pulumi.Input<string>;
    /** Ids of the cache subnets in two or more zones. A change replaces the subnet group. */
    subnetIds: pulumi.Input<string>[];
    /** Security group that lets application servers in on 6379. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** ARN of the KMS key that encrypts sessions at rest. A change replaces the store and ends all sessions. */
    keyId: pulumi.Input<string>;
    /** What happens when memory is full. Default allkeys-lru (guide, step 8). A change is made in place. */
    memoryPolicy?: MemoryPolicy;
    /** A higher number replaces the password. Default 1. Servers read it when the service starts. */
    rotation?: number;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Valkey speaks Redis's protocol and is open source. */
const engine = { engine: "valkey", engineVersion: "8.0", family: "valkey8" };

/** Sessions in a Redis-compatible store: two nodes in two zones with automatic failover (guide, step 8). */
export class AwsSessionStore extends pulumi.ComponentResource implements SessionStore {
    /** Name of the primary endpoint; it follows a failover. */
    public readonly host: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Always true. */
    public readonly tls: pulumi.Output<boolean>;
    /** ARN of the secret with the password. */
    public readonly secretId: pulumi.Output<string>;

    constructor(name: string, args: AwsSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsSessionStore", name, args, opts);
        const child = { parent: this };

        const token = createToken(name, args, child);
        const parameters = createParameters(name, args, child);
        const group = createReplicationGroup(name, token.value, parameters, args, child);

        this.host = group.primaryEndpointAddress;
        this.port = pulumi.output(ports.redis);
        this.tls = pulumi.output(true);
        this.secretId = token.id;
        this.registerOutputs({ host: this.host, port: this.port, tls: this.tls, secretId: this.secretId });
    }
}

interface Child {
    parent: pulumi.Resource;
}

/** ElastiCache accepts few special characters in a token. */
function createToken(name: string, args: AwsSessionStoreArgs, child: Child) {
    return generateSecret(
        `${name}-password`,
        {
            description: "MinusNow: password of the session store",
            keyId: args.keyId,
            specialCharacters: "!-",
            length: 64,
            rotation: args.rotation ?? 1,
            tags: args.tags,
        },
        child,
    );
}

function createParameters(name: string, args: AwsSessionStoreArgs, child: Child): elasticache.ParameterGroup {
    return new elasticache.ParameterGroup(
        name,
        {
            family: engine.family,
            description: "MinusNow session store",
            parameters: [{ name: "maxmemory-policy", value: args.memoryPolicy ?? sessionStoreMemory.policy }],
            tags: args.tags,
        },
        child,
    );
}

function createReplicationGroup(
    name: string,
    token: pulumi.Output<string>,
    parameters: elasticache.ParameterGroup,
    args: AwsSessionStoreArgs,
    child: Child,
): elasticache.ReplicationGroup {
    const { tags } = args;
    const subnets = new elasticache.SubnetGroup(
        name,
        { description: "MinusNow session store", subnetIds: args.subnetIds, tags },
        child,
    );
    const logs = new cloudwatch.LogGroup(`${name}-engine`, { retentionInDays: 30, tags }, child);
    return new elasticache.ReplicationGroup(
        name,
        {
            description: "MinusNow sessions",
            engine: engine.engine,
            engineVersion: engine.engineVersion,
            nodeType: args.size ?? "cache.t4g.small",
            port: ports.redis,
            numCacheClusters: 2,
            automaticFailoverEnabled: true,
            multiAzEnabled: true,
            transitEncryptionEnabled: true,
            transitEncryptionMode: "required",
            authToken: token,
            authTokenUpdateStrategy: "ROTATE",
            atRestEncryptionEnabled: true,
            kmsKeyId: args.keyId,
            parameterGroupName: parameters.name,
            subnetGroupName: subnets.name,
            securityGroupIds: [args.firewallGroupId],
            snapshotRetentionLimit: 1,
            snapshotWindow: "01:00-02:00",
            maintenanceWindow: "sun:03:00-sun:04:00",
            autoMinorVersionUpgrade: true,
            logDeliveryConfigurations: [
                {
                    destination: logs.name,
                    destinationType: "cloudwatch-logs",
                    logFormat: "json",
                    logType: "engine-log",
                },
            ],
            tags,
        },
        child,
    );
}
