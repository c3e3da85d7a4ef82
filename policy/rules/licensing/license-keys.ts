import { filled } from "../../model/readiness";
import { fail, type Finding, type ItemRules, pass } from "../../rule";
import { judgeLicences, type LicensedProduct } from "./licences";

/** Groups of characters joined by dashes, or one long mixed text: a key itself, not the place where it is kept. */
const KEY_ITSELF = /\b([A-Z0-9]{4,}-){3,}[A-Z0-9]{4,}\b|^[A-Za-z0-9+/=]{24,}$/;

function kept({ component, id, licences }: LicensedProduct): Finding[] {
    return licences.map((licence) => {
        const place = licence["keyLocation"];
        if (!filled(place)) {
            return fail(component, `${id}: keyLocation: found nothing, allowed: where the key is kept, or none`);
        }
        return KEY_ITSELF.test(String(place))
            ? fail(component, `${id}: keyLocation holds a key; write down where it is kept, never the key`)
            : pass(component, `${id}: key ${String(place)}`);
    });
}

/** License keys documented and secured. */
export const licenseKeys: ItemRules = {
    item: "license-keys",
    rules: [
        {
            id: "license-keys-secured",
            title: "It is written down where each licence key is kept, and no key is written down",
            severity: "high",
            risk: "The key is lost when it is needed, or used by others.",
            fix: "Keep the key in the secret store and name its place in keyLocation.",
            step: "License Procurement Checklist",
            controls: ["MCSB IM-8"],
            check: (stack) => judgeLicences(stack, kept),
        },
    ],
};
