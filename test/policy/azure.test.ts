import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printScore, startPack, type TestPack } from "../support/policies";
import { azureDeployment } from "./azure";
import { azureMutations } from "./azure-mutations";

describe("the checklist on Azure", () => {
    let pack: TestPack;
    const compliant = azureDeployment();
    beforeAll(async () => {
        pack = await startPack();
    });
    afterAll(() => pack.stop());

    it("passes every item that resources can tell", async () => {
        const { checklist } = await pack.judge(compliant, { all: { enforcementLevel: "mandatory" } });
        const failing = checklist
            .slice(0, 15)
            .flatMap(({ id, rules }) =>
                rules.flatMap((rule) =>
                    rule.findings
                        .filter(({ status }) => status === "fail")
                        .map(({ message, urn }) => `${id} ${rule.id} ${urn?.split("::").at(-1) ?? ""}: ${message}`),
                ),
            );
        expect(failing).toEqual([]);
        expect(checklist.slice(0, 15).map(({ id, status }) => [id, status])).toEqual(
            checklist.slice(0, 15).map(({ id }) => [id, "pass"]),
        );
    });

    it("catches every defect that is planted", async () => {
        const mutations = azureMutations(compliant);
        const survivors: string[] = [];
        for (const { name, by, change } of mutations) {
            const { broken } = await pack.judge(change(compliant), { all: { enforcementLevel: "mandatory" } });
            if (!by.some((rule) => broken.includes(rule))) {
                survivors.push(`${name} [${by.join(", ")}]`);
            }
        }
        printScore("Planted defects caught on Azure", mutations.length - survivors.length, mutations.length, survivors);
        expect(survivors).toEqual([]);
    }, 300_000);

    it("reads tokens with an API version and former module names", async () => {
        const versioned = compliant.map((resource) => ({
            ...resource,
            type: resource.type
                .replace(/^azure-native:(network|compute|storage):/, "azure-native:$1/v20240501:")
                .replace(/^azure-native:monitor:/, "azure-native:insights:")
                .replace(/^azure-native:dbforpostgresql:/, "azure-native_dbforpostgresql_v20240801:dbforpostgresql:"),
        }));
        const { checklist } = await pack.judge(versioned);
        expect(checklist.slice(0, 15).filter(({ status }) => status !== "pass")).toEqual([]);
    });
});
