/** Where and as whom the application runs (guide, step 2). */
export const application = {
    directory: "/opt/minusnow",
    user: "minusnow",
    group: "minusnow",
    /** Fixed on every host, so that files on shared storage belong to the same user everywhere. */
    uid: 5000,
    gid: 5000,
    service: "minusnow.service",
    entryPoint: "dist/index.cjs",
    environmentFile: "/opt/minusnow/.env",
    /** systemd settings of the guide's unit. */
    restartSeconds: 10,
    openFiles: 65535,
} as const;

/** The same on Windows; its own programs are in a folder that administrators alone may write. */
export const windowsApplication = {
    directory: "C:/MinusNow",
    environmentFile: "C:/MinusNow/.env",
    folder: "C:\\ProgramData\\MinusNow",
} as const;

/** Node.js major version (guide, step 2). */
export const nodeMajor = 20;

/** Directories under {@link application.directory} that every application server shares (guide, step 8). */
export const sharedDirectories = ["data", "audit-logs", "support-tickets", "artifacts", "uploads"] as const;

/** One of {@link sharedDirectories}. */
export type SharedDirectory = (typeof sharedDirectories)[number];

/** A variable of the application's environment file. */
export interface EnvironmentVariable {
    name: string;
    secret: boolean;
    /** False where the guide marks it optional. */
    required: boolean;
    step: string;
}

/** Variables of `/opt/minusnow/.env` (guide, steps 6 and 8). */
export const environmentVariables: readonly EnvironmentVariable[] = [
    { name: "NODE_ENV", secret: false, required: true, step: "6" },
    { name: "PORT", secret: false, required: true, step: "6" },
    { name: "APP_BASE_URL", secret: false, required: true, step: "6" },
    { name: "SESSION_SECRET", secret: true, required: true, step: "6" },
    { name: "DATABASE_URL", secret: true, required: true, step: "6" },
    { name: "SMTP_HOST", secret: false, required: true, step: "6" },
    { name: "SMTP_PORT", secret: false, required: true, step: "6" },
    { name: "SMTP_USER", secret: false, required: true, step: "6" },
    { name: "SMTP_PASS", secret: true, required: true, step: "6" },
    { name: "SUPPORT_EMAIL", secret: false, required: true, step: "6" },
    { name: "REDIS_URL", secret: true, required: false, step: "6" },
    { name: "SESSION_STORE", secret: false, required: false, step: "8" },
];

/** Shortest session secret, in characters (guide, step 6). */
export const sessionSecretLength = 32;

/** Memory limit and eviction of the session store (guide, step 8). */
export const sessionStoreMemory = { maxMemoryMib: 256, policy: "allkeys-lru" } as const;
