import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { plan } from "../../plan/plan";
import { repository } from "../support/plans";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const roles = ["edge", "app", "database", "storage", "cache"];
const azureNetwork = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub";
const clouds = [
    {
        stack: "aws-prod",
        networkId: "vpc-0a1b2c3d4e5f60718",
        subnetsOf: (role: string) => [`subnet-0${role}1aaaaaaaa`, `subnet-0${role}2bbbbbbbb`],
    },
    {
        stack: "azure-prod",
        networkId: azureNetwork,
        subnetsOf: (role: string) => [`${azureNetwork}/subnets/${role}`],
    },
];

/** A shipped stack in a network that is there already. */
function projectInExistingNetwork({ stack, networkId, subnetsOf }: (typeof clouds)[number]): string {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-network-"));
    folders.push(folder);
    const shipped = readFileSync(path.join(repository, `stacks/Pulumi.${stack}.yaml`), "utf8");
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "package.json"), "{}");
    writeFileSync(
        path.join(folder, "Pulumi.yaml"),
        `name: minusnow\nruntime: { name: nodejs, options: { typescript: false } }\nmain: ${repository}/dist/stacks/index.js\n`,
    );
    writeFileSync(
        path.join(folder, "Pulumi.prod.yaml"),
        [
            shipped.trimEnd(),
            "  minusnow:network:",
            `    networkId: ${networkId}`,
            "    subnetIds:",
            ...roles.map((role) => `      ${role}: [${subnetsOf(role).join(", ")}]`),
            "",
        ].join("\n"),
    );
    return folder;
}

describe.each(clouds)("$stack in an existing network", (cloud) => {
    it("fails no rule for what only the network's owner knows", async () => {
        const directory = projectInExistingNetwork(cloud);
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
