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

/** Opens a connection of the administrator, which its user ends. */
export type ConnectAsAdministrator = () => Promise<Client>;

/** Brings the application's role, database and grants into being; `afterwards` may connect as the administrator. */
export async function bootstrap(
    request: BootstrapRequest,
    readSecret: ReadSecret,
    afterwards: (connect: ConnectAsAdministrator, changes: Changes) => Promise<void> = () => Promise.resolve(),
): Promise<Changes> {
    const [administrator, application] = await Promise.all(
        [request.adminSecretId, request.secretId].map(async (id) => JSON.parse(await readSecret(id)) as Credentials),
    );
    const connectAsAdministrator = () => connect(request, "postgres", administrator!);
    const changes = await ensure(request, connectAsAdministrator, application!);
    await afterwards(connectAsAdministrator, changes);
    return changes;
}

async function ensure(request: BootstrapRequest, connectAsAdministrator: ConnectAsAdministrator, login: Credentials) {
    const admin = await connectAsAdministrator();
    try {
        const { owner, database } = request;
        const wanted = { owner, login: login.username, password: login.password, database };
        return await ensureRoleAndDatabase(admin, wanted, () => canLogIn(request, login));
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
