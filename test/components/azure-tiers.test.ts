import { createRequire } from "node:module";
import path from "node:path";
import * as azure from "@pulumi/azure-native/provider";
import { describe, expect, it } from "vitest";
import type * as components from "../../components/azure";
import type { DeploymentArgs } from "../../components";
import { build, type Recorded, valueOf } from "../support/mocks";
import { repository } from "../support/plans";

// As they are built: the operations machine carries a bundle.
const {
    AzureAppPair,
    AzureBackup,
    AzureDatabase,
    AzureDeployment,
    AzureMachineDatabase,
    AzureNetwork,
    AzureSecrets,
    AzureSharedStorage,
} = createRequire(import.meta.url)(path.join(repository, "dist/components/azure.js")) as typeof components;

const GROUP = "/subscriptions/s/resourceGroups/shared/providers";
const VAULT = `${GROUP}/Microsoft.KeyVault/vaults/shared`;

const deployment: DeploymentArgs = {
    hostname: "minusnow.example.com",
    certificateId: `${VAULT}/secrets/minusnow`,
    supportEmail: "support@example.com",
    mail: { host: "smtp.example.com", user: "noreply@example.com", passwordSecretId: `${VAULT}/secrets/smtp` },
    appPair: { sshPublicKey: `ssh-ed25519 ${"A".repeat(68)} administrator` },
    release: {
        version: "1.0.0",
        artifact: "https://releases.blob.core.windows.net/minusnow/1.0.0.tar.gz",
        sha256: "0".repeat(64),
        storageId: `${GROUP}/Microsoft.Storage/storageAccounts/releases`,
    },
};

const endpoint = {
    resourceGroupName: "group",
    endpointSubnetId: `${GROUP}/Microsoft.Network/virtualNetworks/net/subnets/data`,
    dnsZoneId: `${GROUP}/Microsoft.Network/privateDnsZones/zone`,
};
const key = {
    keyVaultUri: "https://shared.vault.azure.net/",
    keyName: "key",
    keyIdentityId: `${GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/key`,
};
const machine = {
    operationsMachineName: "ops",
    operationsMachineIdentifier: "1",
    operationsPrincipalId: "22222222-2222-2222-2222-222222222222",
};
const database: components.AzureDatabaseArgs = {
    ...endpoint,
    ...machine,
    zones: ["1", "2"],
    keyUri: "https://shared.vault.azure.net/keys/key",
    keyIdentityId: key.keyIdentityId,
    vaultId: VAULT,
};

const servers = (built: Recorded) => built.all("compute.VirtualMachine").filter(({ name }) => /-app\d+$/.test(name));

describe("AzureMachineDatabase", () => {
    const machines: components.AzureMachineDatabaseArgs = {
        ...endpoint,
        ...key,
        archiveResourceGroupName: "kept",
        subnetId: endpoint.endpointSubnetId,
        privateAddresses: ["10.0.2.10", "10.0.2.11", "10.0.2.14"],
        writerAddress: "10.0.2.12",
        readerAddress: "10.0.2.13",
        firewallGroupId: `${GROUP}/Microsoft.Network/applicationSecurityGroups/db`,
        appNetworks: ["10.0.1.0/24"],
        zones: ["1", "2", "3"],
        diskEncryptionSetId: `${GROUP}/Microsoft.Compute/diskEncryptionSets/set`,
        vaultId: VAULT,
        sshPublicKey: deployment.appPair!.sshPublicKey!,
        automaticFailover: true,
    };
    const create = (more: Partial<components.AzureMachineDatabaseArgs> = {}) =>
        build(() => new AzureMachineDatabase("db", { ...machines, ...more }));

    it("fails over by itself with a witness in a third zone, and refuses to without one", async () => {
        const built = await create();
        const zones = built.all("compute.VirtualMachine").flatMap(({ inputs }) => inputs["zones"] as string[]);
        expect(zones.sort()).toEqual(["1", "2", "3"]);
        await expect(create({ zones: ["1", "2"] })).rejects.toThrow(
            "zones: found 1, 2, allowed are three: of two voters none can tell",
        );
        await expect(create({ privateAddresses: ["10.0.2.10", "10.0.2.11"] })).rejects.toThrow(
            "privateAddresses: found 2, allowed is one for each of db1, db2, witness",
        );
    });

    it("lets its machines turn each other off and on, and nothing more of machines", async () => {
        const built = await create();
        const actions = built
            .all("authorization.RoleDefinition")
            .flatMap(({ inputs }) => inputs["permissions"] as { actions?: string[] }[])
            .flatMap((permission) => permission.actions ?? [])
            .filter((action) => action.startsWith("Microsoft.Compute/"));
        expect(new Set(actions)).toEqual(
            new Set(
                ["read", "instanceView/read", "powerOff/action", "start/action"].map(
                    (action) => `Microsoft.Compute/virtualMachines/${action}`,
                ),
            ),
        );
    });
});

