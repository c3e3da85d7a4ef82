// Reads this deployment's settings, secrets, certificates and artifacts on AWS, by the machine's own role.
import { execFileSync } from "node:child_process";
import { createPrivateKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** On Windows it would write in the system's own code page. */
const env = { ...process.env, AWS_CLI_OUTPUT_ENCODING: "UTF-8", PYTHONUTF8: "1" };
const run = (output, ...args) =>
    execFileSync("aws", [...args, "--region", process.env.REGION, "--output", output], { encoding: "utf8", env });
const aws = (...args) => run("text", ...args);

export const readParameter = (name) =>
    JSON.parse(aws("ssm", "get-parameter", "--name", name, "--query", "Parameter.Value"));

export const readSetting = (name) => readParameter(`${process.env.SETTINGS}/${name}`);

export const readSecret = (id) =>
    aws("secretsmanager", "get-secret-value", "--secret-id", id, "--query", "SecretString").replace(/\r?\n$/, "");

/** A certificate with chain and key, PEM in any order: exported from ACM, or a secret that holds it. */
export const readCertificate = (id) => {
    if (!id.includes(":acm:")) {
        return readSecret(id);
    }
    const passphrase = randomBytes(32).toString("hex");
    const folder = mkdtempSync(join(tmpdir(), "certificate-"));
    try {
        const file = join(folder, "passphrase");
        writeFileSync(file, passphrase, { mode: 0o600 });
        const args = ["acm", "export-certificate", "--certificate-arn", id, "--passphrase", `fileb://${file}`];
        const { Certificate, CertificateChain, PrivateKey } = JSON.parse(run("json", ...args));
        const key = createPrivateKey({ key: PrivateKey, passphrase }).export({ type: "pkcs8", format: "pem" });
        return [Certificate, CertificateChain, key].join("\n");
    } finally {
        rmSync(folder, { recursive: true });
    }
};

export const download = (uri, file) => aws("s3", "cp", "--only-show-errors", uri, file);

/** The name follows a failover and is the one in the server's certificate. */
export const databaseHost = (host) => host;
