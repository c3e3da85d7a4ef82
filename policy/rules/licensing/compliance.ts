import { filled } from "../../model/readiness";
import { fail, type Finding, type ItemRules, pass } from "../../rule";
import { judgeLicences, type LicensedProduct } from "./licences";

function stated({ component, id, licences }: LicensedProduct): Finding[] {
    return licences.map((licence) =>
        filled(licence["compliance"])
            ? pass(component, `${id}: ${String(licence["compliance"])}`)
            : fail(component, `${id}: compliance: found nothing, allowed: how the terms are met`),
    );
}

/** Compliance requirements met. */
export const compliance: ItemRules = {
    item: "compliance",
    rules: [
        {
            id: "compliance-stated",
            title: "It is stated for every licence how its terms are met",
            severity: "medium",
            risk: "A breach of the terms is found by the vendor's auditor.",
            fix: "State in compliance how the terms are met.",
            step: "License Procurement Checklist",
            controls: [],
            check: (stack) => judgeLicences(stack, stated),
        },
    ],
};
