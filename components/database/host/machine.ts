import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type CloudHost, platformFamily } from "../../host/cloud-host";
import { type HostFile, renderCloudConfig } from "../../host/cloud-init";
import {
    systemFiles,
    firewall,
    firewallPackage,
    libraryPath,
    oneshot,
    program,
    sandbox,
    searchPath,
    setUp,
    sharedFiles,
    timer,
    unit,
} from "../../host/machine-files";
import { ports } from "../../reference";
import {
    backupConfiguration,
    type BackupPlace,
    configurationFolder,
    dataDirectory,
    hostBasedAuthentication,
    installations,
    memoryShares,
    postgresConfiguration,
    type PostgresHost,
    rolePort,
} from "./settings";

/** What a database machine is to become. */
export interface DatabaseMachine {
    cloud: CloudHost;
    host: PostgresHost;
    /** Name of the other machine. */
    peer: string;
    address: string;
    /** PostgreSQL major version. */
    major: number;
    /** Role that owns the application's database. */
    owner: string;
    /** Networks of the balancers that ask which machine is primary. */
    balancerNetworks: string[];
    /** Names that clients reach the machines by. */
    tlsNames: string[];
    secrets: { login: string; replicator: string; tls: string };
    backup: BackupPlace;
    /** Whose interfaces keep what both machines agree on, stop the other one and take metrics. */
    accountOn: keyof typeof accountFiles;
    /** What the machine needs to know for that. */
    account: Record<string, string>;
    /** Address of the third voter, with which a standby takes over by itself. Default: an administrator promotes it. */
    witnessAddress?: string;
    /** Largest user data, in bytes. Default: any, for a cloud that takes it compressed. */
    limit?: number;
}

const own = path.join(__dirname, "files");

const programs = () => [
    program("files.mjs", sharedFiles, "files.mjs"),
    program("roles.sql", own, "roles.sql"),
    ...["keeper", "takeover", "database", "postgres", "credentials", "backup"].map((name) =>
        program(`${name}.mjs`, own, `${name}.mjs`),
    ),
];

const accountFiles = {
    aws: () => [program("account.mjs", own, "account-aws.mjs"), program("aws-call.mjs", sharedFiles, "aws-call.mjs")],
    azure: () => [program("account.mjs", own, "account-azure.mjs")],
};

const configuration = (name: string, content: string): HostFile => ({
    path: `${configurationFolder}/${name}`,
    permissions: "0644",
    content,
});

/** User data of a database machine (guide, steps 3 and 4). It names secrets and holds none. */
export function renderDatabaseMachine(machine: DatabaseMachine): string {
    const { cloud, host, peer, address, major, owner, secrets, backup } = machine;
    const { packages, bin, authorities } = installations[platformFamily[cloud.platform]](major);
    const files = [
        ...systemFiles(cloud, [...packages, "pgbackrest", "openssl", firewallPackage(cloud)], {
            NAME: host.name,
            ADDRESS: address,
            PEER: peer,
            PEER_ADDRESS: host.peerAddress,
            DATA: dataDirectory,
            PG_BIN: bin,
            MEMORY_SHARES: `"${memoryShares}"`,
            DATABASE: host.database,
            OWNER: owner,
            TLS_NAMES: machine.tlsNames.join(","),
            LOGIN_SECRET_ID: secrets.login,
            REPLICATOR_SECRET_ID: secrets.replicator,
            TLS_SECRET_ID: secrets.tls,
            DUMPS: backup.dumps ?? "",
            ...(machine.witnessAddress !== undefined && { WITNESS_ADDRESS: machine.witnessAddress }),
            ...machine.account,
        }),
        ...firewall(cloud, [
            ...host.appNetworks.map((from) => ({ port: ports.postgres, from })),
            { port: ports.postgres, from: `${host.peerAddress}/32` },
            ...(machine.witnessAddress === undefined ? [] : [{ port: rolePort, from: `${machine.witnessAddress}/32` }]),
            ...machine.balancerNetworks.map((from) => ({ port: rolePort, from })),
        ]),
        configuration("postgresql.conf", postgresConfiguration(host)),
        configuration("pg_hba.conf", hostBasedAuthentication(host)),
        configuration("pg_ident.conf", ""),
        {
            path: "/etc/pgbackrest/pgbackrest.conf",
            permissions: "0644",
            content: backupConfiguration(backup, authorities),
        },
        program("setup", own, "setup.sh"),
        program("memory", own, "memory.sh"),
        packed([...programs(), ...accountFiles[machine.accountOn]()]),
        administratorsCommand,
        databaseUnit(bin),
        keeperUnit,
        oneshot(
            "minusnow-backup",
            "MinusNow database backup",
            `${libraryPath}/backup.mjs`,
            "TimeoutStartSec=infinity\n",
        ),
        timer("minusnow-backup", "OnCalendar=*-*-* 00/6:15:00\nPersistent=true"),
    ];
    return renderCloudConfig({ files: files.map(withoutComments), commands: setUp }, machine.limit ?? Infinity);
}

