import path from "node:path";
import { gunzipSync } from "node:zlib";
import { Secret, type Value } from "../../../plan/engine/values";
import type { PlannedStack } from "../../support/plans";
import type { Statement } from "./aws-api.mjs";
import { type Account, outside } from "./lab";
import type { Artifact } from "./release";

/** A machine of a plan. */
export interface PlannedMachine {
    at: PlannedStack;
    name: string;
    id: string;
    /** Value of the tag `minusnow-servers`. */
    tag: string;
    address: string;
    subnetId: string;
    userData: string;
    statements: Statement[];
}

/** Machines whose address the cloud chooses. */
const chosenAddresses: Record<string, string> = { lb1: "10.0.0.10", lb2: "10.0.16.10" };

/** All machines of a plan, by the end of their names: app1, lb1, … */
export function machinesOf(at: PlannedStack): Record<string, PlannedMachine> {
    const machines = at.all("ec2.Instance").map(({ urn, name: full, inputs }) => {
        const name = full.replace(/^.*-/, "");
        const address = (inputs["privateIp"] as string | undefined) ?? chosenAddresses[name]!;
        const userData = userDataOf(inputs);
        const { id } = at.plan.resources.find((resource) => resource.urn === urn)!;
        const tag = (inputs["tags"] as Record<string, string>)["minusnow-servers"];
        const subnetId = inputs["subnetId"] as string;
        return [name, { at, name, id, tag, address, subnetId, userData, statements: statementsOf(at, inputs) }];
    });
    return Object.fromEntries(machines) as Record<string, PlannedMachine>;
}

function userDataOf({ userData, userDataBase64 }: PlannedStack["resources"][number]["inputs"]): string {
    return typeof userDataBase64 === "string"
        ? gunzipSync(Buffer.from(userDataBase64, "base64")).toString()
        : (userData as string);
}

/** What the machines' account has: parameters, roles, and values for the secrets that they may read. */
export function accountOf(
    machines: PlannedMachine[],
    given: Pick<Account, "secrets" | "certificates">,
    releases: Record<string, Artifact>,
): Account {
    const folder = path.dirname(releaseOf(machines[0]!.at).artifact.replace("s3://", ""));
    const objects = Object.entries(releases).map(([version, { file }]) => [`${folder}/${version}.tar.gz`, file]);
    const byAddress = <T>(give: (machine: PlannedMachine) => T) =>
        Object.fromEntries(machines.map((machine) => [machine.address, give(machine)])) as Record<string, T>;
    return {
        accountArn: "arn:aws:svc:us-east-1:111122223333",
        parameters: byAddress(({ at }) => parametersOf(at)),
        objects: Object.fromEntries(objects) as Record<string, string>,
        roles: { ...byAddress(({ statements }) => statements), [outside.aws]: releaseStatements(machines[0]!.at) },
        tags: Object.fromEntries(machines.map(({ id, tag }) => [id, tag])),
        addresses: Object.fromEntries(machines.map(({ id, address, subnetId }) => [id, { address, subnetId }])),
        ...given,
    };
}

function parametersOf(at: PlannedStack): Record<string, string> {
    const all = at.all("ssm.Parameter").map((one) => [one.inputs["name"] as string, clear(at, one, "value")]);
    return Object.fromEntries(all) as Record<string, string>;
}

/** What the function that releases may do; it asks from outside. */
function releaseStatements(at: PlannedStack): Statement[] {
    const policy = at.one("iam.RolePolicy", "-release");
    return (JSON.parse(clear(at, policy, "policy")) as { Statement: Statement[] }).Statement;
}

function statementsOf(at: PlannedStack, instance: PlannedStack["resources"][number]["inputs"]): Statement[] {
    const profile = at.all("iam.InstanceProfile").find(({ urn }) => isNamed(at, urn, instance["iamInstanceProfile"]));
    const policies = at.all("iam.RolePolicy").filter(({ inputs }) => inputs["role"] === profile?.inputs["role"]);
    return policies.flatMap(
        (policy) => (JSON.parse(clear(at, policy, "policy")) as { Statement: Statement[] }).Statement,
    );
}

function isNamed(at: PlannedStack, urn: string, name: unknown): boolean {
    return at.plan.resources.find((resource) => resource.urn === urn)?.outputs["name"] === name;
}

interface PairSettings {
    secrets: Record<string, string>;
    database: { host: string; port: number; name: string; secretId: string };
    sessionStore?: { scheme: string; host: string; port: number; secretId: string };
}

const documentOf = (at: PlannedStack, name: string) =>
    JSON.parse(clear(at, at.one("ssm.Parameter", name), "value")) as unknown;

/** An input that a report masks. */
function clear(at: PlannedStack, { urn }: { urn: string }, property: string): string {
    const value: Value = at.plan.resources.find((resource) => resource.urn === urn)!.inputs[property];
    return (value instanceof Secret ? value.value : value) as string;
}

/** How a Network Load Balancer asks the machines of a target group. */
export function healthOf(at: PlannedStack, group: string) {
    const check = at.one("lb.TargetGroup", group).inputs["healthCheck"] as Record<string, string>;
    return {
        port: Number(check["port"]),
        path: check["path"]!,
        intervalSeconds: Number(check["interval"]),
        timeoutSeconds: Number(check["timeout"]),
        threshold: Number(check["unhealthyThreshold"]),
    };
}

/** What the application servers are told. */
export const settingsOf = (at: PlannedStack) => documentOf(at, "-app-settings") as PairSettings;
export const releaseOf = (at: PlannedStack) =>
    documentOf(at, "-app-release") as { version: string; artifact: string; sha256: string };

/** ARN of the certificate that balancers take. */
export const certificateOf = (at: PlannedStack) =>
    at.one("acm.CertificateValidation").inputs["certificateArn"] as string;
