import * as keyvault from "@pulumi/azure-native/keyvault";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { resourceIdParts } from "../azure-ids";
import { asSecret } from "./as-secret";
import { passwordComplexity } from "./contract";

/** Where secrets are kept. */
export interface VaultPlace {
    /** Resource id of the key vault. */
    vaultId: pulumi.Input<string>;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** What to generate. */
export interface GeneratedSecretArgs extends VaultPlace {
    /** What it is for; shown beside the secret. */
    description: string;
    /** Special characters that the service accepts in a password. */
    specialCharacters: string;
    /** Characters. Default that of {@link passwordComplexity}. */
    length?: number;
    /** A higher number generates a new value. */
    rotation: number;
    /** Turns the value into what the secret store keeps. Default the value itself. */
    document?: (value: pulumi.Output<string>) => pulumi.Output<string>;
}

/** A secret with its value, for the component that sets the same value on a service. */
export interface GeneratedSecret {
    /** Resource id of the stored secret; depend on it before reading the secret. */
    id: pulumi.Output<string>;
    value: pulumi.Output<string>;
}

/** Generates a password and stores it in the key vault. */
export function generateSecret(
    name: string,
    args: GeneratedSecretArgs,
    child: pulumi.CustomResourceOptions,
): GeneratedSecret {
    const { specialCharacters, rotation, document } = args;
    const password = new RandomPassword(
        name,
        {
            ...passwordComplexity,
            length: args.length ?? passwordComplexity.length,
            overrideSpecial: specialCharacters,
            keepers: { rotation: String(rotation) },
        },
        child,
    );
    const value = document ? document(password.result) : password.result;
    return { id: storeSecret(name, args.description, value, args, child), value: password.result };
}

/**
 * What is not compared again of a secret that machines write: an update of anything else would send the first value again, as
 * a new version.
 */
export const WRITTEN_BY_MACHINES = ["properties", "tags"];

/** Stores a value in the key vault, over Azure's management plane: the vault itself answers inside the network only. */
export function storeSecret(
    name: string,
    description: string,
    value: pulumi.Input<string>,
    { vaultId, tags }: VaultPlace,
    child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const vault = resourceIdParts(pulumi.output(vaultId), "Microsoft.KeyVault/vaults");
    return new keyvault.Secret(
        name,
        {
            resourceGroupName: vault.resourceGroup,
            vaultName: vault.names.apply(([vaultName]) => vaultName!),
            secretName: name,
            properties: { value: asSecret(value)!, contentType: description, attributes: { enabled: true } },
            tags,
        },
        // Azure deletes secrets through the vault, which answers inside the network only; they go with the vault.
        { ...child, retainOnDelete: true },
    ).id;
}