/** How lines begin that are comments alone, by the end of a program's name. */
const comments: [end: RegExp, line: RegExp][] = [
    [/\.mjs$/, /^\s*(\/\/|\/\*\*|\* |\*\/).*\n/gm],
    [/\.sql$/, /^--.*\n/gm],
    [/\/\w+$/, /^#(?!!).*\n/gm],
];

/** Comments stay at home: EC2 takes 16 KB, compressed as a whole. */
function withoutComments(file: HostFile): HostFile {
    const [, line] = comments.find(([end]) => file.path.startsWith(`${libraryPath}/`) && end.test(file.path)) ?? [];
    return line === undefined ? file : { ...file, content: file.content.replace(line, ""), compressed: false };
}

/** What Node.js runs, in one file, which is smaller by far; `setup` unpacks it. */
function packed(programs: HostFile[]): HostFile {
    const contents = programs.map(withoutComments).map(({ path: place, content }) => [path.basename(place), content]);
    const archive = brotliCompressSync(JSON.stringify(Object.fromEntries(contents)));
    return {
        path: `${libraryPath}/programs.br`,
        permissions: "0644",
        content: archive.toString("base64"),
        isBase64: true,
    };
}

/** What the runbook calls, with the machine's variables. */
const administratorsCommand: HostFile = {
    path: "/usr/local/sbin/minusnow-database",
    permissions: "0755",
    content: `#!/bin/bash
set -a
. /etc/minusnow/host.env
case "\${1:-}" in
    # One at a time, and to the end also when the session is lost.
    switchover | promote | restore) exec systemd-run --quiet --wait --pipe --collect --unit=minusnow-database-command \\
        --property=EnvironmentFile=/etc/minusnow/host.env --setenv=PATH="$PATH" ${libraryPath}/database.mjs "$@" ;;
esac
exec ${libraryPath}/database.mjs "$@"
`,
};

/** Started by the keeper alone: at boot nobody knows yet who is primary. */
const databaseUnit = (bin: string) =>
    unit(
        "minusnow-database.service",
        `[Unit]
Description=MinusNow PostgreSQL
After=network-online.target

[Service]
Type=notify
User=postgres
Group=postgres
ExecStartPre=+${libraryPath}/memory
ExecStart=${bin}/postgres -c config_file=${configurationFolder}/postgresql.conf
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
KillSignal=SIGINT
TimeoutStartSec=infinity
TimeoutStopSec=300
LimitNOFILE=65535
OOMScoreAdjust=-900
UMask=0077
RuntimeDirectory=postgresql
RuntimeDirectoryMode=0755
${sandbox}
ReadWritePaths=/var/lib/postgresql
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
`,
    );

const keeperUnit = unit(
    "minusnow-keeper.service",
    `[Unit]
Description=MinusNow database keeper
After=network-online.target
Wants=network-online.target

[Service]
EnvironmentFile=/etc/minusnow/host.env
Environment=${searchPath}
# Where connections to the standby keep their address.
ExecStartPre=/bin/sh -c '[ -z "$LOOPBACK_ADDRESS" ] || ip address replace "$LOOPBACK_ADDRESS/32" dev lo'
ExecStart=${libraryPath}/keeper.mjs
Restart=always
RestartSec=5
UMask=0077

[Install]
WantedBy=multi-user.target
`,
);
