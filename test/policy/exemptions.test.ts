import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPolicyConfig } from "../../plan/engine/policy-config";
import { policySettings } from "../../plan/engine/policy-settings";
import type { Resource } from "../../plan/engine/resource";
import { planned } from "../support/plans";
import { startPack, type TestPack } from "../support/policies";
import { changed } from "./change";

const exemption = {
    resource: "minusnow-prod-lb",
    reason: "logs go to the security team's bucket from next week",
    approver: "head of operations",
    ticket: "SEC-42",
    expires: "2026-12-31",
};
const asOf = "2026-11-25";

describe("exemptions", () => {
    let pack: TestPack;
    let broken: Resource[];
    beforeAll(async () => {
        pack = await startPack();
        const compliant = (await planned("aws-prod")).plan.resources;
        broken = compliant.map((resource) =>
            resource.type === "aws:lb/loadBalancer:LoadBalancer"
                ? changed(changed(resource, "accessLogs.enabled", false), "internal", false)
                : resource,
        );
    });
    afterAll(() => pack.stop());
    const judge = (exemptions: object[], rule = "load-balancer-protection") =>
        pack.judge(broken, { [rule]: { enforcementLevel: "mandatory", exemptions, asOf } });

    it("are needed, or the rule blocks", async () => {
        expect((await judge([])).broken).toEqual(["load-balancer-protection"]);
    });

    it("set the finding aside and are told apart", async () => {
        const { broken: blocking, statuses, violations } = await judge([exemption]);
        expect(blocking).toEqual([]);
        expect(statuses["load-balancer"]).toBe("exempt");
        const told = violations.find(({ message }) => message.startsWith("Exempt:"))!;
        expect(told).toMatchObject({ level: "advisory", policy: "load-balancer-protection" });
        expect(told.message).toContain("SEC-42");
    });

    it.each([
        ["another resource", { resource: "minusnow-prod-other" }, "accessLogs.enabled: found false"],
        ["an expiry in the past", { expires: "2026-11-24" }, "it expired on 2026-11-24"],
        ["an expiry beyond 90 days", { expires: "2027-02-24" }, "it holds 91 days, allowed: up to 90"],
        ["an expiry that is no day", { expires: "soon" }, "allowed: a day"],
        ["no reason", { reason: " " }, "reason: found nothing"],
        ["no approver", { approver: "" }, "approver: found nothing"],
        ["no ticket", { ticket: "" }, "ticket: found nothing"],
    ])("with %s fail", async (_, changes, message) => {
        const { broken: blocking, violations } = await judge([{ ...exemption, ...changes }]);
        expect(blocking).toContain("load-balancer-protection");
        expect(violations.map((violation) => violation.message).join("\n")).toContain(message);
    });

    it("that set nothing aside are told", async () => {
        const { violations } = await judge([{ ...exemption, resource: "minusnow-prod-lbb" }]);
        const told = violations.map(({ message }) => message).join("\n");
        expect(told).toContain("the exemption of minusnow-prod-lbb sets nothing aside; remove it");
    });

    it("of exactly 90 days hold", async () => {
        expect((await judge([{ ...exemption, expires: "2027-02-23" }])).broken).toEqual([]);
    });

    it("of a critical rule are refused", async () => {
        const { broken: blocking, violations } = await judge([exemption], "waf-attached");
        expect(blocking).toContain("load-balancer-protection");
        expect(blocking).not.toContain("waf-attached");
        const critical = await judge([exemption], "app-servers-two-zones");
        expect(critical.broken).toContain("app-servers-two-zones");
        expect(critical.violations.map(({ message }) => message).join("\n")).toContain(
            "is critical and cannot be exempted",
        );
        expect(violations.length).toBeGreaterThan(0);
    });
});

describe("a pack's configuration", () => {
    let pack: TestPack;
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-levels-"));
    beforeAll(async () => {
        pack = await startPack();
    });
    afterAll(() => {
        pack.stop();
        rmSync(folder, { recursive: true });
    });
    const settings = (config: object) =>
        policySettings(pack.analyzer.policies, config as Record<string, unknown>, "levels.json");

    it("sets a level for all, and another for one", () => {
        const levels = settings({
            all: "advisory",
            "waf-attached": "mandatory",
            "waf-logged": { enforcementLevel: "disabled" },
        });
        expect(levels.get("waf-blocks")!.level).toBe("advisory");
        expect(levels.get("waf-attached")!.level).toBe("mandatory");
        expect(levels.get("waf-logged")!.level).toBe("disabled");
    });

    it("fills in the defaults of the schema", () => {
        expect(settings({}).get("waf-attached")).toEqual({ level: "mandatory", properties: { exemptions: [] } });
    });

    it("is refused with every problem at once", () => {
        const wrong = {
            all: "strict",
            "waf-atached": "advisory",
            "waf-logged": { enforcementLevel: "sometimes" },
            "waf-blocks": { exemptions: [{ resource: "x" }] },
        };
        expect(() => settings(wrong)).toThrow(/all: found "strict"/);
        expect(() => settings(wrong)).toThrow(/waf-atached: no such policy; did you mean 'waf-attached'\?/);
        expect(() => settings(wrong)).toThrow(/waf-logged.enforcementLevel: found "sometimes"/);
        expect(() => settings(wrong)).toThrow(/waf-blocks.exemptions.0: must have required property 'reason'/);
    });

    it("is read from a file, or the file's trouble is told", () => {
        const file = path.join(folder, "levels.json");
        expect(() => readPolicyConfig(file)).toThrow(/cannot read the policy configuration/);
        writeFileSync(file, "[]");
        expect(() => readPolicyConfig(file)).toThrow(/allowed is a mapping of policies to levels/);
        writeFileSync(file, '{ "all": "advisory" }');
        expect(readPolicyConfig(file)).toEqual({ all: "advisory" });
    });
});
