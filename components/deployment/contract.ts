import type * as pulumi from "@pulumi/pulumi";
import type { ReleaseArtifact } from "../app-pair/contract";
import type { BackupSettings } from "../backup/contract";
import type { DatabaseKind } from "../database/contract";
import type { OperatingSystem } from "../host/operating-system";
import type { LoadBalancerKind, LoadBalancerMode } from "../load-balancer/contract";
import type { AlertReceivers } from "../monitoring/contract";
import type { NatPlacement, SubnetIds } from "../network/contract";
import type { ReadinessSettings } from "../readiness/contract";
import type { MemoryPolicy, SessionStoreKind } from "../session-store/contract";
import type { SharedStorageKind } from "../shared-storage/contract";

/** Network of a deployment (guide, step 7). */
export interface NetworkSettings {
    /** IPv4 network in CIDR notation. Default 10.0.0.0/16. A change replaces the network and all in it. */
    addressSpace?: string;
    /** Zones to use, 2 to 6. Default 2. A higher number adds subnets; more than the region has are refused. */
    zoneCount?: number;
    /** Where outbound address translation runs. Default per-zone. A change is made in place. */
    nat?: NatPlacement;
    /** Id of an existing network to use; needs `subnetIds`. */
    networkId?: pulumi.Input<string>;
    /** Existing subnets by role; needs `networkId`. */
    subnetIds?: SubnetIds;
    /** Azure only: Azure Bastion, through which administrators reach the servers by key. Default false. In place. */
    bastion?: boolean;
}

/** Load balancer of a deployment (guide, steps 1 and 8). */
export interface LoadBalancerSettings {
    /** Who balances. Default managed. A change replaces the balancer. */
    kind?: LoadBalancerKind;
    /** How requests are shared. Default active-active. */
    mode?: LoadBalancerMode;
    /** Requests that one address may make in a minute before it gets 429. Default 2000. A change is made in place. */
    rateLimitPerMinute?: number;
    /** Kinds haproxy and nginx: the cloud's machine size of the balancers. Default the guide's recommended size. See `renew`. */
    size?: string;
    /** Kinds haproxy and nginx: balancers, `lb1` or `lb2`, that this update may replace. Default none. */
    renew?: string[];
}

/** Application servers of a deployment (guide, step 2). */
export interface AppPairSettings {
    /** How many. Default 2 (guide). A higher number adds servers; a lower one removes the last. */
    count?: number;
    /** The cloud's machine size. Default the guide's recommended size. A change reaches servers named in `renew`. */
    size?: string;
    /**
     * Operating system of new servers, and of balancers, file server and session store on machines where it is Linux: on AWS
     * any but rhel-9, default amazon-linux-2023; on Azure ubuntu-24.04, rhel-9 or windows-server-2025, default ubuntu-24.04.
     */
    os?: OperatingSystem;
    /** Id of the machine image of new servers. Default the newest of `os`. */
    image?: pulumi.Input<string>;
    /** Node.js major version of new servers. Default 20. */
    nodeVersion?: number;
    /** Servers that this update may replace, by name. Default none. */
    renew?: string[];
    /** Azure only, where a machine needs one: public key of the administrator `azureuser`. See `renew`. */
    sshPublicKey?: pulumi.Input<string>;
}

/** Database of a deployment (guide, steps 3 and 4). */
export interface DatabaseSettings {
    /** Who runs PostgreSQL. Default managed. A change replaces the database. */
    kind?: DatabaseKind;
    /**
     * PostgreSQL major version, 15 or newer. Default 17. A higher one upgrades in place; set `applyImmediately`. Kind vm: see
     * `renew`.
     */
    version?: string;
    /**
     * The cloud's database size, with kind vm its machine size. Default the guide's recommended size. A change restarts in
     * the maintenance window; kind vm: see `renew`.
     */
    size?: string;
    /**
     * Kind vm: system of new machines: on AWS debian-13, ubuntu-24.04 or amazon-linux-2023, default debian-13; on Azure
     * ubuntu-24.04 or rhel-9, default ubuntu-24.04. A change reaches a machine that is renewed; Ubuntu brings another version
     * on AWS.
     */
    os?: OperatingSystem;
    /** Kind vm: the machine, `db1`, `db2` or `witness`, that this update may replace; the primary is refused. Default none. */
    renew?: string[];
    /**
     * Kind vm: lets the standby take over by itself, with a witness in a third zone as the third voter. Default false: an
     * administrator promotes it. Needs `zoneCount` of 3; machines that run learn of it by `renew`.
     */
    automaticFailover?: boolean;
    /** Storage in GiB. Default 500. It cannot shrink. */
    storageGib?: number;
    /** Keep a synchronous standby in another zone. Default true. */
    standby?: boolean;
    /** Keep a readable streaming replica in another zone. Default true. */
    replica?: boolean;
    /** Days of point-in-time recovery, 1 to 35. Default 30. */
    backupRetentionDays?: number;
    /** Makes changes that interrupt now, not in the maintenance window. Default false. */
    applyImmediately?: boolean;
    /** Takes a snapshot before the database is deleted. Default true. */
    finalSnapshot?: boolean;
}

