import { backupStrategy } from "../../../components/reference";
import { fileAccounts } from "../../model/azure-backups";
import { customerKey } from "../../model/azure-protection";
import { failureTold } from "../../model/backup-failures";
import { copied } from "../../model/backup-copies";
import { azureRules, azureStores, type BackupRule, backupRules, lockedDays } from "../../model/backups";
import { databaseMachines, managedPrimaries, primaries } from "../../model/databases";
import { unreadCommands } from "../../model/machine-jobs";
import { judgeFacts } from "../../model/postgres-machine";
import { fileVolumes } from "../../model/service";
import { expectNumber, expectSet, expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import type { Resource, Stack } from "../../stack";

const guide = Object.fromEntries(backupStrategy.map((rule) => [rule.data, rule]));
const DATABASE = guide["database"]!;
const FILES = guide["files"]!;
const AUDIT_LOGS = guide["audit-logs"]!;
const CONFIGURATION = guide["configuration"]!;

/** Everything that holds data that cannot be made again. */
function stateful(stack: Stack): Resource[] {
    return [...primaries(stack), ...files(stack)];
}

function files(stack: Stack): Resource[] {
    return [...stack.of(aws.fileSystem, aws.windowsFiles), ...fileVolumes(stack), ...fileAccounts(stack)];
}

function everythingPlanned(stack: Stack): Finding[] {
    return stateful(stack).map((resource) => {
        const rule = rulesFor(stack, resource)[0];
        const instance = stack
            .of(azure.backupInstance)
            .find((other) => other.refersTo("properties", resource) === true);
        if (rule || instance) {
            return pass(resource, `backed up by ${(rule?.plan ?? instance!).name}`);
        }
        return isOpen(stack, resource)
            ? waits(resource, "what is backed up is not known before the update")
            : fail(resource, "no backup plan or job covers it");
    });
}

/** True while a selection or a command is not known that may cover a resource. */
function isOpen(stack: Stack, resource: Resource): boolean {
    return resource.type.startsWith("azure")
        ? unreadCommands(stack).length > 0
        : stack
              .of(aws.backupSelection)
              .some((selection) => selection.isUnknown("resources") && selection.sourcesOf("resources").length === 0);
}

function rulesFor(stack: Stack, resource: Resource): BackupRule[] {
    return backupRules(stack).filter(({ covered }) => covered.includes(resource));
}

/** A rule that is frequent enough and keeps its backups long enough. */
function fits(rule: BackupRule, hours: number, days: number): boolean {
    return (rule.everyHours ?? Infinity) <= hours && (rule.deleteAfter ?? Infinity) >= days;
}

function scheduled(
    stack: Stack,
    resources: Resource[],
    { everyHours, retentionDays, frequency }: typeof DATABASE,
): Finding[] {
    return resources.map((resource) => {
        const rules = rulesFor(stack, resource);
        const right = rules.find((rule) => fits(rule, everyHours!, retentionDays));
        if (!right && isOpen(stack, resource)) {
            return waits(resource, "when it is backed up is not known before the update");
        }
        const found = rules.map((rule) => `every ${rule.everyHours ?? "?"} h for ${keptText(rule)}`);
        return right
            ? pass(resource, `${right.plan.name}: ${frequency}, kept ${keptText(right)}`)
            : fail(
                  resource,
                  `found ${found.join(", ") || "no plan"}, allowed: ${frequency}, kept ${retentionDays} days`,
              );
    });
}

function keptText({ deleteAfter }: BackupRule): string {
    return deleteAfter === undefined ? "ever" : `${deleteAfter} days`;
}

function databaseSchedule(stack: Stack): Finding[] {
    return scheduled(stack, primaries(stack), DATABASE);
}

function fileSchedule(stack: Stack): Finding[] {
    return scheduled(stack, files(stack), FILES);
}

function auditLogs(stack: Stack): Finding[] {
    return files(stack).map((fileSystem) => {
        const right = rulesFor(stack, fileSystem).find(
            (rule) =>
                fits(rule, AUDIT_LOGS.everyHours!, AUDIT_LOGS.retentionDays) && rule.coldStorageAfter !== undefined,
        );
        if (!right) {
            return isOpen(stack, fileSystem)
                ? waits(fileSystem, "when audit logs are archived is not known before the update")
                : fail(
                      fileSystem,
                      `nothing archives the audit logs weekly in cold storage for ${AUDIT_LOGS.retentionDays} days`,
                  );
        }
        return right.lockedDays >= AUDIT_LOGS.retentionDays
            ? pass(fileSystem, `${right.plan.name} keeps audit logs for ${keptText(right)}, locked`)
            : fail(
                  right.plan,
                  `archives are locked for ${right.lockedDays} days, allowed: ${AUDIT_LOGS.retentionDays}`,
              );
    });
}

function locked(stack: Stack): Finding[] {
    return [
        ...stack
            .of(aws.vault)
            .map((vault) =>
                lockedDays(stack, vault) >= 1
                    ? pass(vault, "locked")
                    : fail(vault, "backups in it can be deleted early; lock it"),
            ),
        ...azureRules(stack).map((rule) =>
            rule.lockedDays >= Math.min(rule.deleteAfter ?? Infinity, LEAST_LOCKED_DAYS)
                ? pass(rule.plan, `what ${rule.name} writes is locked for ${rule.lockedDays} days`)
                : fail(
                      rule.plan,
                      `what ${rule.name} writes can be deleted early; give its container an immutability policy`,
                  ),
        ),
        ...stack
            .of(azure.backupVault)
            .map((vault) =>
                expectValue(
                    vault,
                    "properties.securitySettings.immutabilitySettings.state",
                    (value) => value === "Locked" || value === "Unlocked",
                    "Unlocked or Locked",
                ),
            ),
    ];
}

/** Days that a backup must be safe for at least: a week leaves time to notice a break-in. */
const LEAST_LOCKED_DAYS = 7;

function encrypted(stack: Stack): Finding[] {
    return [
        ...stack.of(aws.vault).map((vault) => expectSet(vault, "kmsKeyArn", "a customer key")),
        ...azureStores(stack).map((account) => customerKey(account)),
    ];
}

function pointInTime(stack: Stack): Finding[] {
    const managed = managedPrimaries(stack).map((database) =>
        database.type === aws.database
            ? expectNumber(database, "backupRetentionPeriod", DATABASE.retentionDays)
            : expectNumber(database, "backup.backupRetentionDays", DATABASE.retentionDays),
    );
    return [...managed, ...databaseMachines(stack).flat().flatMap(archived)];
}

/** Either machine may be the one that archives. */
function archived(machine: Resource): Finding[] {
    return judgeFacts(machine, ({ archiveDays }) => [
        (archiveDays ?? 0) >= DATABASE.retentionDays
            ? pass(machine, `write-ahead log is archived and kept for ${archiveDays} days`)
            : fail(
                  machine,
                  `write-ahead log: found ${archiveDays === undefined ? "no archive" : `${archiveDays} days`}, allowed: ${DATABASE.retentionDays} days or more`,
              ),
    ]);
}

function configuration(stack: Stack): Finding[] {
    return [...awsConfiguration(stack), ...azureConfiguration(stack)];
}

function azureConfiguration(stack: Stack): Finding[] {
    if (stack.of(azure.machine).length === 0) {
        return [];
    }
    const rule = azureRules(stack).find(({ name }) => name.endsWith("configuration"));
    if (!rule) {
        return [
            unreadCommands(stack).length > 0
                ? waits(undefined, "whether the configuration is kept is not known before the update")
                : fail(undefined, "no job keeps the configuration"),
        ];
    }
    return (rule.deleteAfter ?? Infinity) >= CONFIGURATION.retentionDays
        ? [pass(rule.plan, `former configurations are kept ${keptText(rule)}`)]
        : [
              fail(
                  rule.plan,
                  `former configurations are kept ${keptText(rule)}, allowed: ${CONFIGURATION.retentionDays} days`,
              ),
          ];
}

function awsConfiguration(stack: Stack): Finding[] {
    if (stack.of(aws.backupPlan).length === 0 && stack.of(aws.instance).length === 0) {
        return [];
    }
    const objects = stack.of(aws.bucketObject);
    const versioned = stack
        .of(aws.bucketVersioning)
        .filter((versioning) => versioning.get("versioningConfiguration.status") === "Enabled");
    const kept = versioned.filter((versioning) => objects.some((object) => sameBucket(object, versioning)));
    if (kept.length === 0) {
        return [fail(undefined, "no versioned bucket keeps the configuration")];
    }
    return kept.map((versioning) => {
        const rules = stack.of(aws.bucketLifecycle).filter((lifecycle) => sameBucket(lifecycle, versioning));
        const days = rules
            .flatMap((lifecycle) => lifecycle.list("rules") as Record<string, unknown>[])
            .map(
                (rule) =>
                    (rule["noncurrentVersionExpiration"] as { noncurrentDays?: number } | undefined)?.noncurrentDays ??
                    Infinity,
            );
        const least = Math.min(Infinity, ...days);
        return least >= CONFIGURATION.retentionDays
            ? pass(versioning, `former versions are kept ${least === Infinity ? "for ever" : `${least} days`}`)
            : fail(
                  versioning,
                  `former versions are kept ${least} days, allowed: ${CONFIGURATION.retentionDays} or more`,
              );
    });
}

function sameBucket(one: Resource, other: Resource): boolean {
    const [a, b] = [one.text("bucket"), other.text("bucket")];
    return a !== undefined && b !== undefined
        ? a === b
        : one.sourcesOf("bucket").some((urn) => other.sourcesOf("bucket").includes(urn));
}

function storageRecovers(stack: Stack): Finding[] {
    return stack
        .of(azure.backupVault)
        .map((vault) =>
            expectValue(
                vault,
                "properties.securitySettings.softDeleteSettings.state",
                (value) => /^(AlwaysOn|On)$/i.test(String(value)),
                "On or AlwaysOn",
            ),
        );
}

/** Backup jobs scheduled. */
export const backups: ItemRules = {
    item: "backups",
    rules: [
        {
            id: "backups-every-resource",
            title: "Every resource that holds data is in a backup plan",
            severity: "critical",
            risk: "What is not backed up is lost for good.",
            fix: "Add the resource to a backup selection; on Azure schedule a job, for example by AzureBackup.",
            step: "Backup Strategy",
            controls: ["Security Hub RDS.26", "Security Hub EFS.2", "AWS Well-Architected REL09-BP01", "MCSB BR-1"],
            check: everythingPlanned,
        },
        {
            id: "backups-database",
            title: "The database is backed up every 6 hours and kept 30 days",
            severity: "high",
            risk: "A mistake that is found late cannot be undone.",
            fix: "Schedule a rule every 6 hours that deletes after 30 days or later.",
            step: "Backup Strategy",
            controls: ["Security Hub RDS.11", "AWS Well-Architected REL09-BP03", "MCSB BR-1"],
            check: databaseSchedule,
        },
        {
            id: "backups-files",
            title: "Files are backed up daily and kept 30 days",
            severity: "high",
            risk: "An attachment that was deleted by mistake is gone.",
            fix: "Schedule a daily rule that deletes after 30 days or later.",
            step: "Backup Strategy",
            controls: ["Security Hub EFS.2", "AWS Well-Architected REL09-BP03", "MCSB BR-1"],
            check: fileSchedule,
        },
        {
            id: "backups-audit-logs",
            title: "Audit logs are archived weekly to cold storage, kept a year and locked",
            severity: "high",
            risk: "After an incident the traces are gone, or were taken away.",
            fix: "Schedule a weekly rule into cold storage for 365 days, in a vault locked for as long.",
            step: "Backup Strategy",
            controls: ["Security Hub CloudWatch.16", "AWS Well-Architected SEC04-BP01", "MCSB LT-6"],
            check: auditLogs,
        },
        {
            id: "backups-configuration",
            title: "Former configurations are kept 90 days",
            severity: "medium",
            risk: "Nobody can tell what changed, or go back to it.",
            fix: "Keep the configuration in a versioned bucket whose former versions expire after 90 days or later.",
            step: "Backup Strategy",
            controls: ["MCSB BR-1"],
            check: configuration,
        },
        {
            id: "backups-point-in-time",
            title: "The database can be restored to any moment of 30 days",
            severity: "high",
            risk: "Everything since the last backup is lost.",
            fix: "Set the retention of automatic backups to 30 days.",
            step: "Backup Strategy",
            controls: ["Security Hub RDS.11", "MCSB BR-1"],
            check: pointInTime,
        },
        {
            id: "backups-locked",
            title: "Backups cannot be deleted early",
            severity: "high",
            risk: "Whoever breaks in deletes the backups first.",
            fix: "Lock the vault; on Azure give each container an immutability policy.",
            step: "Backup Strategy",
            controls: ["AWS Well-Architected REL09-BP02", "MCSB BR-2"],
            check: (stack) => [...locked(stack), ...storageRecovers(stack)],
        },
        {
            id: "backups-encrypted",
            title: "Backups are encrypted by a customer key",
            severity: "medium",
            risk: "A backup can be read by more people than the data.",
            fix: "Give the vault or storage account a customer key.",
            step: "Backup Strategy",
            controls: ["Security Hub Backup.1", "AWS Well-Architected REL09-BP02"],
            check: encrypted,
        },
        {
            id: "backups-copied",
            title: "Backups are copied to a second region",
            severity: "high",
            risk: "The failure of a region takes data and backups.",
            fix: "Add a copy action to a vault in another region, and a replication to the bucket of a database on machines; on Azure use a geo-redundant storage account.",
            step: "Backup & Disaster Recovery",
            controls: ["AWS Well-Architected REL13-BP02", "MCSB BR-2"],
            check: copied,
        },
        {
            id: "backups-failure",
            title: "A failed backup is told",
            severity: "high",
            risk: "Backups stop, and it is noticed when one is needed.",
            fix: "Add an alarm on failed jobs, above 0, and one on what a bucket of database machines could not copy.",
            step: "Backup Strategy",
            controls: ["AWS Well-Architected REL09-BP03"],
            check: failureTold,
        },
    ],
};
