import { manage, needed, pause, readSecret, runToEnd } from "../../operations/azure-client";
import { bootstrap, type ConnectAsAdministrator } from "./run";

/**
 * Runs on the operations machine on Azure: brings the application's role, database and grants into being, and restarts a
 * server whose settings wait for it. What to do is in the environment; secrets are read by the machine's own identity.
 */
const RESTART_SECONDS = 900;
const SERVER_API = "2025-08-01";

async function pendingSettings(connect: ConnectAsAdministrator): Promise<string[]> {
    const admin = await connect();
    try {
        const { rows } = await admin.query<{ name: string }>("SELECT name FROM pg_settings WHERE pending_restart");
        return rows.map(({ name }) => name);
    } finally {
        await admin.end();
    }
}

/** A new server, or one that may be interrupted, is restarted for settings that take effect in no other way. */
async function restartIfPending(connect: ConnectAsAdministrator, changes: string[]): Promise<void> {
    const names = await pendingSettings(connect);
    if (names.length === 0) {
        return;
    }
    const isNew = changes.some((change) => change.startsWith("created database"));
    if (!isNew && process.env["RESTART"] !== "true") {
        console.log(`wait for the next restart: ${names.join(", ")}; set database.applyImmediately to restart now`);
        return;
    }
    await manage("POST", `${needed("SERVER_ID")}/restart`, SERVER_API);
    await isRestarted(connect);
    console.log(`restarted ${needed("SERVER_ID").split("/").at(-1)} for ${names.join(", ")}`);
}

/** Azure accepts a restart and does it later: it is done when no setting waits and the server takes orders again. */
async function isRestarted(connect: ConnectAsAdministrator): Promise<void> {
    const until = Date.now() + RESTART_SECONDS * 1000;
    for (;;) {
        await pause();
        const waiting = await pendingSettings(connect).catch(() => ["no connection"]);
        const server = await manage("GET", needed("SERVER_ID"), SERVER_API);
        const { state } = (server as { properties: { state: string } }).properties;
        if (waiting.length === 0 && state === "Ready") {
            return;
        }
        if (Date.now() > until) {
            const found = `${state}, ${waiting.join(", ") || "no setting"} waiting`;
            throw new Error(
                `${RESTART_SECONDS} s after its restart the server is ${found}; allowed is Ready, none waiting`,
            );
        }
    }
}

runToEnd(async () => {
    const changes = await bootstrap(
        {
            host: needed("HOST"),
            port: Number(needed("DATABASE_PORT")),
            database: needed("DATABASE"),
            owner: needed("OWNER"),
            adminSecretId: needed("ADMIN_SECRET_ID"),
            secretId: needed("SECRET_ID"),
        },
        readSecret,
        restartIfPending,
    );
    console.log(JSON.stringify({ changes }));
});
