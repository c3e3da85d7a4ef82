import type * as pulumi from "@pulumi/pulumi";

/** A type with a version of Azure's interface in it, such as `azure-native:network/v20230501:VirtualNetwork`. */
const VERSIONED = /^azure-native:[^:]+\/v\d/;

/**
 * Drops aliases by which resources would be found in a state that was made with the provider's versioned types. There are up
 * to a hundred for each resource, they take a third of a program's time, and nothing here was ever of such a type. Aliases
 * without a version, for resources that moved to another module, stay.
 */
export const withoutVersionedAliases: pulumi.ResourceTransformation = ({ props, opts }) => {
    const isVersioned = (alias: pulumi.Input<pulumi.URN | pulumi.Alias>) =>
        typeof alias === "object" && "type" in alias && typeof alias.type === "string" && VERSIONED.test(alias.type);
    const { aliases } = opts as { aliases?: pulumi.Input<pulumi.URN | pulumi.Alias>[] };
    return aliases?.some(isVersioned)
        ? { props, opts: { ...opts, aliases: aliases.filter((alias) => !isVersioned(alias)) } }
        : undefined;
};
