import * as pulumi from "@pulumi/pulumi";
import type { DeploymentArgs } from "../components";
import type { StackConfig } from "./config";
import { type Profile, profiles } from "./profiles";

/** Arguments of a deployment: the stack's configuration over its profile's defaults. */
export function deploymentArgs(config: StackConfig): DeploymentArgs {
    const { databaseMachine, loadBalancer, ...profile } = profiles[config.cloud][config.environment];
    const { cloud, environment, region: _region, ...own } = config;
    const { reservedNetworks: _reserved, ...network } = { ...profile.network, ...own.network };
    const hasMachines = (own.loadBalancer?.kind ?? "managed") !== "managed";
    return {
        ...profile,
        ...own,
        network,
        ...(hasMachines && { loadBalancer: { ...loadBalancer, ...own.loadBalancer } }),
        appPair: { ...profile.appPair, ...own.appPair },
        database: {
            ...(own.database?.kind === "vm" ? forMachines(profile.database, databaseMachine) : profile.database),
            ...own.database,
            version: own.database?.version?.toString(),
        },
        backup: { ...profile.backup, ...own.backup },
        sessionStore:
            own.sessionStore?.kind === "redis" ? own.sessionStore : { ...profile.sessionStore, ...own.sessionStore },
        mail: { ...own.mail, password: own.mail.password === undefined ? undefined : pulumi.secret(own.mail.password) },
        tags: { application: "minusnow", environment, cloud, "managed-by": "pulumi", ...own.tags },
    };
}

/** A profile's defaults for a managed database that hold for one on machines too. */
function forMachines({ storageGib, backupRetentionDays }: Profile["database"], machine: Profile["databaseMachine"]) {
    return { storageGib, backupRetentionDays, ...machine };
}
