import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Client } from "pg";
import { type Changes, ensureRoleAndDatabase } from "./roles";

/** What the function is called with: names and secret ids, never a secret. */
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

/** Runs in AWS Lambda inside the network: brings the application's role, database and grants into being. */
export async function handler(request: BootstrapRequest): Promise<{ changes: Changes }> {
    const [administrator, application] = await Promise.all([
        credentials(request.adminSecretId),
        credentials(request.secretId),
    ]);
    const admin = await connect(request, "postgres", administrator);
    try {
        const { owner, database } = request;
        const wanted = { owner, login: application.username, password: application.password, database };
        const changes = await ensureRoleAndDatabase(admin, wanted, () => canLogIn(request, application));
        console.log(JSON.stringify({ changes }));
        return { changes };
    } finally {
        await admin.end();
    }
}

async function credentials(secretId: string): Promise<Credentials> {
    const client = new SecretsManagerClient();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (!SecretString) {
        throw new Error(`secret ${secretId} has no text value`);
    }
    return JSON.parse(SecretString) as Credentials;
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
