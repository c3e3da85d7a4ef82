import { isObject, type Resource, type Stack } from "../stack";
import { azure } from "../types";
import type { BackupRule } from "./backups";
import { primaries } from "./databases";
import { type MachineJob, machineJobs } from "./machine-jobs";
import { fileVolumes } from "./service";

/** Kinds of data by the end of a job's name, for example `minusnow-backup-audit-logs`. */
const kinds = ["database", "files", "audit-logs", "configuration"] as const;
type Kind = (typeof kinds)[number];

/** Storage accounts with shared directories. */
export function fileAccounts(stack: Stack): Resource[] {
    return stack.of(azure.storageAccount).filter((account) => account.get("kind") === "FileStorage");
}

/** Whether an account's shares are reached over SMB. */
export function servesSmb(stack: Stack, account: Resource): boolean {
    return stack
        .of(azure.fileShare)
        .some((share) => share.refersTo("accountName", account) === true && share.get("enabledProtocols") !== "NFS");
}

/** What holds the files that a machine copies. */
const filesOf = (stack: Stack) => [
    ...fileAccounts(stack),
    ...fileVolumes(stack).filter(({ type }) => type === azure.disk),
];

/** Backup jobs of machines, with where they write to and how long that is kept. */
export function azureBackupRules(stack: Stack): BackupRule[] {
    return machineJobs(stack).flatMap((job) => {
        const kind = kinds.find((each) => job.unit.endsWith(`backup-${each}`));
        return kind === undefined ? [] : [ruleOf(stack, job, kind)];
    });
}

function ruleOf(stack: Stack, { holder, unit, everyHours, script }: MachineJob, kind: Kind): BackupRule {
    const account = storeOf(stack, holder);
    return {
        plan: holder,
        name: unit,
        everyHours,
        deleteAfter: account && deletedAfter(stack, account, kind),
        coldStorageAfter: /\bArchive\b/.test(script) ? 0 : undefined,
        vault: account,
        lockedDays: account ? lockedContainerDays(stack, account, kind) : 0,
        copies: [],
        covered: kind === "database" ? dumped(stack, holder) : kind === "configuration" ? [] : filesOf(stack),
    };
}

/** The account of blobs that a job is told of. */
function storeOf(stack: Stack, holder: Resource): Resource | undefined {
    const blobs = stack.of(azure.storageAccount).filter((account) => account.get("kind") !== "FileStorage");
    return blobs.find((account) =>
        ["parameters", "source", "osProfile"].some(
            (property) => holder.keys.includes(property) && holder.refersTo(property, account) === true,
        ),
    );
}

/** The database that a job is told of; where there is one only, that one. */
function dumped(stack: Stack, holder: Resource): Resource[] {
    const all = primaries(stack).filter(({ type }) => type.startsWith("azure"));
    return all.length === 1 ? all : all.filter((database) => holder.refersTo("parameters", database) === true);
}

/** The earliest that a rule of the account deletes blobs of a container, in days. */
function deletedAfter(stack: Stack, account: Resource, container: string): number | undefined {
    const days = stack
        .of(azure.lifecycle)
        .filter((lifecycle) => lifecycle.refersTo("accountName", account) === true)
        .flatMap((lifecycle) => lifecycle.objects("policy.rules"))
        .filter(({ enabled }) => enabled !== false)
        .filter(({ definition }) => concerns(definition, container))
        .map(({ definition }) => deleteDays(definition))
        .filter((value) => value !== undefined);
    return days.length === 0 ? undefined : Math.min(...days);
}

function concerns(definition: unknown, container: string): boolean {
    const filters = isObject(definition) && isObject(definition["filters"]) ? definition["filters"] : {};
    const prefixes = filters["prefixMatch"];
    return (
        !Array.isArray(prefixes) ||
        prefixes.length === 0 ||
        prefixes.some((prefix) => String(prefix).split("/")[0] === container)
    );
}

function deleteDays(definition: unknown): number | undefined {
    const { actions } = definition as { actions?: { baseBlob?: { delete?: Record<string, unknown> } } };
    const days = Object.values(actions?.baseBlob?.delete ?? {}).filter((value) => typeof value === "number");
    return days.length === 0 ? undefined : Math.min(...days);
}

/** Days that the policy of a container keeps its blobs from being changed or deleted. */
function lockedContainerDays(stack: Stack, account: Resource, container: string): number {
    const policies = stack
        .of(azure.immutability)
        .filter(
            (policy) => policy.refersTo("accountName", account) === true && policy.get("containerName") === container,
        );
    return Math.max(0, ...policies.map((policy) => policy.number("immutabilityPeriodSinceCreationInDays") ?? 0));
}
