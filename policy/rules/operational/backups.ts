import { backupStrategy } from "../../../components/reference";
import { type BackupRule, backupRules } from "../../model/backups";
import { primaries } from "../../model/databases";
import {
    expectNumber,
    expectSet,
    expectValue,
    fail,
    type Finding,
    type ItemRules,
    pass,
    shown,
    waits,
} from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, texts, UNKNOWN } from "../../stack";

const guide = Object.fromEntries(backupStrategy.map((rule) => [rule.data, rule]));
const DATABASE = guide["database"]!;
const FILES = guide["files"]!;
const AUDIT_LOGS = guide["audit-logs"]!;
const CONFIGURATION = guide["configuration"]!;

/** Everything that holds data that cannot be made again. */
function stateful(stack: Stack): Resource[] {
    return [...primaries(stack), ...stack.of(aws.fileSystem)];
}

function everythingPlanned(stack: Stack): Finding[] {
    return stateful(stack).map((resource) => {
        if (resource.type === azure.database) {
            return azureInstance(stack, resource);
        }
        const rule = backupRules(stack).find(({ covered }) => covered.includes(resource));
        if (rule) {
            return pass(resource, `backed up by ${rule.plan.name}`);
        }
        return stack
            .of(aws.backupSelection)
            .some((selection) => selection.isUnknown("resources") && selection.sourcesOf("resources").length === 0)
            ? waits(resource, "what is backed up is not known before the update")
            : fail(resource, "no backup plan covers it");
    });
}

function azureInstance(stack: Stack, database: Resource): Finding {
    const instance = stack.of(azure.backupInstance).find((other) => other.refersTo("properties", database) === true);
    return instance ? pass(database, `backed up by ${instance.name}`) : fail(database, "no backup instance covers it");
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
        const rules = backupRules(stack).filter(({ covered }) => covered.includes(resource));
        const right = rules.find((rule) => fits(rule, everyHours!, retentionDays));
        const found = rules.map((rule) => `every ${rule.everyHours ?? "?"} h for ${rule.deleteAfter ?? "?"} days`);
        return right
            ? pass(
                  resource,
                  `${right.plan.name}: ${frequency}, kept ${right.deleteAfter ?? "for ever"}${right.deleteAfter ? " days" : ""}`,
              )
            : fail(
                  resource,
                  `found ${found.join(", ") || "no plan"}, allowed: ${frequency}, kept ${retentionDays} days`,
              );
    });
}

function databaseSchedule(stack: Stack): Finding[] {
    return scheduled(
        stack,
        primaries(stack).filter(({ type }) => type === aws.database),
        DATABASE,
    );
}

function fileSchedule(stack: Stack): Finding[] {
    return scheduled(stack, stack.of(aws.fileSystem), FILES);
}

function auditLogs(stack: Stack): Finding[] {
    return stack.of(aws.fileSystem).map((fileSystem) => {
        const rules = backupRules(stack).filter(({ covered }) => covered.includes(fileSystem));
        const right = rules.find(
            (rule) =>
                fits(rule, AUDIT_LOGS.everyHours!, AUDIT_LOGS.retentionDays) && rule.coldStorageAfter !== undefined,
        );
        if (!right) {
            return fail(
                fileSystem,
                `no plan archives the audit logs weekly in cold storage for ${AUDIT_LOGS.retentionDays} days`,
            );
        }
        return right.vault && isLocked(stack, right.vault, AUDIT_LOGS.retentionDays)
            ? pass(fileSystem, `${right.plan.name} keeps audit logs for ${right.deleteAfter} days, locked`)
            : fail(right.plan, `its vault does not lock archives for ${AUDIT_LOGS.retentionDays} days`);
    });
}

/** A lock that keeps what is in a vault for so many days. */
function isLocked(stack: Stack, vault: Resource, days: number): boolean {
    return stack
        .of(aws.vaultLock)
        .some(
            (lock) =>
                lock.refersTo("backupVaultName", vault) === true && (lock.number("minRetentionDays") ?? 0) >= days,
        );
}

