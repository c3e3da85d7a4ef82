import { systemMajors } from "../components/database/host/settings";
import type { StackConfig } from "./config";
import type { ConfigurationProblem } from "./configuration-error";
import { problem, set } from "./problem";

export type Checked = Partial<StackConfig>;
export type Check = (config: Checked, isSecret: (key: string) => boolean) => ConfigurationProblem[];

const checkBalancers: Check = ({ loadBalancer }) =>
    (loadBalancer?.kind ?? "managed") === "managed"
        ? (["size", "renew"] as const)
              .filter((key) => loadBalancer?.[key] !== undefined)
              .map((key) =>
                  problem(
                      `loadBalancer.${key}`,
                      `${String(loadBalancer![key])} with kind managed`,
                      "nothing: a managed balancer has no machines of yours; or kind haproxy or nginx",
                      `pulumi config rm --path minusnow:loadBalancer.${key}`,
                  ),
              )
        : [];

/** How each cloud names a managed store's size, with an example of it and of a machine's. */
const storeSizes = {
    aws: { managed: /^cache\./, example: "cache.t4g.small", machine: "t3.small" },
    azure: {
        managed: /^(Balanced|MemoryOptimized|ComputeOptimized)_/,
        example: "Balanced_B1",
        machine: "Standard_B2s_v2",
    },
};

const checkSessionStore: Check = ({ cloud, sessionStore }) => {
    const isMachine = sessionStore?.kind === "redis";
    const size = sessionStore?.size;
    const { managed, example, machine } = storeSizes[cloud ?? "aws"];
    return [
        ...(size !== undefined && isMachine === managed.test(size)
            ? [
                  problem(
                      "sessionStore.size",
                      `${size} with kind ${sessionStore?.kind ?? "managed"}`,
                      isMachine ? `a machine size such as ${machine}` : `a cache size such as ${example}`,
                      set("sessionStore.size", isMachine ? machine : example),
                  ),
              ]
            : []),
        ...(sessionStore?.renew !== undefined && !isMachine
            ? [
                  problem(
                      "sessionStore.renew",
                      `${sessionStore.renew} with kind ${sessionStore.kind ?? "managed"}`,
                      "nothing: only kind redis has a machine of yours",
                      "pulumi config rm --path minusnow:sessionStore.renew",
                  ),
              ]
            : []),
    ];
};

/** Settings of a managed database that machines have no use for, with what is so there. */
const ofManagedDatabase = {
    standby: "nothing: on machines the replica is the standby",
    replica: "nothing: on machines there are always two",
    applyImmediately: "nothing: a machine changes when it is named in database.renew",
    finalSnapshot: "nothing: the bucket with the backups stays",
};

const checkDatabaseMachines: Check = ({ cloud, database, network }) => {
    const isOnMachines = database?.kind === "vm";
    const kind = `with kind ${database?.kind ?? "managed"}`;
    const size = database?.size;
    const remove = (key: string) => `pulumi config rm --path minusnow:database.${key}`;
    if (!isOnMachines) {
        return [
            ...(cloud === "aws" && size !== undefined && !size.startsWith("db.")
                ? [
                      problem(
                          "database.size",
                          `${size} ${kind}`,
                          "a database size such as db.m7g.2xlarge",
                          set("database.size", "db.m7g.2xlarge"),
                      ),
                  ]
                : []),
            ...(["renew", "os"] as const)
                .filter((key) => database?.[key] !== undefined)
                .map((key) => {
                    const allowed = "nothing: only kind vm has machines of yours";
                    return problem(`database.${key}`, `${String(database![key])} ${kind}`, allowed, remove(key));
                }),
        ];
    }
    if (cloud === "azure" && database.os !== undefined && database.os !== "ubuntu-24.04") {
        return [problem("database.os", database.os, "ubuntu-24.04 on Azure", remove("os"))];
    }
    const os = database.os ?? "debian-13";
    const major = cloud === "azure" ? database.version : systemMajors[os];
    if (major === undefined && cloud !== "azure") {
        const allowed = `${Object.keys(systemMajors).join(" or ")}, which package pgBackRest`;
        return [problem("database.os", os, allowed, set("database.os", "debian-13"))];
    }
    return [
        ...Object.entries(ofManagedDatabase)
            .filter(([key]) => database[key as keyof typeof ofManagedDatabase] !== undefined)
            .map(([key, allowed]) => {
                const found = String(database[key as keyof typeof ofManagedDatabase]);
                return problem(`database.${key}`, `${found} ${kind}`, allowed, remove(key));
            }),
        ...(size?.startsWith("db.")
            ? [
                  problem(
                      "database.size",
                      `${size} ${kind}`,
                      "a machine size such as m7i.2xlarge",
                      set("database.size", "m7i.2xlarge"),
                  ),
              ]
            : []),
        ...(database.version !== undefined && database.version !== major
            ? [
                  problem(
                      "database.version",
                      `${database.version} ${kind} on ${os}`,
                      `${major}, which ${os} packages`,
                      set("database.version", String(major)),
                  ),
              ]
            : []),
        ...((database.renew ?? []).length > 1
            ? [
                  problem(
                      "database.renew",
                      database.renew!.join(", "),
                      "one machine at a time: the other one holds the data",
                      set("database.renew[0]", "db2"),
                  ),
              ]
            : []),
        ...(network?.networkId === undefined
            ? []
            : [
                  problem(
                      "database.kind",
                      "vm in an existing network",
                      "managed there",
                      set("database.kind", "managed"),
                  ),
              ]),
    ];
};

const checkSharedStorage: Check = ({ sharedStorage, network }) => [
    ...(sharedStorage?.kind === "nfs" && network?.networkId !== undefined
        ? [
              problem(
                  "sharedStorage.kind",
                  "nfs in an existing network",
                  "managed there",
                  set("sharedStorage.kind", "managed"),
              ),
          ]
        : []),
    ...((sharedStorage?.kind ?? "managed") === "managed"
        ? (["size", "storageGib", "renew"] as const)
              .filter((key) => sharedStorage?.[key] !== undefined)
              .map((key) =>
                  problem(
                      `sharedStorage.${key}`,
                      `${String(sharedStorage![key])} with kind managed`,
                      "nothing: managed storage grows by itself and has no machine of yours; or kind nfs",
                      `pulumi config rm --path minusnow:sharedStorage.${key}`,
                  ),
              )
        : []),
];

/** What a tier's kind allows: which settings it knows. */
export const kindChecks: Check[] = [checkBalancers, checkSharedStorage, checkSessionStore, checkDatabaseMachines];
