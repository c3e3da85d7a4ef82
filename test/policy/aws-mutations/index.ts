import type { Resource } from "../../../plan/engine/resource";
import type { Mutation } from "../change";
import { infrastructure } from "./infrastructure";
import { firewall } from "./firewall";
import { security } from "./security";
import { operational } from "./operational";
import { readiness } from "../readiness-mutations";
import { roundabout } from "./roundabout";

/** Every defect that is planted into a compliant plan on AWS. */
export function awsMutations(all: Resource[]): Mutation[] {
    return [
        ...infrastructure(all),
        ...firewall(all),
        ...security(all),
        ...operational(all),
        ...readiness(all),
        ...roundabout(all),
    ];
}
