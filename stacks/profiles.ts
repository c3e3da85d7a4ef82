import type { DatabaseSettings, DeploymentArgs } from "../components";
import type { StackConfig } from "./config";

/** Defaults that an environment supplies. */
export type Profile = Required<
    Pick<
        DeploymentArgs,
        "network" | "loadBalancer" | "appPair" | "database" | "sessionStore" | "backup" | "deletionProtection"
    >
> & { databaseMachine: Pick<DatabaseSettings, "size"> };

/** Defaults by cloud and environment: staging has the guide's minimum sizes, prod its recommended ones. */
export const profiles: { [cloud in StackConfig["cloud"]]: { [environment in StackConfig["environment"]]: Profile } } = {
    aws: {
        dev: {
            network: { nat: "single" },
            loadBalancer: { size: "t3.medium" },
            databaseMachine: { size: "t3.large" },
            appPair: { size: "t3.large" },
            database: {
                size: "db.t4g.large",
                storageGib: 50,
                standby: false,
                replica: false,
                backupRetentionDays: 7,
                finalSnapshot: false,
            },
            sessionStore: { kind: "none" },
            backup: {
                databaseEveryHours: 24,
                retentionDays: 7,
                auditRetentionDays: 91,
                lock: "none",
                deleteWithStack: true,
            },
            deletionProtection: false,
        },
        staging: {
            network: { nat: "single" },
            loadBalancer: { size: "c7i.large" },
            databaseMachine: { size: "m7i.xlarge" },
            appPair: { size: "c7i.xlarge" },
            database: {
                size: "db.m7g.xlarge",
                storageGib: 500,
                standby: true,
                replica: true,
                backupRetentionDays: 30,
                finalSnapshot: true,
            },
            sessionStore: { kind: "managed", size: "cache.t4g.small" },
            backup: {
                databaseEveryHours: 6,
                retentionDays: 30,
                auditRetentionDays: 365,
                lock: "governance",
                deleteWithStack: false,
            },
            deletionProtection: false,
        },
        prod: {
            network: { nat: "per-zone" },
            loadBalancer: { size: "c7i.xlarge" },
            databaseMachine: { size: "m7i.2xlarge" },
            appPair: { size: "c7i.2xlarge" },
            database: {
                size: "db.m7g.2xlarge",
                storageGib: 500,
                standby: true,
                replica: true,
                backupRetentionDays: 30,
                finalSnapshot: true,
            },
            sessionStore: { kind: "managed", size: "cache.t4g.small" },
            backup: {
                databaseEveryHours: 6,
                retentionDays: 30,
                auditRetentionDays: 365,
                lock: "governance",
                deleteWithStack: false,
            },
            deletionProtection: true,
        },
    },
    azure: {
        dev: {
            network: { nat: "single" },
            loadBalancer: { size: "Standard_B2s_v2" },
            databaseMachine: { size: "Standard_B2s_v2" },
            appPair: { size: "Standard_B2s_v2" },
            database: {
                size: "Standard_B2ms",
                storageGib: 64,
                standby: false,
                replica: false,
                backupRetentionDays: 7,
            },
            sessionStore: { kind: "none" },
            backup: {
                databaseEveryHours: 24,
                retentionDays: 7,
                auditRetentionDays: 91,
                lock: "none",
                deleteWithStack: true,
            },
            deletionProtection: false,
        },
        staging: {
            network: { nat: "single" },
            loadBalancer: { size: "Standard_D2s_v5" },
            databaseMachine: { size: "Standard_D4s_v5" },
            appPair: { size: "Standard_D4s_v5" },
            database: {
                size: "Standard_D4ds_v5",
                storageGib: 512,
                standby: true,
                replica: true,
                backupRetentionDays: 30,
            },
            sessionStore: { kind: "managed", size: "Balanced_B1" },
            backup: {
                databaseEveryHours: 6,
                retentionDays: 30,
                auditRetentionDays: 365,
                lock: "governance",
                deleteWithStack: false,
            },
            deletionProtection: false,
        },
        prod: {
            network: { nat: "per-zone" },
            loadBalancer: { size: "Standard_D4s_v5" },
            databaseMachine: { size: "Standard_D8s_v5" },
            appPair: { size: "Standard_D8s_v5" },
            database: {
                size: "Standard_D8ds_v5",
                storageGib: 512,
                standby: true,
                replica: true,
                backupRetentionDays: 30,
            },
            sessionStore: { kind: "managed", size: "Balanced_B1" },
            backup: {
                databaseEveryHours: 6,
                retentionDays: 30,
                auditRetentionDays: 365,
                lock: "governance",
                deleteWithStack: false,
            },
            deletionProtection: true,
        },
    },
};
