import * as resources from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { AzureAppPair } from "../app-pair/azure";
import { withoutVersionedAliases } from "../azure-aliases";
import { AzureBackup } from "../backup/azure";
import { AzureMachineDatabase } from "../database/azure-machines";
import { DatabaseKind } from "../database/contract";
import { OperatingSystem, packageMirrorPorts } from "../host/operating-system";
import { AzureNetwork } from "../network/azure";
import { AzureOperations } from "../operations/azure";
import { productsOnAzure } from "../readiness/in-use";
import { Readiness } from "../readiness/readiness";
import { ports } from "../reference";
import { AzureSecrets } from "../secrets/azure";
import { AzureSessionStore } from "../session-store/azure";
import { SessionStoreKind } from "../session-store/contract";
import { AzureSharedStorage } from "../shared-storage/azure";
import { SharedStorageKind } from "../shared-storage/contract";
import { createLoadBalancer, createRelease, hasProxies } from "./azure-entry";
import { createMonitoring } from "./azure-monitoring";
import { createDatabase, createSessionStore, createSharedStorage } from "./azure-stores";
import { type AzureTiers, type Child, encryptionKey, type Needed, operationsMachine } from "./azure-tiers";
import type { Deployment, DeploymentArgs } from "./contract";
import { environment, operationsAddress, privateAddresses, runsWindows, withoutClearPassword } from "./settings";

/** The whole MinusNow platform on Azure, in the guide's high-availability architecture. */
export class AzureDeployment extends pulumi.ComponentResource implements Deployment {
    /** Address that users open. */
    public readonly url: pulumi.Output<string>;
    /** Public address of the load balancer. */
    public readonly endpoint: pulumi.Output<string>;
    /** Resource id of the virtual network. */
    public readonly networkId: pulumi.Output<string>;
    /** Resource ids of the application servers. */
    public readonly memberIds: pulumi.Output<string>[];
    /** Private addresses of the application servers. */
    public readonly memberAddresses: pulumi.Output<string>[];
    /** Database host that accepts writes. */
    public readonly writerHost: pulumi.Output<string>;
    /** Database host that serves reads. */
    public readonly readerHost: pulumi.Output<string>;
    /** Resource id of the encryption key. */
    public readonly keyId: pulumi.Output<string>;

    constructor(name: string, args: DeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            "minusnow:index:AzureDeployment",
            name,
            { ...args, mail: withoutClearPassword(args.mail) },
            {
                ...opts,
                transformations: [...(opts?.transformations ?? []), withoutVersionedAliases],
            },
        );
        const child = { parent: this };
        const needed = neededOnAzure(args);

