import type { NewResource } from "../../engine/resource";
import type { Value, Values } from "../../engine/values";
import { freeAddress, publicAddress } from "../addresses";
import { at, digits, listAt, textAt, textOf, uuid, type World } from "../world";
import { namedByUuid, paths } from "./types";

/** Azure's documentation uses it where a subscription is needed. */
export const SUBSCRIPTION = "00000000-0000-0000-0000-000000000000";
export const TENANT = "11111111-1111-1111-1111-111111111111";

/** What the provider adds to the inputs of a new resource. */
export interface Created {
    id: string;
    outputs: Values;
    /** Input that holds the resource's name, and the name that it was given. */
    naming: { property: string; name: string };
}

interface Request {
    urn: string;
    name: string;
    id: string;
    location: string;
    inputs: Values;
    world: World;
}

/** Creates a resource of a known type; undefined for any other. */
export function createAzureResource(resource: NewResource, defaultLocation: string, world: World): Created | undefined {
    const path = paths[resource.type];
    if (path === undefined) {
        return undefined;
    }
    const { urn, type, inputs } = resource;
    const property = /\{(\w+)\}$/.exec(path)![1]!;
    const name = textAt(inputs, property) ?? automaticName(resource);
    const id = resourceId(path, { ...inputs, [property]: name });
    const group = world.find("azure-native:resources:ResourceGroup", inputs["resourceGroupName"]);
    const location = textAt(inputs, "location") ?? textAt(group?.values, "location") ?? defaultLocation;
    const request = { urn, name, id, location, inputs, world };
    const outputs = { name, ...(type.includes("authorization") ? {} : { location }), ...makers[type]?.(request) };
    return { id, outputs, naming: { property, name } };
}

/** Pulumi appends eight hexadecimal digits to the logical name. */
function automaticName({ type, name, urn }: NewResource): string {
    return namedByUuid.includes(type) ? uuid(urn) : `${name}${digits(urn, 8)}`;
}

function resourceId(path: string, inputs: Values): string {
    const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => textOf(inputs[key]));
    if (filled.startsWith("/")) {
        return filled;
    }
    const group = textOf(inputs["resourceGroupName"]);
    return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}${filled.includes("/") ? `/providers/${filled}` : ""}`;
}

type Maker = (request: Request) => Values;

const CREATED = "2026-01-01T00:00:00Z";
const PORT_OF_REDIS = 10000;

const makers: Record<string, Maker | undefined> = {
    "azure-native:network:PublicIPAddress": ({ urn }) => ({ ipAddress: publicAddress(urn) }),
    "azure-native:network:NetworkInterface": ({ urn, id, inputs, world }) => ({
        ipConfigurations: listAt(inputs, "ipConfigurations").map((configuration) => {
            const subnet = world.find("azure-native:network:Subnet", at(configuration, "subnet.id"));
            return {
                id: `${id}/ipConfigurations/${textAt(configuration, "name")}`,
                privateIPAddress:
                    textAt(configuration, "privateIPAddress") ??
                    freeAddress(textAt(subnet?.values, "addressPrefix"), urn),
            };
        }),
        macAddress: "00-0D-3A-00-00-01",
    }),
    "azure-native:network:PrivateEndpoint": ({ id }) => ({ networkInterfaces: [{ id: `${id}-nic` }] }),
    "azure-native:network:ApplicationGateway": () => ({ operationalState: "Running", provisioningState: "Succeeded" }),
    "azure-native:managedidentity:UserAssignedIdentity": ({ urn }) => ({
        principalId: uuid(`${urn} principal`),
        clientId: uuid(`${urn} client`),
        tenantId: TENANT,
    }),
    // Long ago, so that nobody waits until all of the simulated cloud knows the role.
    "azure-native:authorization:RoleAssignment": () => ({ createdOn: CREATED }),
    "azure-native:authorization:RoleDefinition": () => ({ createdOn: CREATED }),
    "azure-native:compute:DiskEncryptionSet": ({ urn }) => ({
        identity: { type: "SystemAssigned", principalId: uuid(`${urn} principal`), tenantId: TENANT },
    }),
    "azure-native:keyvault:Vault": ({ name }) => ({ properties: { vaultUri: `https://${name}.vault.azure.net/` } }),
    "azure-native:keyvault:Key": ({ urn, name, inputs }) => {
        const keyUri = `https://${textOf(inputs["vaultName"])}.vault.azure.net/keys/${name}`;
        return { keyUri, keyUriWithVersion: `${keyUri}/${digits(urn, 32)}` };
    },
    "azure-native:keyvault:Secret": ({ urn, name, inputs }) => {
        const secretUri = `https://${textOf(inputs["vaultName"])}.vault.azure.net/secrets/${name}`;
        return { properties: { secretUri, secretUriWithVersion: `${secretUri}/${digits(urn, 32)}` } };
    },
    "azure-native:compute:VirtualMachine": ({ urn }) => ({
        vmId: uuid(`${urn} vm`),
        provisioningState: "Succeeded",
        timeCreated: CREATED,
    }),
    "azure-native:compute:VirtualMachineRunCommandByVirtualMachine": () => ({ provisioningState: "Succeeded" }),
    "azure-native:storage:StorageAccount": ({ name }) => ({
        primaryEndpoints: {
            blob: `https://${name}.blob.core.windows.net/`,
            file: `https://${name}.file.core.windows.net/`,
        },
        provisioningState: "Succeeded",
    }),
    "azure-native:storage:BlobContainerImmutabilityPolicy": () => ({ state: "Unlocked" }),
    "azure-native:dbforpostgresql:Server": ({ name, inputs, world }) => {
        const source = world.find("azure-native:dbforpostgresql:Server", inputs["sourceServerResourceId"]);
        return {
            fullyQualifiedDomainName: `${name}.postgres.database.azure.com`,
            state: "Ready",
            version: source?.values["version"],
            administratorLogin: source?.values["administratorLogin"],
        };
    },
    "azure-native:dbforpostgresql:VirtualEndpoint": ({ name }) => ({
        virtualEndpoints: ["writer", "reader"].map((role) => `${name}.${role}.postgres.database.azure.com`),
    }),
    "azure-native:redisenterprise:RedisEnterprise": ({ name, location }) => ({
        hostName: `${name}.${location}.redis.azure.net`,
        redundancyMode: "ZR",
    }),
    "azure-native:redisenterprise:Database": () => ({ port: PORT_OF_REDIS, resourceState: "Running" }),
    "azure-native:operationalinsights:Workspace": ({ urn }) => ({ customerId: uuid(`${urn} workspace`) }),
    "azure-native:monitor:DataCollectionRule": ({ urn }) => ({ immutableId: `dcr-${digits(urn, 32)}` }),
    "azure-native:applicationinsights:Component": ({ urn }) => ({
        instrumentationKey: uuid(`${urn} key`),
        appId: uuid(`${urn} app`),
    }),
};

