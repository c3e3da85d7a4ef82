import { windowsOverlap } from "./database";
import { zonesRepeat } from "./network";
import {
    apiModel,
    at,
    form,
    isSet,
    listAt,
    numberAt,
    oneOf,
    range,
    textAt,
    type Trap,
    type Value,
    when,
    textOf,
} from "./trap";

const FILES = "aws:efs/fileSystem:FileSystem";
const TARGET = "aws:efs/mountTarget:MountTarget";
const POINT = "aws:efs/accessPoint:AccessPoint";
const CACHE = "aws:elasticache/replicationGroup:ReplicationGroup";
const KEY = "aws:kms/key:Key";
const SECRET = "aws:secretsmanager/secret:Secret";
const LOGS = "aws:cloudwatch/logGroup:LogGroup";
const efsModel = (shape: string) => apiModel("efs/2015-02-01", shape);
const cacheModel = (shape: string) => apiModel("elasticache/2015-02-02", shape);

const logRetention = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The parameter-group family of an engine version, as ElastiCache names them. */
function cacheFamily(engine: string, version: string): string {
    const [major = "", minor = ""] = version.split(".");
    return engine === "redis" && major === "6"
        ? "redis6.x"
        : engine === "redis" && Number(major) < 6
          ? `redis${major}.${minor}`
          : `${engine}${major}`;
}

