import { daysBetween, isDay } from "../../model/readiness";
import { fail, type Finding, type ItemRules, pass, shown } from "../../rule";
import type { Stack } from "../../stack";
import { judgeLicences, type LicensedProduct } from "./licences";

/** Days before a renewal from which it is told. */
const NOTICE_DAYS = 30;

function tracked(stack: Stack, { component, id, licences }: LicensedProduct): Finding[] {
    return licences.flatMap((licence): Finding[] => {
        const { renewal } = licence;
        if (!isDay(renewal)) {
            return [fail(component, `${id}: renewal: found ${shown(renewal)}, allowed: a day as 2027-06-30`)];
        }
        const days = daysBetween(stack.today, renewal);
        if (days < 0 && licence.example !== true) {
            return [fail(component, `${id}: it had to be renewed on ${renewal}`)];
        }
        const tracks = pass(component, `${id}: renewal on ${renewal}`);
        return days >= 0 && days <= NOTICE_DAYS
            ? [
                  tracks,
                  {
                      status: "warn",
                      resource: component,
                      message: `${id} must be renewed by ${renewal}, in ${days} days`,
                  },
              ]
            : [tracks];
    });
}

/** Renewal dates tracked. */
export const renewalDates: ItemRules = {
    item: "renewal-dates",
    rules: [
        {
            id: "renewal-dates-tracked",
            title: "Every licence has a renewal date that is not past",
            severity: "medium",
            risk: "A product stops working, or support ends, without notice.",
            fix: "Renew the agreement and write the next date into renewal.",
            step: "License Procurement Checklist",
            controls: [],
            check: (stack) => judgeLicences(stack, (product) => tracked(stack, product)),
        },
    ],
};
