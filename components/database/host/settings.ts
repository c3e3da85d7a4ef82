import type { OperatingSystem, OsFamily } from "../../host/operating-system";
import { type PostgresSetting, postgresSettings, ports } from "../../reference";

/** Where a machine's PostgreSQL is, the same on every system. */
export const dataDirectory = "/var/lib/postgresql/minusnow";
export const configurationFolder = "/etc/minusnow/postgresql";
/** Name of the cluster in the archive of backups. */
export const stanza = "minusnow";

/** The two machines, which take the role of primary in turns. */
export const databaseMachines = ["db1", "db2"] as const;

/** The third voter, which sees whether a machine serves and holds no data. */
export const WITNESS = "witness";

/**
 * PostgreSQL's major version by system: each packages one, and pgBackRest with it; for Amazon Linux the PostgreSQL
 * project does.
 */
export const systemMajors: { [os in OperatingSystem]?: number } = {
    "debian-13": 17,
    "ubuntu-24.04": 16,
    "amazon-linux-2023": 17,
};

/** What systems of a family call a server and its extensions, and where things are. */
interface Installation {
    packages: string[];
    bin: string;
    /** Authorities that the system trusts. */
    authorities: string;
}

export const installations: { [family in OsFamily]: (major: number) => Installation } = {
    debian: (major) => ({
        packages: [`postgresql-${major}`],
        bin: `/usr/lib/postgresql/${major}/bin`,
        authorities: "/etc/ssl/certs/ca-certificates.crt",
    }),
    rhel: (major) => ({
        packages: [`postgresql${major}-server`, `postgresql${major}-contrib`],
        bin: `/usr/pgsql-${major}/bin`,
        authorities: "/etc/pki/tls/certs/ca-bundle.crt",
    }),
};

/** Port on which a machine tells balancers, and the other machine, what it is. */
export const rolePort = 8008;

/** Metrics of the database are published under this name by the machines. */
export const DATABASE_NAMESPACE = "MinusNow/Database";

/** What PostgreSQL on one machine is to know. */
export interface PostgresHost {
    /** Name of this machine. */
    name: string;
    peerAddress: string;
    /** Networks of the application servers. */
    appNetworks: string[];
    /** Logins of the application, which take turns. */
    logins: string[];
    database: string;
    /** Disk of the machine in GiB. */
    diskGib: number;
}

/** Share of the disk that write-ahead log may take for a standby that is away: then the slot is given up, not the disk. */
const SLOT_SHARE = 0.1;

const MIB_PER_GIB = 1024;
const shown = (setting: Exclude<PostgresSetting, { memoryPercent: number }>) =>
    "value" in setting
        ? setting.value
        : setting.mebibytes % MIB_PER_GIB === 0
          ? `${setting.mebibytes / MIB_PER_GIB}GB`
          : `${setting.mebibytes}MB`;

/** Those of the guide's settings that are the same on every machine. */
function guideSettings(): string {
    const lines = Object.entries<PostgresSetting>(postgresSettings).flatMap(([name, setting]) =>
        "memoryPercent" in setting ? [] : [`${name} = ${shown(setting)}`],
    );
    return lines.join("\n");
}

/** Those that are shares of memory, as the machine's own program takes them. */
export const memoryShares = Object.entries<PostgresSetting>(postgresSettings)
    .flatMap(([name, setting]) => ("memoryPercent" in setting ? [`${name}=${setting.memoryPercent}`] : []))
    .join(" ");

/**
 * The guide's `postgresql.conf` (step 3) and what it leaves open: TLS, archiving, a standby that answers queries and one
 * that is lost within seconds. The shares of memory are counted at each start, in `memory.conf`.
 */
export function postgresConfiguration({ name, peerAddress, diskGib }: PostgresHost): string {
    const archive = `pgbackrest --stanza=${stanza}`;
    return `include '${configurationFolder}/memory.conf'
data_directory = '${dataDirectory}'
hba_file = '${configurationFolder}/pg_hba.conf'
ident_file = '${configurationFolder}/pg_ident.conf'
listen_addresses = '*'
port = ${ports.postgres}
${guideSettings()}

max_slot_wal_keep_size = ${Math.max(Math.floor(diskGib * SLOT_SHARE), 1)}GB
wal_log_hints = on
wal_sender_timeout = 10s
wal_receiver_timeout = 10s
hot_standby_feedback = on
primary_conninfo = 'host=${peerAddress} port=${ports.postgres} user=replicator application_name=${name} connect_timeout=5 passfile=${configurationFolder}/replicator.pgpass sslmode=verify-full sslrootcert=${configurationFolder}/server.crt'
primary_slot_name = '${name}'

archive_mode = on
archive_timeout = 5min
archive_command = '${archive} archive-push "%p"'
restore_command = '${archive} archive-get %f "%p"'

ssl = on
ssl_cert_file = '${configurationFolder}/server.crt'
ssl_key_file = '${configurationFolder}/server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = scram-sha-256
log_timezone = 'UTC'
timezone = 'UTC'
`;
}

/** Who may connect (guide, step 7): the application from its subnets, and the other machine; both over TLS only. */
export function hostBasedAuthentication({ appNetworks, peerAddress, logins, database }: PostgresHost): string {
    const app = appNetworks.map((network) => `hostssl ${database} ${logins.join(",")} ${network} scram-sha-256\n`);
    return `local all postgres peer
${app.join("")}hostssl replication replicator ${peerAddress}/32 scram-sha-256
hostssl postgres replicator ${peerAddress}/32 scram-sha-256
`;
}

/** Where backups are kept. */
export interface BackupPlace {
    /** Options of pgBackRest's repository, without `repo1-`. */
    repository: Record<string, string>;
    /** Days that a moment can be restored. */
    retentionDays: number;
    /** URL under which the machines' own dumps are stored. Default: they make none. */
    dumps?: string;
}

/** A bucket of S3, which machines use by their role. */
export const bucketRepository = (bucket: string, region: string, endpoint: string): Record<string, string> => ({
    type: "s3",
    path: "/pgbackrest",
    "s3-bucket": bucket,
    "s3-endpoint": endpoint,
    "s3-region": region,
    "s3-key-type": "auto",
});

/** A container of Azure's blobs, which machines use by their identity; pgBackRest 2.58 and newer can. */
export const containerRepository = (account: string, container: string): Record<string, string> => ({
    type: "azure",
    path: "/pgbackrest",
    "azure-account": account,
    "azure-container": container,
    "azure-key-type": "auto",
});

/** Where pgBackRest keeps backups and write-ahead log. */
export function backupConfiguration({ repository, retentionDays }: BackupPlace, authorities: string): string {
    const lines = Object.entries(repository).map(([name, value]) => `repo1-${name}=${value}\n`);
    return `[global]
${lines.join("")}repo1-storage-ca-file=${authorities}
repo1-retention-full-type=time
repo1-retention-full=${retentionDays}
compress-type=zst
start-fast=y
process-max=2
log-level-console=warn
log-level-file=off

[${stanza}]
pg1-path=${dataDirectory}
`;
}
