/** What a plan says of a deployment, in words that every cloud shares. */
export interface Facts {
    outputs: string[];
    entry: {
        publicPorts: number[];
        redirect: string;
        tls: string;
        headers: Record<string, string>;
        check: { path: string; interval: number; timeout: number; fall: number; rise?: number; status: string };
        sticky: boolean;
        drainSeconds: number;
        timeoutSeconds: number;
        zones: number;
        protected: boolean;
        logged: boolean;
    };
    firewall: { managedRules: boolean; perMinute: number; status?: number; logged: boolean };
    servers: {
        zones: string[];
        addresses: string[];
        size: string;
        publicAddress: boolean;
        diskKey: boolean;
        passwordLogin: boolean;
        /** Options that keep an update from replacing a server by itself. */
        kept: boolean;
        files: Record<string, string>;
        /** Ids of the secrets that servers may read. */
        readable: string[];
    };
    database: {
        version: string;
        standby: boolean;
        replicaElsewhere: boolean;
        storageGib: number;
        customerKey: boolean;
        public: boolean;
        tls: boolean;
        recoveryDays: number;
        protected: boolean;
        /** Settings in the guide's units. */
        settings: Record<string, string>;
        adminSecret: string;
        adminSecretReaders: string[];
    };
    storage: { directories: string[]; tls: boolean; customerKey: boolean; zones: boolean; protected: boolean };
    sessions: { failover: boolean; tls: boolean; policy: string; private: boolean };
    secrets: { lengths: number[]; keyRotates: boolean; recoverableDays: number };
    network: {
        space: string;
        subnets: Record<string, string>;
        /** `app -> database 5432`, for every connection that is let in. */
        openings: string[];
        outbound: number[];
        flowLogs: boolean;
        /** Zones with address translation of their own. */
        translation: number;
        privateServices: string[];
    };
    alerts: { metric: string; level: string; above: number }[];
    receivers: { warning: string; critical: string };
    probes: string[];
    dashboard: boolean;
    serviceDown: boolean;
    backups: Record<"database" | "files" | "audit-logs" | "configuration", { everyHours?: number; days: number }>;
    backupsLocked: boolean;
    backupsCopied: boolean;
    backupFailureTold: boolean;
    archiveIsCold: boolean;
    tagged: { missing: string[] };
    readinessFirst: boolean;
}
