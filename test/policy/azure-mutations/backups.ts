import type { Resource } from "../../../plan/engine/resource";
import { hasName, type Mutation, removeEach, setEach } from "../change";
import { reveal, type Values } from "../../../plan/engine/values";

const COMMAND = "compute.VirtualMachineRunCommandByVirtualMachine";
const ACCOUNT = "storage.StorageAccount";
const IMMUTABLE = "storage.BlobContainerImmutabilityPolicy";
const LIFECYCLE = "storage.ManagementPolicy";
const QUERY = "monitor.ScheduledQueryRule";
const kinds = ["database", "files", "audit-logs", "configuration"] as const;

/** Rules that miss a job of each kind. */
const missing: Record<(typeof kinds)[number], string> = {
    database: "backups-database",
    files: "backups-files",
    "audit-logs": "backups-audit-logs",
    configuration: "backups-configuration",
};

/** Defects of backup jobs, of where they write and of who hears of a failure. */
export function backups(all: Resource[]): Mutation[] {
    return [...jobs(all), ...store(all), ...failures(all)];
}

function source(change: (text: string) => string) {
    return (command: Resource): string => change((reveal(command.inputs["source"]) as Values)["script"] as string);
}

function jobs(all: Resource[]): Mutation[] {
    const ofKind = (kind: string) => hasName(`-backup-${kind}`);
    const calendar = (text: string) => source((script) => script.replace(/OnCalendar=.*/, `OnCalendar=${text}`));
    const rarely: Record<(typeof kinds)[number], string[]> = {
        database: [
            "daily",
            "weekly",
            "*-*-* 00/8:05:00 UTC",
            "*-*-* 00,12:05:00",
            "Mon *-*-* 00/6:05:00",
            "Mon..Fri *-*-* 00/6:05:00",
            "*-*-01 00/6:05:00",
            "whenever",
        ],
        files: ["weekly", "Mon..Fri *-*-* 01:15:00 UTC", "Sun *-*-* 01:15:00", "*-*-01 01:15:00", "never"],
        "audit-logs": ["*-*-01 04:15:00", "*-01-01 04:15:00", "yearly", "never"],
        configuration: [],
    };
    const without = (name: string, ends: string[], by: string[]): Mutation => ({
        name,
        by,
        change: (resources) =>
            resources.filter(
                (resource) => !ends.some((end) => resource.name.endsWith(`-backup-${end}`) && isCommand(resource)),
            ),
    });
    return [
        without("nothing dumps the database", ["database"], ["backups-every-resource"]),
        without("nothing copies the files", ["files", "audit-logs"], ["backups-every-resource"]),
        without("there is no backup job at all", [...kinds], ["backups-every-resource"]),
        ...kinds.flatMap(eachKind),
    ];
    function eachKind(kind: (typeof kinds)[number]): Mutation[] {
        return [
            ...removeEach(all, COMMAND, [missing[kind]], ofKind(kind)),
            ...setEach(all, COMMAND, "source.script", "#!/bin/bash\ntrue\n", [missing[kind]], ofKind(kind)),
            ...setEach(all, COMMAND, "source", undefined, [missing[kind]], ofKind(kind)),
            ...setEach(
                all,
                COMMAND,
                "source.script",
                source((text) => text.replaceAll(/^OnCalendar=.*$/gm, "")),
                [missing[kind]],
                ofKind(kind),
            ),
            ...setEach(
                all,
                COMMAND,
                "source.script",
                source((text) => text.replaceAll(`backup-${kind}`, "cleanup")),
                [missing[kind]],
                ofKind(kind),
            ),
            ...rarely[kind].flatMap((text) =>
                setEach(all, COMMAND, "source.script", calendar(text), [missing[kind]], ofKind(kind)).map(
                    (mutation) => ({
                        ...mutation,
                        name: `${kind} is backed up on ${text}`,
                    }),
                ),
            ),
            ...(kind === "audit-logs"
                ? setEach(
                      all,
                      COMMAND,
                      "source.script",
                      source((text) => text.replaceAll("TIER=Archive", "TIER=Cool")),
                      ["backups-audit-logs"],
                      ofKind(kind),
                  )
                : []),
        ];
    }
}

