import { DirectoryServiceClient, ResetUserPasswordCommand } from "@aws-sdk/client-directory-service";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/**
 * Runs in AWS Lambda: gives the directory the same password again that the secret has. A directory refuses a password that is 42
 * days old; one that was set again is new, and servers notice nothing.
 */
export async function handler(): Promise<void> {
    const { DIRECTORY_ID: DirectoryId, SECRET_ID: SecretId } = process.env;
    const { SecretString } = await new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId }));
    const { username, password: NewPassword } = JSON.parse(SecretString!) as { username: string; password: string };
    const UserName = username.split("\\").at(-1)!;
    await new DirectoryServiceClient().send(new ResetUserPasswordCommand({ DirectoryId, UserName, NewPassword }));
    console.log(JSON.stringify({ renewed: UserName }));
}
