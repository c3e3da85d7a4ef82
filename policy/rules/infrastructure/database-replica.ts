import { databaseStorageGib, minimumPostgresMajor, servers as guideServers } from "../../../components/reference";
import { databaseMachines, isReplica, primaries, replicas, replicasOf, witnessOf } from "../../model/databases";
import { locked } from "../../model/azure-protection";
import { firstBoot } from "../../model/first-boot";
import { judgeFacts, tunedOnMachine } from "../../model/postgres-machine";
import { zoneOf } from "../../model/service";
import { capacityOf, judgeSize } from "../../model/sizes";
import {
    expectEqual,
    expectNumber,
    expectSet,
    expectSome,
    expectValue,
    fail,
    type Finding,
    type ItemRules,
    pass,
    shown,
    waits,
} from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, UNKNOWN } from "../../stack";

const NO_DATABASE = "no PostgreSQL server in this stack";
const isAws = (database: Resource) => database.type === aws.database;
const isMachine = (database: Resource) => database.type === aws.instance || database.type === azure.machine;

/** Properties by type of database. */
const places: Record<string, { size: string; storage: string }> = {
    [aws.database]: { size: "instanceClass", storage: "allocatedStorage" },
    [aws.instance]: { size: "instanceType", storage: "rootBlockDevice.volumeSize" },
    [azure.database]: { size: "sku.name", storage: "storage.storageSizeGB" },
    [azure.machine]: { size: "hardwareProfile.vmSize", storage: "storageProfile.osDisk.diskSizeGB" },
};
const placesOf = ({ type }: Resource) => places[type]!;

function standby(stack: Stack, primary: Resource): Finding[] {
    if (isMachine(primary)) {
        return replicasOf(stack, primary).length === 0
            ? [fail(primary, "no second machine in this stack; allowed: one in another zone")]
            : [
                  pass(primary, "the second machine acknowledges every commit while it is there"),
                  ...promoted(stack, primary),
              ];
    }
    return isAws(primary)
        ? [expectEqual(primary, "multiAz", true)]
        : [expectEqual(primary, "highAvailability.mode", "ZoneRedundant")];
}

/** Who makes the standby of a machine the primary. */
function promoted(stack: Stack, primary: Resource): Finding[] {
    const witness = witnessOf(stack, primary);
    if (witness === undefined) {
        const message =
            "an administrator promotes the standby: of two machines none can tell whether the other is dead or cut off";
        return [{ status: "warn", resource: primary, message }];
    }
    const shared = [primary, ...replicasOf(stack, primary)].find((voter) => {
        const zone = zoneOf(stack, voter);
        return zone !== UNKNOWN && zone !== undefined && zone === zoneOf(stack, witness);
    });
    return shared === undefined
        ? [pass(witness, "the standby takes over when it and this witness lose sight of the primary")]
        : [fail(witness, `it is in the zone of ${shared.name}; allowed: a third one, or both are lost together`)];
}

function replicated(stack: Stack, primary: Resource): Finding[] {
    const own = replicasOf(stack, primary);
    return own.length > 0
        ? own.map((replica) => pass(replica, `replicates ${primary.name}`))
        : [fail(primary, "no replica of it in this stack")];
}

/** A replica that follows its primary's zone is decided by the update. */
function inAnotherZone(stack: Stack, primary: Resource): Finding[] {
    return replicasOf(stack, primary).flatMap((replica) => {
        const [own, other] = [primary, replica].map((database) =>
            isMachine(database) ? zoneOf(stack, database) : database.get("availabilityZone"),
        );
        if (own === UNKNOWN || other === UNKNOWN || own === undefined || other === undefined) {
            const waiting = waits(replica, `its zone and that of ${primary.name} are not known before the update`);
            return replica.sourcesOf("availabilityZone").includes(primary.urn)
                ? [pass(replica, `its zone is chosen by that of ${primary.name}`), waiting]
                : [waiting];
        }
        return own === other
            ? [fail(replica, `it is in ${shown(other)}, the zone of ${primary.name}; allowed: another zone`)]
            : [pass(replica, `in ${shown(other)}, ${primary.name} in ${shown(own)}`)];
    });
}

function size(database: Resource): Finding {
    return judgeSize(database, placesOf(database).size, guideServers.databaseServer.minimum);
}

function storage(primary: Resource): Finding {
    return expectNumber(primary, placesOf(primary).storage, databaseStorageGib);
}

