import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checklist as guide } from "../../components/reference";
import { readPolicyConfig } from "../../plan/engine/policy-config";
import { planned, repository } from "../support/plans";
import { startPack, type TestPack, type Verdict } from "../support/policies";

const levels = (environment: string) => readPolicyConfig(path.join(repository, "policy/levels", `${environment}.json`));

describe("the checklist on the shipped stacks", () => {
    let preview: TestPack;
    let update: TestPack;
    beforeAll(async () => {
        [preview, update] = await Promise.all([startPack(), startPack({ dryRun: false })]);
    });
    afterAll(() => {
        preview.stop();
        update.stop();
    });
    const judge = async (pack: TestPack, stack: string, unknowns = false): Promise<Verdict> =>
        pack.judge((await planned(stack, unknowns)).plan.resources, levels(stack.replace(/^.*-/, "")));

    it.each(["aws-prod", "azure-prod"])("passes 22 of 22 for %s, and warns of each example", async (stack) => {
        const { checklist, broken, violations } = await judge(preview, stack);
        expect(checklist.filter(({ status }) => status !== "pass")).toEqual([]);
        expect(checklist.map(({ id }) => id)).toEqual(guide.map(({ id }) => id));
        expect(broken).toEqual([]);
        const warnings = violations.filter(({ message }) => message.includes("is an example"));
        expect(warnings).toHaveLength(9);
        expect(warnings.every(({ level }) => level === "advisory")).toBe(true);
    });

    it.each(["aws-prod", "azure-prod"])("refuses the examples of %s in a production update", async (stack) => {
        const { broken, statuses } = await judge(update, stack);
        expect(broken.sort()).toEqual([
            "disaster-recovery-attested",
            "licenses-procured",
            "on-call-attested",
            "runbooks-attested",
        ]);
        expect(statuses["on-call"]).toBe("fail");
    });

    it.each(["aws-prod", "azure-prod"])("is decided by at least one resource of %s in every item", async (stack) => {
        const { checklist } = await judge(preview, stack);
        for (const { id, resources } of checklist) {
            expect(resources.length, id).toBeGreaterThan(0);
        }
    });

    it.each(["aws-dev", "azure-dev"])("says honestly what %s lacks, and blocks nothing", async (stack) => {
        const { statuses, broken } = await judge(preview, stack);
        expect(broken).toEqual([]);
        expect(Object.keys(statuses).filter((id) => statuses[id] === "fail")).toEqual([
            "load-balancer",
            "app-servers",
            "database-replica",
            "backups",
            "disaster-recovery",
            "runbooks",
            "on-call",
            "licenses-procured",
            "license-keys",
            "renewal-dates",
            "compliance",
        ]);
    });

    it.each(["aws-staging", "azure-staging"])("blocks %s by nothing that its level lets pass", async (stack) => {
        const { statuses, broken } = await judge(preview, stack);
        expect(broken).toEqual([]);
        expect(statuses["database-access"]).toBe("pass");
        expect(statuses["runbooks"]).toBe("fail");
    });

    it.each(["aws-dev", "aws-staging", "aws-prod", "azure-dev", "azure-staging", "azure-prod"])(
        "gives the same verdict on %s with unknown values",
        async (stack) => {
            const [resolved, unknown] = [await judge(preview, stack), await judge(preview, stack, true)];
            expect(unknown.statuses).toEqual(resolved.statuses);
            expect(unknown.broken).toEqual(resolved.broken);
        },
    );

    it.each(["aws-prod", "azure-prod"])(
        "says what of %s waits for the update instead of falling silent",
        async (stack) => {
            const { violations } = await judge(preview, stack, true);
            const waiting = violations.filter(({ message }) => message.startsWith("Waits for the update"));
            expect(waiting.map(({ policy }) => policy)).toContain("shared-storage-mounted");
            expect(violations.filter(({ message }) => message.includes("can't run"))).toEqual([]);
        },
    );
});

describe("the rules", () => {
    let pack: TestPack;
    beforeAll(async () => {
        pack = await startPack();
    });
    afterAll(() => pack.stop());

    it("carry a title, severity, risk, fix and step each", () => {
        const rules = pack.analyzer.policies.filter(({ name }) => !["checklist"].includes(name));
        expect(rules.length).toBeGreaterThan(60);
        expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
        for (const { name, description, severity, remediation, tags } of rules) {
            expect(name).toMatch(/^[a-z0-9-]+$/);
            expect(description.length, name).toBeGreaterThan(10);
            expect(["low", "medium", "high", "critical"], name).toContain(severity);
            expect(remediation.length, name).toBeGreaterThan(10);
            expect(tags[0], name).toMatch(/\S/);
        }
    });

    it("fail on an empty stack where something must exist, and throw nowhere", async () => {
        const { statuses } = await pack.judge([]);
        for (const id of [
            "load-balancer",
            "app-servers",
            "database-replica",
            "shared-storage",
            "runbooks",
            "compliance",
        ]) {
            expect(statuses[id], id).toBe("fail");
        }
    });
});
