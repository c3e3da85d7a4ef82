import * as authorization from "@pulumi/azure-native/authorization";
import type * as pulumi from "@pulumi/pulumi";

/** Refuses deletion of a resource and all in it to everyone, in the portal as well; the lock must be removed first. */
export function refuseDeletion(name: string, scope: pulumi.Input<string>, child: pulumi.CustomResourceOptions): void {
    const notes = "MinusNow holds data here; deletionProtection: false removes this lock";
    new authorization.ManagementLockByScope(name, { scope, lockName: name, level: "CanNotDelete", notes }, child);
}
