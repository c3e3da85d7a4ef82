import { isObject, type Resource, type Stack } from "../stack";
import { aws } from "../types";
import { azureBackupRules } from "./azure-backups";
import { hoursBetween } from "./schedule";

/** What backs something up regularly: a rule of an AWS backup plan, or a job on a machine on Azure. */
export interface BackupRule {
    /** The plan, or what brings the job to its machine. */
    plan: Resource;
    name: string;
    /** Hours between backups; undefined when the schedule cannot be read. */
    everyHours: number | undefined;
    /** Days that a backup is kept; undefined for ever. */
    deleteAfter: number | undefined;
    /** Days after which it is in cold storage; undefined when it never is. */
    coldStorageAfter: number | undefined;
    /** The vault or storage account that it writes to, when it is in this stack. */
    vault: Resource | undefined;
    /** Days that nothing can delete or change a backup. */
    lockedDays: number;
    /** AWS: the vaults that it copies to; one that is not in this stack by its ARN. On Azure the account decides. */
    copies: (Resource | string)[];
    /** Resources that the plan backs up. */
    covered: Resource[];
}

/** Everything that backs something up. */
export function backupRules(stack: Stack): BackupRule[] {
    return stack.once(allBackupRules);
}

function allBackupRules(stack: Stack): BackupRule[] {
    return [...awsBackupRules(stack), ...azureBackupRules(stack)];
}

function awsBackupRules(stack: Stack): BackupRule[] {
    return stack.of(aws.backupPlan).flatMap((plan) => {
        const covered = coveredBy(stack, plan);
        return plan.objects("rules").map((rule) => {
            const lifecycle = (isObject(rule["lifecycle"]) ? rule["lifecycle"] : {}) as {
                deleteAfter?: unknown;
                coldStorageAfter?: unknown;
            };
            const vault = vaultOf(stack, plan, rule["targetVaultName"]);
            return {
                plan,
                name: String(rule["ruleName"]),
                everyHours: typeof rule["schedule"] === "string" ? hoursBetween(rule["schedule"]) : undefined,
                deleteAfter: numberOf(lifecycle.deleteAfter),
                coldStorageAfter: numberOf(lifecycle.coldStorageAfter),
                vault,
                lockedDays: vault ? lockedDays(stack, vault) : 0,
                copies: copiesOf(stack, plan, rule["copyActions"]),
                covered,
            };
        });
    });
}

/** Jobs of machines on Azure. */
export function azureRules(stack: Stack): BackupRule[] {
    return backupRules(stack).filter(({ plan }) => plan.type !== aws.backupPlan);
}

/** Storage accounts that jobs on Azure write to. */
export function azureStores(stack: Stack): Resource[] {
    return [...new Set(azureRules(stack).flatMap(({ vault }) => vault ?? []))];
}

/** Days that a lock keeps what is in a vault. */
export function lockedDays(stack: Stack, vault: Resource): number {
    const locks = stack.of(aws.vaultLock).filter((lock) => lock.refersTo("backupVaultName", vault) === true);
    return Math.max(0, ...locks.map((lock) => lock.number("minRetentionDays") ?? 0));
}

function numberOf(value: unknown): number | undefined {
    return typeof value === "number" ? value : undefined;
}

/** By its name where that is known, else by what the plan was made from: the vault in its own region. */
function vaultOf(stack: Stack, plan: Resource, name: unknown): Resource | undefined {
    const vaults = stack.of(aws.vault);
    if (typeof name === "string") {
        return vaults.find((vault) => vault.get("name") === name || vault.get("id") === name);
    }
    const sources = plan.sourcesOf("rules");
    return vaults.find((vault) => sources.includes(vault.urn) && !vault.text("region"));
}

function copiesOf(stack: Stack, plan: Resource, actions: unknown): (Resource | string)[] {
    return (Array.isArray(actions) ? actions : [])
        .filter(isObject)
        .map(
            ({ destinationVaultArn: target }) =>
                stack
                    .of(aws.vault)
                    .find((vault) =>
                        typeof target === "string"
                            ? vault.get("arn") === target
                            : plan.sourcesOf("rules").includes(vault.urn) && vault.text("region") !== undefined,
                    ) ?? (typeof target === "string" ? target : "outside"),
        );
}

function coveredBy(stack: Stack, plan: Resource): Resource[] {
    const selections = stack.of(aws.backupSelection).filter((selection) => selection.refersTo("planId", plan) === true);
    return stack
        .of(aws.database, aws.fileSystem, aws.windowsFiles, aws.volume, aws.instance)
        .filter((resource) => selections.some((selection) => selects(selection, resource)));
}

function selects(selection: Resource, resource: Resource): boolean {
    if (selection.refersTo("notResources", resource) === true || !fitsConditions(selection, resource)) {
        return false;
    }
    const arn = resource.text("arn");
    const byPattern = selection
        .list("resources")
        .some(
            (pattern) =>
                typeof pattern === "string" &&
                pattern.includes("*") &&
                (pattern === "*" || (arn !== undefined && fits(pattern, arn))),
        );
    const byTag = selection.objects("selectionTags").some(({ key, value }) => hasTag(resource, key, value));
    return byTag || byPattern || selection.refersTo("resources", resource) === true;
}

function hasTag(resource: Resource, key: unknown, value: unknown): boolean {
    const tags = resource.get("tags");
    return typeof key === "string" && typeof value === "string" && isObject(tags) && tags[key] === value;
}

/** All conditions must hold; only equality can be decided here. */
function fitsConditions(selection: Resource, resource: Resource): boolean {
    return selection.objects("conditions").every((condition) => {
        const equals = condition["stringEquals"];
        return (Array.isArray(equals) ? equals : [])
            .filter(isObject)
            .every(({ key, value }) => hasTag(resource, String(key).replace(/^aws:ResourceTag\//, ""), value));
    });
}

function fits(pattern: string, text: string): boolean {
    const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(text);
}
