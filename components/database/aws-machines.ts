import * as ec2 from "@pulumi/aws/ec2";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import type * as iam from "@pulumi/aws/iam";
import type * as lb from "@pulumi/aws/lb";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow, allowReadingSecrets } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import { OperatingSystem, systemProblems } from "../host/operating-system";
import { applicationDatabase, databaseStorageGib, ports } from "../reference";
import { type GeneratedSecret, generateSecret } from "../secrets/aws-generated";
import { allowArchiving, type Archive, createArchive } from "./aws-archive";
import { allowAmongEachOther, createFront, handTo } from "./aws-machines-front";
import { createWitness } from "./aws-witness";
import type { Database } from "./contract";
import { applicationLogin } from "./defaults";
import { renderDatabaseMachine } from "./host/machine";
import { bucketRepository, DATABASE_NAMESPACE, databaseMachines, systemMajors, WITNESS } from "./host/settings";
import { BACKUP_RETENTION_DAYS, machineAt, machineProblems, refusePrimary, THIRD_VOTER } from "./machines";

/** Arguments of {@link AwsMachineDatabase}. */
export interface AwsMachineDatabaseArgs {
    /**
     * PostgreSQL major version. Default and allowed is what the system packages: 17 on Debian 13 and Amazon Linux
     * 2023, 16 on Ubuntu 24.04. Another version needs new machines, and a dump of these.
     */
    version?: string;
    /** Instance type. Default m7i.2xlarge: 8 CPU and 32 GiB, the guide's recommended size. See `renew`. */
    size?: pulumi.Input<string>;
    /** Disk of each machine in GiB. Default 500 (guide). See `renew`. */
    storageGib?: number;
    /** Days that a moment can be restored and dumps are kept. Default 30 (guide, "Backup Strategy"). See `renew`. */
    backupRetentionDays?: number;
    /**
     * Second region that base backups, write-ahead log and dumps are copied to as they are written. Default none. What was
     * written before is not copied.
     */
    copyRegion?: string;
    /**
     * Debian 13 or Amazon Linux 2023 with `version` 17, or Ubuntu 24.04 with 16. Default Debian 13. A change reaches a machine
     * that is renewed.
     */
    os?: OperatingSystem;
    /**
     * Lets the standby take over by itself when neither it nor a witness in a third zone has seen the primary for about a
     * minute. The other machine is turned off first, and nothing is done where it had gone on alone. Default false: an
     * administrator promotes it. Refused without a third zone. A change makes or deletes the witness in place; the machines
     * learn of it by `renew`.
     */
    automaticFailover?: boolean;
    /**
     * Names of machines, `db1`, `db2` or `witness`, that this update replaces or restarts when their image, first-boot
     * script, size or disk differs from the present one. Default none; the primary is refused. Name the standby, wait until
     * it is in sync again, switch over, then name the other: a machine that is replaced loses its disk and copies the other's.
     */
    renew?: string[];
    /** Id of the VPC. A change replaces the groups of machines. */
    networkId: pulumi.Input<string>;
    /**
     * Ids of the database subnets in two zones, with `automaticFailover` in three, with a way out for packages and backups. A
     * change replaces a machine.
     */
    subnetIds: pulumi.Input<string>[];
    /** Addresses of these subnets in CIDR notation, from which balancers ask who is primary. See `renew`. */
    subnetNetworks: string[];
    /** Private addresses of db1 and db2, and of the witness where there is one, each in its subnet. A change replaces a machine. */
    privateAddresses: string[];
    /** Security group that lets application servers in on 5432. A change is made in place. */
    firewallGroupId: pulumi.Input<string>;
    /** Networks of the application servers in CIDR notation: nobody else is let in. See `renew`. */
    appNetworks: string[];
    /** ARN of the KMS key that encrypts disks, secrets and backups. See `renew`. */
    keyId: pulumi.Input<string>;
    /** A higher number makes new passwords. Default 1. The application's moves to its other login, as on RDS. */
    rotation?: number;
    /** Refuses deletion of machines and parameters by Pulumi, and of machines outside it. Default true. In place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/**
 * PostgreSQL on two machines in two zones: a primary, a standby that acknowledges every commit while it is there, write-ahead
 * log and backups in a bucket (guide, steps 3 and 4). Which machine is primary is a parameter that the machines obey; an
 * administrator changes it by a program on them, and with a witness in a third zone the standby itself (`automaticFailover`):
 * of two voters none can tell a dead machine from a cut cable.
 */
export class AwsMachineDatabase extends pulumi.ComponentResource implements Database {
    /** Host that accepts writes; the name stays when the standby is promoted. */
    public readonly writerHost: pulumi.Output<string>;
    /** Host of the standby. */
    public readonly readerHost: pulumi.Output<string>;
    /** TCP port. */
    public readonly port: pulumi.Output<number>;
    /** Name of the application's database. */
    public readonly databaseName: pulumi.Output<string>;
    /** ARN of the application role's secret: a JSON document with `username` and `password`. */
    public readonly secretId: pulumi.Output<string>;
    /** Name of the SSM parameter with the certificate that clients are to trust. */
    public readonly certificateParameterName: pulumi.Output<string>;
    /** Its ARN. */
    public readonly certificateParameterArn: pulumi.Output<string>;
    /** Instance ids of db1 and db2. */
    public readonly machineIds: pulumi.Output<string>[];
    /** Their ARNs. */
    public readonly machineArns: pulumi.Output<string>[];
    /** Value of the tag `minusnow-servers` on the machines, by which Systems Manager finds them; their metrics' dimension too. */
    public readonly machinesTag: pulumi.Output<string>;
    /** Name of the machines' role. */
    public readonly roleName: pulumi.Output<string>;
    /** Instance id of the witness; absent where there is none. */
    public readonly witnessId?: pulumi.Output<string>;
    /** Value of its tag `minusnow-servers`. */
    public readonly witnessTag?: pulumi.Output<string>;
    /** Name of its role. */
    public readonly witnessRoleName?: pulumi.Output<string>;
    /** Name of the bucket with base backups, write-ahead log and dumps. */
    public readonly backupBucket: pulumi.Output<string>;
    /** Name of its copy in the second region; absent where there is none. */
    public readonly backupCopyBucket?: pulumi.Output<string>;

