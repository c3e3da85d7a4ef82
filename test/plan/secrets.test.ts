import path from "node:path";
import { describe, expect, it } from "vitest";
import { renderJson } from "../../plan/report/json";
import { renderText } from "../../plan/report/text";
import { plan } from "../../plan/plan";
import { repository } from "../support/plans";
import { project } from "../support/projects";

const PASSWORD = "correct-horse-battery";

/** A program that passes a password in clear, as a careless one would. */
const careless = `
    const { AwsDeployment } = require(${JSON.stringify(path.join(repository, "dist/components/aws"))});
    new AwsDeployment("m", {
        hostname: "m.example.com", dnsZone: "example.com", supportEmail: "s@example.com",
        mail: { host: "smtp.example.com", user: "u", password: ${JSON.stringify(PASSWORD)} },
        release: { version: "1", artifact: "s3://b/k.tar.gz", sha256: "${"0".repeat(64)}" },
    });`;

describe("a password that a program passes in clear", () => {
    it("is secret in every resource and component, and in both reports", async () => {
        const made = await plan({ directory: project(careless), stack: "dev" });
        expect(made.outcome).toBe("planned");
        expect(renderJson(made)).not.toContain(PASSWORD);
        expect(renderJson(made)).toContain('"secretString": "[secret]"');
        const plain = (text: string) => text;
        const style = { bold: plain, dim: plain, good: plain, bad: plain, accent: plain, width: Infinity };
        expect(renderText(made, style)).not.toContain(PASSWORD);
    });
});
