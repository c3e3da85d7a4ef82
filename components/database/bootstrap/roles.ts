import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** What this needs of a PostgreSQL connection; `pg.Client` is one. */
export interface Connection {
    query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The application's database with its owner, and the login to bring into being. */
export interface Wanted {
    /** Role that owns the database. */
    owner: string;
    /** The owner itself, or a member of it that acts as the owner. */
    login: string;
    password: string;
    database: string;
}

/** What was changed, one phrase each; empty when everything was there. */
export type Changes = string[];

/**
 * Creates the application's roles and database where they are missing and sets the login's password (guide, step 3).
 * Running it again changes nothing but a password that no longer fits.
 *
 * @param admin connection as the administrator to any database
 * @param passwordFits tells whether the login can connect with the wanted password
 */
export async function ensureRoleAndDatabase(
    admin: Connection,
    wanted: Wanted,
    passwordFits: () => Promise<boolean>,
): Promise<Changes> {
    const changes: Changes = [];
    const owner = identifier(wanted.owner);
    const login = identifier(wanted.login);
    const database = identifier(wanted.database);

    for (const name of new Set([wanted.owner, wanted.login])) {
        if (!(await exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = $1", name))) {
            await admin.query(`CREATE ROLE ${identifier(name)} LOGIN`);
            changes.push(`created role ${name}`);
        }
    }
    if (login !== owner) {
        await admin.query(`GRANT ${owner} TO ${login}`);
        await admin.query(`ALTER ROLE ${login} SET role = ${owner}`);
    }
    if (!(await exists(admin, "SELECT 1 FROM pg_database WHERE datname = $1", wanted.database))) {
        await admin.query(`GRANT ${owner} TO CURRENT_USER`);
        await admin.query(`CREATE DATABASE ${database} OWNER ${owner}`);
        await admin.query(`REVOKE ${owner} FROM CURRENT_USER`);
        changes.push(`created database ${wanted.database}`);
    }
    await grantOnly(admin, owner, database);
    if (!(await passwordFits())) {
        await admin.query(`ALTER ROLE ${login} PASSWORD '${scramVerifier(wanted.password)}'`);
        changes.push(`set the password of role ${wanted.login}`);
    }
    return changes;
}

/** All privileges on the database for the application, no access for anyone else. */
async function grantOnly(admin: Connection, role: string, database: string): Promise<void> {
    await admin.query(`GRANT ${role} TO CURRENT_USER`);
    await admin.query(`SET ROLE ${role}`);
    await admin.query(`GRANT ALL PRIVILEGES ON DATABASE ${database} TO ${role}`);
    await admin.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await admin.query("RESET ROLE");
    await admin.query(`REVOKE ${role} FROM CURRENT_USER`);
}

async function exists(admin: Connection, query: string, name: string): Promise<boolean> {
    return (await admin.query(query, [name])).rows.length > 0;
}

/** Quotes a name as PostgreSQL's quote_ident does. */
function identifier(name: string): string {
    return `"${name.replaceAll('"', '""')}"`;
}

const SCRAM_ITERATIONS = 4096;

/**
 * What PostgreSQL stores for a password (RFC 5803). Sending this instead of the password keeps the password out of the
 * server's statement log.
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
    const salted = pbkdf2Sync(password.normalize("NFKC"), salt, SCRAM_ITERATIONS, 32, "sha256");
    const keyed = (label: string) => createHmac("sha256", salted).update(label).digest();
    const storedKey = createHash("sha256").update(keyed("Client Key")).digest("base64");
    return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString("base64")}$${storedKey}:${keyed("Server Key").toString("base64")}`;
}
