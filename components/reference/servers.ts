/** What a machine needs, as the guide counts it. */
export interface ServerSize {
    /** Virtual processors. */
    cpus: number;
    /** Memory in GiB. */
    memoryGib: number;
}

/** The guide's two sizes for one server role. */
export interface ServerRole {
    minimum: ServerSize;
    recommended: ServerSize;
}

/** Sizes by server role (guide, "Server Roles and Responsibilities"). */
export const servers = {
    loadBalancer: { minimum: { cpus: 2, memoryGib: 4 }, recommended: { cpus: 4, memoryGib: 8 } },
    appServer: { minimum: { cpus: 4, memoryGib: 8 }, recommended: { cpus: 8, memoryGib: 16 } },
    databaseServer: { minimum: { cpus: 4, memoryGib: 16 }, recommended: { cpus: 8, memoryGib: 32 } },
} satisfies Record<string, ServerRole>;

/** Application servers in the pair: a primary and a secondary (guide, "Recommended Enterprise Architecture"). */
export const appServerCount = 2;

/** Database storage in GiB, on SSD (guide, "Recommended Enterprise Architecture"). */
export const databaseStorageGib = 500;
