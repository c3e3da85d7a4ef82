import * as pulumi from "@pulumi/pulumi";
import { AwsAppPair } from "../app-pair/aws";
import { AwsBackup } from "../backup/aws";
import { AwsDatabase } from "../database/aws";
import { AwsMachineDatabase } from "../database/aws-machines";
import { DatabaseKind } from "../database/contract";
import { OperatingSystem, packageMirrorPorts } from "../host/operating-system";
import { AwsLoadBalancer } from "../load-balancer/aws";
import { AwsProxyLoadBalancer } from "../load-balancer/aws-proxy";
import { LoadBalancerKind } from "../load-balancer/contract";
import type { AwsMonitoring } from "../monitoring/aws";
import { AwsNetwork } from "../network/aws";
import { productsOnAws } from "../readiness/in-use";
import { Readiness } from "../readiness/readiness";
import { ports } from "../reference";
import { AwsRelease } from "../release/aws";
import { AwsSecrets } from "../secrets/aws";
import { AwsSessionStore } from "../session-store/aws";
import { AwsRedisSessionStore } from "../session-store/aws-redis";
import { SessionStoreKind } from "../session-store/contract";
import { AwsSharedStorage } from "../shared-storage/aws";
import { AwsNfsStorage } from "../shared-storage/aws-nfs";
import { AwsWindowsStorage } from "../shared-storage/aws-windows";
import { SharedStorageKind } from "../shared-storage/contract";
import { createMonitoring } from "./aws-monitoring";
import type { Deployment, DeploymentArgs } from "./contract";
import {
    appNetworks,
    fileServerAddress,
    firstAddress,
    databasePlaces,
    environment,
    otherSystem,
    privateAddresses,
    runsWindows,
    withoutClearPassword,
} from "./settings";

/** The whole MinusNow platform on AWS, in the guide's high-availability architecture. */
export class AwsDeployment extends pulumi.ComponentResource implements Deployment {
    /** Address that users open. */
    public readonly url: pulumi.Output<string>;
    /** DNS name of the load balancer. */
    public readonly endpoint: pulumi.Output<string>;
    /** Id of the VPC. */
    public readonly networkId: pulumi.Output<string>;
    /** Instance ids of the application servers. */
    public readonly memberIds: pulumi.Output<string>[];
    /** Private addresses of the application servers. */
    public readonly memberAddresses: pulumi.Output<string>[];
    /** Database host that accepts writes. */
    public readonly writerHost: pulumi.Output<string>;
    /** Database host that serves reads. */
    public readonly readerHost: pulumi.Output<string>;
    /** ARN of the encryption key. */
    public readonly keyId: pulumi.Output<string>;

