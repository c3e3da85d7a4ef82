import { attested, judgeRecord, readiness } from "../../model/readiness";
import { expectSome, fail, type ItemRules } from "../../rule";

/** Wording of a checklist item that a person answers for. */
interface HumanItem {
    item: string;
    title: string;
    risk: string;
    fix: string;
    step: string;
    controls: readonly string[];
}

/** The rule of an item that only a person can know: an attestation that holds today. */
export function attestedItem({ item, ...wording }: HumanItem): ItemRules {
    return {
        item,
        rules: [
            {
                id: `${item}-attested`,
                severity: "high",
                ...wording,
                check: (stack) =>
                    expectSome(
                        readiness(stack),
                        `nobody attests ${item}: no Readiness component in this stack`,
                        (component) => {
                            const own = attested(component, "attestations").filter((record) => record["item"] === item);
                            return own.length > 0
                                ? own.flatMap((record) => judgeRecord(stack, component, item, record))
                                : [fail(component, `nobody attests ${item}`)];
                        },
                    ),
            },
        ],
    };
}
