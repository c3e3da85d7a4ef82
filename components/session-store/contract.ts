import type * as pulumi from "@pulumi/pulumi";

/** Who runs the session store. */
export const SessionStoreKind = {
    /** The cloud's managed Redis-compatible service. */
    Managed: "managed",
    /** Redis on a machine of this deployment. */
    Redis: "redis",
    /** Sessions stay in the application's memory; only for a single server. */
    None: "none",
} as const;
export type SessionStoreKind = (typeof SessionStoreKind)[keyof typeof SessionStoreKind];

/** What Redis does when its memory is full. */
export const MemoryPolicy = {
    /** Evicts the least recently used key of all: the guide's choice (step 8). */
    AllkeysLru: "allkeys-lru",
    /** Evicts the least recently used key among those that expire. */
    VolatileLru: "volatile-lru",
    /** Evicts nothing: new sessions fail instead of old ones vanishing. */
    Noeviction: "noeviction",
} as const;
export type MemoryPolicy = (typeof MemoryPolicy)[keyof typeof MemoryPolicy];

/** What the session-store tier gives on every cloud. */
export interface SessionStore {
    /** Host that accepts writes. */
    readonly host: pulumi.Output<string>;
    /** TCP port. */
    readonly port: pulumi.Output<number>;
    /** True: connections use TLS. */
    readonly tls: pulumi.Output<boolean>;
    /** Id of the secret with the password. */
    readonly secretId: pulumi.Output<string>;
}