describe("AzureDeployment", () => {
    it("with nothing but what it needs is the guide's recommended architecture", async () => {
        const built = await build(() => new AzureDeployment("minusnow", deployment));
        expect(built.cloud.refusals).toEqual([]);
        expect(servers(built).map(({ inputs }) => inputs["hardwareProfile"])).toEqual([
            { vmSize: "Standard_D8s_v5" },
            { vmSize: "Standard_D8s_v5" },
        ]);
        expect(built.one("dbforpostgresql.Server", "-primary")).toMatchObject({
            highAvailability: { mode: "ZoneRedundant" },
            sku: { name: "Standard_D8ds_v5" },
            storage: { storageSizeGB: 512 },
        });
        expect(built.all("dbforpostgresql.Server")).toHaveLength(2);
        expect(built.all("redisenterprise.RedisEnterprise")).toHaveLength(1);
        expect(built.resources.filter(({ type }) => type.startsWith("minusnow:index:"))).toHaveLength(13);
    });

    it("passes its provider to every child and every lookup", async () => {
        const { resources, calls } = await build(() => {
            const provider = new azure.Provider("elsewhere", { location: "westeurope" });
            return new AzureDeployment("minusnow", deployment, { provider });
        });
        const children = resources.filter(({ type }) => type.startsWith("azure-native:"));
        expect(children.length).toBeGreaterThan(150);
        expect(children.filter(({ provider }) => !provider.includes("::elsewhere::"))).toEqual([]);
        expect(calls.length).toBeGreaterThan(1);
        expect(calls.filter(({ provider }) => !provider.includes("::elsewhere::"))).toEqual([]);
    });

    it("names every child after itself", async () => {
        const { resources } = await build(() => new AzureDeployment("itsm", deployment));
        expect(resources.filter(({ name }) => !name.startsWith("itsm"))).toEqual([]);
    });

    it("uses an existing network and adds only security groups to it", async () => {
        const networkId = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub";
        const ids = (role: string) => [`${networkId}/subnets/${role}`];
        const subnetIds = {
            edge: ids("edge"),
            app: ids("app"),
            database: ids("db"),
            storage: ids("files"),
            cache: ids("cache"),
        };
        const built = await build(
            () => new AzureDeployment("minusnow", { ...deployment, network: { networkId, subnetIds } }),
        );
        for (const type of ["network.VirtualNetwork", "network.Subnet", "network.NatGateway", "network.FlowLog"]) {
            expect(built.all(type), type).toEqual([]);
        }
        expect(built.all("network.NetworkSecurityGroup")).toHaveLength(5);
        expect(servers(built).map(({ inputs }) => inputs["zones"])).toEqual([["1"], ["2"]]);
        expect(built.cloud.refusals).toEqual([]);
    });

    it("refuses to be without what it needs, with what is allowed", async () => {
        await expect(
            build(() => new AzureDeployment("minusnow", { ...deployment, certificateId: undefined, appPair: {} })),
        ).rejects.toThrow(/certificateId: found nothing.*appPair\.sshPublicKey: found nothing/);
    });
});

