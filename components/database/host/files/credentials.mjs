// What this machine's PostgreSQL is known by and lets in by: its certificate, and the passwords of its roles.
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAbsent, readSecret, storeSecret, writeSetting } from "./account.mjs";
import { digest, installed, parsed, read } from "./files.mjs";
import { folder, passwordFile, peerAddress, run, sql } from "./postgres.mjs";

const { TLS_SECRET_ID, LOGIN_SECRET_ID, REPLICATOR_SECRET_ID, DATABASE, OWNER, TLS_NAMES, ADDRESS } = process.env;
const [key, certificate] = ["server.key", "server.crt"].map((name) => `${folder}/${name}`);
const applied = "/var/lib/minusnow/roles-applied";
const [uid, gid] = (await run("sh", ["-c", "id -u postgres; id -g postgres"])).split("\n").map(Number);

/** Ten years: clients know no other certificate before they start again. */
const DAYS = "3650";

async function makeCertificate() {
    const scratch = mkdtempSync(join(tmpdir(), "certificate-"));
    const kind = (name) => (/^[\d.]+$/.test(name) ? "IP" : "DNS");
    const names = [...TLS_NAMES.split(","), ADDRESS, peerAddress].map((name) => `${kind(name)}:${name}`);
    try {
        await run("openssl", [
            ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS],
            ...["-subj", "/O=MinusNow/CN=MinusNow database", "-addext", `subjectAltName=${names.join(",")}`],
            ...["-keyout", join(scratch, "key"), "-out", join(scratch, "certificate")],
        ]);
        const [made, of] = ["certificate", "key"].map((name) => readFileSync(join(scratch, name), "utf8"));
        return { certificate: made, key: of };
    } finally {
        rmSync(scratch, { recursive: true });
    }
}

/** Both machines have the same, which the first primary makes; its key is in the secret store and on them alone. */
async function sharedCertificate(mayMake) {
    try {
        return parsed(TLS_SECRET_ID, await readSecret(TLS_SECRET_ID));
    } catch (error) {
        if (!isAbsent(error) || !mayMake) {
            throw error;
        }
        const made = await makeCertificate();
        await storeSecret(TLS_SECRET_ID, JSON.stringify(made));
        return made;
    }
}

/** Brings onto this machine what its PostgreSQL needs before it starts. */
export async function prepareCredentials({ mayMake }) {
    if (!existsSync(key)) {
        const shared = await sharedCertificate(mayMake);
        installed(certificate, shared.certificate);
        installed(key, shared.key, { mode: 0o640, gid });
    }
    await rememberReplicator().catch((error) => {
        // What is known is better than nothing while the store does not answer.
        if (!existsSync(passwordFile)) {
            throw error;
        }
    });
}

const readReplicator = () => readSecret(REPLICATOR_SECRET_ID);

/** The password by which this machine follows the other. */
export async function rememberReplicator() {
    const password = (await readReplicator()).replace(/[\\:]/g, "\\$&");
    installed(passwordFile, `*:*:*:replicator:${password}\n`, { mode: 0o600 });
    chownSync(passwordFile, uid, gid);
}

/** Clients that are to know this database read its certificate there. */
export const publishCertificate = () => writeSetting("certificate", read(certificate));

const quoted = (value) => `'${value.replace(/['\\]/g, "\\$&")}'`;

/** Another database may have others: they are applied again. */
export const forgetRoles = () => rmSync(applied, { force: true });

/** On a primary: roles, database and passwords as the secret store has them. */
export async function applyRoles() {
    const { username, password } = parsed(LOGIN_SECRET_ID, await readSecret(LOGIN_SECRET_ID));
    const replicator = await readReplicator();
    const state = digest(username, "\0", password, "\0", replicator);
    if (read(applied) === state) {
        return;
    }
    const names = { owner: OWNER, login: username, database: DATABASE };
    const variables = { ...names, login_password: password, replicator_password: replicator };
    const lines = Object.entries(variables).map(([name, value]) => `\\set ${name} ${quoted(value)}\n`);
    await sql(lines.join("") + readFileSync(new URL("roles.sql", import.meta.url), "utf8"));
    installed(applied, state, { mode: 0o600 });
}
