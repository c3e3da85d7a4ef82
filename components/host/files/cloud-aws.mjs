// Reads this deployment's settings, secrets and artifacts on AWS, by the machine's own role.
import { execFileSync } from "node:child_process";

const aws = (...args) =>
    execFileSync("aws", [...args, "--region", process.env.REGION, "--output", "text"], { encoding: "utf8" });

export const readSetting = (name) =>
    JSON.parse(aws("ssm", "get-parameter", "--name", `${process.env.SETTINGS}/${name}`, "--query", "Parameter.Value"));

export const readSecret = (id) =>
    aws("secretsmanager", "get-secret-value", "--secret-id", id, "--query", "SecretString").replace(/\n$/, "");

export const download = (uri, file) => aws("s3", "cp", "--only-show-errors", uri, file);

/** The name follows a failover and is the one in the server's certificate. */
export const databaseHost = (host) => host;
