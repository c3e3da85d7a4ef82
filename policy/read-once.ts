import { createRequire } from "node:module";
import type { PolicyResource, Stack } from "./stack";

interface Message {
    getProperties: () => object;
}
interface AnalyzeStackRequest {
    prototype: { getResourcesList: () => Message[] };
}
type Deserialize = (properties: object, proxySecrets: boolean) => object;

/** A stack as a policy was handed it, and what was made of it for all policies, by the day that counts as today. */
export interface HandedOver {
    resources: readonly PolicyResource[];
    stacks: Map<string, Stack>;
}

/** Where the policy SDK keeps what stands behind the properties that it hands to a policy. */
const TARGET = "__getSpecialProxyTarget";

/** Stacks by the properties of their first resource. */
const handedOver = new WeakMap<object, HandedOver>();

/**
 * The policy SDK reads all resources of a stack anew for each policy. This has it read them until one policy was handed
 * them; from then on it hands over the first one alone, by which {@link wholeStack} knows the others. For packs whose
 * stack policies all ask that function or look at no resource, and change nothing. A version of the SDK that is laid out
 * otherwise reads as it always does.
 */
export function readOnce(): void {
    try {
        const fromSdk = createRequire(require.resolve("@pulumi/policy/package.json"));
        const sdk = fromSdk("./deserialize.js") as { deserializeProperties: Deserialize };
        const { AnalyzeStackRequest: request } = fromSdk("@pulumi/pulumi/proto/analyzer_pb") as {
            AnalyzeStackRequest: AnalyzeStackRequest;
        };
        const { deserializeProperties } = sdk;
        const known = new WeakMap<object, object>();
        sdk.deserializeProperties = (properties, proxySecrets) => {
            const read = (!proxySecrets && known.get(properties)) || deserializeProperties(properties, proxySecrets);
            if (!proxySecrets) {
                known.set(properties, read);
            }
            return read;
        };
        const { getResourcesList } = request.prototype;
        request.prototype.getResourcesList = function () {
            const all = getResourcesList.call(this);
            const isHandedOver = () => {
                const identity = all[0] && known.get(all[0].getProperties());
                return identity !== undefined && handedOver.has(identity);
            };
            const untilThen = () => (isHandedOver() ? all.slice(0, 1) : all).values();
            return Object.assign([...all], { [Symbol.iterator]: untilThen });
        };
    } catch {
        // Slower, and the same.
    }
}

/** The stack whose resources, or whose first resource, a policy was handed. */
export function wholeStack(resources: readonly PolicyResource[]): HandedOver {
    const identity = resources[0]?.props[TARGET];
    const isKnowable = typeof identity === "object" && identity !== null;
    const whole = (isKnowable && handedOver.get(identity)) || { resources, stacks: new Map<string, Stack>() };
    if (isKnowable) {
        handedOver.set(identity, whole);
    }
    return whole;
}
