import * as compute from "@pulumi/azure-native/compute";
import * as pulumi from "@pulumi/pulumi";
import { createIdentity, giveRole, type Identity, identityWithRoles } from "../azure-roles";
import { createMachine, type Machine } from "../host/azure-machine";
import { azureCloud, azureHost } from "../host/cloud-host";
import { azureSystems, OperatingSystem, systemProblems } from "../host/operating-system";
import { generateSecret, storeSecret, WRITTEN_BY_MACHINES } from "../secrets/azure-generated";
import type { Mount } from "../shared-storage/contract";
import type { AppPair, ReleaseArtifact, SecretVariable } from "./contract";
import { renderAppServer } from "./host/app-server";
import { renderWindowsServer } from "./host/windows-server";
import { memberNames, type PairDocuments, pairDocuments, pairProblems } from "./members";

/** Arguments of {@link AzureAppPair}. */
export interface AzureAppPairArgs {
    /** Name of the resource group. A change replaces the servers. */
    resourceGroupName: pulumi.Input<string>;
    /** How many servers. Default 2 (guide). A higher number adds servers; a lower one removes the last. */
    count?: number;
    /** Machine size. Default Standard_D8s_v5: 8 CPU and 32 GiB, the guide's recommended size or more. See `renew`. */
    size?: pulumi.Input<string>;
    /**
     * Operating system of new servers: Ubuntu 24.04 or Red Hat Enterprise Linux 9, for which Azure's mount helper is
     * published, or Windows Server 2025, which needs shares of SMB. Default Ubuntu 24.04. See `renew`.
     */
    os?: OperatingSystem;
    /** Id of the machine image of new servers. Default: the newest of `os` when a server is made. See `renew`. */
    image?: pulumi.Input<string>;
    /** Node.js major version of new servers. Default 20 (guide, step 2). See `renew`. */
    nodeVersion?: number;
    /**
     * Names of servers, for example `app2`, that this update replaces or restarts when their image, first-boot script,
     * size or disk differs from the present one. Default none: such a change waits until the server is named here, so no
     * update takes both servers by itself. Name one, update, check its health, then name the other.
     */
    renew?: string[];
    /**
     * Public key of the servers' administrator `azureuser`: Azure wants one. On Windows a password is generated and kept in
     * the key vault instead. Nothing lets anybody in but Azure Bastion.
     */
    sshPublicKey: pulumi.Input<string>;
    /** Ids of the application subnets, one per zone; servers are spread over them in turn. */
    subnetIds: pulumi.Input<string>[];
    /** Names of the zones, in the order of the subnets. */
    zones: pulumi.Input<string[]>;
    /** Private addresses in the order of the servers. Default: any free address of the subnet. A change is made in place. */
    privateAddresses?: string[];
    /** Network security group of the application servers. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Id of the set that encrypts disks. */
    diskEncryptionSetId: pulumi.Input<string>;
    /** Id of the key vault that holds the settings. */
    vaultId: pulumi.Input<string>;
    /** Mounts of the shared directories. */
    mounts: pulumi.Input<Mount[]>;
    /** Windows: resource id of the secret with the login of the shares. */
    storageSecretId?: pulumi.Input<string>;
    /** Variables of the environment file that are no secret (guide, step 6). Servers read them when the service starts. */
    environment: { [name: string]: pulumi.Input<string> };
    /** Variables of the environment file that are secret (guide, step 6). Servers read them when the service starts. */
    secrets: SecretVariable[];
    /** Host that accepts writes. */
    databaseHost: pulumi.Input<string>;
    /** TCP port of PostgreSQL. */
    databasePort: pulumi.Input<number>;
    /** Name of the application's database. */
    databaseName: pulumi.Input<string>;
    /** PostgreSQL major version, for the client on the servers. Default 17. */
    databaseVersion?: string;
    /** Resource id of the application role's secret. */
    databaseSecretId: pulumi.Input<string>;
    /** Resource id of the secret with the certificate that the database is known by. Default: the system's authorities. See `renew`. */
    databaseCertificateSecretId?: pulumi.Input<string>;
    /** Host of the session store. Default: sessions stay in memory. */
    sessionHost?: pulumi.Input<string>;
    /** TCP port of the session store. */
    sessionPort?: pulumi.Input<number>;
    /** False for a session store without TLS. Default true. */
    sessionTls?: boolean;
    /** Resource id of the session store's password. */
    sessionSecretId?: pulumi.Input<string>;
    /** What new servers install at first. {@link AzureRelease} brings later releases to them, and tells new servers. */
    release: ReleaseArtifact;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Disk in GiB: system, releases and logs. */
const DISK_GIB = 64;
/** The image of Windows has 127. */
const WINDOWS_DISK_GIB = 128;

/** Application servers in two or more zones, equal but for their names (guide, steps 2, 5, 6 and 8). */
export class AzureAppPair extends pulumi.ComponentResource implements AppPair {
    /** Resource ids of app1, app2, … */
    public readonly memberIds: pulumi.Output<string>[];
    /** Their availability zones. */
    public readonly memberZones: pulumi.Output<string>[];
    /** Their private addresses. */
    public readonly memberAddresses: pulumi.Output<string>[];
    /** What tells each from a machine that takes its place. */
    public readonly memberIdentifiers: pulumi.Output<string>[];
    /** Their names, by which extensions and commands find them. */
    public readonly memberNames: pulumi.Output<string>[];
    /** Documents that servers read, by file name; they name secrets and hold none. */
    public readonly configuration: { [file: string]: pulumi.Output<string> };
    /** Resource ids of the secrets that hold these documents, by file name. */
    public readonly configurationSecretIds: { [file: string]: pulumi.Output<string> };
    /** Resource id of the servers' identity. */
    public readonly identityId: pulumi.Output<string>;
    /** Object id of the servers' identity, to which roles are given. */
    public readonly principalId: pulumi.Output<string>;

