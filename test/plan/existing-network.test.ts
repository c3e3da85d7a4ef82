import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { plan } from "../../plan/plan";
import { repository } from "../support/plans";

const folder = mkdtempSync(path.join(tmpdir(), "minusnow-network-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** aws-prod in a network that is there already. */
function projectInExistingNetwork(): string {
    const subnets = (role: string) => `[subnet-0${role}1aaaaaaaa, subnet-0${role}2bbbbbbbb]`;
    const network = ["edge", "app", "database", "storage", "cache"].map((role) => `      ${role}: ${subnets(role)}`);
    const stack = readFileSync(path.join(repository, "stacks/Pulumi.aws-prod.yaml"), "utf8");
    mkdirSync(folder, { recursive: true });
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "package.json"), "{}");
    writeFileSync(
        path.join(folder, "Pulumi.yaml"),
        `name: minusnow\nruntime: { name: nodejs, options: { typescript: false } }\nmain: ${repository}/dist/stacks/index.js\n`,
    );
    writeFileSync(
        path.join(folder, "Pulumi.prod.yaml"),
        [
            stack.trimEnd(),
            "  minusnow:network:",
            "    networkId: vpc-0a1b2c3d4e5f60718",
            "    subnetIds:",
            ...network,
            "",
        ].join("\n"),
    );
    return folder;
}

describe("a deployment in an existing network", () => {
    it("fails no rule for what only the network's owner knows", async () => {
        const directory = projectInExistingNetwork();
        for (const unknowns of [false, true]) {
            const { outcome, policies } = await plan({
                directory,
                stack: "prod",
                unknowns,
                policies: { dryRun: true },
            });
            expect(policies!.checklist!.filter(({ status }) => status === "fail")).toEqual([]);
            expect(outcome).toBe("planned");
            const undecided = policies!.checklist!.filter(({ status }) => status === "unknown").map(({ id }) => id);
            expect(undecided).toContain("firewall");
        }
    });
});