        // First, so that a policy that objects to it stops an update before anything is made.
        const inUse = productsOnAzure(args);
        const readiness = new Readiness(`${name}-readiness`, { ...args.readiness, inUse }, child);
        const network = createNetwork(name, args, child);
        const keptGroupName = createKeptGroup(name, readiness, args, child);
        const secrets = createSecrets(name, network, keptGroupName, args, child);
        const storage = createSharedStorage(name, { network, secrets }, needed, args, child);
        const operations = createOperations(name, { network, secrets, storage }, needed, args, child);
        const database = createDatabase(name, { network, secrets, operations, keptGroupName }, needed, args, child);
        const sessions = createSessionStore(name, { network, secrets }, needed, args, child);
        const apps = createAppPair(name, { network, secrets, database, storage, sessions }, needed, args, child);
        const balancer = createLoadBalancer(name, { network, secrets, apps, operations }, needed, args, child);
        createRelease(name, { network, apps, balancer, operations }, args, child);
        const monitoring = createMonitoring(
            name,
            { network, secrets, database, storage, sessions, apps, operations, balancer },
            args,
            child,
        );
        createBackup(
            name,
            { network, keptGroupName, secrets, database, storage, apps, operations, monitoring },
            args,
            child,
        );

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

function neededOnAzure(args: DeploymentArgs): Needed {
    const { certificateId, dnsZone, dnsResourceGroup, appPair } = args;
    const sshPublicKey = appPair?.sshPublicKey;
    const hasNoShares = runsWindows(args) && args.sharedStorage?.kind === SharedStorageKind.Nfs;
    const hasNoCertificate = certificateId === undefined && (dnsZone === undefined || dnsResourceGroup === undefined);
    if (hasNoCertificate || sshPublicKey === undefined || hasNoShares) {
        const problems = [
            ...(hasNoShares ? ["sharedStorage.kind: found nfs with Windows, allowed is managed"] : []),
            ...(hasNoCertificate
                ? [
                      "certificateId: found nothing, allowed is the id of a secret with it, or dnsZone and dnsResourceGroup to have one issued",
                  ]
                : []),
            ...(sshPublicKey === undefined ? ["appPair.sshPublicKey: found nothing, allowed is a public key"] : []),
        ];
        throw new Error(`AzureDeployment: ${problems.join("; ")}`);
    }
    return { sshPublicKey };
}

/** Windows asks over HTTP, as package mirrors are asked, whether certificates were revoked. */
function createNetwork(name: string, args: DeploymentArgs, child: Child): AzureNetwork {
    // The operations machine is Ubuntu, and any other may be until it is renewed.
    const machinePorts = [ports.https, ...packageMirrorPorts(OperatingSystem.Ubuntu2404)];
    const outboundPorts = [args.mail.port ?? ports.smtp, ...machinePorts];
    return new AzureNetwork(
        `${name}-net`,
        {
            ...args.network,
            outboundPorts: [...new Set(outboundPorts)],
            ...(runsWindows(args) && { administrationPorts: [ports.ssh, ports.rdp], storagePort: ports.smb }),
            edgeOutboundPorts: hasProxies(args) ? machinePorts : undefined,
            databaseOutboundPorts: args.database?.kind === DatabaseKind.Vm ? machinePorts : undefined,
            storageOutboundPorts: args.sharedStorage?.kind === SharedStorageKind.Nfs ? machinePorts : undefined,
            cacheOutboundPorts: args.sessionStore?.kind === SessionStoreKind.Redis ? machinePorts : undefined,
            tags: args.tags,
        },
        child,
    );
}

/** Resource group of what outlives the stack: Azure deletes all that is in a group with it. */
function createKeptGroup(
    name: string,
    readiness: Readiness,
    args: DeploymentArgs,
    child: Child,
): pulumi.Output<string> {
    const options = { ...child, retainOnDelete: isKept(args) };
    // A component without children is nothing that one can wait for by dependsOn.
    const tags = readiness.urn.apply(() => args.tags);
    return new resources.ResourceGroup(`${name}-kept`, { tags }, options).name;
}

/** Whether backups stay when the stack is deleted, and with them the keys without which they cannot be read. */
function isKept({ backup }: DeploymentArgs): boolean {
    return !(backup?.deleteWithStack ?? false);
}

function createSecrets(
    name: string,
    network: AzureNetwork,
    keptGroupName: pulumi.Output<string>,
    args: DeploymentArgs,
    child: Child,
): AzureSecrets {
    const { keyId, rotation, tags, mail } = args;
    return new AzureSecrets(
        `${name}-secrets`,
        {
            resourceGroupName: keptGroupName,
            endpointSubnetId: network.subnetIds.storage[0]!,
            dnsZoneId: network.privateDnsZoneIds.vault,
            keyId,
            rotation,
            retainKey: isKept(args),
            smtpPassword: mail.password,
            smtpPasswordSecretId: mail.passwordSecretId,
            tags,
        },
        child,
    );
}

/** The machine that does what Azure has no service for; it may be replaced whenever any server may. */
function createOperations(
    name: string,
    tiers: Pick<AzureTiers, "network" | "secrets" | "storage">,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureOperations {
    const { network, secrets, storage } = tiers;
    return new AzureOperations(
        `${name}-ops`,
        {
            resourceGroupName: network.resourceGroupName,
            subnetId: network.subnetIds.app[0]!,
            privateAddress: operationsAddress(args),
            firewallGroupId: network.firewallGroupIds.app,
            zone: network.zones.apply(([first]) => first!),
            diskEncryptionSetId: secrets.diskEncryptionSetId,
            sshPublicKey,
            mounts: storage.mounts,
            storageSecretId: loginOf(storage),
            databaseVersion: args.database?.version,
            issuesCertificates: args.certificateId === undefined,
            renew: (args.appPair?.renew ?? []).length > 0,
            tags: args.tags,
        },
        { ...child, dependsOn: network },
    );
}

/** Shares of SMB are reached by a login. */
const loginOf = (storage: AzureTiers["storage"]) =>
    storage instanceof AzureSharedStorage ? storage.loginSecretId : undefined;

/** A managed database is known by the system's authorities. */
const certificateOf = (database: AzureTiers["database"]) =>
    database instanceof AzureMachineDatabase ? database.certificateSecretId : undefined;

function createAppPair(
    name: string,
    tiers: Pick<AzureTiers, "network" | "secrets" | "database" | "storage" | "sessions">,
    { sshPublicKey }: Needed,
    args: DeploymentArgs,
    child: Child,
): AzureAppPair {
    const { network, secrets, database, storage, sessions } = tiers;
    return new AzureAppPair(
        `${name}-app`,
        {
            ...args.appPair,
            resourceGroupName: network.resourceGroupName,
            sshPublicKey,
            subnetIds: network.subnetIds.app,
            zones: network.zones,
            privateAddresses: privateAddresses(args),
            firewallGroupId: network.firewallGroupIds.app,
            diskEncryptionSetId: secrets.diskEncryptionSetId,
            vaultId: secrets.vaultId,
            mounts: storage.mounts,
            storageSecretId: loginOf(storage),
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
            databaseCertificateSecretId: certificateOf(database),
            ...(sessions && {
                sessionHost: sessions.host,
                sessionPort: sessions.port,
                sessionSecretId: sessions.secretId,
                sessionTls: sessions instanceof AzureSessionStore,
            }),
            release: args.release,
            tags: args.tags,
        },
        { ...child, dependsOn: network },
    );
}

function createBackup(
    name: string,
    tiers: Omit<AzureTiers, "sessions" | "balancer">,
    args: DeploymentArgs,
    child: Child,
): void {
    const { network, keptGroupName, secrets, database, storage, apps, operations, monitoring } = tiers;
    const { backup, deletionProtection, tags } = args;
    new AzureBackup(
        `${name}-backup`,
        {
            ...backup,
            resourceGroupName: network.resourceGroupName,
            storeResourceGroupName: keptGroupName,
            endpointSubnetId: network.subnetIds.storage[0]!,
            dnsZoneId: network.privateDnsZoneIds.blobs,
            ...encryptionKey(secrets),
            ...operationsMachine(operations),
            databaseHost: database.writerHost,
            databasePort: database.port,
            databaseName: database.databaseName,
            databaseSecretId: database.secretId,
            databaseCertificateSecretId: certificateOf(database),
            filesAccountId: storage instanceof AzureSharedStorage ? storage.accountId : undefined,
            configurationSecretIds: apps.configurationSecretIds,
            configurationVersion: pulumi.jsonStringify(apps.configuration),
            workspaceId: monitoring.workspaceId,
            alarmTopicId: monitoring.criticalTopicId,
            deletionProtection,
            tags,
        },
        child,
    );
}
