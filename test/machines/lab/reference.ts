import { mkdtempSync } from "node:fs";
import path from "node:path";
import { plan } from "../../../plan/plan";
import { Secret, type Value } from "../../../plan/engine/values";
import { lookup, type PlannedStack } from "../../support/plans";
import { changed } from "../../support/projects";
import type { Statement } from "./aws-api.mjs";
import type { Account, Lab } from "./lab";
import type { Artifact } from "./release";

/** The production stack on AWS with Debian on its servers, and a release that exists. */
export async function planReference(
    lab: Lab,
    version: string,
    { sha256 }: Artifact,
    more: string,
): Promise<PlannedStack> {
    const folder = mkdtempSync(path.join(lab.folder, "stack-"));
    const directory = changed(folder, (text) =>
        text
            .replace(/(version: ).*/, `$1${version}`)
            .replace(/(artifact: .*\/).*(\.tar\.gz)/, `$1${version}$2`)
            .replace(/(sha256: ).*/, `$1${sha256}`)
            .concat("  minusnow:appPair:\n    os: debian-13\n", more),
    );
    return lookup(await plan({ directory, stack: "aws-prod", unknowns: false }));
}

/** A machine of the plan. */
export interface PlannedMachine {
    name: string;
    address: string;
    userData: string;
    statements: Statement[];
}

/** Machines whose address the cloud chooses. */
const chosenAddresses: Record<string, string> = { lb1: "10.0.0.10", lb2: "10.0.16.10" };

/** All machines of a plan, by the end of their names: app1, lb1, … */
export function machinesOf(at: PlannedStack): Record<string, PlannedMachine> {
    const machines = at.all("ec2.Instance").map(({ name: full, inputs }) => {
        const name = full.replace(/^.*-/, "");
        const address = String(inputs["privateIp"] ?? chosenAddresses[name]);
        return [name, { name, address, userData: String(inputs["userData"]), statements: statementsOf(at, inputs) }];
    });
    return Object.fromEntries(machines) as Record<string, PlannedMachine>;
}

/** What the plan's account has: parameters, roles, and values for the secrets that machines may read. */
export function accountOf(
    at: PlannedStack,
    given: Pick<Account, "secrets" | "certificates">,
    releases: Record<string, Artifact>,
): Account {
    const parameters = at.all("ssm.Parameter").map((one) => [String(one.inputs["name"]), clear(at, one, "value")]);
    const roles = Object.values(machinesOf(at)).map(({ address, statements }) => [address, statements]);
    const folder = path.dirname(releaseOf(at).artifact.replace("s3://", ""));
    const objects = Object.entries(releases).map(([version, { file }]) => [`${folder}/${version}.tar.gz`, file]);
    return {
        accountArn: "arn:aws:svc:us-east-1:111122223333",
        parameters: Object.fromEntries(parameters) as Record<string, string>,
        objects: Object.fromEntries(objects) as Record<string, string>,
        roles: Object.fromEntries(roles) as Record<string, Statement[]>,
        ...given,
    };
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
    return String(value instanceof Secret ? value.value : value);
}

/** What the application servers are told. */
export const settingsOf = (at: PlannedStack) => documentOf(at, "-app-settings") as PairSettings;
export const releaseOf = (at: PlannedStack) =>
    documentOf(at, "-app-release") as { version: string; artifact: string; sha256: string };

/** ARN of the certificate that balancers take. */
export const certificateOf = (at: PlannedStack) =>
    at.one("acm.CertificateValidation").inputs["certificateArn"] as string;