export const storageTraps: readonly Trap[] = [
    oneOf(
        "efs-throughput-mode",
        FILES,
        "throughputMode",
        ["bursting", "provisioned", "elastic"],
        efsModel("ThroughputMode"),
    ),
    when(
        "efs-provisioned-missing",
        FILES,
        (inputs) => at(inputs, "throughputMode") === "provisioned" && !isSet(inputs, "provisionedThroughputInMibps"),
        "BadRequest: Provisioned throughput must be set for file systems that use provisioned throughput mode.",
        efsModel("CreateFileSystemRequest"),
    ),
    when(
        "efs-provisioned-unexpected",
        FILES,
        (inputs) => at(inputs, "throughputMode") !== "provisioned" && isSet(inputs, "provisionedThroughputInMibps"),
        "BadRequest: Provisioned throughput can't be set for file systems that do not use provisioned throughput mode.",
        efsModel("CreateFileSystemRequest"),
    ),
    when(
        "efs-key-needs-encryption",
        FILES,
        (inputs) => isSet(inputs, "kmsKeyId") && inputs["encrypted"] !== true,
        "BadRequest: The encrypted parameter must be set to true to create an encrypted file system.",
        efsModel("CreateFileSystemRequest"),
    ),
    when(
        "efs-lifecycle-one-transition",
        FILES,
        (inputs) =>
            listAt(inputs, "lifecyclePolicies").some(
                (policy) =>
                    ["transitionToIa", "transitionToPrimaryStorageClass", "transitionToArchive"].filter((key) =>
                        isSet(policy, key),
                    ).length !== 1,
            ),
        "BadRequest: One or more LifecyclePolicy objects specified are malformed.",
        efsModel("LifecyclePolicy"),
    ),
    when(
        "efs-mount-target-zone",
        TARGET,
        (inputs, world) => {
            const others = world
                .ofType(TARGET)
                .filter(
                    ({ values }) =>
                        values["fileSystemId"] === inputs["fileSystemId"] && typeof inputs["fileSystemId"] === "string",
                );
            return others.some(({ values }) => zonesRepeat(world, [values["subnetId"], inputs["subnetId"]]));
        },
        "MountTargetConflict: mount target already exists in this AZ",
        efsModel("CreateMountTargetRequest"),
    ),
    form(
        "efs-access-point-path",
        POINT,
        "rootDirectory.path",
        /^(?=.{1,100}$)(\/|(\/(?!\.)+[^$#<>;`|&?{}^*/\n]+){1,4})$/,
        (path) =>
            `ValidationException: Value '${path}' at 'rootDirectory.path' failed to satisfy constraint: Member must satisfy regular expression pattern`,
        efsModel("Path"),
    ),
    form(
        "efs-access-point-permissions",
        POINT,
        "rootDirectory.creationInfo.permissions",
        /^[0-7]{3,4}$/,
        (permissions) =>
            `ValidationException: Value '${permissions}' at 'rootDirectory.creationInfo.permissions' failed to satisfy constraint`,
        efsModel("Permissions"),
    ),
    when(
        "efs-access-point-creation",
        POINT,
        (inputs) =>
            isSet(inputs, "rootDirectory.path") &&
            at(inputs, "rootDirectory.path") !== "/" &&
            !isSet(inputs, "rootDirectory.creationInfo"),
        "the access point is made, but every attempt to mount it fails: its directory does not exist and creationInfo is absent",
        efsModel("RootDirectory"),
    ),
    {
        id: "efs-policy-lockout",
        type: "aws:efs/fileSystemPolicy:FileSystemPolicy",
        source: "https://github.com/hashicorp/terraform-provider-aws/pull/20838",
        check: (inputs) => {
            const policy = textAt(inputs, "policy");
            const statements = policy
                ? (JSON.parse(policy) as { Statement: { Effect: string; Action: Value; Condition?: Value }[] })
                      .Statement
                : [];
            const locksOut = statements.some(
                ({ Effect, Action, Condition }) =>
                    Effect === "Deny" &&
                    Condition === undefined &&
                    ["*", "elasticfilesystem:*"].includes(textOf(Action)),
            );
            return locksOut && inputs["bypassPolicyLockoutSafetyCheck"] !== true
                ? "InvalidPolicyException: This policy would prevent future FileSystemPolicy updates. Retry the request with the BypassPolicyLockoutSafetyCheck parameter to apply this policy."
                : undefined;
        },
    },
    form(
        "cache-identifier",
        CACHE,
        "replicationGroupId",
        /^(?!.*--)[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
        () =>
            "InvalidParameterValue: The parameter ReplicationGroupId is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.",
        cacheModel("CreateReplicationGroupMessage"),
    ),
    when(
        "cache-failover-nodes",
        CACHE,
        (inputs) => inputs["automaticFailoverEnabled"] === true && (numberAt(inputs, "numCacheClusters") ?? 2) < 2,
        "InvalidParameterCombination: When using automatic failover, there must be at least 2 cache clusters in the replication group.",
        "https://github.com/hashicorp/terraform/issues/25077",
    ),
    when(
        "cache-multi-az-failover",
        CACHE,
        (inputs) => inputs["multiAzEnabled"] === true && inputs["automaticFailoverEnabled"] !== true,
        "automatic_failover_enabled must be true if multi_az_enabled is true",
        "https://github.com/hashicorp/terraform-provider-aws/issues/25831",
    ),
    form(
        "cache-failover-node-type",
        CACHE,
        "nodeType",
        /^cache\.(?!t1\.|t2\.)/,
        () => "InvalidParameterCombination: Automatic failover is not supported for T1 and T2 cache node types.",
        "https://github.com/hashicorp/terraform/pull/10175",
    ),
    when(
        "cache-token-tls",
        CACHE,
        (inputs) => isSet(inputs, "authToken") && inputs["transitEncryptionEnabled"] !== true,
        "InvalidParameterCombination: The AUTH token is only supported when encryption-in-transit is enabled",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html",
    ),
    form(
        "cache-token-form",
        CACHE,
        "authToken",
        /^[A-Za-z0-9!&#$^<>-]{16,128}$/,
        () => "InvalidParameterValue: Invalid AuthToken provided.",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html",
    ),
    {
        id: "cache-parameter-family",
        type: CACHE,
        source: cacheModel("CreateReplicationGroupMessage"),
        check: (inputs, world) => {
            const group = world.find("aws:elasticache/parameterGroup:ParameterGroup", inputs["parameterGroupName"]);
            const [engine, version, family] = [
                textAt(inputs, "engine") ?? "redis",
                textAt(inputs, "engineVersion"),
                textAt(group?.values, "family"),
            ];
            return version && family && family !== cacheFamily(engine, version)
                ? `InvalidParameterCombination: Expected a parameter group of family ${cacheFamily(engine, version)} but found one of family ${family}`
                : undefined;
        },
    },
    oneOf("cache-engine", CACHE, "engine", ["redis", "valkey"], cacheModel("CreateReplicationGroupMessage")),
    oneOf(
        "cache-transit-mode",
        CACHE,
        "transitEncryptionMode",
        ["preferred", "required"],
        cacheModel("TransitEncryptionMode"),
    ),
    {
        id: "cache-windows-overlap",
        type: CACHE,
        source: cacheModel("CreateReplicationGroupMessage"),
        check: (inputs) => {
            const [snapshot, maintenance] = [
                textAt(inputs, "snapshotWindow"),
                textAt(inputs, "maintenanceWindow")?.replace(/[a-z]{3}:/gi, ""),
            ];
            return snapshot && maintenance && windowsOverlap(snapshot, maintenance)
                ? "InvalidParameterValue: The snapshot window and maintenance window must not overlap."
                : undefined;
        },
    },
    range(
        "kms-deletion-window",
        KEY,
        "deletionWindowInDays",
        [7, 30],
        apiModel("kms/2014-11-01", "ScheduleKeyDeletionRequest"),
    ),
    {
        id: "kms-policy-lockout",
        type: KEY,
        source: "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
        check: (inputs) => {
            const policy = textAt(inputs, "policy");
            return policy !== undefined &&
                !/kms:\*|kms:Put(\*|KeyPolicy)/.test(policy) &&
                inputs["bypassPolicyLockoutSafetyCheck"] !== true
                ? "MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future."
                : undefined;
        },
    },
    form(
        "kms-alias-name",
        "aws:kms/alias:Alias",
        "name",
        /^alias\/(?!aws\/)[a-zA-Z0-9/_-]{1,250}$/,
        (name) =>
            `ValidationException: Invalid identifier '${name}': an alias begins with alias/ and not with alias/aws/`,
        apiModel("kms/2014-11-01", "CreateAliasRequest"),
    ),
    form(
        "secret-name",
        SECRET,
        "name",
        /^[A-Za-z0-9/_+=.@!-]{1,512}$/,
        () =>
            "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        apiModel("secretsmanager/2017-10-17", "CreateSecretRequest"),
    ),
    when(
        "secret-recovery-window",
        SECRET,
        (inputs) => {
            const days = numberAt(inputs, "recoveryWindowInDays") ?? 30;
            return days !== 0 && (days < 7 || days > 30);
        },
        "InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        apiModel("secretsmanager/2017-10-17", "DeleteSecretRequest"),
    ),
    when(
        "secret-one-value",
        "aws:secretsmanager/secretVersion:SecretVersion",
        (inputs) => ["secretString", "secretStringWo", "secretBinary"].filter((key) => isSet(inputs, key)).length !== 1,
        "InvalidRequestException: You must provide either SecretString or SecretBinary, not both",
        apiModel("secretsmanager/2017-10-17", "PutSecretValueRequest"),
    ),
    oneOf("logs-retention", LOGS, "retentionInDays", logRetention, apiModel("logs/2014-03-28", "RetentionInDays")),
    form(
        "logs-name",
        LOGS,
        "name",
        /^(?!aws\/)[.\-_/#A-Za-z0-9]{1,512}$/,
        (name) =>
            `InvalidParameterException: 1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint`,
        apiModel("logs/2014-03-28", "LogGroupName"),
    ),
];