function locked(stack: Stack): Finding[] {
    return [
        ...stack
            .of(aws.vault)
            .map((vault) =>
                isLocked(stack, vault, 1)
                    ? pass(vault, "locked")
                    : fail(vault, "backups in it can be deleted early; lock it"),
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

function encrypted(stack: Stack): Finding[] {
    return stack.of(aws.vault).map((vault) => expectSet(vault, "kmsKeyArn", "a customer key"));
}

function copied(stack: Stack): Finding[] {
    const rules = backupRules(stack).map(judgeCopy);
    const geo = primaries(stack)
        .filter(({ type }) => type === azure.database)
        .map((database) =>
            expectValue(database, "backup.geoRedundantBackup", (value) => value === "Enabled", "Enabled"),
        );
    return [...rules, ...geo];
}

/** Regions are read from ARNs where they are known, and from what the program says otherwise. */
function judgeCopy({ plan, name, vault, copies, deleteAfter }: BackupRule): Finding {
    const [copy] = copies;
    if (copy === undefined) {
        return plan.get("rules") === UNKNOWN
            ? waits(plan, "whether it copies is not known before the update")
            : fail(plan, `${name} is not copied to a second region`);
    }
    const to = typeof copy === "string" ? copy.split(":")[3] : regionOf(copy);
    const from = vault && regionOf(vault);
    if (from === UNKNOWN && to === UNKNOWN) {
        return waits(plan, `the region that ${name} is copied to is not known before the update`);
    }
    const target = typeof copy === "string" ? copy : copy.name;
    return from === to
        ? fail(plan, `${name} is copied to ${target} in the same region`)
        : pass(plan, `${name} is copied to ${target}${deleteAfter === undefined ? "" : `, kept ${deleteAfter} days`}`);
}

function regionOf(vault: Resource): unknown {
    const explicit = vault.get("region");
    const [, , , region] = (vault.text("arn") ?? "").split(":");
    return explicit ?? (region === undefined || region === "" ? vault.get("arn") : region);
}

function pointInTime(stack: Stack): Finding[] {
    return primaries(stack).map((database) =>
        database.type === aws.database
            ? expectNumber(database, "backupRetentionPeriod", DATABASE.retentionDays)
            : expectNumber(database, "backup.backupRetentionDays", DATABASE.retentionDays),
    );
}

function configuration(stack: Stack): Finding[] {
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

const FAILED_JOBS = "NumberOfBackupJobsFailed";

/** Each vault that a plan writes to has an alarm of its own: AWS counts jobs by vault. */
function failureTold(stack: Stack): Finding[] {
    const vaults = [...new Set(backupRules(stack).flatMap(({ vault }) => vault ?? []))];
    const alarms = stack
        .of(aws.alarm)
        .filter((alarm) => [alarm.get("metricName"), ...texts(alarm.get("metricQueries"))].includes(FAILED_JOBS));
    return vaults.flatMap((vault) => {
        const alarm = alarms.find((other) =>
            ["metricQueries", "dimensions"].some(
                (property) => other.keys.includes(property) && other.refersTo(property, vault) === true,
            ),
        );
        return alarm ? tellsOfFailure(alarm) : [fail(vault, "no alarm tells of its failed backup jobs")];
    });
}

function tellsOfFailure(alarm: Resource): Finding[] {
    const told = alarm.sourcesOf("alarmActions").length > 0 || alarm.list("alarmActions").length > 0;
    return [
        told ? pass(alarm, "tells of failed jobs") : fail(alarm, "alarmActions: it tells nobody"),
        expectValue(
            alarm,
            "threshold",
            (value) =>
                value === 0 || (value === 1 && alarm.get("comparisonOperator") === "GreaterThanOrEqualToThreshold"),
            "above 0",
        ),
        expectValue(
            alarm,
            "comparisonOperator",
            (value) => shown(value).startsWith("GreaterThan"),
            "GreaterThanThreshold",
        ),
    ];
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
            fix: "Add the resource to a backup selection, or an instance to the backup vault.",
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
            fix: "Lock the vault; on Azure turn on immutability and soft delete.",
            step: "Backup Strategy",
            controls: ["AWS Well-Architected REL09-BP02", "MCSB BR-2"],
            check: (stack) => [...locked(stack), ...storageRecovers(stack)],
        },
        {
            id: "backups-encrypted",
            title: "Backups are encrypted by a customer key",
            severity: "medium",
            risk: "A backup can be read by more people than the data.",
            fix: "Give the vault a customer key.",
            step: "Backup Strategy",
            controls: ["Security Hub Backup.1", "AWS Well-Architected REL09-BP02"],
            check: encrypted,
        },
        {
            id: "backups-copied",
            title: "Backups are copied to a second region",
            severity: "high",
            risk: "The failure of a region takes data and backups.",
            fix: "Add a copy action to a vault in another region; on Azure geo-redundant backup.",
            step: "Backup & Disaster Recovery",
            controls: ["AWS Well-Architected REL13-BP02", "MCSB BR-2"],
            check: copied,
        },
        {
            id: "backups-failure",
            title: "A failed backup is told",
            severity: "high",
            risk: "Backups stop, and it is noticed when one is needed.",
            fix: "Add an alarm on failed jobs, above 0.",
            step: "Backup Strategy",
            controls: ["AWS Well-Architected REL09-BP03"],
            check: failureTold,
        },
    ],
};
