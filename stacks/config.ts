import { z } from "zod";
import {
    BackupLock,
    DatabaseKind,
    LoadBalancerKind,
    LoadBalancerMode,
    MemoryPolicy,
    NatPlacement,
    OperatingSystem,
    SessionStoreKind,
    SharedStorageKind,
} from "../components";
import { databaseMachines, WITNESS } from "../components/database/host/settings";
import { readinessSchema } from "./config-readiness";
import { choice, count, email, flag, hostname, network, text } from "./fields";

/** Regions of both clouds; which is whose is checked beside the cloud. */
const REGION = /^[a-z]+[a-z0-9-]*$/;

const subnetList = (role: string) =>
    z
        .array(z.string())
        .min(1)
        .meta({
            description: `Ids of existing ${role} subnets, one per zone on AWS.`,
            example: ["subnet-0a1b2c3d", "subnet-4e5f6a7b"],
            allowed: "subnet ids",
        });

const networkSchema = z.strictObject({
    addressSpace: network("IPv4 network of the deployment, /16 to /23. Default 10.0.0.0/16.", "10.0.0.0/16").optional(),
    zoneCount: count("Availability zones to use. Default 2.", 2, 6, 2).optional(),
    nat: choice(NatPlacement, "Where outbound address translation runs. Default by profile.").optional(),
    reservedNetworks: z
        .array(network("A network in use elsewhere.", "10.1.0.0/16"))
        .meta({
            description:
                "Networks that are connected or will be, by peering or VPN; the address space must not overlap them.",
            example: ["10.1.0.0/16"],
        })
        .optional(),
    networkId: text("Id of an existing network; needs subnetIds.", "vpc-0a1b2c3d4e5f60718").optional(),
    subnetIds: z
        .strictObject({
            edge: subnetList("edge"),
            app: subnetList("application"),
            database: subnetList("database"),
            storage: subnetList("storage"),
            cache: subnetList("cache"),
        })
        .meta({ description: "Existing subnets by role; needs networkId." })
        .optional(),
    bastion: flag("Azure: Azure Bastion for administrators. Default false.").optional(),
});

const loadBalancerSchema = z.strictObject({
    kind: choice(LoadBalancerKind, "Who balances requests. Default managed.").optional(),
    mode: choice(LoadBalancerMode, "How requests are shared. Default active-active.").optional(),
    rateLimitPerMinute: count(
        "Requests one address may make in a minute before it gets 429. Default 2000.",
        10,
        2_000_000_000,
        2000,
    ).optional(),
    size: text("Kinds haproxy and nginx: machine size of the balancers. Default by profile.", "c7i.xlarge").optional(),
    renew: z
        .array(z.string().regex(/^lb[12]$/))
        .meta({
            description: "Kinds haproxy and nginx: balancers that this update may replace. Default none.",
            example: ["lb1"],
        })
        .optional(),
});

const appPairSchema = z.strictObject({
    count: count("Application servers. Default 2.", 1, 200, 2).optional(),
    size: text("Machine size. Default by profile.", "c7i.2xlarge").optional(),
    os: choice(
        OperatingSystem,
        "Operating system of new servers, and of other machines where it is Linux. On Azure ubuntu-24.04, rhel-9 or windows-server-2025. Default amazon-linux-2023 on AWS, ubuntu-24.04 on Azure.",
    ).optional(),
    image: text(
        "Id of the machine image of new servers. Default the newest of os.",
        "ami-0a1b2c3d4e5f60718",
    ).optional(),
    nodeVersion: z
        .int()
        .min(20)
        .max(98)
        .multipleOf(2)
        .meta({
            description: "Node.js major version of new servers. Default 20.",
            example: 22,
            allowed: "an even number from 20: the versions with long-term support",
        })
        .optional(),
    renew: z
        .array(text("Name of a server.", "app2", /^app\d+$/, "app1, app2, …"))
        .meta({
            description: "Servers that this update may replace with a newer image or first-boot script.",
            example: ["app2"],
        })
        .optional(),
    sshPublicKey: text(
        "Azure: public key of the servers' administrator.",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExam admin",
        /^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]+={0,3}( .*)?$/,
        "an RSA or Ed25519 public key as ssh-keygen writes it",
    ).optional(),
});