/** Shared directories of a deployment (guide, step 5). */
export interface SharedStorageSettings {
    /** Who serves them. Default managed. A change leaves the files behind: copy them first. */
    kind?: SharedStorageKind;
    /** Kind nfs: machine size. Default m7i.large. See `renew`. */
    size?: string;
    /** Kind nfs: room for files in GiB. Default 500. A higher number grows it in place; it cannot shrink. */
    storageGib?: number;
    /** Kind nfs: lets this update replace the machine; servers wait for their files meanwhile. Default false. */
    renew?: boolean;
}

/** Session store of a deployment (guide, step 8). */
export interface SessionStoreSettings {
    /** Who runs it, or none. Default managed. A change ends all sessions. */
    kind?: SessionStoreKind;
    /** The cloud's cache size, or with kind redis its machine size. A change is made in place, with kind redis see `renew`. */
    size?: string;
    /** Kind redis: lets this update replace the machine, which ends all sessions. Default false. */
    renew?: boolean;
    /** What happens when memory is full. Default allkeys-lru. */
    memoryPolicy?: MemoryPolicy;
}

/** Mail server of a deployment (guide, step 6). */
export interface MailSettings {
    /** Host name of the mail server. */
    host: string;
    /** TCP port. Default 587. */
    port?: number;
    /** User name, often the sender's address. */
    user: string;
    /** Password; pass it as a Pulumi secret. Exactly one of this and `passwordSecretId`. */
    password?: pulumi.Input<string>;
    /** Id of an existing secret that holds the password. */
    passwordSecretId?: pulumi.Input<string>;
}

/** Arguments of a whole deployment, the same on every cloud. */
export interface DeploymentArgs {
    /** Host name that users open, for example `minusnow.example.com`. A change issues a new certificate. */
    hostname: string;
    /** DNS zone in which the host name's record and the certificate's proof are made. */
    dnsZone?: string;
    /** Azure only: resource group of the DNS zone. */
    dnsResourceGroup?: string;
    /**
     * Id of an existing certificate for the host name. Default: one is issued in `dnsZone` and renewed, by ACM on AWS, by Let's
     * Encrypt on Azure, whose subscriber agreement you then agree to.
     */
    certificateId?: pulumi.Input<string>;
    /** Address that users see for support (guide, step 6). */
    supportEmail: string;
    /** Mail server (guide, step 6). */
    mail: MailSettings;
    /** What new application servers install (guide, step 2). */
    release: ReleaseArtifact;
    /** Default: a new network as the guide draws it. */
    network?: NetworkSettings;
    /** Default: managed, active-active. */
    loadBalancer?: LoadBalancerSettings;
    /** Default: two servers of the guide's recommended size. */
    appPair?: AppPairSettings;
    /** Default: managed, with standby and replica, of the guide's recommended size. */
    database?: DatabaseSettings;
    /** Default: managed. */
    sharedStorage?: SharedStorageSettings;
    /** Default: managed. */
    sessionStore?: SessionStoreSettings;
    /** Who is told when an alarm is raised. Default nobody. A change is made in place. */
    alertReceivers?: AlertReceivers;
    /** Default: the guide's backup strategy in one region. */
    backup?: BackupSettings;
    /** What people attest for the pre-production checklist. Default nothing. */
    readiness?: ReadinessSettings;
    /** Id of an existing encryption key. Default: one is created. */
    keyId?: pulumi.Input<string>;
    /** A higher number replaces all generated passwords; servers read theirs when the service starts. Default 1. */
    rotation?: number;
    /** Refuses deletion of what holds data. Default true. A change is made in place. */
    deletionProtection?: boolean;
    /** Tags for everything that takes tags. A change is made in place. */
    tags?: { [key: string]: pulumi.Input<string> };
}

/** What a deployment gives on every cloud. */
export interface Deployment {
    /** Address that users open. */
    readonly url: pulumi.Output<string>;
    /** Name or address of the load balancer. */
    readonly endpoint: pulumi.Output<string>;
    /** Id of the network. */
    readonly networkId: pulumi.Output<string>;
    /** Ids of the application servers. */
    readonly memberIds: pulumi.Output<string>[];
    /** Private addresses of the application servers. */
    readonly memberAddresses: pulumi.Output<string>[];
    /** Database host that accepts writes. */
    readonly writerHost: pulumi.Output<string>;
    /** Database host that serves reads. */
    readonly readerHost: pulumi.Output<string>;
    /** Id of the encryption key. */
    readonly keyId: pulumi.Output<string>;
}
