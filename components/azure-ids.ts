import type * as pulumi from "@pulumi/pulumi";

/** The parts of an Azure resource id that other resources are named by. */
export interface ResourceId {
    subscription: string;
    resourceGroup: string;
    /** Names of the resource and what it is in, outermost first: vault and secret, server and database. */
    names: string[];
}

/**
 * Reads `/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/v/secrets/s`.
 *
 * @throws Error with what was found and what is allowed when the text is no id of the type, for example
 * `Microsoft.KeyVault/vaults/secrets`.
 */
export function parseResourceId(id: string, type: string): ResourceId {
    const [, subscription, resourceGroup, provider, rest = ""] =
        /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/(.+)$/i.exec(id) ?? [];
    const parts = rest.split("/");
    const kinds = parts.filter((_, place) => place % 2 === 0);
    const names = parts.filter((_, place) => place % 2 === 1);
    const found = [provider, ...kinds].join("/");
    if (
        !subscription ||
        !resourceGroup ||
        found.toLowerCase() !== type.toLowerCase() ||
        kinds.length !== names.length
    ) {
        throw new Error(`'${id}' is not the id of a resource of the type ${type}; it begins with /subscriptions/`);
    }
    return { subscription, resourceGroup, names };
}

/** {@link parseResourceId} for an id that may not be known yet. */
export function resourceIdParts(id: pulumi.Output<string>, type: string): pulumi.Output<ResourceId> {
    return id.apply((text) => parseResourceId(text, type));
}