    constructor(name: string, args: AzureAppPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureAppPair", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const identity = createIdentity(name, { resourceGroupName: args.resourceGroupName, tags: args.tags }, child);
        const documents = pairDocuments(args, args.databaseCertificateSecretId);
        const stored = publishSettings(name, documents, args, child);
        const rights = giveRights(name, identity, Object.values(stored), args, child);
        const identityId = identityWithRoles(identity, rights);
        const userData = renderUserData(name, identity, args);
        const administrator = isWindows(args) ? generateAdministrator(name, args, child) : undefined;
        const servers = memberNames(args).map((member, place) =>
            createServer(`${name}-${member}`, { member, place, identityId, userData, administrator }, args, {
                ...child,
                dependsOn: opts?.dependsOn,
            }),
        );

        if (isWindows(args)) {
            servers.forEach(({ machine }, place) => bootWindows(`${name}-app${place + 1}`, machine, args, child));
        }

        this.memberIds = servers.map(({ machine }) => machine.id);
        this.memberZones = servers.map(({ machine }) => machine.zones.apply((zones) => zones![0]!));
        this.memberAddresses = servers.map(({ privateAddress }) => privateAddress);
        this.memberIdentifiers = servers.map(({ machine }) => machine.vmId);
        this.memberNames = servers.map(({ machine }) => machine.name);
        this.configuration = { "settings.json": documents.settings, "release.json": documents.release };
        this.configurationSecretIds = stored;
        this.identityId = identity.id;
        this.principalId = identity.principalId;
        this.registerOutputs({
            memberIds: this.memberIds,
            memberZones: this.memberZones,
            memberAddresses: this.memberAddresses,
            memberIdentifiers: this.memberIdentifiers,
            memberNames: this.memberNames,
            configuration: this.configuration,
            configurationSecretIds: this.configurationSecretIds,
            identityId: this.identityId,
            principalId: this.principalId,
        });
    }
}

interface Child {
    parent: pulumi.Resource;
}

const isWindows = ({ os }: AzureAppPairArgs) => os === OperatingSystem.WindowsServer2025;

function checkArguments(args: AzureAppPairArgs): void {
    const { os = OperatingSystem.Ubuntu2404, storageSecretId } = args;
    const problems = [
        ...pairProblems(args),
        ...systemProblems(os, [...azureSystems, OperatingSystem.WindowsServer2025]),
    ];
    if (isWindows(args) && storageSecretId === undefined) {
        problems.push(
            "storageSecretId: found nothing, allowed on Windows is the id of the secret with the shares' login",
        );
    }
    if (problems.length > 0) {
        throw new Error(`AzureAppPair: ${problems.join("; ")}`);
    }
}

/** What may change while servers run is in the key vault, where each start of the service reads it. */
function publishSettings(
    name: string,
    { settings, release }: PairDocuments,
    args: AzureAppPairArgs,
    child: Child,
): { [file: string]: pulumi.Output<string> } {
    const { vaultId, tags } = args;
    const place = { vaultId, tags };
    return {
        "settings.json": storeSecret(
            `${name}-settings`,
            "MinusNow: settings of the application servers",
            settings,
            place,
            child,
        ),
        // What all servers run is written there by the release, once it is so.
        "release.json": storeSecret(`${name}-release`, "MinusNow: release of the application servers", release, place, {
            ...child,
            ignoreChanges: WRITTEN_BY_MACHINES,
        }),
    };
}

/** Servers read what is their own and nothing else. */
function giveRights(
    name: string,
    { principalId }: Identity,
    configuration: pulumi.Output<string>[],
    args: AzureAppPairArgs,
    child: Child,
) {
    const { secrets, databaseSecretId, databaseCertificateSecretId: certificateId, sessionSecretId, release } = args;
    const { storageSecretId } = args;
    const readable = [
        ...configuration.map((secretId, place) => ({ name: ["settings", "release"][place]!, secretId })),
        ...secrets.map((secret) => ({
            name: secret.name.toLowerCase().replaceAll("_", "-"),
            secretId: secret.secretId,
        })),
        { name: "database", secretId: databaseSecretId },
        ...(certificateId === undefined ? [] : [{ name: "database-certificate", secretId: certificateId }]),
        ...(sessionSecretId === undefined ? [] : [{ name: "sessions", secretId: sessionSecretId }]),
        ...(storageSecretId === undefined ? [] : [{ name: "files", secretId: storageSecretId }]),
    ];
    const mayRead = readable.map((secret) =>
        giveRole(`${name}-reads-${secret.name}`, "secretsUser", principalId, secret.secretId, child),
    );
    const { storageId } = release;
    return storageId === undefined
        ? mayRead
        : [...mayRead, giveRole(`${name}-reads-artifacts`, "blobReader", principalId, storageId, child)];
}

function renderUserData(name: string, identity: Identity, args: AzureAppPairArgs): pulumi.Output<string> {
    const { os = OperatingSystem.Ubuntu2404, nodeVersion, databaseVersion = "17", storageSecretId = "" } = args;
    const known = pulumi.all([identity.clientId, args.vaultId, args.mounts, storageSecretId]);
    return known.apply(([clientId, vaultId, mounts, loginId]) => {
        const settings = `${vaultId}/secrets/${name}`;
        if (isWindows(args)) {
            const cloud = azureCloud(clientId, settings, nodeVersion);
            return renderWindowsServer({ cloud, mounts, storageSecretId: loginId });
        }
        const cloud = azureHost(os, clientId, settings, nodeVersion);
        return renderAppServer({ cloud, postgresMajor: databaseVersion, mounts });
    });
}

/**
 * Azure makes no machine with Windows without a password; who logs in through Azure Bastion finds it in the key vault. It is
 * set when a machine is made and not rotated: machines that run would keep another one than the vault tells.
 */
function generateAdministrator(name: string, { vaultId, tags }: AzureAppPairArgs, child: Child): pulumi.Output<string> {
    const description = "MinusNow: administrator azureuser of the application servers";
    const what = { description, specialCharacters: "!#%*+-=_", rotation: 1, vaultId, tags };
    return generateSecret(`${name}-administrator`, what, child).value;
}

/** What runs the first-boot script: Azure itself only leaves it on a machine with Windows. */
function bootWindows(
    name: string,
    machine: compute.VirtualMachine,
    { resourceGroupName, tags }: AzureAppPairArgs,
    child: Child,
): void {
    const script = "C:\\AzureData\\first-boot.ps1";
    const run = `Copy-Item C:\\AzureData\\CustomData.bin ${script}; & ${script}`;
    new compute.VirtualMachineExtension(
        `${name}-boot`,
        {
            resourceGroupName,
            vmName: machine.name,
            vmExtensionName: "first-boot",
            publisher: "Microsoft.Compute",
            type: "CustomScriptExtension",
            typeHandlerVersion: "1.10",
            autoUpgradeMinorVersion: true,
            settings: {
                commandToExecute: `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "${run}"`,
            },
            tags,
        },
        { ...child, customTimeouts: { create: "2h" } },
    );
}

interface Server {
    member: string;
    place: number;
    identityId: pulumi.Output<string>;
    userData: pulumi.Output<string>;
    administrator: pulumi.Output<string> | undefined;
}

function createServer(
    name: string,
    { member, place, identityId, userData, administrator }: Server,
    args: AzureAppPairArgs,
    child: pulumi.CustomResourceOptions,
): Machine {
    const { resourceGroupName, subnetIds, firewallGroupId, diskEncryptionSetId, sshPublicKey, image, tags } = args;
    return createMachine(
        name,
        {
            resourceGroupName,
            subnetId: subnetIds[place % subnetIds.length]!,
            privateAddress: args.privateAddresses?.[place],
            firewallGroupId,
            zone: pulumi.output(args.zones).apply((zones) => zones[place % zones.length]!),
            size: args.size ?? "Standard_D8s_v5",
            os: args.os,
            image,
            diskGib: isWindows(args) ? WINDOWS_DISK_GIB : DISK_GIB,
            diskEncryptionSetId,
            identityId,
            sshPublicKey,
            ...(administrator && { windows: { computerName: member, password: administrator } }),
            userData,
            renew: args.renew?.includes(member) ?? false,
            tags,
        },
        child,
    );
}
