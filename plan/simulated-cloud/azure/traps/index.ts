import type { Trap } from "../../trap";
import { computeTraps } from "./compute";
import { databaseTraps } from "./database";
import { gatewayTraps } from "./gateway";
import { loadBalancerTraps } from "./load-balancer";
import { networkTraps } from "./network";
import { operationsTraps } from "./operations";
import { storageTraps } from "./storage";

/** What Azure refuses only when a resource is created: one entry per known trap. */
export const azureTraps: readonly Trap[] = [
    ...networkTraps,
    ...gatewayTraps,
    ...loadBalancerTraps,
    ...computeTraps,
    ...databaseTraps,
    ...storageTraps,
    ...operationsTraps,
];
