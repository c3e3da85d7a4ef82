// What a database machine reads and changes in its AWS account, by its own role. Every answer comes soon or not at all.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { call } from "./aws-call.mjs";
import { run } from "./postgres.mjs";

const { REGION, SETTINGS, MACHINES_TAG, METRICS, PEER_SUBNET } = process.env;
const soon = ["--cli-connect-timeout", "3", "--cli-read-timeout", "5"];
const aws = (...args) =>
    run("aws", [...args, "--region", REGION, "--output", "text", ...soon], {
        env: { AWS_MAX_ATTEMPTS: "2" },
        seconds: 12,
    });

export const readSetting = async (name) => {
    const { Parameter } = await call("ssm", "AmazonSSM.GetParameter", { Name: `${SETTINGS}/${name}` });
    return JSON.parse(Parameter.Value);
};

export const writeSetting = (name, value) => {
    const parameter = { Name: `${SETTINGS}/${name}`, Value: JSON.stringify(value), Overwrite: true };
    return call("ssm", "AmazonSSM.PutParameter", parameter);
};

export const readSecret = async (SecretId) =>
    (await call("secretsmanager", "secretsmanager.GetSecretValue", { SecretId })).SecretString;

export const storeSecret = (SecretId, SecretString) =>
    call("secretsmanager", "secretsmanager.PutSecretValue", {
        SecretId,
        SecretString,
        ClientRequestToken: randomUUID(),
    });

export const isAbsent = ({ message }) => message.includes("ResourceNotFoundException");

const off = ["stopped", "terminated"];

/** Whatever has the other machine's address, by that alone: a tag may be gone, an address in a subnet is one machine's. */
async function findMachine(address) {
    const filters = [`Name=private-ip-address,Values=${address}`, `Name=subnet-id,Values=${PEER_SUBNET}`];
    const query = ["--query", "Reservations[].Instances[].[InstanceId,State.Name]"];
    const [id, state] = (await aws("ec2", "describe-instances", "--filters", ...filters, ...query)).split(/\s+/);
    if (state === undefined) {
        throw new Error(`no machine has the address ${address}: make sure that it is off, and say --peer-is-off`);
    }
    return { id, state };
}

/** Stops a machine of this tier, whatever its state, and returns when it is off: then it writes nothing any more. */
export async function stopMachine(address) {
    const find = () => findMachine(address);
    const until = Date.now() + 600_000;
    for (let { id, state } = await find(); !off.includes(state); { id, state } = await find()) {
        if (Date.now() > until) {
            throw new Error(`${id} was told to stop ten minutes ago and is still ${state}; see --peer-is-off`);
        }
        if (["pending", "running"].includes(state)) {
            await aws("ec2", "stop-instances", "--force", "--instance-ids", id);
        }
        await wait(3000);
    }
}

export async function startMachine(address) {
    const { id } = await findMachine(address);
    await aws("ec2", "start-instances", "--instance-ids", id);
}

export const publishMetrics = (metrics) => {
    const Dimensions = [{ Name: "Database", Value: MACHINES_TAG }];
    const data = Object.entries(metrics).map(([MetricName, Value]) => ({ MetricName, Value, Dimensions }));
    return aws("cloudwatch", "put-metric-data", "--namespace", METRICS, "--metric-data", JSON.stringify(data));
};

export const upload = (file, uri) =>
    run("aws", ["s3", "cp", "--only-show-errors", "--region", REGION, file, uri], { seconds: 6 * 3600 });
