import { filled, judgeRecord } from "../../model/readiness";
import { fail, type Finding, type ItemRules, pass } from "../../rule";
import type { Stack } from "../../stack";
import { judgeLicences, type LicensedProduct } from "./licences";

function procured(stack: Stack, { component, id, product, licences }: LicensedProduct): Finding[] {
    return licences.flatMap((licence) => {
        const missing = ["vendor", "product", "agreement"].filter((field) => !filled(licence[field]));
        return [
            ...missing.map((field) => fail(component, `${id}: ${field}: found nothing`)),
            ...(missing.length === 0 && isFor(licence["product"], product)
                ? [pass(component, `${id}: ${String(licence["product"])}, ${String(licence["agreement"])}`)]
                : missing.length === 0
                  ? [fail(component, `${id}: the licence is for ${String(licence["product"])}, in use is ${product}`)]
                  : []),
            ...judgeRecord(stack, component, `licence of ${id}`, licence),
        ];
    });
}

/** What only its owner can name, a mail server or a certificate brought along, fits any licence. */
function isFor(licensed: unknown, used: string): boolean {
    return licensed === used || /^(mail server |certificate brought along)/.test(used);
}

/** All third-party licenses procured. */
export const licensesProcured: ItemRules = {
    item: "licenses-procured",
    rules: [
        {
            id: "licenses-procured",
            title: "Every licensed product in use has a licence",
            severity: "high",
            risk: "The vendor withdraws support, or claims damages.",
            fix: "Record vendor, product, agreement, owner, evidence and expiry in readiness.licences.",
            step: "License Procurement Checklist",
            controls: [],
            check: (stack) => judgeLicences(stack, (product) => procured(stack, product)),
        },
    ],
};