    constructor(name: string, args: AwsMachineDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:AwsMachineDatabase", name, args, opts);
        const child = { parent: this };
        checkArguments(args);

        const secrets = createSecrets(name, args, child);
        const parameters = createParameters(name, args, child);
        const {
            deletionProtection = true,
            backupRetentionDays: retentionDays = BACKUP_RETENTION_DAYS,
            copyRegion,
            keyId,
            tags,
        } = args;
        const kept = { keyId, retentionDays, copyRegion, deletionProtection, tags };
        const archive = createArchive(`${name}-archive`, kept, child);
        const profile = createProfile(name, machinePolicy(name, { secrets, parameters, archive }, args), tags, child);
        const reservations = reserveAddresses(name, args, child);
        const front = { ...args, deletionProtection };
        const writer = createFront(`${name}-writer`, front, { ...child, dependsOn: reservations });
        const reader = createFront(`${name}-reader`, front, { ...child, dependsOn: reservations });
        const parts = { profile, secrets, parameters, archive, fronts: [writer, reader] };
        const machines = createMachines(name, parts, args, { ...child, dependsOn: opts?.dependsOn });
        handTo(`${name}-writer`, "primary", writer, machines, front, child);
        handTo(`${name}-reader`, "standby", reader, machines, front, child);
        allowAmongEachOther(name, front, child);
        const witness = createWitness(name, args, { ...child, dependsOn: opts?.dependsOn });

        this.writerHost = writer.dnsName;
        this.readerHost = reader.dnsName;
        this.port = pulumi.output(ports.postgres);
        this.databaseName = pulumi.output(applicationDatabase.name);
        this.secretId = secrets.login.id;
        this.certificateParameterName = parameters.certificate.name;
        this.certificateParameterArn = parameters.certificate.arn;
        this.machineIds = machines.map((machine) => machine.id);
        this.machineArns = machines.map((machine) => machine.arn);
        this.machinesTag = pulumi.output(name);
        this.roleName = profile.role.apply((role) => role!);
        this.backupBucket = archive.bucket.id;
        if (archive.copyName) {
            this.backupCopyBucket = archive.copyName;
        }
        if (witness) {
            this.witnessId = witness.id;
            this.witnessTag = pulumi.output(witness.tag);
            this.witnessRoleName = witness.roleName;
        }
        this.registerOutputs({
            writerHost: this.writerHost,
            readerHost: this.readerHost,
            port: this.port,
            databaseName: this.databaseName,
            secretId: this.secretId,
            certificateParameterName: this.certificateParameterName,
            certificateParameterArn: this.certificateParameterArn,
            machineIds: this.machineIds,
            machineArns: this.machineArns,
            machinesTag: this.machinesTag,
            roleName: this.roleName,
            backupBucket: this.backupBucket,
            backupCopyBucket: this.backupCopyBucket,
            witnessId: this.witnessId,
            witnessTag: this.witnessTag,
            witnessRoleName: this.witnessRoleName,
        });
    }
}

type Child = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

function checkArguments(args: AwsMachineDatabaseArgs): void {
    const { os = OperatingSystem.Debian13 } = args;
    const systems = Object.keys(systemMajors) as OperatingSystem[];
    const problems = [...systemProblems(os, systems), ...majorProblems(args), ...machineProblems(args)];
    if (args.subnetIds.length < args.privateAddresses.length) {
        problems.push(`subnetIds: found ${args.subnetIds.length}, allowed is one for each address: ${THIRD_VOTER}`);
    }
    if (problems.length > 0) {
        throw new Error(`AwsMachineDatabase: ${problems.join("; ")}`);
    }
}

function majorProblems({ os = OperatingSystem.Debian13, version }: AwsMachineDatabaseArgs): string[] {
    const major = systemMajors[os];
    return version === undefined || major === undefined || version === String(major)
        ? []
        : [`version: found '${version}', allowed is ${major} on ${os}`];
}

interface Secrets {
    login: GeneratedSecret;
    replicator: GeneratedSecret;
    /** Key and certificate, which the first primary makes and puts there. */
    tls: secretsmanager.Secret;
}

function createSecrets(name: string, args: AwsMachineDatabaseArgs, child: Child): Secrets {
    const { keyId, rotation = 1, tags } = args;
    const username = applicationLogin(args);
    const common = { keyId, specialCharacters: "-_.!~", rotation, tags };
    const description = "MinusNow: certificate and key of the database machines";
    return {
        login: generateSecret(
            `${name}-app`,
            {
                ...common,
                description: `MinusNow: login of ${username} to PostgreSQL`,
                document: (password) => pulumi.jsonStringify({ username, password }),
            },
            child,
        ),
        replicator: generateSecret(
            `${name}-replicator`,
            { ...common, description: "MinusNow: password of the role that replicates" },
            child,
        ),
        tls: new secretsmanager.Secret(
            `${name}-tls`,
            { description, kmsKeyId: keyId, recoveryWindowInDays: 30, tags },
            child,
        ),
    };
}

interface Parameters {
    primary: ssm.Parameter;
    cluster: ssm.Parameter;
    inSync: ssm.Parameter;
    certificate: ssm.Parameter;
}

/** What the machines agree on; the stack gives the first value, and the machines the later ones. */
function createParameters(
    name: string,
    { deletionProtection = true, tags }: AwsMachineDatabaseArgs,
    child: Child,
): Parameters {
    const parameter = (key: string, value: unknown) =>
        new ssm.Parameter(
            `${name}-${key}`,
            { name: `/${name}/${key}`, type: "String", value: JSON.stringify(value), tags },
            // Made anew, they would say again what was so at first.
            { ...child, ignoreChanges: ["value"], protect: deletionProtection },
        );
    return {
        primary: parameter("primary", databaseMachines[0]),
        cluster: parameter("cluster", "none"),
        inSync: parameter("in-sync", false),
        certificate: parameter("certificate", "none"),
    };
}

interface Parts {
    secrets: Secrets;
    parameters: Parameters;
    archive: Archive;
}

/** A machine reads its secrets, keeps what both agree on, writes backups, turns the other one off and on, and nothing else. */
function machinePolicy(name: string, { secrets, parameters, archive }: Parts, { keyId }: AwsMachineDatabaseArgs) {
    const own = { StringEquals: { [`aws:ResourceTag/${SERVERS_TAG}`]: name } };
    const arns = Object.values(parameters).map(({ arn }: ssm.Parameter) => arn);
    const throughSecretsManager = { StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com*" } };
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            allow(systemsManagerActions, ["*"]),
            allow(["ssm:GetParameter", "ssm:PutParameter"], arns),
            ...allowReadingSecrets([secrets.login.id, secrets.replicator.id, secrets.tls.arn], keyId),
            allow(["secretsmanager:PutSecretValue"], [secrets.tls.arn]),
            allow(["kms:GenerateDataKey"], [keyId], throughSecretsManager),
            ...allowArchiving(archive.bucket, keyId),
            allow(["ec2:DescribeInstances"], ["*"]),
            allow(["ec2:StopInstances", "ec2:StartInstances"], ["*"], own),
            // Whoever starts a machine hands its disk's key on.
            allow(["kms:CreateGrant"], [keyId], {
                Bool: { "kms:GrantIsForAWSResource": "true" },
                StringLike: { "kms:ViaService": "ec2.*.amazonaws.com*" },
            }),
            allow(["cloudwatch:PutMetricData"], ["*"], {
                StringEquals: { "cloudwatch:namespace": DATABASE_NAMESPACE },
            }),
        ],
    });
}

