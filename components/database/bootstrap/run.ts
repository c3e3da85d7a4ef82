import { Client } from "pg";
import { type Changes, ensureRoleAndDatabase } from "./roles";

/** What is to be brought into being: names and secret ids, never a secret. */
export interface BootstrapRequest {
    host: string;
    port: number;
    database: string;
    /** Role that owns the database; the application's login is this role or a member of it. */
    owner: string;
    /** Secret of the administrator: a JSON document with `username` and `password`. */
    adminSecretId: string;
    /** Secret of the application's login, of the same form. */
    secretId: string;
}

interface Credentials {
    username: string;
    password: string;
}

/** Reads the text of a secret by its id. */
export type ReadSecret = (id: string) => Promise<string>;

/** Brings the application's role, database and grants into being; `afterwards` is done with the administrator's connection. */
export async function bootstrap(
    request: BootstrapRequest,
    readSecret: ReadSecret,
    afterwards: (admin: Client, changes: Changes) => Promise<void> = () => Promise.resolve(),
): Promise<Changes> {
    const [administrator, application] = await Promise.all(
        [request.adminSecretId, request.secretId].map(async (id) => JSON.parse(await readSecret(id)) as Credentials),
    );
    const admin = await connect(request, "postgres", administrator!);
    try {
        const { owner, database } = request;
        const wanted = { owner, login: application!.username, password: application!.password, database };
        const changes = await ensureRoleAndDatabase(admin, wanted, () => canLogIn(request, application!));
        await afterwards(admin, changes);
        return changes;
    } finally {
        await admin.end();
    }
}

async function connect(request: BootstrapRequest, database: string, login: Credentials): Promise<Client> {
    const { host, port } = request;
    const client = new Client({
        host,
        port,
        database,
        user: login.username,
        password: login.password,
        ssl: { rejectUnauthorized: true },
    });
    // A server that restarts ends its connections; without a listener that would end the process.
    client.on("error", () => undefined);
    await client.connect();
    return client;
}

async function canLogIn(request: BootstrapRequest, login: Credentials): Promise<boolean> {
    try {
        const client = await connect(request, request.database, login);
        await client.end();
        return true;
    } catch (error) {
        const invalidPassword = "28P01";
        if ((error as { code?: string }).code === invalidPassword) {
            return false;
        }
        throw error;
    }
}
