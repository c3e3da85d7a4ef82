import { bucketTraps } from "./buckets";
import { computeTraps } from "./compute";
import { databaseTraps } from "./database";
import { filesTraps } from "./files";
import { loadBalancerTraps } from "./load-balancer";
import { networkTraps } from "./network";
import { operationsTraps } from "./operations";
import { storageTraps } from "./storage";
import type { Trap } from "./trap";

/** What AWS refuses only when a resource is created: one entry per known trap. */
export const awsTraps: readonly Trap[] = [
    ...networkTraps,
    ...loadBalancerTraps,
    ...computeTraps,
    ...databaseTraps,
    ...storageTraps,
    ...filesTraps,
    ...bucketTraps,
    ...operationsTraps,
];
