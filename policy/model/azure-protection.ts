import { expectEqual, expectSet, fail, type Finding, pass } from "../rule";
import { azure } from "../types";
import { type Resource, type Stack, UNKNOWN } from "../stack";

/** Whether a lock keeps everybody from deleting a resource, or its whole group. */
export function locked(stack: Stack, resource: Resource): Finding {
    const lock = stack
        .of(azure.lock)
        .filter((other) => ["CanNotDelete", "ReadOnly"].includes(String(other.get("level"))))
        .find((other) => other.refersTo("scope", resource) === true || coversGroup(stack, other, resource));
    return lock ? pass(resource, `locked by ${lock.name}`) : fail(resource, "no lock keeps it from being deleted");
}

function coversGroup(stack: Stack, lock: Resource, resource: Resource): boolean {
    return stack
        .of(azure.resourceGroup)
        .some(
            (group) => lock.get("scope") === group.get("id") && resource.refersTo("resourceGroupName", group) === true,
        );
}

/** Whether logs of a resource are collected, all of them or one of the named ones. */
export function logged(stack: Stack, resource: Resource, categories: readonly string[]): Finding {
    const settings = stack.of(azure.diagnostic).filter((setting) => setting.refersTo("resourceUri", resource) === true);
    const right = settings.find((setting) =>
        setting
            .objects("logs")
            .some(
                ({ enabled, category, categoryGroup }) =>
                    enabled === true && (categoryGroup === "allLogs" || categories.includes(String(category))),
            ),
    );
    return right
        ? pass(resource, `its logs are collected by ${right.name}`)
        : fail(resource, `no diagnostic setting collects its logs (${categories.join(" or ")})`);
}

/** Whether a storage account is encrypted by a key of a key vault. */
export function customerKey(account: Resource): Finding {
    return account.get("encryption") === UNKNOWN
        ? expectSet(account, "encryption", "a customer key")
        : expectEqual(account, "encryption.keySource", "Microsoft.Keyvault");
}
