import type { PolicyResource } from "./stack";

type Deserialize = (properties: object, proxySecrets: boolean) => object;

/** Where the policy SDK keeps what stands behind the properties that it hands to a policy. */
const TARGET = "__getSpecialProxyTarget";

/**
 * The policy SDK reads all resources of a stack anew for each policy. This has it keep what it read, for packs whose
 * policies change nothing of it. A version of the SDK that is laid out otherwise reads as it always does.
 */
export function readOnce(): void {
    try {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- no types: internal to the SDK
        const sdk = require("@pulumi/policy/deserialize") as { deserializeProperties: Deserialize };
        const { deserializeProperties } = sdk;
        const known = new WeakMap<object, object>();
        sdk.deserializeProperties = (properties, proxySecrets) => {
            const read = (!proxySecrets && known.get(properties)) || deserializeProperties(properties, proxySecrets);
            if (!proxySecrets) {
                known.set(properties, read);
            }
            return read;
        };
    } catch {
        // Slower, and the same.
    }
}

const computed = new WeakMap<object, Map<string, unknown>>();

/** What was made from the same resources under the same key, for another policy; made anew where that cannot be told. */
export function madeOnce<T>(resources: readonly PolicyResource[], key: string, make: () => T): T {
    const identity = resources[0]?.props[TARGET];
    if (typeof identity !== "object" || identity === null) {
        return make();
    }
    const made = computed.get(identity) ?? new Map<string, unknown>();
    computed.set(identity, made);
    if (!made.has(key)) {
        made.set(key, make());
    }
    return made.get(key) as T;
}
