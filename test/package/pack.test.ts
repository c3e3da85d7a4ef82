import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../support/plans";

interface PackedFile {
    path: string;
}

describe("the npm package, installed in a project of its own", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-consumer-"));
    let files: string[];
    const npm = (...args: string[]) =>
        execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

    beforeAll(() => {
        const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
        const [packed] = JSON.parse(execFileSync("npm", args, { cwd: repository, encoding: "utf8" })) as {
            filename: string;
            files: PackedFile[];
        }[];
        files = packed!.files.map(({ path: file }) => file);
        cpSync(path.join(repository, "examples/compose"), folder, { recursive: true });
        const manifest = path.join(folder, "package.json");
        writeFileSync(
            manifest,
            readFileSync(manifest, "utf8").replace('"minusnow": "^0.1.0"', `"minusnow": "file:${packed!.filename}"`),
        );
        npm("install", "--no-audit", "--no-fund", "--prefer-offline");
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("holds what it needs and nothing of the workshop", () => {
        for (const file of [
            "dist/components/aws.js",
            "dist/components/aws.d.ts",
            "dist/components/azure.js",
            "dist/components/azure.d.ts",
            "dist/plan/cli.js",
            "dist/plugin/provider.js",
            "plugin/PulumiPlugin.yaml",
            "plugin/schema.json",
            "dist/components/database/bootstrap/bundle.js",
            "dist/components/database/bootstrap/machine.cjs",
            "dist/components/operations/host/files/backup.mjs",
            "dist/components/app-pair/host/files/setup.sh",
            "LICENSE",
            "README.md",
        ]) {
            expect(files).toContain(file);
        }
        expect(files.filter((file) => /^(test|bench|scripts|examples|node_modules|\.)/.test(file))).toEqual([]);
    });

    it("gives types to a strict program", () => {
        expect(npm("run", "build")).not.toContain("error");
    });

    it("compiles what the README shows of each entry point, and a program for Azure", () => {
        const shown = [...readFileSync(path.join(repository, "README.md"), "utf8").matchAll(/^```ts\n([^]*?)^```/gm)];
        expect(shown).toHaveLength(2);
        const own = 'import type { Policies } from "@pulumi/policy";\nconst ourPolicies: Policies = [];\n';
        const azure = `import { AzureDeployment } from "minusnow/azure";
            export const make = () => new AzureDeployment("itsm", {
                hostname: "itsm.example.com",
                supportEmail: "support@example.com",
                mail: { host: "smtp.example.com", user: "noreply@example.com", passwordSecretId: "secret" },
                appPair: { sshPublicKey: "ssh-ed25519 AAAA" },
                release: { version: "1.0.0", artifact: "https://a/b/c", sha256: "0", storageId: "account" },
            });`;
        const programs = { "shown-1": shown[0]![1]!, "shown-2": own + shown[1]![1]!, azure };
        for (const [name, text] of Object.entries(programs)) {
            writeFileSync(path.join(folder, `${name}.ts`), text);
        }
        const names = Object.keys(programs).map((name) => `${name}.ts`);
        const options = [
            "--noEmit",
            "--strict",
            "--module",
            "node16",
            "--moduleResolution",
            "node16",
            "--target",
            "es2022",
        ];
        const { status, stdout } = spawnSync("npx", ["tsc", ...options, "--skipLibCheck", ...names], {
            cwd: folder,
            encoding: "utf8",
        });
        names.forEach((name) => rmSync(path.join(folder, name)));
        expect(stdout).toBe("");
        expect(status).toBe(0);
    });

    it("refuses a wrong argument by its types", () => {
        const program = path.join(folder, "index.ts");
        const text = readFileSync(program, "utf8");
        writeFileSync(program, text.replace("storageGib: reference.databaseStorageGib", 'storageGib: "500"'));
        const { status, stdout } = spawnSync("npx", ["tsc", "--noEmit"], { cwd: folder, encoding: "utf8" });
        writeFileSync(program, text);
        expect(status).not.toBe(0);
        expect(stdout).toContain("Type 'string' is not assignable to type 'number'");
    });

    it("plans the program with the package's own command", () => {
        const { status, stdout, stderr } = spawnSync("npx", ["minusnow", "plan", "dev", "--format", "json"], {
            cwd: folder,
            encoding: "utf8",
            maxBuffer: 2 ** 26,
        });
        expect(stderr).toBe("");
        expect(status).toBe(0);
        const { outputs, resources } = JSON.parse(stdout) as {
            outputs: Record<string, string>;
            resources: { type: string; inputs: Record<string, unknown> }[];
        };
        expect(outputs["writerHost"]).toMatch(/^desk-db-primary-.*\.eu-central-1\.rds\.amazonaws\.com$/);
        expect(resources.find(({ type }) => type === "aws:ec2/vpc:Vpc")!.inputs["cidrBlock"]).toBe("10.40.0.0/16");
    });

    it("loads no cloud's SDK from its main entry point, and no second cloud's from the first's", () => {
        const loaded = (entry: string) => {
            const script = `require(${JSON.stringify(entry)}); console.log(JSON.stringify(Object.keys(require.cache)))`;
            return JSON.parse(
                execFileSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" }),
            ) as string[];
        };
        expect(loaded("minusnow").filter((file) => /@pulumi\/(aws|azure)/.test(file))).toEqual([]);
        const clouds = [
            { own: "aws", other: "azure-native" },
            { own: "azure", sdk: "azure-native", other: "aws" },
        ];
        for (const { own, sdk = own, other } of clouds) {
            const program = path.join(folder, "node_modules/minusnow/dist/stacks", `${own}.js`);
            for (const entry of [`minusnow/${own}`, program]) {
                const files = loaded(entry);
                expect(
                    files.some((file) => file.includes(`@pulumi/${sdk}/`)),
                    entry,
                ).toBe(true);
                expect(
                    files.filter((file) => file.includes(`@pulumi/${other}/`)),
                    entry,
                ).toEqual([]);
            }
        }
    });
});
