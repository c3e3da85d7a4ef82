import { azureDatabaseSize, azureStorageGib } from "../components/database/azure-parameters";
import type { StackConfig } from "./config";
import type { ConfigurationProblem } from "./configuration-error";
import { problem, set } from "./problem";
import { profiles } from "./profiles";

type Cloud = StackConfig["cloud"];

/** A key whose values look different on each cloud. */
interface Form {
    path: string;
    form: RegExp;
    allowed: string;
    example: string;
    /** Which configurations it is for. Default all. */
    where?: (config: Partial<StackConfig>) => boolean;
}

const isManagedDatabase = ({ database }: Partial<StackConfig>) => database?.kind !== "vm";

const VAULT = "/subscriptions/<id>/resourceGroups/shared/providers/Microsoft.KeyVault/vaults/shared";
const EXAMPLE_IDS: Record<string, string | undefined> = {
    "a secret in a key vault": `${VAULT}/secrets/minusnow`,
    "a key in a key vault": `${VAULT}/keys/minusnow`,
    "a storage account or container":
        "/subscriptions/<id>/resourceGroups/shared/providers/Microsoft.Storage/storageAccounts/releases",
    "a virtual network": "/subscriptions/<id>/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/net",
};

const azureId = (path: string, type: string, what: string): Form => ({
    path,
    form: new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${type}$`, "i"),
    allowed: `the resource id of ${what}`,
    example: EXAMPLE_IDS[what]!,
});

const SECRET = "Microsoft\\.KeyVault/vaults/[^/]+/secrets/[^/]+";

/** Forms of values by cloud. */
const forms: { [cloud in Cloud]: Form[] } = {
    aws: [
        {
            path: "region",
            form: /^[a-z]{2}(-[a-z]+)+-\d+$/,
            allowed: "a region of AWS, for example us-east-1",
            example: "us-east-1",
        },
        {
            path: "backup.copyRegion",
            form: /^[a-z]{2}(-[a-z]+)+-\d+$/,
            allowed: "a region other than the stack's",
            example: "us-west-2",
        },
        {
            path: "release.artifact",
            form: /^s3:\/\/[^/]+\/.+\.tar\.gz$/,
            allowed: "s3://<bucket>/<key>.tar.gz",
            example: "s3://example-releases/minusnow/2.4.1.tar.gz",
        },
        {
            path: "certificateId",
            form: /^arn:aws[a-z-]*:(acm:[^:]+:\d{12}:certificate\/.+|secretsmanager:[^:]+:\d{12}:secret:.+)$/,
            allowed: "the ARN of a certificate in ACM; for haproxy and nginx also of a secret that holds one",
            example: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d",
        },
        {
            path: "appPair.os",
            form: /^(?!rhel-9$)/,
            allowed:
                "amazon-linux-2023, which is of the same family, ubuntu-24.04, debian-13 or windows-server-2025 on AWS",
            example: "amazon-linux-2023",
        },
    ],
    azure: [
        {
            path: "region",
            form: /^[a-z]+\d?$/,
            allowed: "a region of Azure, for example eastus2",
            example: "eastus2",
        },
        {
            path: "release.artifact",
            form: /^https:\/\/[a-z0-9]{3,24}\.blob\.core\.windows\.net\/[^/]+\/.+\.tar\.gz$/,
            allowed: "https://<account>.blob.core.windows.net/<container>/<path>.tar.gz",
            example: "https://examplereleases.blob.core.windows.net/minusnow/2.4.1.tar.gz",
        },
        {
            path: "appPair.os",
            form: /^(ubuntu-24\.04|rhel-9|windows-server-2025)$/,
            allowed: "ubuntu-24.04, rhel-9 or windows-server-2025 on Azure",
            example: "ubuntu-24.04",
        },
        {
            path: "database.storageGib",
            form: new RegExp(`^(${azureStorageGib.join("|")})$`),
            allowed: `one of Azure's sizes: ${azureStorageGib.join(", ")}`,
            example: "512",
            where: isManagedDatabase,
        },
        {
            path: "database.backupRetentionDays",
            form: /^([7-9]|[12]\d|3[0-5])$/,
            allowed: "a whole number from 7 to 35",
            example: "30",
            where: isManagedDatabase,
        },
        { path: "network.zoneCount", form: /^[23]$/, allowed: "2 or 3 on Azure", example: "2" },
        {
            path: "backup.retentionDays",
            form: /^([1-9]|[1-9]\d|1[0-8]\d|190)$/,
            allowed: "a whole number from 1 to 190: Azure keeps 200 snapshots",
            example: "30",
        },
        {
            path: "backup.lock",
            form: /^(none|governance)$/,
            allowed:
                "none or governance; make a container's policy final by 'az storage container immutability-policy lock'",
            example: "governance",
        },
        azureId("certificateId", SECRET, "a secret in a key vault"),
        azureId("mail.passwordSecretId", SECRET, "a secret in a key vault"),
        azureId("keyId", "Microsoft\\.KeyVault/vaults/[^/]+/keys/[^/]+", "a key in a key vault"),
        azureId(
            "release.storageId",
            "Microsoft\\.Storage/storageAccounts/[^/]+(/blobServices/default/containers/[^/]+)?",
            "a storage account or container",
        ),
        azureId("network.networkId", "Microsoft\\.Network/virtualNetworks/[^/]+", "a virtual network"),
    ],
};

