import * as compute from "@pulumi/azure-native/compute";
import * as keyvault from "@pulumi/azure-native/keyvault";
import * as pulumi from "@pulumi/pulumi";
import { resourceIdParts } from "../azure-ids";
import { createIdentity, giveRole, identityWithRoles } from "../azure-roles";
import type { AzureSecretsArgs } from "./azure";
import type { CreatedVault } from "./azure-vault";

/** The key that encrypts what the deployment stores, with the identity that services use it by. */
export interface EncryptionKey {
    id: pulumi.Output<string>;
    name: pulumi.Output<string>;
    /** Address of its vault. */
    vaultUri: pulumi.Output<string>;
    /** Address without a version: services that take it follow the key's rotation. */
    uri: pulumi.Output<string>;
    /** Address of the present version. */
    uriWithVersion: pulumi.Output<string>;
    /** May wrap and unwrap with the key; resolves when its role is given. */
    identityId: pulumi.Output<string>;
}

type Child = { parent: pulumi.Resource };

/** A key is replaced by a new version every year; the former ones stay readable. */
const ROTATE_AFTER = "P1Y";

/** The deployment's key: a new one in the vault, or an existing one by its id. */
export function encryptionKey(name: string, vault: CreatedVault, args: AzureSecretsArgs, child: Child): EncryptionKey {
    const { resourceGroupName, tags, retainKey: retainOnDelete = true } = args;
    const kept = { ...child, retainOnDelete };
    const identity = createIdentity(`${name}-key`, { resourceGroupName, tags }, kept);
    const key = args.keyId === undefined ? createKey(name, vault, args, child) : existingKey(args.keyId, child);
    const role = giveRole(`${name}-key`, "keyEncryption", identity.principalId, key.id, kept);
    return { ...key, identityId: identityWithRoles(identity, [role]) };
}

function createKey(name: string, vault: CreatedVault, args: AzureSecretsArgs, child: Child) {
    const { resourceGroupName, tags } = args;
    const key = new keyvault.Key(
        name,
        {
            resourceGroupName,
            vaultName: vault.name,
            keyName: name,
            properties: {
                kty: "RSA",
                keySize: 3072,
                keyOps: ["wrapKey", "unwrapKey"],
                attributes: { enabled: true },
                rotationPolicy: {
                    lifetimeActions: [{ trigger: { timeAfterCreate: ROTATE_AFTER }, action: { type: "rotate" } }],
                },
            },
            tags,
        },
        // Azure deletes keys through the vault, which answers inside the network only; they go with the vault.
        { ...child, retainOnDelete: true },
    );
    return { ...addresses(key), id: key.id, name: key.name, vaultUri: vault.uri };
}

function existingKey(keyId: pulumi.Input<string>, child: Child) {
    const id = pulumi.output(keyId);
    const parts = resourceIdParts(id, "Microsoft.KeyVault/vaults/keys");
    const found = keyvault.getKeyOutput(
        {
            resourceGroupName: parts.resourceGroup,
            vaultName: parts.names.apply(([vault]) => vault!),
            keyName: parts.names.apply(([, key]) => key!),
        },
        child,
    );
    return { ...addresses(found), id, name: found.name, vaultUri: found.keyUri.apply((uri) => new URL("/", uri).href) };
}

function addresses({ keyUri: uri, keyUriWithVersion: uriWithVersion }: AddressedKey) {
    return { uri, uriWithVersion };
}

interface AddressedKey {
    keyUri: pulumi.Output<string>;
    keyUriWithVersion: pulumi.Output<string>;
}

/** Encrypts disks of machines by the key, and follows its rotation within an hour. */
export function encryptDisks(
    name: string,
    key: EncryptionKey,
    args: AzureSecretsArgs,
    child: Child,
): pulumi.Output<string> {
    const set = new compute.DiskEncryptionSet(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            encryptionType: "EncryptionAtRestWithCustomerKey",
            activeKey: { keyUrl: key.uriWithVersion },
            rotationToLatestKeyVersionEnabled: true,
            // Azure's documentation allows new sets an identity of their own only.
            identity: { type: "SystemAssigned" },
            tags: args.tags,
        },
        child,
    );
    const principalId = set.identity.apply((identity) => identity!.principalId);
    const role = giveRole(name, "keyEncryption", principalId, key.id, child);
    return identityWithRoles(set, [role]);
}