const databaseSchema = z.strictObject({
    kind: choice(DatabaseKind, "Who runs PostgreSQL. Default managed.").optional(),
    version: count("PostgreSQL major version. Default 17.", 15, 99, 17).optional(),
    size: text("Database size, with kind vm a machine size. Default by profile.", "db.m7g.2xlarge").optional(),
    storageGib: count("Storage in GiB. Default by profile.", 20, 32768, 500).optional(),
    standby: flag("Keep a synchronous standby in another zone. Default by profile.").optional(),
    replica: flag("Keep a readable streaming replica in another zone. Default by profile.").optional(),
    backupRetentionDays: count("Days of point-in-time recovery. Default by profile.", 1, 35, 30).optional(),
    applyImmediately: flag("Make changes that interrupt now, not in the maintenance window. Default false.").optional(),
    os: choice(
        OperatingSystem,
        "Kind vm: debian-13, ubuntu-24.04 or amazon-linux-2023, default debian-13; on Azure ubuntu-24.04 or rhel-9, default ubuntu-24.04.",
    ).optional(),
    renew: z
        .array(z.enum([...databaseMachines, WITNESS]))
        .meta({
            description: "Kind vm: the standby or the witness, which this update may replace. Default none.",
            example: ["db2"],
        })
        .optional(),
    automaticFailover: flag(
        "Kind vm: the standby takes over by itself, with a witness in a third zone as third voter. Default false.",
    ).optional(),
    finalSnapshot: flag("Take a snapshot before the database is deleted. Default by profile.").optional(),
});

const sharedStorageSchema = z.strictObject({
    kind: choice(SharedStorageKind, "Who serves the shared directories. Default managed.").optional(),
    size: text("Kind nfs: machine size. Default m7i.large, on Azure Standard_D2s_v5.", "m7i.large").optional(),
    storageGib: count("Kind nfs: room for files in GiB. Default 500.", 20, 16384, 500).optional(),
    renew: flag(
        "Kind nfs: let this update replace the machine; servers wait for their files. Default false.",
    ).optional(),
});

const sessionStoreSchema = z.strictObject({
    kind: choice(SessionStoreKind, "Who runs the session store. Default by profile.").optional(),
    size: text(
        "Cache size, with kind redis a machine size. Default by profile; of machines t3.small, on Azure Standard_B2s_v2.",
        "cache.t4g.small",
    ).optional(),
    renew: flag("Kind redis: let this update replace the machine, which ends all sessions. Default false.").optional(),
    memoryPolicy: choice(MemoryPolicy, "What happens when memory is full. Default allkeys-lru.").optional(),
});

const mailSchema = z.strictObject({
    host: hostname("Host name of the mail server.", "smtp.example.com"),
    port: count("TCP port. Default 587.", 1, 65535, 587).optional(),
    user: text("User name, often the sender's address.", "noreply@example.com"),
    password: z
        .string()
        .min(1)
        .meta({
            description: "Password, encrypted in the stack file. Exactly one of this and passwordSecretId.",
            secret: true,
        })
        .optional(),
    passwordSecretId: text(
        "Name or id of an existing secret that holds the password.",
        "minusnow/prod/smtp",
    ).optional(),
});

const releaseSchema = z.strictObject({
    version: text(
        "Version of the application.",
        "2.4.1",
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        "text of up to 64 letters, digits, dots and dashes, in quotes if it looks like a number",
    ),
    artifact: text(
        "Where the archive is.",
        "s3://example-releases/minusnow/2.4.1.tar.gz",
        /^(s3|https):\/\/[^/]+\/.+\.tar\.gz$/,
        "s3://<bucket>/<key>.tar.gz on AWS, the https address of a blob on Azure",
    ),
    storageId: text(
        "Azure: resource id of the storage account or container that the archive is in.",
        "/subscriptions/0a1b2c3d/resourceGroups/shared/providers/Microsoft.Storage/storageAccounts/releases",
    ).optional(),
    sha256: text(
        "SHA-256 of the archive.",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        /^[0-9a-f]{64}$/,
        "64 hexadecimal digits",
    ),
});

