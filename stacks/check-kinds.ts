import { systemMajors, WITNESS } from "../components/database/host/settings";
import { azureSystems, isLinux } from "../components/host/operating-system";
import { THIRD_VOTER } from "../components/database/machines";
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

const checkSessionStore: Check = ({ sessionStore }) =>
    sessionStore?.renew !== undefined && sessionStore.kind !== "redis"
        ? [
              problem(
                  "sessionStore.renew",
                  `${sessionStore.renew} with kind ${sessionStore.kind ?? "managed"}`,
                  "nothing: only kind redis has a machine of yours",
                  "pulumi config rm --path minusnow:sessionStore.renew",
              ),
          ]
        : [];

/** Settings of a managed database that machines have no use for, with what is so there. */
const ofManagedDatabase = {
    standby: "nothing: on machines the replica is the standby",
    replica: "nothing: on machines there are always two",
    applyImmediately: "nothing: a machine changes when it is named in database.renew",
    finalSnapshot: "nothing: backups stay when the stack is deleted",
};

/** Settings of machines that a managed database has no use for. */
const ofMachines = {
    renew: "nothing: only kind vm has machines of yours",
    os: "nothing: only kind vm has machines of yours",
    automaticFailover: "nothing: a managed standby takes over by itself (database.standby)",
};

const removeOfDatabase = (key: string) => `pulumi config rm --path minusnow:database.${key}`;

const checkManagedDatabase: Check = ({ database }) =>
    database?.kind === "vm"
        ? []
        : (["renew", "os", "automaticFailover"] as const)
              .filter((key) => database?.[key] !== undefined)
              .map((key) =>
                  problem(
                      `database.${key}`,
                      `${String(database![key])} with kind ${database!.kind ?? "managed"}`,
                      ofMachines[key],
                      removeOfDatabase(key),
                  ),
              );

/** What a disk of a machine on Azure can be that the system starts from, in GiB. */
const azureSystemDisk = { least: 30, most: 4095 };

const checkDatabaseMachines: Check = ({ cloud, database, network }) => {
    if (database?.kind !== "vm") {
        return [];
    }
    const { least, most } = azureSystemDisk;
    const { storageGib = least, renew = [] } = database;
    return [
        ...Object.entries(ofManagedDatabase)
            .filter(([key]) => database[key as keyof typeof ofManagedDatabase] !== undefined)
            .map(([key, allowed]) => {
                const found = `${String(database[key as keyof typeof ofManagedDatabase])} with kind vm`;
                return problem(`database.${key}`, found, allowed, removeOfDatabase(key));
            }),
        ...(cloud === "azure" ? checkAzureSystem(database) : checkAwsSystem(database)),
        ...(cloud === "azure" && (storageGib < least || storageGib > most)
            ? [
                  problem(
                      "database.storageGib",
                      `${storageGib} with kind vm`,
                      `a whole number from ${least} to ${most}`,
                      set("database.storageGib", "512"),
                  ),
              ]
            : []),
        ...(renew.length > 1
            ? [
                  problem(
                      "database.renew",
                      renew.join(", "),
                      "one machine at a time: the other one holds the data",
                      set("database.renew[0]", "db2"),
                  ),
              ]
            : []),
        ...checkThirdVoter(database, network),
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

type DatabaseConfig = NonNullable<StackConfig["database"]>;

const VOTERS = 3;

function checkThirdVoter(
    { automaticFailover = false, renew = [] }: DatabaseConfig,
    network: StackConfig["network"],
): ConfigurationProblem[] {
    const { zoneCount = 2 } = network ?? {};
    return [
        ...(automaticFailover && zoneCount < VOTERS
            ? [
                  problem(
                      "database.automaticFailover",
                      `true with ${zoneCount} zones`,
                      `false, or network.zoneCount ${VOTERS}: ${THIRD_VOTER}`,
                      set("network.zoneCount", String(VOTERS)),
                  ),
              ]
            : []),
        ...(!automaticFailover && renew.includes(WITNESS)
            ? [
                  problem(
                      "database.renew",
                      `${renew.join(", ")} without automaticFailover`,
                      "db1 or db2: there is no witness",
                      set("database.renew[0]", "db2"),
                  ),
              ]
            : []),
    ];
}

/** PostgreSQL's own packages have every version for these systems. */
function checkAzureSystem({ os = "ubuntu-24.04" }: DatabaseConfig): ConfigurationProblem[] {
    const allowed = `${azureSystems.join(" or ")} on Azure`;
    return isLinux(os) && azureSystems.includes(os)
        ? []
        : [problem("database.os", os, allowed, removeOfDatabase("os"))];
}

function checkAwsSystem({ os = "debian-13", version }: DatabaseConfig): ConfigurationProblem[] {
    const major = systemMajors[os];
    if (major === undefined) {
        const allowed = Object.keys(systemMajors).join(", ");
        return [problem("database.os", os, allowed, set("database.os", "debian-13"))];
    }
    return version === undefined || version === major
        ? []
        : [
              problem(
                  "database.version",
                  `${version} with kind vm on ${os}`,
                  `${major}, which ${os} packages`,
                  set("database.version", String(major)),
              ),
          ];
}

const checkSharedStorage: Check = ({ appPair, sharedStorage, network }) => [
    ...(sharedStorage?.kind === "nfs" && appPair?.os === "windows-server-2025"
        ? [
              problem(
                  "sharedStorage.kind",
                  "nfs with appPair.os windows-server-2025",
                  "managed there: Windows mounts shares of SMB",
                  set("sharedStorage.kind", "managed"),
              ),
          ]
        : []),
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
export const kindChecks: Check[] = [
    checkBalancers,
    checkSharedStorage,
    checkSessionStore,
    checkManagedDatabase,
    checkDatabaseMachines,
];