/** Keys that only the other cloud has, with the reason. */
const foreign: { [cloud in Cloud]: { path: string; reason: string }[] } = {
    aws: [
        { path: "dnsResourceGroup", reason: "nothing on AWS: a Route 53 zone is in no resource group" },
        { path: "network.bastion", reason: "nothing on AWS: administrators use Session Manager" },
        { path: "appPair.sshPublicKey", reason: "nothing on AWS: administrators use Session Manager" },
        { path: "release.storageId", reason: "nothing on AWS: the bucket is in release.artifact" },
    ],
    azure: [
        { path: "backup.copyRegion", reason: "nothing on Azure: backups are copied to the region's pair" },
        { path: "database.finalSnapshot", reason: "nothing on Azure: a deleted server can be restored for five days" },
    ],
};

/** Keys that a cloud cannot do without. */
const needed: { [cloud in Cloud]: { path: string; allowed: string; example: string }[] } = {
    aws: [],
    azure: [
        {
            path: "appPair.sshPublicKey",
            allowed: "the public key of an administrator: Azure makes no machine without",
            example: '"$(cat ~/.ssh/id_ed25519.pub)"',
        },
        {
            path: "release.storageId",
            allowed: "the resource id of the storage account or container that release.artifact is in",
            example: EXAMPLE_IDS["a storage account or container"]!,
        },
    ],
};

/** What one cloud allows and the other does not. */
export function checkCloud(config: Partial<StackConfig>): ConfigurationProblem[] {
    const { cloud } = config;
    if (cloud === undefined) {
        return [];
    }
    return [
        ...forms[cloud]
            .filter(({ where }) => where?.(config) ?? true)
            .flatMap((form) => checkForm(form, valueAt(config, form.path))),
        ...foreign[cloud].flatMap(({ path, reason }) => {
            const value = valueAt(config, path);
            return value === undefined ? [] : [problem(path, shown(value), reason, remove(path))];
        }),
        ...needed[cloud]
            .filter(({ path }) => valueAt(config, path) === undefined)
            .map(({ path, allowed, example }) => problem(path, "nothing", allowed, set(path, example, flagOf(path)))),
        ...(cloud === "azure" ? [...checkBastion(config), ...checkBurstable(config), ...checkWayOut(config)] : []),
    ];
}

/** Longest prefix of an address space whose subnets are large enough for Azure Bastion. */
const BASTION_SPACE_PREFIX = 18;

function checkBastion({ network = {} }: Partial<StackConfig>): ConfigurationProblem[] {
    const { bastion = false, networkId, addressSpace = "" } = network;
    const prefix = Number(addressSpace.split("/")[1] ?? 16);
    if (!bastion || (networkId === undefined && prefix <= BASTION_SPACE_PREFIX)) {
        return [];
    }
    const [found, allowed] =
        networkId === undefined
            ? [`true in ${addressSpace}`, `true in a /${BASTION_SPACE_PREFIX} or larger`]
            : ["true with an existing network", "false there: its owner brings Bastion"];
    return [problem("network.bastion", found, allowed, set("network.bastion", "false"))];
}

function checkBurstable({ environment, database = {} }: Partial<StackConfig>): ConfigurationProblem[] {
    if (!isManagedDatabase({ database })) {
        return [];
    }
    const defaults = environment === undefined ? {} : profiles.azure[environment].database;
    const { size = "", standby = true, replica = true } = { ...defaults, ...database };
    const copies = [...(standby ? ["standby"] : []), ...(replica ? ["replica"] : [])];
    return azureDatabaseSize(size)?.tier === "Burstable" && copies.length > 0
        ? [
              problem(
                  "database.size",
                  `${size} with ${copies.join(" and ")}`,
                  "a size of another kind than B, which Azure gives neither",
                  set("database.size", "Standard_D4ds_v5"),
              ),
          ]
        : [];
}

/** A standby turns the other machine off by Azure's management, which it reaches by address translation only. */
function checkWayOut({ environment, database, network }: Partial<StackConfig>): ConfigurationProblem[] {
    const defaults = environment === undefined ? undefined : profiles.azure[environment].network.nat;
    return database?.kind === "vm" && database.automaticFailover && (network?.nat ?? defaults) === "single"
        ? [
              problem(
                  "network.nat",
                  "single with database.automaticFailover",
                  "per-zone: the only way out would be lost with the zone of db1",
                  set("network.nat", "per-zone"),
              ),
          ]
        : [];
}

function checkForm({ path, form, allowed, example }: Form, value: unknown): ConfigurationProblem[] {
    return value === undefined || form.test(shown(value))
        ? []
        : [problem(path, shown(value), allowed, set(path, example, flagOf(path)))];
}

function valueAt(config: object, path: string): unknown {
    return path
        .split(".")
        .reduce<unknown>(
            (value, key) =>
                typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined,
            config,
        );
}

function shown(value: unknown): string {
    return typeof value === "string" ? value : JSON.stringify(value);
}

const flagOf = (path: string) => (path.includes(".") ? "--path" : "");

function remove(path: string): string {
    return `pulumi config rm ${path.includes(".") ? "--path " : ""}minusnow:${path}`;
}
