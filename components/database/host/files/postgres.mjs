// This machine's PostgreSQL, as its programs ask and tell it.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

export const { NAME: self, PEER: peer, PEER_ADDRESS: peerAddress, DATA: data, PG_BIN: bin } = process.env;
/** Address of the third voter; undefined where there is none. */
export const { WITNESS_ADDRESS: witnessAddress } = process.env;
export const service = "minusnow-database.service";
export const folder = "/etc/minusnow/postgresql";
export const passwordFile = `${folder}/replicator.pgpass`;

/** Output of a program that has to succeed, and in time. */
export function run(command, args, { input = "", seconds = 60, env = {} } = {}) {
    const options = { env: { ...process.env, ...env }, timeout: seconds * 1000, killSignal: "SIGKILL" };
    const child = spawn(command, args, options);
    const [out, err] = [child.stdout, child.stderr].map((stream) => {
        const chunks = [];
        stream.on("data", (chunk) => chunks.push(chunk));
        return () => Buffer.concat(chunks).toString().trim();
    });
    child.stdin.on("error", () => undefined).end(input);
    const what = command === "setpriv" ? args[asUser.length] : `${command} ${args[0]}`;
    return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) =>
            code === 0 ? resolve(out()) : reject(new Error(`${what} ended with ${code ?? signal}: ${err()}`)),
        );
    });
}

const asUser = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
/** As runuser, which would write each of them into the journal. */
export const asPostgres = (command, args, more) =>
    run("setpriv", [...asUser, command, ...args], { ...more, env: { HOME: "/var/lib/postgresql", ...more?.env } });

/** Rows of a query. What is told here never waits for the standby. */
export async function sql(text, more) {
    const env = { PGOPTIONS: "-c synchronous_commit=local", PGCONNECT_TIMEOUT: "5" };
    const args = ["-XAtq", "-F", "|", "-v", "ON_ERROR_STOP=1", "-f", "-"];
    const lines = await asPostgres("psql", args, { input: text, env, ...more });
    return lines === "" ? [] : lines.split("\n").map((line) => line.split("|"));
}

/** primary, standby, or off where nothing answers. */
export async function role() {
    try {
        const [[inRecovery]] = await sql("SELECT pg_is_in_recovery()");
        return inRecovery === "t" ? "standby" : "primary";
    } catch {
        return "off";
    }
}

/** Beside files that pg_rewind has begun to change and not ended. */
export const rewinding = `${data}.rewinding`;
export const isEmpty = () => !existsSync(data) || readdirSync(data).length === 0;

/** Which cluster the files here belong to. */
export async function clusterId() {
    return /system identifier:\s+(\d+)/.exec(await asPostgres(`${bin}/pg_controldata`, [data]))[1];
}

/** How the other machine is connected to, by another name than replication's: nobody waits for who only copies. */
export const peerConnection = (database) =>
    `host=${peerAddress} port=5432 user=replicator dbname=${database} application_name=${self}-copy connect_timeout=5 ` +
    `passfile=${passwordFile} sslmode=verify-full sslrootcert=${folder}/server.crt`;

async function state(address) {
    try {
        const answer = await fetch(`http://${address}:8008/state`, { signal: AbortSignal.timeout(3000) });
        return await answer.json();
    } catch {
        return { role: "unknown" };
    }
}

/** What the keeper of this machine, and of the other one, says. */
export const ownState = () => state("127.0.0.1");
export const peerState = () => state(peerAddress);
/** What the third voter says. */
export const witnessState = () => state(witnessAddress);
