import path from "node:path";
import { reveal, revealObject, type Values } from "../../../plan/engine/values";
import { listAt, textAt } from "../../../plan/simulated-cloud/world";
import { roles } from "../../../components/azure-roles";
import type { PlannedStack } from "../../support/plans";
import type { Grant } from "./azure-api.mjs";
import type { AzureAccount } from "./lab";
import type { Artifact } from "./release";

/** A machine of a plan. */
export interface AzureMachine {
    name: string;
    id: string;
    address: string;
    userData: string;
    clientId: string;
    grants: Grant[];
}

/** Machines whose address Azure chooses. */
const chosenAddresses: Record<string, string> = { lb1: "10.0.0.10", lb2: "10.0.0.11" };

/** All machines of a plan, by the end of their names: app1, lb1, ops, … */
export function azureMachinesOf(at: PlannedStack): Record<string, AzureMachine> {
    const machines = at.plan.resources
        .filter(({ type }) => type === "azure-native:compute:VirtualMachine")
        .map(({ name: full, inputs: hidden, id }) => {
            const name = full.replace(/^.*-/, "");
            const inputs = reveal(hidden) as Inputs;
            const card = at.plan.resources.find(
                (other) => other.id === inputs.networkProfile.networkInterfaces[0]!.id,
            )!;
            const [place] = listAt(card.inputs, "ipConfigurations") as Values[];
            const identity = at.plan.resources.find((other) => other.id === inputs.identity.userAssignedIdentities[0])!;
            return [
                name,
                {
                    name,
                    id: id,
                    address: textAt(place, "privateIPAddress") ?? chosenAddresses[name]!,
                    userData: withoutIdentity(Buffer.from(inputs.osProfile.customData, "base64").toString()),
                    clientId: identity.outputs["clientId"] as string,
                    grants: grantsOf(at, identity.outputs["principalId"] as string),
                },
            ];
        });
    return Object.fromEntries(machines) as Record<string, AzureMachine>;
}

/** Debian's pgBackRest is older than its use of identities; everything else of a database machine uses its own. */
const withoutIdentity = (text: string) =>
    text.replace(
        /^( *)repo1-azure-key-type=auto$/m,
        `$1repo1-azure-key-type=shared\n$1repo1-azure-key=${Buffer.from("the lab's").toString("base64")}`,
    );

interface Inputs extends Values {
    networkProfile: { networkInterfaces: { id: string }[] };
    identity: { userAssignedIdentities: string[] };
    osProfile: { customData: string };
}

/** What Azure's own roles allow, as far as programs here ask. */
const ownRoles: Record<string, string[]> = {
    [roles.secretsUser]: ["Microsoft.KeyVault/vaults/secrets/getSecret/action"],
    [roles.blobReader]: ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
};

function grantsOf(at: PlannedStack, principalId: string): Grant[] {
    return at
        .all("authorization.RoleAssignment")
        .filter(({ inputs }) => inputs["principalId"] === principalId)
        .map(({ inputs }) => {
            const guid = (inputs["roleDefinitionId"] as string).split("/").at(-1)!;
            return {
                scope: (inputs["scope"] as string).toLowerCase(),
                actions: ownRoles[guid] ?? definedActions(at, guid),
            };
        });
}

function definedActions(at: PlannedStack, guid: string): string[] {
    const role = at.plan.resources.find(
        ({ type, id }) => type === "azure-native:authorization:RoleDefinition" && id.endsWith(guid),
    )!;
    const [permission] = listAt(role.inputs, "permissions") as Values[];
    return [...listAt(permission, "actions"), ...listAt(permission, "dataActions")] as string[];
}

/** Values of the plan's secrets by their id. */
export function secretsOf(at: PlannedStack): Record<string, string> {
    const all = at.plan.resources
        .filter(({ type }) => type === "azure-native:keyvault:Secret")
        .map(({ id, inputs }) => [id.toLowerCase(), textAt(revealObject(inputs), "properties.value")]);
    return Object.fromEntries(all) as Record<string, string>;
}

/** The plan's secret whose name ends so. */
export function secretOf(at: PlannedStack, nameEnd: string): string {
    const found = Object.entries(secretsOf(at)).find(([id]) => id.endsWith(nameEnd));
    if (found === undefined) {
        throw new Error(`no secret ends in ${nameEnd}`);
    }
    return found[1];
}

/** What the machines' subscription has. */
export function azureAccountOf(
    at: PlannedStack,
    machines: AzureMachine[],
    outsideSecrets: Record<string, string>,
    releases: Record<string, Artifact>,
): AzureAccount {
    const { artifact } = JSON.parse(secretOf(at, "-app-release")) as { artifact: string };
    const folder = path.posix.dirname(artifact.replace("https://", ""));
    const blobs = Object.entries(releases).map(([version, { file }]) => [`https://${folder}/${version}.tar.gz`, file]);
    return {
        machines: Object.fromEntries(
            machines.map(({ address, id, clientId, grants }) => [address, { id, clientId, grants }]),
        ),
        secrets: { ...secretsOf(at), ...outsideSecrets },
        containers: containersOf(at),
        blobs: { ...(Object.fromEntries(blobs) as Record<string, string>), ...backupContainersOf(at) },
    };
}

/** First metadata of containers. */
function containersOf(at: PlannedStack): Record<string, string> {
    const all = at
        .all("storage.BlobContainer")
        .filter(({ inputs }) => inputs["metadata"] !== undefined)
        .map(({ inputs }) => [
            `https://${inputs["accountName"] as string}.blob.core.windows.net/${inputs["containerName"] as string}`,
            (inputs["metadata"] as { value: string }).value,
        ]);
    return Object.fromEntries(all) as Record<string, string>;
}

/** Where copies go, as it is asked whether it is there. */
function backupContainersOf(at: PlannedStack): Record<string, string> {
    const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-backup-files");
    const [{ value }] = inputs["parameters"] as [{ value: string }];
    const { store } = JSON.parse(value) as { store: string };
    const names = ["database", "files", "configuration", "audit-logs"];
    return Object.fromEntries(names.map((name) => [`${store}/${name}?restype=container`, "/dev/null"]));
}

/** The commands of a release, in the update's order. */
export interface RunCommand {
    name: string;
    script: string;
    variables: Record<string, string>;
}

export function releaseCommandsOf(at: PlannedStack): RunCommand[] {
    const all = at.all(RUN_COMMAND).filter(({ name }) => /-release-app\d+$/.test(name));
    return all.sort((a, b) => b.name.localeCompare(a.name)).map(asCommand);
}

/** The only command whose name ends so. */
export const commandOf = (at: PlannedStack, nameEnd: string): RunCommand => asCommand(at.one(RUN_COMMAND, nameEnd));

const RUN_COMMAND = "compute.VirtualMachineRunCommandByVirtualMachine";

const asCommand = ({ name, inputs }: PlannedStack["resources"][number]): RunCommand => ({
    name,
    script: (inputs["source"] as { script: string }).script,
    variables: Object.fromEntries(
        (inputs["parameters"] as { name: string; value: string }[]).map((one) => [one.name, one.value]),
    ),
});
