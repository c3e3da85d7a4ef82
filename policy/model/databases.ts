import { aws, azure } from "../types";
import type { Resource, Stack } from "../stack";

const AZURE_REPLICA = /replica/i;

/** True for a replica of another database. */
export function isReplica(database: Resource): boolean {
    if (database.type === aws.database) {
        return database.keys.includes("replicateSourceDb") && database.get("replicateSourceDb") !== "";
    }
    const role = database.text("createMode") ?? database.text("replica.role") ?? database.text("replicationRole");
    return role === undefined ? database.keys.includes("sourceServerResourceId") : AZURE_REPLICA.test(role);
}

/** PostgreSQL servers that accept writes. */
export function primaries(stack: Stack): Resource[] {
    return stack.of(aws.database, azure.database).filter((database) => !isReplica(database));
}

/** Replicas of any database in the stack. */
export function replicas(stack: Stack): Resource[] {
    return stack.of(aws.database, azure.database).filter(isReplica);
}

/** The replicas of one primary. */
export function replicasOf(stack: Stack, primary: Resource): Resource[] {
    const property = primary.type === aws.database ? "replicateSourceDb" : "sourceServerResourceId";
    return replicas(stack).filter((replica) => replica.refersTo(property, primary) === true);
}
