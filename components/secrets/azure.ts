import * as pulumi from "@pulumi/pulumi";
import { resourceIdParts } from "../azure-ids";
import { asSecret } from "./as-secret";
import { generateSecret, storeSecret } from "./azure-generated";
import { encryptDisks, encryptionKey } from "./azure-key";
import { type CreatedVault, createVault } from "./azure-vault";
import type { Secrets } from "./contract";

/** Arguments of {@link AzureSecrets}. */
export interface AzureSecretsArgs {
    /**
     * Name of the resource group. Where vault and key are kept, it must outlive the stack: Azure deletes all that is in a
     * group with it. A change replaces the vault.
     */
    resourceGroupName: pulumi.Input<string>;
    /** Subnet of the vault's private address. */
    endpointSubnetId: pulumi.Input<string>;
    /** Id of the private DNS zone `privatelink.vaultcore.azure.net`. */
    dnsZoneId: pulumi.Input<string>;
    /** Id of an existing RSA key in a key vault. Default: a key is created, rotated every year. A change re-encrypts nothing. */
    keyId?: pulumi.Input<string>;
    /**
     * The mail server's password. Pass it as a Pulumi secret. A change is made in place; servers read it when the
     * service starts. Exactly one of this and `smtpPasswordSecretId` is needed.
     */
    smtpPassword?: pulumi.Input<string>;
    /** Id of an existing secret in a key vault that holds the mail server's password as plain text. */
    smtpPasswordSecretId?: pulumi.Input<string>;
    /** A higher number replaces the session secret, which ends all sessions. Default 1. */
    rotation?: number;
    /**
     * Keeps vault and key when the stack is deleted: without them, backups that stay cannot be read. Default true. A change
     * is made in place.
     */
    retainKey?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** Shortest session secret is 32 characters (guide, step 6); twice that costs nothing. */
const sessionSecretCharacters = 64;

/** The deployment's key vault, its encryption key and the secrets that belong to no other tier (guide, step 6). */
export class AzureSecrets extends pulumi.ComponentResource implements Secrets {
    /** Resource id of the key. */
    public readonly keyId: pulumi.Output<string>;
    /** Resource id of the session secret. */
    public readonly sessionSecretId: pulumi.Output<string>;
    /** Resource id of the mail server's password. */
    public readonly smtpSecretId: pulumi.Output<string>;
    /** Resource id of the vault; resolves when machines in the network reach it. */
    public readonly vaultId: pulumi.Output<string>;
    /** Name of the key. */
    public readonly keyName: pulumi.Output<string>;
    /** Address of the key's vault. */
    public readonly keyVaultUri: pulumi.Output<string>;
    /** Address of the key without a version. */
    public readonly keyUri: pulumi.Output<string>;
    /** Address of the key's present version, for services that take no other. */
    public readonly keyUriWithVersion: pulumi.Output<string>;
    /** Resource id of the identity that services use the key by. */
    public readonly keyIdentityId: pulumi.Output<string>;
    /** Resource id of the set that encrypts machines' disks by the key. */
    public readonly diskEncryptionSetId: pulumi.Output<string>;

    constructor(name: string, args: AzureSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AzureSecrets", name, { ...args, smtpPassword: asSecret(args.smtpPassword) }, opts);
        const child = { parent: this };

        const vault = createVault(name, args, child);
        const key = encryptionKey(name, vault, args, child);
        this.keyId = key.id;
        this.sessionSecretId = createSessionSecret(name, vault, args, child);
        this.smtpSecretId = smtpSecret(name, vault, args, child);
        this.vaultId = vault.id;
        this.keyName = key.name;
        this.keyVaultUri = key.vaultUri;
        this.keyUri = key.uri;
        this.keyUriWithVersion = key.uriWithVersion;
        this.keyIdentityId = key.identityId;
        this.diskEncryptionSetId = encryptDisks(`${name}-disks`, key, args, child);
        this.registerOutputs(outputsOf(this));
    }
}

function outputsOf(secrets: AzureSecrets): Record<string, pulumi.Output<string>> {
    const { keyId, sessionSecretId, smtpSecretId, vaultId, keyName } = secrets;
    const { keyVaultUri, keyUri, keyUriWithVersion, keyIdentityId, diskEncryptionSetId } = secrets;
    return {
        keyId,
        sessionSecretId,
        smtpSecretId,
        vaultId,
        keyName,
        keyVaultUri,
        keyUri,
        keyUriWithVersion,
        keyIdentityId,
        diskEncryptionSetId,
    };
}

interface Child {
    parent: pulumi.Resource;
}

function createSessionSecret(name: string, vault: CreatedVault, args: AzureSecretsArgs, child: Child) {
    const { rotation = 1, tags } = args;
    return generateSecret(
        `${name}-session`,
        {
            vaultId: vault.id,
            description: "MinusNow: signs session cookies",
            specialCharacters: "-_.!~",
            length: sessionSecretCharacters,
            rotation,
            tags,
        },
        child,
    ).id;
}

function smtpSecret(name: string, vault: CreatedVault, args: AzureSecretsArgs, child: Child): pulumi.Output<string> {
    const { smtpPassword, smtpPasswordSecretId, tags } = args;
    if (smtpPassword !== undefined && smtpPasswordSecretId === undefined) {
        const place = { vaultId: vault.id, tags };
        return storeSecret(`${name}-smtp`, "MinusNow: password of the mail server", smtpPassword, place, child);
    }
    if (smtpPasswordSecretId === undefined || smtpPassword !== undefined) {
        const found = smtpPassword === undefined ? "neither" : "both";
        throw new Error(
            `AzureSecrets: found ${found} of smtpPassword and smtpPasswordSecretId, allowed is exactly one`,
        );
    }
    const id = pulumi.output(smtpPasswordSecretId);
    return pulumi.all([id, resourceIdParts(id, "Microsoft.KeyVault/vaults/secrets")]).apply(([checked]) => checked);
}