describe("AzureAppPair", () => {
    it("spreads more servers over the zones in turn, each with an address of its own", async () => {
        const appPair = { ...deployment.appPair, count: 5 };
        const built = await build(() => new AzureDeployment("minusnow", { ...deployment, appPair }));
        const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
        const cards = built
            .all("network.NetworkInterface")
            .filter(({ name }) => /-app\d$/.test(name))
            .sort(byName);
        expect(
            cards.map(
                ({ inputs }) => (inputs["ipConfigurations"] as { privateIPAddress: string }[])[0]!.privateIPAddress,
            ),
        ).toEqual(["10.0.1.10", "10.0.17.11", "10.0.1.12", "10.0.17.13", "10.0.1.14"]);
        const zones = servers(built)
            .sort(byName)
            .map(({ inputs }) => inputs["zones"]);
        expect(zones).toEqual([["1"], ["2"], ["1"], ["2"], ["1"]]);
        expect(built.cloud.refusals).toEqual([]);
    });

    it("refuses a system, a count or a server that does not fit, all at once", async () => {
        const args = { count: 0, renew: ["app9"], os: "debian-13" } as unknown as components.AzureAppPairArgs;
        await expect(build(() => new AzureAppPair("app", args))).rejects.toThrow(
            /count: found 0.*renew: found 'app9'.*os: found debian-13, allowed are ubuntu-24.04, rhel-9, windows-server-2025/,
        );
    });
});

describe("application servers on Windows", () => {
    const os = "windows-server-2025" as const;
    const onWindows = { ...deployment, appPair: { ...deployment.appPair, os }, network: { bastion: true } };

    it("are made with a password that nobody knows, and run their script by an extension", async () => {
        const built = await build(() => new AzureDeployment("minusnow", onWindows));
        expect(built.cloud.refusals).toEqual([]);
        const [app1] = servers(built).sort((a, b) => a.name.localeCompare(b.name));
        expect(app1!.inputs).toMatchObject({
            osProfile: { computerName: "app1", windowsConfiguration: { enableAutomaticUpdates: true } },
            storageProfile: {
                imageReference: { offer: "WindowsServer", sku: "2025-datacenter-azure-edition" },
                osDisk: { diskSizeGB: 128 },
            },
        });
        expect(built.one("index.RandomPassword", "-app-administrator")).toMatchObject({ length: 32 });
        expect(built.one("compute.VirtualMachineExtension", "-app1-boot")).toMatchObject({
            type: "CustomScriptExtension",
            settings: { commandToExecute: expect.stringContaining("C:\\AzureData\\CustomData.bin") as string },
        });
        expect(built.one("compute.VirtualMachineExtension", "-agent-app1")).toMatchObject({
            type: "AzureMonitorWindowsAgent",
        });
        expect(built.one("compute.VirtualMachineExtension", "-agent-operations")).toMatchObject({
            type: "AzureMonitorLinuxAgent",
        });
    });

    it("share files over encrypted SMB, by a login that servers and backups read from the key vault", async () => {
        const built = await build(() => new AzureDeployment("minusnow", onWindows));
        expect(built.all("storage.FileShare").map(({ inputs }) => inputs["enabledProtocols"])).toEqual(
            Array.from({ length: 5 }, () => "SMB"),
        );
        expect(built.one("storage.FileServiceProperties", "-files")).toMatchObject({
            protocolSettings: { smb: { versions: "SMB3.1.1;", channelEncryption: "AES-256-GCM;" } },
        });
        expect(built.one("storage.StorageAccount", "-files")).toMatchObject({
            allowSharedKeyAccess: true,
            enableHttpsTrafficOnly: true,
        });
        const { properties } = built.one("keyvault.Secret", "-files-login");
        // The engine is told that it is a secret.
        expect(JSON.parse((properties as { value: { value: string } }).value.value)).toEqual({
            username: expect.stringMatching(/^localhost\\[a-z0-9]+$/) as string,
            password: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) as string,
        });
        const readers = built.all("authorization.RoleAssignment").filter(({ name }) => name.endsWith("-reads-files"));
        expect(readers.map(({ name }) => name).sort()).toEqual([
            "minusnow-app-reads-files",
            "minusnow-ops-reads-files",
        ]);
    });

    it("are reached by the ports of Windows, from Azure Bastion and to their files", async () => {
        const built = await build(() => new AzureDeployment("minusnow", onWindows));
        const rules = (role: string) =>
            (
                built.one("network.NetworkSecurityGroup", `-net-${role}`)["securityRules"] as {
                    name: string;
                    destinationPortRange: string;
                }[]
            ).map(({ name, destinationPortRange }) => `${name} ${destinationPortRange}`);
        expect(rules("app")).toEqual(
            expect.arrayContaining(["from-bastion 22", "from-bastion-3389 3389", "to-storage-445 445"]),
        );
        expect(rules("storage")).toContain("from-app-445 445");
        expect(rules("storage").join()).not.toContain("2049");
    });

    it("are refused without shares that Windows mounts, and without their login", async () => {
        const sharedStorage = { kind: "nfs" as const };
        await expect(build(() => new AzureDeployment("minusnow", { ...onWindows, sharedStorage }))).rejects.toThrow(
            "sharedStorage.kind: found nfs with Windows, allowed is managed",
        );
        await expect(
            build(() => new AzureAppPair("app", { os } as unknown as components.AzureAppPairArgs)),
        ).rejects.toThrow("storageSecretId: found nothing");
        await expect(
            build(() => new AzureSharedStorage("files", { ...endpoint, ...key, protocol: "smb" })),
        ).rejects.toThrow("vaultId: found nothing, allowed with protocol smb is the id of a key vault");
    });
});