/** What takes any address of the subnets, as the fronts do, must not take a machine's. */
function reserveAddresses(name: string, args: AwsMachineDatabaseArgs, child: Child): pulumi.Resource[] {
    return args.privateAddresses.map((address, place) => {
        const machine = [...databaseMachines, WITNESS][place]!;
        const reservation = {
            subnetId: args.subnetIds[place]!,
            cidrBlock: `${address}/32`,
            reservationType: "explicit",
        };
        return new ec2.SubnetCidrReservation(`${name}-${machine}`, reservation, child);
    });
}

function createMachines(
    name: string,
    parts: Parts & { profile: iam.InstanceProfile; fronts: lb.LoadBalancer[] },
    args: AwsMachineDatabaseArgs,
    child: Child,
): ec2.Instance[] {
    const { os = OperatingSystem.Debian13, renew = [], tags } = args;
    const image = newestImage(os, { parent: child.parent });
    const deletionProtection = args.deletionProtection ?? true;
    return databaseMachines.map((machine, place) =>
        createMachine(
            `${name}-${machine}`,
            {
                image: renew.includes(machine) ? unlessPrimary(name, machine, image, child) : image,
                size: args.size ?? "m7i.2xlarge",
                subnetId: args.subnetIds[place]!,
                privateAddress: args.privateAddresses[place]!,
                firewallGroupId: args.firewallGroupId,
                profile: parts.profile,
                userData: renderUserData(name, place, parts, args, { parent: child.parent }),
                compressed: true,
                diskGib: args.storageGib ?? databaseStorageGib,
                keyId: args.keyId,
                deletionProtection,
                renew: renew.includes(machine),
                tags: { ...tags, [SERVERS_TAG]: name, "minusnow-role": "database" },
            },
            // Its disk goes with it.
            { ...child, protect: deletionProtection && !renew.includes(machine) },
        ),
    );
}

