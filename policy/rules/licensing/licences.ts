import { type Attested, attested, readiness } from "../../model/readiness";
import { expectSome, fail, type Finding } from "../../rule";
import type { Resource, Stack } from "../../stack";

/** A licensed product in use, with the licences that are recorded for it. */
export interface LicensedProduct {
    component: Resource;
    /** The guide's name of the component, for example `postgresql`. */
    id: string;
    product: string;
    licences: Attested[];
}

/** Judges every licensed product in use; open-source products need no licence. */
export function judgeLicences(stack: Stack, judge: (product: LicensedProduct) => Finding[]): Finding[] {
    return expectSome(readiness(stack), "no licence is recorded: no Readiness component in this stack", (component) =>
        attested(component, "inUse").length === 0
            ? [fail(component, "inUse: found nothing, allowed: the third-party products that the deployment uses")]
            : licensedProducts(component).flatMap((used) =>
                  used.licences.length === 0
                      ? [fail(component, `${used.product} (${used.id}) is in use and has no licence record`)]
                      : judge(used),
              ),
    );
}

function licensedProducts(component: Resource): LicensedProduct[] {
    const licences = attested(component, "licences");
    return attested(component, "inUse")
        .filter((used) => used["licensed"] === true)
        .map((used) => ({
            component,
            id: String(used["component"]),
            product: String(used["product"]),
            licences: licences.filter((licence) => licence["component"] === used["component"]),
        }));
}
