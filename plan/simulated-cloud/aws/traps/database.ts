import { fewerZonesThan } from "./network";
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
    type Values,
    when,
    type World,
    textOf,
} from "./trap";

const INSTANCE = "aws:rds/instance:Instance";
const PARAMETERS = "aws:rds/parameterGroup:ParameterGroup";
const createModel = apiModel("rds/2014-10-31", "CreateDBInstanceMessage");
const replicaModel = apiModel("rds/2014-10-31", "CreateDBInstanceReadReplicaMessage");
const parameterGuide =
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html";

const isReplica = (inputs: Values) => isSet(inputs, "replicateSourceDb");
const sourceOf = (inputs: Values, world: World) => world.find(INSTANCE, inputs["replicateSourceDb"])?.values;

/** How RDS for PostgreSQL treats a parameter: when it takes effect and which whole numbers it accepts. */
interface ParameterRule {
    isStatic: boolean;
    range?: [number, number];
}

const parameterRules: Record<string, ParameterRule> = {
    max_connections: { isStatic: true, range: [6, 262143] },
    shared_buffers: { isStatic: true, range: [16, 1073741823] },
    effective_cache_size: { isStatic: false, range: [1, 2147483647] },
    maintenance_work_mem: { isStatic: false, range: [1024, 2147483647] },
    work_mem: { isStatic: false, range: [64, 2147483647] },
    wal_keep_size: { isStatic: false, range: [0, 2147483647] },
    max_wal_senders: { isStatic: true, range: [5, 200] },
    max_worker_processes: { isStatic: true, range: [0, 262143] },
    effective_io_concurrency: { isStatic: false, range: [0, 1000] },
    "rds.force_ssl": { isStatic: false, range: [0, 1] },
    "rds.logical_replication": { isStatic: true, range: [0, 1] },
    shared_preload_libraries: { isStatic: true },
    wal_buffers: { isStatic: true, range: [-1, 262143] },
};

/** Settings of `postgresql.conf` that RDS keeps to itself. */
const platformParameters = [
    "listen_addresses",
    "port",
    "wal_level",
    "data_directory",
    "archive_mode",
    "archive_command",
    "ssl_cert_file",
    "ssl_key_file",
];

type Parameter = { name: string; value: string; applyMethod: string };

/** A check of each parameter of a group whose fields are known. */
function eachParameter(id: string, refused: (parameter: Parameter) => string | undefined, source: string): Trap {
    return {
        id,
        type: PARAMETERS,
        source,
        check: (inputs) =>
            listAt(inputs, "parameters")
                .map((parameter) => ({
                    name: textAt(parameter, "name") ?? "",
                    value: textOf(at(parameter, "value") ?? ""),
                    applyMethod: textAt(parameter, "applyMethod") ?? "immediate",
                }))
                .map(refused)
                .find((message) => message !== undefined),
    };
}