describe("AzureDatabase", () => {
    it("stands alone without standby and replica, and is reached by its own name", async () => {
        let made: components.AzureDatabase | undefined;
        const built = await build(
            () => (made = new AzureDatabase("db", { ...database, standby: false, replica: false })),
        );
        expect(built.one("dbforpostgresql.Server")).toMatchObject({ highAvailability: { mode: "Disabled" } });
        expect(built.all("dbforpostgresql.VirtualEndpoint")).toEqual([]);
        const [writer, reader] = await Promise.all([valueOf(made!.writerHost), valueOf(made!.readerHost)]);
        expect(writer).toMatch(/^db-primary\w+\.postgres\.database\.azure\.com$/);
        expect(reader).toBe(writer);
    });

    it("sets the guide's memory by its size", async () => {
        const built = await build(() => new AzureDatabase("db", { ...database, size: "Standard_E4ds_v5" }));
        expect(built.one("dbforpostgresql.Configuration", "-primary-shared_buffers")).toMatchObject({
            value: String((32 * 1024 * 1024) / 8 / 4),
        });
        expect(built.one("dbforpostgresql.Server", "-primary")).toMatchObject({ sku: { tier: "MemoryOptimized" } });
    });

    it("gives the bootstrap names of secrets and no secret, and a right to restart the primary alone", async () => {
        const built = await build(() => new AzureDatabase("db", database));
        const { parameters } = built.one("compute.VirtualMachineRunCommandByVirtualMachine") as {
            parameters: { name: string; value: string }[];
        };
        const given = Object.fromEntries(parameters.map(({ name, value: text }) => [name, text]));
        expect(given["ADMIN_SECRET_ID"]).toMatch(/\/vaults\/shared\/secrets\/db-admin$/);
        expect(given["SERVER_ID"]).toMatch(/flexibleServers\/db-primary\w+$/);
        expect(built.one("authorization.RoleDefinition", "-restarts")).toMatchObject({
            permissions: [
                {
                    actions: [
                        "Microsoft.DBforPostgreSQL/flexibleServers/read",
                        "Microsoft.DBforPostgreSQL/flexibleServers/restart/action",
                    ],
                },
            ],
        });
    });

    it("rotates to the other login", async () => {
        const loginOf = async (rotation: number) => {
            const built = await build(() => new AzureDatabase("db", { ...database, rotation }));
            return JSON.stringify(built.one("keyvault.Secret", "-app")["properties"]);
        };
        expect(await loginOf(1)).not.toContain("minusnow_2");
        expect(await loginOf(2)).toContain("minusnow_2");
    });

    it("puts its secrets into the vault's own resource group", async () => {
        const built = await build(() => new AzureDatabase("db", database));
        for (const { inputs } of built.all("keyvault.Secret")) {
            expect(inputs).toMatchObject({ resourceGroupName: "shared", vaultName: "shared" });
        }
    });

    it.each([
        [{ version: "14" }, "PostgreSQL 15 or newer"],
        [{ backupRetentionDays: 36 }, "allowed are 7 to 35"],
        [{ storageGib: 500 }, "storageGib: found 500"],
        [{ size: "db.m7g.large" }, "allowed is a size such as"],
        [{ size: "Standard_B2ms" }, "with standby or replica"],
    ])("refuses %j", async (changes, message) => {
        await expect(build(() => new AzureDatabase("db", { ...database, ...changes }))).rejects.toThrow(message);
    });
});