/** An image for a machine that is to be renewed, which the primary must not be. */
function unlessPrimary(
    name: string,
    machine: string,
    image: pulumi.Output<string>,
    { parent }: Child,
): pulumi.Output<string> {
    const path = `/${name}`;
    return pulumi.all([image, ssm.getParametersByPathOutput({ path }, { parent })]).apply(([id, parameters]) => {
        refusePrimary("AwsMachineDatabase", machine, parameters.values[parameters.names.indexOf(`${path}/primary`)]);
        return id;
    });
}

function renderUserData(
    name: string,
    place: number,
    { secrets, archive, fronts }: Parts & { fronts: lb.LoadBalancer[] },
    args: AwsMachineDatabaseArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const { os = OperatingSystem.Debian13, backupRetentionDays = BACKUP_RETENTION_DAYS } = args;
    const { login, replicator, tls } = secrets;
    return pulumi
        .output({
            region: getRegionOutput({}, child).region,
            dnsSuffix: getPartitionOutput({}, child).dnsSuffix,
            secretIds: { login: login.id, replicator: replicator.id, tls: tls.arn },
            bucket: archive.bucket.id,
            peerSubnetId: args.subnetIds[1 - place]!,
            tlsNames: fronts.map(({ dnsName }) => dnsName),
            // The passwords are there before the machines that read them.
            versions: [login.version.urn, replicator.version.urn],
        })
        .apply(({ region, dnsSuffix, secretIds, bucket, peerSubnetId, tlsNames }) =>
            renderDatabaseMachine({
                cloud: awsHost(os, region, `/${name}`),
                ...machineAt(place, args),
                major: systemMajors[os]!,
                balancerNetworks: args.subnetNetworks,
                tlsNames,
                secrets: secretIds,
                backup: {
                    repository: bucketRepository(bucket, region, `s3.${region}.${dnsSuffix}`),
                    retentionDays: backupRetentionDays,
                    dumps: `s3://${bucket}/dumps`,
                },
                accountOn: "aws",
                account: { MACHINES_TAG: name, METRICS: DATABASE_NAMESPACE, PEER_SUBNET: peerSubnetId },
            }),
        );
}