function version(primary: Resource): Finding[] {
    const isRecent = (value: unknown) => Number.parseInt(String(value), 10) >= minimumPostgresMajor;
    const allowed = `PostgreSQL ${minimumPostgresMajor} or newer`;
    if (isMachine(primary)) {
        return judgeFacts(primary, ({ major }) => [
            isRecent(major)
                ? pass(primary, `PostgreSQL ${major}`)
                : fail(primary, `found PostgreSQL ${shown(major)}, allowed: ${allowed}`),
        ]);
    }
    return isAws(primary)
        ? [expectEqual(primary, "engine", "postgres"), expectValue(primary, "engineVersion", isRecent, allowed)]
        : [expectValue(primary, "version", isRecent, allowed)];
}

function encrypted(database: Resource): Finding[] {
    if (database.type === azure.machine) {
        const disk = "storageProfile.osDisk.managedDisk.diskEncryptionSet.id";
        return [
            expectEqual(database, "securityProfile.encryptionAtHost", true),
            expectValue(database, disk, (value) => value !== undefined, "a set with a customer key"),
        ];
    }
    if (isMachine(database)) {
        return [
            expectEqual(database, "rootBlockDevice.encrypted", true),
            expectSet(database, "rootBlockDevice.kmsKeyId", "a customer key"),
        ];
    }
    return isAws(database)
        ? [
              expectEqual(database, "storageEncrypted", true),
              ...(isReplica(database) ? [] : [expectSet(database, "kmsKeyId", "a customer key")]),
          ]
        : [expectEqual(database, "dataEncryption.type", "AzureKeyVault")];
}

function keptFromDeletion(stack: Stack, primary: Resource): Finding[] {
    if (isMachine(primary)) {
        const all = [primary, ...replicasOf(stack, primary)];
        return all.map((machine) =>
            machine.type === azure.machine
                ? archiveLocked(stack, machine)
                : expectEqual(machine, "disableApiTermination", true),
        );
    }
    return isAws(primary)
        ? [
              expectEqual(primary, "deletionProtection", true),
              expectValue(primary, "skipFinalSnapshot", (value) => value === false, "false"),
          ]
        : [locked(stack, primary)];
}

/** Azure deletes no part of a machine that is locked, so that it could not be renewed; what it archives is locked. */
function archiveLocked(stack: Stack, machine: Resource): Finding {
    const script = firstBoot(machine) ?? "";
    const archive = stack
        .of(azure.storageAccount)
        .find(
            (account) =>
                script.includes(`repo1-azure-account=${account.text("name")}\n`) ||
                (script === "" && machine.sourcesOf("osProfile").includes(account.urn)),
        );
    return archive ? locked(stack, archive) : fail(machine, "no account of this stack keeps its write-ahead log");
}

/** Settings of the guide that RDS takes, in RDS's units. */
const settings: Record<string, string[]> = {
    max_connections: ["200"],
    shared_buffers: ["{DBInstanceClassMemory/32768}"],
    effective_cache_size: ["{DBInstanceClassMemory*3/32768}"],
    maintenance_work_mem: ["1048576"],
    work_mem: ["65536"],
    wal_keep_size: ["1024"],
    random_page_cost: ["1.1"],
    effective_io_concurrency: ["200"],
};

function tuned(stack: Stack, database: Resource): Finding[] {
    const group = stack.referred(database, "parameterGroupName", stack.of(aws.databaseParameters));
    if (!group) {
        return [
            fail(
                database,
                "parameterGroupName: no parameter group of this stack; allowed: one with the guide's settings",
            ),
        ];
    }
    const parameters = group.list("parameters") as { name?: unknown; value?: unknown }[];
    return Object.entries(settings).map(([name, allowed]) => {
        const value = parameters.find((parameter) => parameter.name === name)?.value;
        return typeof value === "string" && allowed.includes(value)
            ? pass(group, `${name} is ${value}`)
            : fail(group, `${name}: found ${shown(value)}, allowed: ${allowed.join(" or ")}`);
    });
}

const BLOCKS_PER_GIB = 1024 * 128;

/** Settings of the guide in the units of Azure's parameters; memory counts in blocks of 8 kB. */
function azureSettings(memoryGib: number | undefined): Record<string, string> {
    const blocks = memoryGib === undefined ? undefined : memoryGib * BLOCKS_PER_GIB;
    return {
        max_connections: "200",
        ...(blocks !== undefined && {
            shared_buffers: String(blocks / 4),
            effective_cache_size: String((blocks * 3) / 4),
        }),
        maintenance_work_mem: "1048576",
        work_mem: "65536",
        random_page_cost: "1.1",
        effective_io_concurrency: "200",
    };
}