describe("AzureNetwork", () => {
    it("refuses a single zone, half of an existing network and Bastion in a small one", async () => {
        await expect(build(() => new AzureNetwork("net", { zoneCount: 1 }))).rejects.toThrow(
            "high availability needs a second zone",
        );
        await expect(build(() => new AzureNetwork("net", { networkId: "net" }))).rejects.toThrow(
            "needs both networkId and subnetIds",
        );
        await expect(
            build(() => new AzureNetwork("net", { bastion: true, addressSpace: "10.0.0.0/20" })),
        ).rejects.toThrow("allowed is a /18 or larger");
    });

    it("covers three zones with address translation in each", async () => {
        const built = await build(() => new AzureNetwork("net", { zoneCount: 3 }));
        expect(built.all("network.NatGateway").map(({ inputs }) => inputs["zones"])).toEqual(
            expect.arrayContaining([["1"], ["2"], ["3"]]),
        );
        expect(built.all("network.Subnet")).toHaveLength(7);
        expect(built.cloud.refusals).toEqual([]);
    });

    it("lets administrators in through Bastion only, where it is wanted", async () => {
        const built = await build(() => new AzureNetwork("net", { bastion: true }));
        expect(built.all("network.BastionHost")).toHaveLength(1);
        const rules = JSON.stringify(built.one("network.NetworkSecurityGroup", "-app"));
        expect(rules).toContain('"destinationPortRange":"22"');
        expect(built.cloud.refusals).toEqual([]);
    });
});

describe("AzureSecrets", () => {
    it("uses an existing key and secret and creates neither", async () => {
        const args = { ...endpoint, keyId: `${VAULT}/keys/key`, smtpPasswordSecretId: `${VAULT}/secrets/smtp` };
        const built = await build(() => new AzureSecrets("s", args));
        expect(built.all("keyvault.Key")).toEqual([]);
        expect(built.all("keyvault.Secret").map(({ name }) => name)).toEqual(["s-session"]);
    });

    it("refuses both or neither of password and secret", async () => {
        await expect(build(() => new AzureSecrets("s", endpoint))).rejects.toThrow(
            "found neither of smtpPassword and smtpPasswordSecretId",
        );
        await expect(
            build(() => new AzureSecrets("s", { ...endpoint, smtpPassword: "a", smtpPasswordSecretId: "b" })),
        ).rejects.toThrow("found both");
    });
});

describe("AzureSharedStorage", () => {
    it("refuses a share smaller than Azure sells", async () => {
        await expect(
            build(() => new AzureSharedStorage("files", { ...endpoint, ...key, shareGib: 50 })),
        ).rejects.toThrow("shareGib: found 50, allowed are 100 to 102400");
    });
});

describe("AzureBackup", () => {
    const args: components.AzureBackupArgs = {
        ...endpoint,
        ...key,
        ...machine,
        storeResourceGroupName: "kept",
        databaseHost: "db",
        databasePort: 5432,
        databaseName: "minusnow_db",
        databaseSecretId: `${VAULT}/secrets/db-app`,
        filesAccountId: `${GROUP}/Microsoft.Storage/storageAccounts/files`,
        configurationSecretIds: {},
    };

    it("keeps the store and what is in it in a group that outlives the rest", async () => {
        const built = await build(() => new AzureBackup("backup", args));
        for (const type of ["storage.StorageAccount", "storage.BlobContainer", "storage.ManagementPolicy"]) {
            for (const { inputs } of built.all(type)) {
                expect(inputs["resourceGroupName"], type).toBe("kept");
            }
        }
        expect(built.all("storage.BlobContainerImmutabilityPolicy")).toHaveLength(4);
        expect(built.cloud.refusals).toEqual([]);
    });

    it("refuses what Azure has not, all at once", async () => {
        const changes = {
            copyRegion: "westus",
            lock: "compliance",
            retentionDays: 200,
            databaseEveryHours: 7,
        } as const;
        await expect(build(() => new AzureBackup("backup", { ...args, ...changes }))).rejects.toThrow(
            /databaseEveryHours: found 7.*retentionDays: found 200.*copyRegion: found westus.*lock: found compliance/,
        );
    });
});
