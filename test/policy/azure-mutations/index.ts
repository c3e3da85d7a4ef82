import type { Resource } from "../../../plan/engine/resource";
import type { Mutation } from "../change";
import { readiness } from "../readiness-mutations";
import { backups } from "./backups";
import { firewall } from "./firewall";
import { infrastructure } from "./infrastructure";
import { operational } from "./operational";
import { roundabout } from "./roundabout";
import { security } from "./security";

/** Every defect that is planted into a compliant plan on Azure. */
export function azureMutations(all: Resource[]): Mutation[] {
    return [
        ...infrastructure(all),
        ...firewall(all),
        ...security(all),
        ...operational(all),
        ...backups(all),
        ...readiness(all),
        ...roundabout(all),
    ];
}
