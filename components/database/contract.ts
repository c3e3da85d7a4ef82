import type * as pulumi from "@pulumi/pulumi";

/** Who runs PostgreSQL. */
export const DatabaseKind = {
    /** The cloud's managed PostgreSQL. */
    Managed: "managed",
    /** PostgreSQL on virtual machines of this deployment. */
    Vm: "vm",
} as const;
export type DatabaseKind = (typeof DatabaseKind)[keyof typeof DatabaseKind];

/** What the database tier gives on every cloud. */
export interface Database {
    /** Host that accepts writes. */
    readonly writerHost: pulumi.Output<string>;
    /** Host that serves reads from the replica; the writer where there is no replica. */
    readonly readerHost: pulumi.Output<string>;
    /** TCP port. */
    readonly port: pulumi.Output<number>;
    /** Name of the application's database. */
    readonly databaseName: pulumi.Output<string>;
    /** Id of the application role's secret: a JSON document with `username` and `password`. */
    readonly secretId: pulumi.Output<string>;
}