    constructor(name: string, args: DeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsDeployment", name, { ...args, mail: withoutClearPassword(args.mail) }, opts);
        const child = { parent: this };
        checkKinds(args);

        // First, so that a policy that objects to it stops an update before anything is made.
        new Readiness(`${name}-readiness`, { ...args.readiness, inUse: productsOnAws(args) }, child);
        const network = createNetwork(name, args, child);
        const secrets = createSecrets(name, args, child);
        const database = createDatabase(name, network, secrets, args, child);
        const storage = createSharedStorage(name, network, secrets, args, child);
        const sessions = createSessionStore(name, network, secrets, args, child);
        const apps = createAppPair(name, { network, secrets, database, storage, sessions }, args, child);
        const balancer = createLoadBalancer(name, network, secrets, apps, args, child);
        createRelease(name, apps, balancer, args, child);
        const monitoring = createMonitoring(name, { database, storage, sessions, apps, balancer }, args, child);
        createBackup(name, { secrets, database, storage, apps, monitoring }, args, child);

        this.url = pulumi.interpolate`https://${balancer.hostname}`;
        this.endpoint = balancer.endpoint;
        this.networkId = network.networkId;
        this.memberIds = apps.memberIds;
        this.memberAddresses = apps.memberAddresses;
        this.writerHost = database.writerHost;
        this.readerHost = database.readerHost;
        this.keyId = secrets.keyId;
        this.registerOutputs({
            url: this.url,
            endpoint: this.endpoint,
            networkId: this.networkId,
            memberIds: this.memberIds,
            memberAddresses: this.memberAddresses,
            writerHost: this.writerHost,
            readerHost: this.readerHost,
            keyId: this.keyId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

interface Tiers {
    network: AwsNetwork;
    secrets: AwsSecrets;
    database: AwsDatabase | AwsMachineDatabase;
    storage: AwsSharedStorage | AwsNfsStorage | AwsWindowsStorage;
    sessions: AwsSessionStore | AwsRedisSessionStore | undefined;
}

function checkKinds(args: DeploymentArgs): void {
    if (runsWindows(args) && args.sharedStorage?.kind === SharedStorageKind.Nfs) {
        throw new Error("AwsDeployment: sharedStorage.kind: found nfs with Windows, allowed is managed");
    }
}

function createNetwork(name: string, args: DeploymentArgs, child: Child): AwsNetwork {
    const mirrorPorts = [ports.https, ...packageMirrorPorts(otherSystem(args) ?? OperatingSystem.AmazonLinux2023)];
    // Windows asks over HTTP whether certificates were revoked.
    const serverPorts = runsWindows(args) ? [ports.http, ...mirrorPorts] : mirrorPorts;
    const databaseMirrorPorts = [ports.https, ...packageMirrorPorts(args.database?.os ?? OperatingSystem.Debian13)];
    const outboundPorts = [args.mail.port ?? ports.smtp, ...serverPorts];
    const { bastion: _ofAzure, ...settings } = args.network ?? {};
    return new AwsNetwork(
        `${name}-net`,
        {
            ...settings,
            outboundPorts: [...new Set(outboundPorts)],
            ...(runsWindows(args) && { storagePort: ports.smb }),
            edgeOutboundPorts: hasProxies(args) ? mirrorPorts : undefined,
            databaseOutboundPorts: hasDatabaseMachines(args) ? databaseMirrorPorts : undefined,
            storageOutboundPorts: args.sharedStorage?.kind === SharedStorageKind.Nfs ? mirrorPorts : undefined,
            cacheOutboundPorts: args.sessionStore?.kind === SessionStoreKind.Redis ? mirrorPorts : undefined,
            serverCount: args.appPair?.count,
            tags: args.tags,
        },
        child,
    );
}

function createSecrets(name: string, args: DeploymentArgs, child: Child): AwsSecrets {
    const { keyId, rotation, tags, mail } = args;
    const retainKey = (args.database?.finalSnapshot ?? true) || !(args.backup?.deleteWithStack ?? false);
    const smtp = { smtpPassword: mail.password, smtpPasswordSecretId: mail.passwordSecretId };
    return new AwsSecrets(`${name}-secrets`, { keyId, rotation, retainKey, ...smtp, tags }, child);
}

const hasDatabaseMachines = ({ database }: DeploymentArgs) => database?.kind === DatabaseKind.Vm;

/** Waits for the whole network: the function or the machines in it need routes, rules and endpoints. */
function createDatabase(
    name: string,
    network: AwsNetwork,
    secrets: AwsSecrets,
    args: DeploymentArgs,
    child: Child,
): AwsDatabase | AwsMachineDatabase {
    const { rotation, deletionProtection, tags } = args;
    const common = {
        subnetIds: network.subnetIds.database,
        firewallGroupId: network.firewallGroupIds.database,
        keyId: secrets.keyId,
        rotation,
        deletionProtection,
        tags,
    };
    const options = { ...child, dependsOn: network };
    if (!hasDatabaseMachines(args)) {
        const { kind: _managed, renew: _r, os: _system, automaticFailover: _f, ...settings } = args.database ?? {};
        const app = { appSubnetIds: network.subnetIds.app, appFirewallGroupId: network.firewallGroupIds.app };
        return new AwsDatabase(`${name}-db`, { ...settings, ...common, ...app, zones: network.zones }, options);
    }
    const { version, size, storageGib, backupRetentionDays, os, renew, automaticFailover } = args.database ?? {};
    const { networks: subnetNetworks, addresses: privateAddresses } = databasePlaces(args);
    return new AwsMachineDatabase(
        `${name}-db`,
        {
            ...{ version, size, storageGib, backupRetentionDays, os, renew, automaticFailover, ...common },
            copyRegion: args.backup?.copyRegion,
            networkId: network.networkId,
            subnetNetworks,
            privateAddresses,
            appNetworks: appNetworks(args),
        },
        options,
    );
}

function createSharedStorage(
    name: string,
    network: AwsNetwork,
    secrets: AwsSecrets,
    args: DeploymentArgs,
    child: Child,
) {
    const { deletionProtection, tags } = args;
    const { kind, ...settings } = args.sharedStorage ?? {};
    const common = {
        firewallGroupId: network.firewallGroupIds.storage,
        keyId: secrets.keyId,
        deletionProtection,
        tags,
    };
    if (kind === SharedStorageKind.Nfs) {
        return new AwsNfsStorage(
            `${name}-files`,
            {
                ...settings,
                ...common,
                subnetId: network.subnetIds.storage[0]!,
                privateAddress: fileServerAddress(args),
                appNetworks: appNetworks(args),
                os: otherSystem(args),
            },
            { ...child, dependsOn: network },
        );
    }
    if (runsWindows(args)) {
        return new AwsWindowsStorage(
            `${name}-files`,
            {
                ...common,
                networkId: network.networkId,
                subnetIds: network.subnetIds.storage,
                appFirewallGroupId: network.firewallGroupIds.app,
            },
            child,
        );
    }
    return new AwsSharedStorage(
        `${name}-files`,
        // The deployment's own plan backs the files up.
        { ...common, subnetIds: network.subnetIds.storage, automaticBackups: false },
        child,
    );
}

function createSessionStore(
    name: string,
    network: AwsNetwork,
    secrets: AwsSecrets,
    args: DeploymentArgs,
    child: Child,
) {
    const { kind, ...settings } = args.sessionStore ?? {};
    if (kind === SessionStoreKind.None) {
        return undefined;
    }
    const { rotation, deletionProtection, tags } = args;
    if (kind === SessionStoreKind.Redis) {
        return new AwsRedisSessionStore(
            `${name}-sessions`,
            {
                ...settings,
                os: otherSystem(args),
                subnetId: network.subnetIds.cache[0]!,
                privateAddress: firstAddress(args, "cache"),
                firewallGroupId: network.firewallGroupIds.cache,
                appNetworks: appNetworks(args),
                keyId: secrets.keyId,
                rotation,
                deletionProtection,
                tags,
            },
            { ...child, dependsOn: network },
        );
    }
    const { renew: _ofMachines, ...managed } = settings;
    const placement = { subnetIds: network.subnetIds.cache, firewallGroupId: network.firewallGroupIds.cache };
    return new AwsSessionStore(
        `${name}-sessions`,
        { ...managed, ...placement, keyId: secrets.keyId, rotation, tags },
        child,
    );
}

function createAppPair(name: string, tiers: Tiers, args: DeploymentArgs, child: Child): AwsAppPair {
    const { network, secrets, database, storage, sessions } = tiers;
    const { release, deletionProtection, tags } = args;
    const { sshPublicKey: _ofAzure, ...settings } = args.appPair ?? {};
    return new AwsAppPair(
        `${name}-app`,
        {
            ...settings,
            subnetIds: network.subnetIds.app,
            privateAddresses: privateAddresses(args),
            firewallGroupId: network.firewallGroupIds.app,
            keyId: secrets.keyId,
            mounts: storage.mounts,
            ...(storage instanceof AwsSharedStorage && {
                fileSystemArn: storage.fileSystemArn,
                accessPointArns: storage.accessPointArns,
            }),
            ...(storage instanceof AwsWindowsStorage && {
                storageSecretId: storage.loginSecretId,
                storageDomain: storage.domain,
                nameServers: storage.nameServers,
            }),
            environment: environment(args, sessions !== undefined),
            secrets: [
                { name: "SESSION_SECRET", secretId: secrets.sessionSecretId },
                { name: "SMTP_PASS", secretId: secrets.smtpSecretId },
            ],
            databaseHost: database.writerHost,
            databasePort: database.port,
            databaseName: database.databaseName,
            databaseVersion: args.database?.version,
            databaseSecretId: database.secretId,
            ...(database instanceof AwsMachineDatabase && {
                databaseCertificateName: database.certificateParameterName,
                databaseCertificateArn: database.certificateParameterArn,
            }),
            ...(sessions && {
                sessionHost: sessions.host,
                sessionPort: sessions.port,
                sessionSecretId: sessions.secretId,
                sessionTls: sessions instanceof AwsSessionStore,
            }),
            release,
            deletionProtection,
            tags,
        },
        { ...child, dependsOn: network },
    );
}

const hasProxies = ({ loadBalancer }: DeploymentArgs) =>
    (loadBalancer?.kind ?? LoadBalancerKind.Managed) !== LoadBalancerKind.Managed;

/** Waits for the whole network: AWS refuses a public balancer before the Internet gateway is attached. */
function createLoadBalancer(
    name: string,
    network: AwsNetwork,
    secrets: AwsSecrets,
    apps: AwsAppPair,
    args: DeploymentArgs,
    child: Child,
): AwsLoadBalancer | AwsProxyLoadBalancer {
    const { hostname, dnsZone, certificateId, deletionProtection, tags } = args;
    const { kind = LoadBalancerKind.Managed, mode, rateLimitPerMinute, size, renew } = args.loadBalancer ?? {};
    const common = {
        hostname,
        dnsZone,
        certificateId,
        mode,
        rateLimitPerMinute,
        networkId: network.networkId,
        subnetIds: network.subnetIds.edge,
        firewallGroupId: network.firewallGroupIds.edge,
        deletionProtection,
        tags,
    };
    const options = { ...child, dependsOn: network };
    if (!hasProxies(args)) {
        return new AwsLoadBalancer(`${name}-lb`, { ...common, memberIds: apps.memberIds }, options);
    }
    return new AwsProxyLoadBalancer(
        `${name}-lb`,
        {
            ...common,
            kind,
            machineSubnetIds: network.subnetIds.app,
            memberAddresses: apps.memberAddresses,
            size,
            renew,
            os: otherSystem(args),
            keyId: secrets.keyId,
        },
        options,
    );
}

/** Waits for the pair and its balancer as a whole: servers are taken out of it and put back. */
function createRelease(
    name: string,
    apps: AwsAppPair,
    balancer: AwsLoadBalancer | AwsProxyLoadBalancer,
    args: DeploymentArgs,
    child: Child,
): void {
    const { release, tags } = args;
    const isManaged = balancer instanceof AwsLoadBalancer;
    new AwsRelease(
        `${name}-release`,
        {
            release,
            memberIds: apps.memberIds,
            windows: runsWindows(args),
            serverTags: [apps.serversTag, ...(isManaged ? [] : [balancer.balancersTag])],
            ...(isManaged ? { targetGroupArn: balancer.targetGroupArn } : { balancerIds: balancer.balancerIds }),
            parameterName: apps.releaseParameterName,
            parameterArn: apps.releaseParameterArn,
            tags,
        },
        { ...child, dependsOn: [apps, balancer] },
    );
}

function createBackup(
    name: string,
    tiers: {
        secrets: AwsSecrets;
        database: AwsDatabase | AwsMachineDatabase;
        storage: AwsSharedStorage | AwsNfsStorage | AwsWindowsStorage;
        apps: AwsAppPair;
        monitoring: AwsMonitoring;
    },
    args: DeploymentArgs,
    child: Child,
): void {
    const { secrets, database, storage, apps, monitoring } = tiers;
    const { backup, deletionProtection, tags } = args;
    new AwsBackup(
        `${name}-backup`,
        {
            ...backup,
            databaseArns: database instanceof AwsMachineDatabase ? database.machineArns : [database.primaryArn],
            filesArn: storage instanceof AwsNfsStorage ? storage.volumeArn : storage.fileSystemArn,
            coldStorage: storage instanceof AwsSharedStorage,
            configuration: apps.configuration,
            keyId: secrets.keyId,
            alarmTopicId: monitoring.criticalTopicId,
            deletionProtection,
            tags,
        },
        child,
    );
}
