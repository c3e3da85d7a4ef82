import { putAtLessExpense } from "./lean-messages.cjs";
import { followAtLessExpense } from "./lean-promises.cjs";
import { inPackage, loadLater } from "./package-internals.cjs";

/**
 * Makes a Pulumi program start faster, under `pulumi up` as well; import it before anything else. What it spares is
 * work whose result is rarely looked at; whatever does look at it gets it, later.
 */

/** What few programs use, by the package that requires it. */
const rarelyUsed: Record<string, readonly string[]> = {
    "@pulumi/pulumi": [
        // Functions that become resources.
        "./typescript-shim.js",
        "./runtime/closure/createClosure.js",
        "@npmcli/arborist",
        "normalize-package-data",
        // Programs that run Pulumi, and those that are providers.
        "./automation/index.js",
        "./provider/index.js",
    ],
    zod: ["./v4/locales/index.cjs"],
};

inPackage("@pulumi/pulumi", followAtLessExpense);
inPackage("@pulumi/pulumi", putAtLessExpense);
for (const [name, requests] of Object.entries(rarelyUsed)) {
    requests.forEach((request) => inPackage(name, (requireFromPackage) => loadLater(request, requireFromPackage)));
}
