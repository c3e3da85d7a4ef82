import { aws, azure } from "../types";
import type { Resource, Stack } from "../stack";

const AZURE_REPLICA = /replica/i;

/** True for a replica of another managed database. */
export function isReplica(database: Resource): boolean {
    if (database.type === aws.database) {
        return database.keys.includes("replicateSourceDb") && database.get("replicateSourceDb") !== "";
    }
    const role = database.text("createMode") ?? database.text("replica.role") ?? database.text("replicationRole");
    return role === undefined ? database.keys.includes("sourceServerResourceId") : AZURE_REPLICA.test(role);
}

/** The machines that PostgreSQL runs on, those of one deployment together; the first of them is primary at first. */
export function databaseMachines(stack: Stack): Resource[][] {
    const machines = stack
        .of(aws.instance, azure.machine)
        .filter((machine) => machine.get("tags.minusnow-role") === "database");
    const tags = new Set(machines.map((machine) => machine.get("tags.minusnow-servers")));
    return [...tags].map((tag) => machines.filter((machine) => machine.get("tags.minusnow-servers") === tag));
}

/** The third voters of all databases on machines. */
export function witnesses(stack: Stack): Resource[] {
    return stack
        .of(aws.instance, azure.machine)
        .filter((machine) => machine.get("tags.minusnow-role") === "database-witness");
}

/** The third voter of one database on machines; undefined where an administrator promotes the standby. */
export function witnessOf(stack: Stack, machine: Resource): Resource | undefined {
    const tag = machine.text("tags.minusnow-servers");
    return witnesses(stack).find((witness) => witness.get("tags.minusnow-servers") === `${tag}-witness`);
}

/** Managed PostgreSQL servers that accept writes. */
export function managedPrimaries(stack: Stack): Resource[] {
    return stack.of(aws.database, azure.database).filter((database) => !isReplica(database));
}

/** Replicas of any managed database in the stack. */
export function managedReplicas(stack: Stack): Resource[] {
    return stack.of(aws.database, azure.database).filter(isReplica);
}

/** PostgreSQL servers that accept writes, managed ones and machines. */
export function primaries(stack: Stack): Resource[] {
    return [...managedPrimaries(stack), ...databaseMachines(stack).map(([first]) => first!)];
}

/** Replicas of any database in the stack, managed ones and machines. */
export function replicas(stack: Stack): Resource[] {
    return [...managedReplicas(stack), ...databaseMachines(stack).flatMap(([, ...others]) => others)];
}

/** The replicas of one primary. */
export function replicasOf(stack: Stack, primary: Resource): Resource[] {
    if (primary.type === aws.instance || primary.type === azure.machine) {
        const [, ...others] = databaseMachines(stack).find(([first]) => first === primary) ?? [];
        return others;
    }
    const property = primary.type === aws.database ? "replicateSourceDb" : "sourceServerResourceId";
    return managedReplicas(stack).filter((replica) => replica.refersTo(property, primary) === true);
}
