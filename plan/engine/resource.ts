import type { Values } from "./values";

/** A resource as the program registered it: everything the engine would know before it calls the provider. */
export interface Resource {
    urn: string;
    /** Pulumi type token, for example `aws:lb/listener:Listener`. */
    type: string;
    name: string;
    /** False for components. */
    custom: boolean;
    /** URN of the parent, empty for the stack itself. */
    parent: string;
    /** `<provider URN>::<id>`; empty for components. */
    provider: string;
    dependencies: string[];
    propertyDependencies: Record<string, string[]>;
    options: ResourceOptions;
    inputs: Values;
    id: string;
    outputs: Values;
}

/** The resource options that were set; a key that is absent has its default. */
export interface ResourceOptions {
    protect?: boolean;
    ignoreChanges?: string[];
    replaceOnChanges?: string[];
    deleteBeforeReplace?: boolean;
    retainOnDelete?: boolean;
    deletedWith?: string;
    additionalSecretOutputs?: string[];
    aliases?: string[];
    import?: string;
    version?: string;
    customTimeouts?: { create?: string; update?: string; delete?: string };
}

/** A message that the program logged through the engine. */
export interface LogMessage {
    severity: "debug" | "info" | "warning" | "error";
    message: string;
    urn: string;
}

/** What creates resources and answers lookups in place of the providers. */
export interface Cloud {
    /** Decides the identifier and outputs of a new resource; secrets in its inputs are already open. */
    create(resource: NewResource): { id: string; outputs: Values };
    /** Answers a provider function, or says that it does not know it. */
    invoke(token: string, args: Values, provider: string): Values;
    /** Answers a `Resource.get`. */
    read(type: string, id: string, name: string): Values;
}

/** What a {@link Cloud} is told of a resource before it exists. */
export interface NewResource {
    urn: string;
    type: string;
    name: string;
    provider: string;
    inputs: Values;
}
