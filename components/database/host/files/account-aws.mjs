// What a database machine reads and changes in its AWS account, by its own role. Every answer comes soon or not at all.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { call, submit } from "./aws-call.mjs";
import { run } from "./postgres.mjs";

const { REGION, SETTINGS, MACHINES_TAG, METRICS, PEER_SUBNET } = process.env;
const ec2 = (action, parameters) => submit("ec2", action, "2016-11-15", parameters);

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
    const answer = await ec2("DescribeInstances", {
        "Filter.1.Name": "private-ip-address",
        "Filter.1.Value.1": address,
        "Filter.2.Name": "subnet-id",
        "Filter.2.Value.1": PEER_SUBNET,
    });
    if (!answer.includes("<reservationSet")) {
        throw new Error("DescribeInstances: found no list of machines");
    }
    const all = [...answer.matchAll(/<instanceId>(.+?)<.*?<instanceState>.*?<name>(.+?)</gs)];
    const machines = all.map(([, id, state]) => ({ id, state }));
    // One that was there before may still be listed.
    const machine = machines.find(({ state }) => !off.includes(state)) ?? machines[0];
    if (machine === undefined) {
        throw new Error(`no machine has the address ${address}: make sure that it is off, and say --peer-is-off`);
    }
    return machine;
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
            await ec2("StopInstances", { Force: "true", "InstanceId.1": id });
        }
        await wait(3000);
    }
}

export async function startMachine(address) {
    const { id } = await findMachine(address);
    await ec2("StartInstances", { "InstanceId.1": id });
}

export function publishMetrics(metrics) {
    const data = Object.entries(metrics).flatMap(([name, value], place) => {
        const member = `MetricData.member.${place + 1}`;
        const dimension = `${member}.Dimensions.member.1`;
        return [
            [`${member}.MetricName`, name],
            [`${member}.Value`, value],
            [`${dimension}.Name`, "Database"],
            [`${dimension}.Value`, MACHINES_TAG],
        ];
    });
    const parameters = { Namespace: METRICS, ...Object.fromEntries(data) };
    return submit("monitoring", "PutMetricData", "2010-08-01", parameters);
}

export const upload = (file, uri) =>
    run("aws", ["s3", "cp", "--only-show-errors", "--region", REGION, file, uri], { seconds: 6 * 3600 });
