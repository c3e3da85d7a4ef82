import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { planned } from "../support/plans";
import { startPack, type TestPack } from "../support/policies";
import { awsMutations } from "./aws-mutations";
import { azureMutations } from "./azure-mutations";
import { survivorsOf } from "./planted";

/** Rules that find nothing to decide on Azure, with the reason. */
const notOnAzure: Record<string, string> = {
    "load-balancer-reaches-servers": "a gateway reaches every zone of its region",
    "app-servers-protected": "Azure has no such setting, and a lock would keep an update from replacing a server",
    "ssh-metadata-tokens": "the metadata service always asks for a header that a browser cannot forge",
    "security-headers-valid": "Application Gateway has no such setting",
    "alerting-encrypted": "an action group keeps no messages",
};

const clouds = [
    { stack: "aws-prod", mutationsOf: awsMutations, without: {} },
    { stack: "azure-prod", mutationsOf: azureMutations, without: notOnAzure },
];

describe.each(clouds)("defects planted into $stack", ({ stack, mutationsOf, without }) => {
    let pack: TestPack;
    let compliant: Resource[];
    beforeAll(async () => {
        pack = await startPack();
        compliant = (await planned(stack)).plan.resources;
    });
    afterAll(() => pack.stop());

    it("are caught by the rule that is there for it, every one, and none makes a rule go wrong", async () => {
        const mutations = mutationsOf(compliant);
        expect(mutations.length).toBeGreaterThanOrEqual(900);
        const suite = `Planted defects caught in ${stack}`;
        expect(await survivorsOf(suite, pack, compliant, mutations)).toEqual([]);
    }, 900_000);

    it("cover every rule that decides there", () => {
        const covered = new Set(mutationsOf(compliant).flatMap(({ by }) => by));
        const rules = pack.analyzer.policies
            .map(({ name }) => name)
            .filter((name) => !["checklist", "readiness-no-examples"].includes(name));
        expect(rules.filter((rule) => !covered.has(rule)).sort()).toEqual(Object.keys(without).sort());
    });
});
