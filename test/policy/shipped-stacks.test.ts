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
        pack.judge((await planned(stack, unknowns)).plan.resources, levels(stack.slice(4)));

    it("passes 22 of 22 for aws-prod, and warns of each example", async () => {
        const { checklist, broken, violations } = await judge(preview, "aws-prod");
        expect(checklist.filter(({ status }) => status !== "pass")).toEqual([]);
        expect(checklist.map(({ id }) => id)).toEqual(guide.map(({ id }) => id));
        expect(broken).toEqual([]);
        const warnings = violations.filter(({ message }) => message.includes("is an example"));
        expect(warnings).toHaveLength(9);
        expect(warnings.every(({ level }) => level === "advisory")).toBe(true);
    });

    it("refuses the examples in a production update", async () => {
        const { broken, statuses } = await judge(update, "aws-prod");
        expect(broken.sort()).toEqual([
            "disaster-recovery-attested",
            "licenses-procured",
            "on-call-attested",
            "runbooks-attested",
        ]);
        expect(statuses["on-call"]).toBe("fail");
    });

    it("is decided by at least one resource in every item", async () => {
        const { checklist } = await judge(preview, "aws-prod");
        for (const { id, resources } of checklist) {
            expect(resources.length, id).toBeGreaterThan(0);
        }
    });

    it("says honestly what aws-dev lacks, and blocks nothing", async () => {
        const { statuses, broken } = await judge(preview, "aws-dev");
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

    it("blocks aws-staging by nothing that its level lets pass", async () => {
        const { statuses, broken } = await judge(preview, "aws-staging");
        expect(broken).toEqual([]);
        expect(statuses["database-access"]).toBe("pass");
        expect(statuses["runbooks"]).toBe("fail");
    });

    it.each(["aws-dev", "aws-staging", "aws-prod"])(
        "gives the same verdict on %s with unknown values",
        async (stack) => {
            const [resolved, unknown] = [await judge(preview, stack), await judge(preview, stack, true)];
            expect(unknown.statuses).toEqual(resolved.statuses);
            expect(unknown.broken).toEqual(resolved.broken);
        },
    );

    it("says what waits for the update instead of falling silent", async () => {
        const { violations } = await judge(preview, "aws-prod", true);
        const waiting = violations.filter(({ message }) => message.startsWith("Waits for the update"));
        expect(waiting.map(({ policy }) => policy)).toContain("shared-storage-mounted");
        expect(violations.filter(({ message }) => message.includes("can't run"))).toEqual([]);
    });
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
