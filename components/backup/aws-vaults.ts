import * as backup from "@pulumi/aws/backup";
import type * as pulumi from "@pulumi/pulumi";
import { createCopyKey } from "../aws-copy-key";
import type { AwsBackupArgs } from "./aws";
import { BackupLock } from "./contract";
import { withDefaults } from "./defaults";

/** Where backups go. */
export interface Vaults {
    /** Name of the vault for the database and files. */
    main: pulumi.Output<string>;
    /** Name of the vault for audit logs. */
    audit: pulumi.Output<string>;
    /** ARN of the vault in the second region. */
    copy?: pulumi.Output<string>;
    /** ARN of the key for everything that is copied there. */
    copyKeyId?: pulumi.Output<string>;
}

type Child = { parent: pulumi.Resource };

/** The service's role with all that makes it able to delete what it backed up. */
export interface BackupRole {
    arn: pulumi.Output<string>;
    resources: pulumi.Resource[];
}

/** Days in which a compliance lock can still be lifted. */
const GRACE_DAYS = 3;

/** An encrypted, locked vault for each retention, and one in the second region; they outlive what deletes their backups. */
export function createVaults(name: string, role: BackupRole, args: AwsBackupArgs, child: Child): Vaults {
    const { keyId, copyRegion } = args;
    const { retentionDays, auditRetentionDays } = withDefaults(args);
    const vaults = {
        main: createVault(name, keyId, retentionDays, undefined, role, args, child).name,
        audit: createVault(`${name}-audit-logs`, keyId, auditRetentionDays, undefined, role, args, child).name,
    };
    if (copyRegion === undefined) {
        return vaults;
    }
    const copyKeyId = createCopyKey(
        `${name}-copy`,
        {
            description: "MinusNow: encrypts copies of backups",
            region: copyRegion,
            retain: !(args.deleteWithStack ?? false),
            tags: args.tags,
        },
        child,
    );
    const copy = createVault(`${name}-copy`, copyKeyId, retentionDays, copyRegion, role, args, child).arn;
    return { ...vaults, copy, copyKeyId };
}

function createVault(
    name: string,
    kmsKeyArn: pulumi.Input<string>,
    minRetentionDays: number,
    region: string | undefined,
    role: BackupRole,
    args: AwsBackupArgs,
    child: Child,
): backup.Vault {
    const { lock = BackupLock.Governance, deletionProtection: protect = true, deleteWithStack = false, tags } = args;
    const retainOnDelete = !deleteWithStack;
    const vault = new backup.Vault(
        name,
        { kmsKeyArn, region, forceDestroy: deleteWithStack, tags },
        { ...child, protect, retainOnDelete, dependsOn: role.resources },
    );
    if (lock !== BackupLock.None) {
        const changeableForDays = lock === BackupLock.Compliance ? GRACE_DAYS : undefined;
        const settings = { backupVaultName: vault.name, minRetentionDays, changeableForDays, region };
        // A vault has one lock: were the new one put first, deleting the old one would take it away again.
        const options = { ...child, deleteBeforeReplace: true, retainOnDelete };
        new backup.VaultLockConfiguration(name, settings, options);
    }
    return vault;
}
