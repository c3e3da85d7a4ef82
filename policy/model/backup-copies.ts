import { expectEqual, expectValue, fail, type Finding, pass, waits } from "../rule";
import { type Resource, type Stack, UNKNOWN } from "../stack";
import { aws, azure } from "../types";
import { azureStores, type BackupRule, backupRules } from "./backups";
import { databaseMachines, primaries } from "./databases";

/** Kinds of replication that keep a copy in another region. */
const GEO_REDUNDANT = /_(RA)?G(Z)?RS$/;

/** Whether everything that is backed up is copied to another region. */
export function copied(stack: Stack): Finding[] {
    const onAws = backupRules(stack).filter(({ plan }) => plan.type === aws.backupPlan);
    const stores = azureStores(stack);
    const geo = stores.map((account) =>
        expectValue(
            account,
            "sku.name",
            (value) => GEO_REDUNDANT.test(String(value)),
            "Standard_RAGRS or another of *GRS",
        ),
    );
    // Without jobs of its own, a stack on Azure relies on what the database service copies.
    const databases = stores.length > 0 ? [] : primaries(stack).filter(({ type }) => type === azure.database);
    return [
        ...onAws.map(judgeCopy),
        ...archives(stack).map((bucket) => judgeArchive(stack, bucket)),
        ...geo,
        ...databases.map((database) => expectEqual(database, "backup.geoRedundantBackup", "Enabled")),
    ];
}

/** Buckets that database machines are told of: there they keep base backups, write-ahead log and dumps. */
export function archives(stack: Stack): Resource[] {
    const machines = databaseMachines(stack).flat();
    const isTold = (bucket: Resource) =>
        machines.some((machine) =>
            ["userData", "userDataBase64"].some((script) => machine.sourcesOf(script).includes(bucket.urn)),
        );
    return stack.of(aws.bucket).filter(isTold);
}

function judgeArchive(stack: Stack, bucket: Resource): Finding {
    const replication = replicationOf(stack, bucket);
    if (replication === undefined) {
        return fail(bucket, "the database's archive is not copied to a second region");
    }
    const others = stack.of(aws.bucket).filter((one) => one !== bucket);
    const copy = stack.referred(replication, "rules", others);
    const to = copy?.get("region");
    if (copy && to === UNKNOWN) {
        return waits(copy, "the region that the database's archive is copied to is not known before the update");
    }
    return copy && to !== undefined && to !== bucket.get("region")
        ? pass(bucket, `the database's archive is copied to ${copy.name}`)
        : fail(replication, "the database's archive is not copied to a bucket in another region");
}

/** What copies a bucket to another, where that is on. */
export const replicationOf = (stack: Stack, bucket: Resource) =>
    stack
        .of(aws.bucketReplication)
        .find((one) => one.refersTo("bucket", bucket) === true && one.objects("rules").some(isOn));

const isOn = ({ status }: Record<string, unknown>) => status === "Enabled" || status === UNKNOWN;

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
