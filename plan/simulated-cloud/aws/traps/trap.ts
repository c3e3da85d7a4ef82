import type { Values } from "../../../engine/values";
import type { World } from "../../world";

/** One thing that AWS refuses only when a resource is created. */
export interface Trap {
    id: string;
    /** Pulumi type token. */
    type: string;
    /** The documentation or API model that states the rule. */
    source: string;
    /** AWS's message when it would refuse; undefined when all is well or not yet known. */
    check: (inputs: Values, world: World) => string | undefined;
}