function tunedOnAzure(stack: Stack, server: Resource): Finding[] {
    const own = stack.of(azure.databaseSetting).filter((setting) => setting.refersTo("serverName", server) === true);
    const memoryGib = capacityOf(server.text("sku.name") ?? "")?.memoryGib;
    return Object.entries(azureSettings(memoryGib)).map(([name, allowed]) => {
        const setting = own.find((other) => [other.get("configurationName"), other.get("name")].includes(name));
        return setting
            ? expectEqual(setting, "value", allowed)
            : fail(server, `${name}: found nothing, allowed: ${allowed}`);
    });
}

/** Primary and replica database configured. */
export const databaseReplica: ItemRules = {
    item: "database-replica",
    rules: [
        {
            id: "database-standby",
            title: "The primary has a synchronous standby in another zone",
            severity: "critical",
            risk: "The failure of the primary's zone stops the service until a person acts.",
            fix: "Turn on multiAz, or zone-redundant high availability on Azure.",
            step: "Recommended Enterprise Architecture",
            controls: ["CIS AWS 5.0 2.2.4", "Security Hub RDS.5", "AWS Well-Architected REL10-BP01"],
            check: (stack) => expectSome(primaries(stack), NO_DATABASE, (primary) => standby(stack, primary)),
        },
        {
            id: "database-replica-linked",
            title: "A streaming replica follows this primary",
            severity: "high",
            risk: "Reports and backups compete with users; a damaged primary has no second copy to read.",
            fix: "Add a replica whose source is the primary.",
            step: "Step 4",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: (stack) => expectSome(primaries(stack), NO_DATABASE, (primary) => replicated(stack, primary)),
        },
        {
            id: "database-replica-zone",
            title: "The replica is in another zone than its primary",
            severity: "high",
            risk: "One failed zone takes primary and replica.",
            fix: "Place the replica in a zone other than the primary's.",
            step: "Step 4",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: (stack) => primaries(stack).flatMap((primary) => inAnotherZone(stack, primary)),
        },
        {
            id: "database-size",
            title: "Database servers have the guide's minimum of 4 CPU, 16 GiB and 500 GB",
            severity: "medium",
            risk: "Queries are slow, or the disk fills up.",
            fix: "Choose a size with 4 CPU and 16 GiB or more, and 500 GB of storage.",
            step: "Server Roles and Responsibilities",
            controls: [],
            check: (stack) => [
                ...[...primaries(stack), ...replicas(stack)].map(size),
                ...[...primaries(stack), ...databaseMachines(stack).flat()].map(storage),
            ],
        },
        {
            id: "database-version",
            title: "PostgreSQL 15 or newer",
            severity: "high",
            risk: "The application does not run, or the server no longer gets security updates.",
            fix: "Upgrade to PostgreSQL 15 or newer.",
            step: "Step 3",
            controls: [],
            check: (stack) => primaries(stack).flatMap(version),
        },
        {
            id: "database-encrypted",
            title: "Database storage is encrypted",
            severity: "high",
            risk: "A copy of the disk or a snapshot can be read.",
            fix: "Turn on storage encryption with a customer key.",
            step: "Step 3",
            controls: ["CIS AWS 5.0 2.2.1", "Security Hub RDS.3", "MCSB DP-4"],
            check: (stack) => [...primaries(stack), ...replicas(stack)].flatMap(encrypted),
        },
        {
            id: "database-protected",
            title: "The database is protected from deletion and leaves a final snapshot",
            severity: "high",
            risk: "A mistake deletes all tickets, assets and their history.",
            fix: "Turn on deletion protection and the final snapshot; on Azure a lock.",
            step: "Why Single Server Deployment is NOT Recommended",
            controls: ["Security Hub RDS.8", "MCSB AM-4"],
            check: (stack) => primaries(stack).flatMap((primary) => keptFromDeletion(stack, primary)),
        },
        {
            id: "database-settings",
            title: "PostgreSQL has the guide's settings",
            severity: "medium",
            risk: "Memory is left unused, or connections run out.",
            fix: "Attach a parameter group with the guide's settings; on Azure set the server's parameters; on machines postgresql.conf.",
            step: "Step 3",
            controls: [],
            check: (stack) => [
                ...stack.of(aws.database).flatMap((database) => tuned(stack, database)),
                ...stack.of(azure.database).flatMap((server) => tunedOnAzure(stack, server)),
                ...databaseMachines(stack).flat().flatMap(tunedOnMachine),
            ],
        },
    ],
};
