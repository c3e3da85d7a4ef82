import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Changes } from "./roles";
import { bootstrap, type BootstrapRequest } from "./run";

/** Runs in AWS Lambda inside the network: brings the application's role, database and grants into being. */
export async function handler(request: BootstrapRequest): Promise<{ changes: Changes }> {
    const changes = await bootstrap(request, readSecret);
    console.log(JSON.stringify({ changes }));
    return { changes };
}

async function readSecret(secretId: string): Promise<string> {
    const client = new SecretsManagerClient();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (!SecretString) {
        throw new Error(`secret ${secretId} has no text value`);
    }
    return SecretString;
}
