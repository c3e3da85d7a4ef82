import { createHash } from "node:crypto";
import * as authorization from "@pulumi/azure-native/authorization";
import * as managedidentity from "@pulumi/azure-native/managedidentity";
import * as pulumi from "@pulumi/pulumi";

/**
 * Azure's built-in roles that this library gives.
 *
 * @see https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
export const roles = {
    /** Reads the values of secrets. */
    secretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
    /** Wraps and unwraps with a key. */
    keyEncryption: "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    /** Reads blobs. */
    blobReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    /** Reads, writes and deletes blobs: for what Azure itself writes. */
    blobContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
} as const;

/** One of {@link roles}. */
export type Role = keyof typeof roles;

/** An identity with what refers to it. */
export interface Identity {
    /** Resource id, by which machines and services carry it. */
    id: pulumi.Output<string>;
    /** Object id, to which roles are given. */
    principalId: pulumi.Output<string>;
    /** Application id, by which a machine with several identities asks for a token. */
    clientId: pulumi.Output<string>;
}

/** An identity of its own, so that roles exist before the machine or service that carries it. */
export function createIdentity(
    name: string,
    args: { resourceGroupName: pulumi.Input<string>; tags?: { [key: string]: pulumi.Input<string> } },
    child: pulumi.CustomResourceOptions,
): Identity {
    const { resourceGroupName, tags } = args;
    return new managedidentity.UserAssignedIdentity(name, { resourceGroupName, tags }, child);
}

/** Gives a role on one resource; whoever runs the update must be allowed to, for example as its owner. */
export function giveRole(
    name: string,
    role: Role,
    principalId: pulumi.Input<string>,
    scope: pulumi.Input<string>,
    child: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
    const subscription = pulumi.output(scope).apply((id) => id.split("/")[2]);
    return new authorization.RoleAssignment(
        name,
        {
            scope,
            principalId,
            // Azure otherwise looks a new identity up in a directory that may not have it yet.
            principalType: "ServicePrincipal",
            roleDefinitionId: pulumi.interpolate`/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`,
        },
        child,
    );
}

/** What a role of our own allows: on the resource, and on the data in it. */
export interface Actions {
    actions: string[];
    dataActions?: string[];
}

/** A resource that actions are given on. */
export interface Scope {
    /** What it is called in the assignment's name. */
    part: string;
    id: pulumi.Input<string>;
    /** Changes when another resource of the same id takes its place: what was given on the former went with it. */
    identifier?: pulumi.Input<string>;
}

/** Gives exactly these actions on one resource, by a role of its own that can be given in the resource's group only. */
export function giveActions(
    name: string,
    allowed: Actions,
    principalId: pulumi.Input<string>,
    scope: pulumi.Input<string>,
    child: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
    const role = defineRole(name, allowed, principalId, [scope], child);
    return assign(name, role, principalId, { part: "", id: scope }, child);
}

/** {@link giveActions} on several resources by one role. */
export function giveActionsOn(
    name: string,
    allowed: Actions,
    principalId: pulumi.Input<string>,
    scopes: Scope[],
    child: pulumi.CustomResourceOptions,
): authorization.RoleAssignment[] {
    const role = defineRole(
        name,
        allowed,
        principalId,
        scopes.map(({ id }) => id),
        child,
    );
    return scopes.map((scope) => assign(`${name}-${scope.part}`, role, principalId, scope, child));
}

function defineRole(
    name: string,
    { actions, dataActions = [] }: Actions,
    principalId: pulumi.Input<string>,
    scopes: pulumi.Input<string>[],
    child: pulumi.CustomResourceOptions,
): authorization.RoleDefinition {
    const groups = pulumi.all(scopes).apply((ids) => [...new Set(ids.map((id) => id.split("/providers/")[0]!))]);
    const group = groups.apply(([first]) => first!);
    return new authorization.RoleDefinition(
        name,
        {
            // Unique in the whole directory.
            roleName: pulumi.interpolate`${name} for ${principalId}`,
            description: "MinusNow: what one machine may do",
            roleType: "CustomRole",
            scope: group,
            assignableScopes: groups,
            permissions: [{ actions, notActions: [], dataActions }],
        },
        child,
    );
}

function assign(
    name: string,
    role: authorization.RoleDefinition,
    principalId: pulumi.Input<string>,
    { id: scope, identifier }: Scope,
    child: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
    const renewed = identifier && {
        roleAssignmentName: pulumi.output(identifier).apply((text) => uuidOf(`${name} ${text}`)),
    };
    return new authorization.RoleAssignment(
        name,
        {
            scope,
            principalId,
            principalType: "ServicePrincipal",
            // As Azure itself names it: the role may be given in other groups than the one that it was made in.
            roleDefinitionId: known(role.id, [role]).apply((id) => id.replace(/\/resourceGroups\/[^/]+/i, "")),
            ...renewed,
        },
        { ...child, ...(identifier !== undefined && { deleteBeforeReplace: true }) },
    );
}

/** The same UUID for the same text. */
function uuidOf(text: string): string {
    const digits = createHash("sha256").update(text).digest("hex");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/** Azure tells every part of itself of a new role within minutes; until then it refuses what the role allows. */
const SPREAD_MS = 3 * 60 * 1000;

/** The identity's id, known when its roles are given and have had time to become known to every service. */
export function identityWithRoles(
    identity: { id: pulumi.Output<string> },
    given: authorization.RoleAssignment[],
): pulumi.Output<string> {
    return known(identity.id, given);
}

/** An id that resolves when what was made lately has had time to become known. */
function known(id: pulumi.Output<string>, made: { createdOn: pulumi.Output<string> }[]): pulumi.Output<string> {
    return pulumi.all([id, ...made.map(({ createdOn }) => createdOn)]).apply(async ([text, ...times]) => {
        await spread(times.map((time) => Date.parse(time)));
        return text!;
    });
}

/** Waits for the newest of some roles; roles of former updates are known long since. */
async function spread(times: number[]): Promise<void> {
    const left = Math.max(0, ...times.map((time) => time + SPREAD_MS - Date.now()));
    if (left > 0) {
        const seconds = Math.ceil(left / 1000);
        void pulumi.log.info(`waiting ${seconds} s until all of Azure knows a new role`, undefined, undefined, true);
        await new Promise((resolve) => setTimeout(resolve, left));
    }
}