const isCommand = ({ type }: Resource) => type.endsWith(":VirtualMachineRunCommandByVirtualMachine");

function store(all: Resource[]): Mutation[] {
    const isStore = ({ name, inputs }: Resource) => name.endsWith("-backup") && inputs["kind"] === "StorageV2";
    const isKind = (kind: string) => hasName(`-backup-${kind}`);
    const lifecycle = all.find(({ type }) => type.endsWith(":ManagementPolicy"))!;
    const rules = (lifecycle.inputs["policy"] as Values)["rules"] as Values[];
    const deleting = (container: string, days: number) =>
        rules.map((rule) =>
            rule["name"] === container
                ? {
                      ...rule,
                      definition: {
                          filters: { blobTypes: ["blockBlob"], prefixMatch: [`${container}/`] },
                          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
                      },
                  }
                : rule,
        );
    const tooEarly: [(typeof kinds)[number], number[]][] = [
        ["database", [1, 7, 29]],
        ["files", [1, 7, 29]],
        ["audit-logs", [30, 180, 364]],
        ["configuration", [7, 30, 89]],
    ];
    return [
        ...kinds.flatMap((kind) => [
            ...removeEach(all, IMMUTABLE, ["backups-locked"], isKind(kind)),
            ...setEach(all, IMMUTABLE, "immutabilityPeriodSinceCreationInDays", 1, ["backups-locked"], isKind(kind)),
            ...setEach(
                all,
                IMMUTABLE,
                "immutabilityPeriodSinceCreationInDays",
                undefined,
                ["backups-locked"],
                isKind(kind),
            ),
            ...setEach(all, IMMUTABLE, "containerName", "another", ["backups-locked"], isKind(kind)),
            ...setEach(all, IMMUTABLE, "accountName", "another", ["backups-locked"], isKind(kind)),
        ]),
        ...[30, 90, 180].flatMap((days) =>
            setEach(
                all,
                IMMUTABLE,
                "immutabilityPeriodSinceCreationInDays",
                days,
                ["backups-audit-logs"],
                isKind("audit-logs"),
            ),
        ),
        ...tooEarly.flatMap(([kind, days]) =>
            days.flatMap((day) => setEach(all, LIFECYCLE, "policy.rules", deleting(kind, day), [missing[kind]])),
        ),
        ...setEach(
            all,
            LIFECYCLE,
            "policy.rules",
            [
                ...rules,
                {
                    name: "all",
                    enabled: true,
                    definition: { actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: 5 } } } },
                },
            ],
            ["backups-database"],
        ),
        ...["Standard_LRS", "Standard_ZRS", undefined].flatMap((sku) =>
            setEach(all, ACCOUNT, "sku.name", sku, ["backups-copied"], isStore),
        ),
        ...setEach(all, ACCOUNT, "encryption.keySource", "Microsoft.Storage", ["backups-encrypted"], isStore),
        ...setEach(all, ACCOUNT, "encryption", undefined, ["backups-encrypted"], isStore),
        ...removeEach(all, ACCOUNT, ["backups-locked"], isStore),
    ];
}

function failures(all: Resource[]): Mutation[] {
    const by = ["backups-failure"];
    const isFailed = hasName("-backup-failed");
    const set = (path: string, value: Parameters<typeof setEach>[3]) => setEach(all, QUERY, path, value, by, isFailed);
    return [
        ...removeEach(all, QUERY, by, isFailed),
        ...set("enabled", false),
        ...set("actions", { actionGroups: [] }),
        ...set("actions", undefined),
        ...set("criteria.allOf[0].query", "Syslog | where SyslogMessage has 'something else'"),
        ...set("criteria.allOf[0].threshold", 10),
        ...set("criteria.allOf[0].operator", "LessThan"),
        ...set("criteria", undefined),
    ];
}