/** Answers a provider function that looks something up; undefined for an unknown one. */
export function answerAzureFunction(token: string, args: Values, location: string, world: World): Values | undefined {
    return functions[token]?.(args, location, world);
}

type Answer = (args: Values, location: string, world: World) => Values;

const existing = (args: Values, kind: string, ...names: Value[]) =>
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/${textOf(args["resourceGroupName"])}/providers/${kind
        .split("/")
        .map((part, place) => (place === 0 ? part : `${part}/${textOf(names[place - 1])}`))
        .join("/")}`;

const functions: Record<string, Answer | undefined> = {
    "azure-native:authorization:getClientConfig": () => ({
        clientId: uuid("planner"),
        objectId: uuid("planner object"),
        subscriptionId: SUBSCRIPTION,
        tenantId: TENANT,
    }),
    "azure-native:resources:getResourceGroup": (args, location) => ({
        id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${textOf(args["resourceGroupName"])}`,
        name: args["resourceGroupName"],
        location,
    }),
    "azure-native:network:getSubnet": (args, _, world) => {
        const id = existing(
            args,
            "Microsoft.Network/virtualNetworks/subnets",
            args["virtualNetworkName"],
            args["subnetName"],
        );
        const known = world.find("azure-native:network:Subnet", id);
        return { id, name: args["subnetName"], addressPrefix: known?.values["addressPrefix"] ?? "10.0.1.0/24" };
    },
    "azure-native:storage:getBlobContainer": (args, _, world) => {
        const account = world.find("azure-native:storage:StorageAccount", args["accountName"]);
        const own = world
            .ofType("azure-native:storage:BlobContainer")
            .find(
                ({ values }) =>
                    values["accountName"] === account?.values["name"] && values["name"] === args["containerName"],
            );
        return { id: own?.id, name: args["containerName"], metadata: own?.values["metadata"] };
    },
    "azure-native:keyvault:getKey": (args) => {
        const keyUri = `https://${textOf(args["vaultName"])}.vault.azure.net/keys/${textOf(args["keyName"])}`;
        return {
            id: existing(args, "Microsoft.KeyVault/vaults/keys", args["vaultName"], args["keyName"]),
            name: args["keyName"],
            keyUri,
            keyUriWithVersion: `${keyUri}/${digits(keyUri, 32)}`,
        };
    },
    "azure-native:storage:listStorageAccountKeys": (args) => ({
        keys: ["key1", "key2"].map((keyName) => ({
            keyName,
            permissions: "Full",
            value: Buffer.from(digits(`${textOf(args["accountName"])} ${keyName}`, 64)).toString("base64"),
        })),
    }),
    "azure-native:redisenterprise:listDatabaseKeys": (args) => ({
        primaryKey: `Aa1+${digits(`${textOf(args["clusterName"])} primary`, 40)}=`,
        secondaryKey: `Aa1+${digits(`${textOf(args["clusterName"])} secondary`, 40)}=`,
    }),
};
