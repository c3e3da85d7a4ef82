/** Ports of the guide's services. */
export const ports = {
    /** Public HTTPS (step 1). */
    https: 443,
    /** Public HTTP, answered with a redirect (step 1). */
    http: 80,
    /** The application (step 2). */
    app: 5000,
    /** PostgreSQL (step 3). */
    postgres: 5432,
    /** NFS (step 5). */
    nfs: 2049,
    /** How administrators reach machines through Azure Bastion: SSH for Linux, RDP for Windows. */
    ssh: 22,
    rdp: 3389,
    /** Names, which servers on Windows ask a directory for. */
    dns: 53,
    /** SMB, in place of NFS for servers on Windows. */
    smb: 445,
    /** Redis (step 6). */
    redis: 6379,
    /** Mail submission (step 6). */
    smtp: 587,
} as const;

/** The private network (guide, step 7). */
export const addressSpace = "10.0.0.0/16";

/**
 * Roles of subnets, in the order of their place in the address space: with the guide's network the first zone's app
 * subnet is 10.0.1.0/24, its database subnet 10.0.2.0/24, storage 10.0.3.0/24 and cache 10.0.4.0/24 (steps 3 to 7).
 */
export const subnetRoles = ["edge", "app", "database", "storage", "cache"] as const;

/** One of {@link subnetRoles}. */
export type SubnetRole = (typeof subnetRoles)[number];

/** Host numbers inside a subnet: app1 is .10 and app2 .11, the primary database .10 (guide, step 7). */
export const firstHostNumber = 10;

/** Who opens a connection to whom. */
export interface Arrow {
    from: "internet" | SubnetRole;
    to: SubnetRole;
    port: number;
    purpose: string;
}

/** Every connection into a tier that the guide draws; nothing else may be open (guide, step 7). */
export const arrows: readonly Arrow[] = [
    { from: "internet", to: "edge", port: ports.https, purpose: "HTTPS from users" },
    { from: "internet", to: "edge", port: ports.http, purpose: "HTTP from users, redirected to HTTPS" },
    { from: "edge", to: "app", port: ports.app, purpose: "Requests and health checks from the load balancer" },
    { from: "app", to: "database", port: ports.postgres, purpose: "PostgreSQL from the application" },
    { from: "app", to: "storage", port: ports.nfs, purpose: "Shared directories over NFS" },
    { from: "app", to: "cache", port: ports.redis, purpose: "Sessions in Redis" },
];