export const databaseTraps: readonly Trap[] = [
    form(
        "rds-identifier",
        INSTANCE,
        "identifier",
        /^(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
        () =>
            "InvalidParameterValue: The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.",
        createModel,
    ),
    when(
        "rds-password-missing",
        INSTANCE,
        (inputs) =>
            !isReplica(inputs) &&
            !isSet(inputs, "snapshotIdentifier") &&
            !["password", "passwordWo", "manageMasterUserPassword"].some((key) => isSet(inputs, key)),
        "InvalidParameterValue: The parameter MasterUserPassword must be provided and must not be blank.",
        createModel,
    ),
    when(
        "rds-password-twice",
        INSTANCE,
        (inputs) =>
            inputs["manageMasterUserPassword"] === true && (isSet(inputs, "password") || isSet(inputs, "passwordWo")),
        "InvalidParameterCombination: You can't specify MasterUserPassword and ManageMasterUserPassword in the same request.",
        createModel,
    ),
    {
        id: "rds-password-form",
        type: INSTANCE,
        source: "https://github.com/pulumi/examples/issues/1392",
        check: (inputs) => {
            const password = textAt(inputs, "password") ?? textAt(inputs, "passwordWo");
            if (password === undefined || /^[!#-.0-?A-~]{8,128}$/.test(password)) {
                return undefined;
            }
            return password.length < 8
                ? "InvalidParameterValue: The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters."
                : "InvalidParameterValue: The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.";
        },
    },
    form(
        "rds-username",
        INSTANCE,
        "username",
        /^(?!(admin|rdsadmin|rds_superuser)$)(?!pg_)[A-Za-z]\w{0,62}$/i,
        (username) =>
            `InvalidParameterValue: MasterUsername ${username} cannot be used as it is a reserved word used by the engine`,
        "https://github.com/aws-cloudformation/cfn-lint/pull/4425",
    ),
    form(
        "rds-database-name",
        INSTANCE,
        "dbName",
        /^[A-Za-z]\w{0,62}$/,
        () => "InvalidParameterValue: DBName must begin with a letter and contain only alphanumeric characters.",
        createModel,
    ),
    range("rds-backup-retention", INSTANCE, "backupRetentionPeriod", [0, 35], createModel),
    {
        id: "rds-windows-overlap",
        type: INSTANCE,
        source: "https://github.com/getmoto/moto/blob/5.2.1/moto/rds/utils.py",
        check: (inputs) => {
            const [backup, maintenance] = [
                textAt(inputs, "backupWindow"),
                textAt(inputs, "maintenanceWindow")?.replace(/[a-z]{3}:/gi, ""),
            ];
            return backup && maintenance && windowsOverlap(backup, maintenance)
                ? "InvalidParameterValue: The backup window and maintenance window must not overlap."
                : undefined;
        },
    },
    when(
        "rds-replica-source-backups",
        INSTANCE,
        (inputs, world) => numberAt(sourceOf(inputs, world), "backupRetentionPeriod") === 0,
        "InvalidDBInstanceState: Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance to set the backup retention period to a non-zero value.",
        replicaModel,
    ),
    when(
        "rds-replica-managed-password",
        INSTANCE,
        (inputs, world) =>
            sourceOf(inputs, world)?.["manageMasterUserPassword"] === true ||
            (isReplica(inputs) && inputs["manageMasterUserPassword"] === true),
        "InvalidParameterValue: Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is enabled is not supported.",
        "https://github.com/terraform-aws-modules/terraform-aws-rds/issues/532",
    ),
    when(
        "rds-replica-credentials",
        INSTANCE,
        (inputs) =>
            isReplica(inputs) && ["username", "password", "passwordWo", "dbName"].some((key) => isSet(inputs, key)),
        "InvalidParameterCombination: Cannot change master user password on an RDS postgres Read Replica because it uses physical replication and therefore cannot differ from its primary.",
        "https://github.com/terraform-aws-modules/terraform-aws-rds/issues/526",
    ),
    when(
        "rds-replica-subnet-group",
        INSTANCE,
        (inputs) =>
            isReplica(inputs) &&
            !textOf(inputs["replicateSourceDb"]).startsWith("arn:") &&
            isSet(inputs, "dbSubnetGroupName"),
        "DBSubnetGroupNotAllowedFault: The DBSubnetGroup shouldn't be specified while creating read replicas that lie in the same region as the source instance.",
        apiModel("rds/2014-10-31", "DBSubnetGroupNotAllowedFault"),
    ),
    when(
        "rds-replica-storage",
        INSTANCE,
        (inputs, world) =>
            (numberAt(inputs, "allocatedStorage") ?? Infinity) <
            (numberAt(sourceOf(inputs, world), "allocatedStorage") ?? 0),
        "InvalidParameterValue: Allocated storage size can't be less than the source instance size.",
        replicaModel,
    ),
    {
        id: "rds-parameter-family",
        type: INSTANCE,
        source: "https://github.com/cloud-gov/aws-broker/issues/291",
        check: (inputs, world) => {
            const group = world.find(PARAMETERS, inputs["parameterGroupName"]);
            const version = textAt(inputs, "engineVersion") ?? textAt(sourceOf(inputs, world), "engineVersion");
            const family = textAt(group?.values, "family");
            const wanted = version && `postgres${Number.parseInt(version, 10)}`;
            return family && wanted && family !== wanted
                ? `InvalidParameterCombination: The parameter group ${group!.id} with DBParameterGroupFamily ${family} can't be used for this instance. Use a parameter group with DBParameterGroupFamily ${wanted}.`
                : undefined;
        },
    },
    {
        id: "rds-parameter-group-missing",
        type: INSTANCE,
        source: createModel,
        check: (inputs, world) => {
            const name = textAt(inputs, "parameterGroupName");
            return name &&
                !name.startsWith("default.") &&
                world.ofType(PARAMETERS).length > 0 &&
                !world.find(PARAMETERS, name)
                ? `DBParameterGroupNotFound: DBParameterGroup not found: ${name}`
                : undefined;
        },
    },
    form(
        "rds-engine-version",
        INSTANCE,
        "engineVersion",
        /^1[3-8](\.\d+)?$/,
        (version) => `InvalidParameterCombination: Cannot find version ${version} for postgres`,
        "https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html",
    ),
    range("rds-storage-range", INSTANCE, "allocatedStorage", [20, 65536], createModel),
    when(
        "rds-gp3-small",
        INSTANCE,
        (inputs) =>
            at(inputs, "storageType") === "gp3" &&
            (numberAt(inputs, "allocatedStorage") ?? 400) < 400 &&
            (isSet(inputs, "iops") || isSet(inputs, "storageThroughput")),
        "InvalidParameterCombination: You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.",
        "https://github.com/cloudtools/troposphere/issues/2141",
    ),
    when(
        "rds-maximum-storage",
        INSTANCE,
        (inputs) => {
            const [storage, most] = [numberAt(inputs, "allocatedStorage"), numberAt(inputs, "maxAllocatedStorage")];
            return storage !== undefined && most !== undefined && most !== 0 && most <= storage;
        },
        "InvalidParameterCombination: Max storage size must be greater than storage size",
        "https://github.com/getmoto/moto/blob/5.2.1/moto/rds/models.py#L1357",
    ),
    oneOf("rds-monitoring-interval", INSTANCE, "monitoringInterval", [0, 1, 5, 10, 15, 30, 60], createModel),
    when(
        "rds-monitoring-role",
        INSTANCE,
        (inputs) => (numberAt(inputs, "monitoringInterval") ?? 0) > 0 && !isSet(inputs, "monitoringRoleArn"),
        "InvalidParameterCombination: A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        "https://github.com/cloudposse/terraform-aws-rds/pull/75",
    ),
    when(
        "rds-multi-az-zone",
        INSTANCE,
        (inputs) => inputs["multiAz"] === true && isSet(inputs, "availabilityZone"),
        "InvalidParameterCombination: Requesting a specific availability zone is not valid for Multi-AZ instances.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/485",
    ),
    when(
        "rds-insights-retention",
        INSTANCE,
        (inputs) => {
            const days = numberAt(inputs, "performanceInsightsRetentionPeriod");
            return days !== undefined && days !== 7 && days !== 731 && !(days % 31 === 0 && days <= 713);
        },
        "InvalidParameterValue: Invalid Performance Insights retention period. Valid values are: [7, 31, 62, ..., 731]",
        createModel,
    ),
    when(
        "rds-insights-advanced",
        INSTANCE,
        (inputs) =>
            at(inputs, "databaseInsightsMode") === "advanced" &&
            !(
                inputs["performanceInsightsEnabled"] === true &&
                (numberAt(inputs, "performanceInsightsRetentionPeriod") ?? 0) >= 465
            ),
        "InvalidParameterCombination: To enable the Advanced mode of Database Insights, modify your instance to enable Performance Insights and set the retention period for Performance Insights to at least 465 days.",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Considerations.html",
    ),
    when(
        "rds-key-needs-encryption",
        INSTANCE,
        (inputs) => isSet(inputs, "kmsKeyId") && inputs["storageEncrypted"] !== true,
        "InvalidParameterCombination: KmsKeyId requires StorageEncrypted",
        createModel,
    ),
    when(
        "rds-final-snapshot",
        INSTANCE,
        (inputs) =>
            !isReplica(inputs) && inputs["skipFinalSnapshot"] !== true && !isSet(inputs, "finalSnapshotIdentifier"),
        "final_snapshot_identifier is required when skip_final_snapshot is false (refused when the instance is deleted)",
        "https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/r/db_instance.html.markdown",
    ),
    range("rds-port", INSTANCE, "port", [1150, 65535], createModel),
    when(
        "rds-log-exports",
        INSTANCE,
        (inputs) =>
            listAt(inputs, "enabledCloudwatchLogsExports").some(
                (log) => typeof log === "string" && !["postgresql", "upgrade", "iam-db-auth-error"].includes(log),
            ),
        "InvalidParameterCombination: You cannot use the log types with engine version postgres. For supported log types, see the documentation.",
        "https://github.com/badmintoncryer/cdk-preflight",
    ),
    when(
        "rds-subnet-group-zones",
        "aws:rds/subnetGroup:SubnetGroup",
        (inputs, world) => fewerZonesThan(2, world, listAt(inputs, "subnetIds")),
        "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    ),
    form(
        "rds-family",
        PARAMETERS,
        "family",
        /^postgres1[3-8]$/,
        (family) => `InvalidParameterValue: ParameterGroupFamily ${family} is not a valid parameter group family`,
        "https://github.com/terraform-aws-modules/terraform-aws-rds/issues/173",
    ),
    eachParameter(
        "rds-parameter-static",
        ({ name, applyMethod }) =>
            parameterRules[name]?.isStatic && applyMethod === "immediate"
                ? `InvalidParameterCombination: cannot use immediate apply method for static parameter ${name}`
                : undefined,
        "https://github.com/hashicorp/terraform-provider-aws/issues/216",
    ),
    eachParameter(
        "rds-parameter-platform",
        ({ name }) =>
            platformParameters.includes(name)
                ? `InvalidParameterValue: The parameter ${name} cannot be modified.`
                : undefined,
        parameterGuide,
    ),
    eachParameter(
        "rds-parameter-range",
        ({ name, value }) => {
            const allowed = parameterRules[name]?.range;
            const isFormula = value.startsWith("{");
            const number = Number(value);
            return !allowed || isFormula || (value !== "" && number >= allowed[0] && number <= allowed[1])
                ? undefined
                : `InvalidParameterValue: Invalid parameter value: ${value} for: ${name} allowed values are: ${allowed.join("-")}`;
        },
        parameterGuide,
    ),
];

/** True when two daily windows of the form hh:mm-hh:mm share a minute; days of the week are left out of account. */
export function windowsOverlap(one: string, other: string): boolean {
    const minutes = (window: string) =>
        window.split("-").map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)));
    const [start = 0, end = 0] = minutes(one);
    const [otherStart = 0, otherEnd = 0] = minutes(other);
    return start < otherEnd && otherStart < end;
}