const alertReceiversSchema = z.strictObject({
    warning: z
        .array(email("An address.", "team@example.com"))
        .meta({ description: "Who hears of warnings.", example: ["team@example.com"] }),
    critical: z
        .array(email("An address.", "oncall@example.com"))
        .meta({ description: "Who hears of criticals.", example: ["oncall@example.com"] }),
});

const backupSchema = z.strictObject({
    databaseEveryHours: count(
        "Hours between backups of the database: 6, 8, 12 or 24. Default by profile.",
        6,
        24,
        6,
    ).optional(),
    retentionDays: count(
        "Days that backups of database and files are kept. Default by profile.",
        1,
        36500,
        30,
    ).optional(),
    auditRetentionDays: count("Days that archives of audit logs are kept. Default 365.", 91, 36500, 365).optional(),
    configurationRetentionDays: count("Days that former configurations are kept. Default 90.", 1, 36500, 90).optional(),
    copyRegion: text(
        "AWS: second region that every backup is copied to; prod needs one. Azure copies to the region's pair.",
        "us-west-2",
        REGION,
        "a region other than the stack's",
    ).optional(),
    deleteWithStack: flag("Delete all backups together with the stack. Default by profile.").optional(),
    lock: choice(BackupLock, "What keeps backups from being deleted early. Default by profile.").optional(),
});

/** Configuration of a stack, before its profile's defaults. */
export const configSchema = z.strictObject({
    cloud: z.enum(["aws", "azure"]).meta({ description: "Cloud to deploy to.", example: "aws" }),
    environment: z.enum(["dev", "staging", "prod"]).meta({
        description:
            "Environment; it chooses the profile of defaults: dev, staging (the guide's minimum sizes), prod (recommended).",
        example: "prod",
    }),
    region: text("Region of the cloud.", "us-east-1", REGION, "a region, for example us-east-1 or eastus2"),
    hostname: hostname("Host name that users open.", "minusnow.example.com"),
    dnsZone: hostname("DNS zone for the host name's record and the certificate's proof.", "example.com").optional(),
    dnsResourceGroup: text("Azure: resource group of the DNS zone.", "dns").optional(),
    certificateId: text(
        "Id of an existing certificate. Default: one is issued in dnsZone, by ACM on AWS and by Let's Encrypt on Azure, whose terms you then agree to.",
        "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d",
    ).optional(),
    supportEmail: email("Address that users see for support.", "support@example.com"),
    mail: mailSchema.meta({ description: "Mail server (guide, step 6)." }),
    release: releaseSchema.meta({ description: "Release that new application servers install (guide, step 2)." }),
    alertReceivers: alertReceiversSchema.meta({ description: "Who is told when an alarm is raised." }).optional(),
    network: networkSchema.meta({ description: "Network (guide, step 7)." }).optional(),
    loadBalancer: loadBalancerSchema.meta({ description: "Load balancer (guide, steps 1 and 8)." }).optional(),
    appPair: appPairSchema.meta({ description: "Application servers (guide, step 2)." }).optional(),
    database: databaseSchema.meta({ description: "Database (guide, steps 3 and 4)." }).optional(),
    sharedStorage: sharedStorageSchema.meta({ description: "Shared directories (guide, step 5)." }).optional(),
    sessionStore: sessionStoreSchema.meta({ description: "Session store (guide, step 8)." }).optional(),
    backup: backupSchema.meta({ description: 'Backups (guide, "Backup Strategy").' }).optional(),
    readiness: readinessSchema
        .meta({ description: 'What people attest (guide, "Pre-Production Checklist").' })
        .optional(),
    keyId: text(
        "Id of an existing encryption key. Default: one is created.",
        "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d",
    ).optional(),
    rotation: count("A higher number replaces all generated passwords. Default 1.", 1, 1_000_000, 2).optional(),
    deletionProtection: flag("Refuse deletion of what holds data. Default by profile.").optional(),
    tags: z
        .record(z.string(), z.string())
        .meta({ description: "Tags for everything that takes tags.", example: { team: "platform" } })
        .optional(),
});

/** Configuration of a stack as its file gives it. */
export type StackConfig = z.infer<typeof configSchema>;
