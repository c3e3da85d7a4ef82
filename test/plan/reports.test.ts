import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import Ajv from "ajv";
import { XMLParser } from "fast-xml-parser";
import { chromium as driver } from "playwright-core";
import type { Log } from "sarif";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checklist as guide } from "../../components/reference";
import { chromium } from "../support/browser";
import { repository } from "../support/plans";

const cli = path.join(repository, "dist/plan/cli.js");
const folder = mkdtempSync(path.join(tmpdir(), "minusnow-reports-"));
afterAll(() => rmSync(folder, { recursive: true }));

function report(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "plan", ...args], {
        cwd: repository,
        encoding: "utf8",
        maxBuffer: 2 ** 27,
    });
    return { status, stdout, stderr };
}

/** Levels by which aws-dev breaks mandatory policies. */
const strict = path.join(folder, "strict.json");
beforeAll(() => writeFileSync(strict, '{ "all": "mandatory" }'));
const broken = ["aws-dev", "--policy-config", strict];

describe("plan with policies", () => {
    it("prints 22 lines by section, what is broken with its fix, and ends with status 1", () => {
        const { status, stdout } = report(...broken);
        expect(status).toBe(1);
        const lines = stdout.split("\n");
        for (const { title } of guide) {
            expect(
                lines.filter((line) =>
                    new RegExp(
                        `^ {4}(PASS|FAIL|UNKNOWN|NOT APPLICABLE|EXEMPT) +${title.replace(/[()]/g, "\\$&")}`,
                    ).test(line),
                ),
                title,
            ).toHaveLength(1);
        }
        expect(stdout).toContain(
            "database-standby  The primary has a synchronous standby in another zone (critical, mandatory)",
        );
        expect(stdout).toContain("fix: Turn on multiAz");
        expect(stdout).toContain("Checklist: 11 of 22 pass, 11 fail.");
        expect(stdout).toMatch(/and it breaks a mandatory policy\.\n$/);
    });

    it("ends with status 0 where the same findings are advisory", () => {
        const { status, stdout } = report("aws-dev");
        expect(status).toBe(0);
        expect(stdout).toContain("levels: policy/levels/dev.json");
    });

    it("runs none when told so", () => {
        const { status, stdout } = report("aws-dev", "--no-policies");
        expect(status).toBe(0);
        expect(stdout).not.toContain("Pre-production checklist");
    });

    it.each([
        [["--policy-config", "/nowhere.json"], "cannot read the policy configuration /nowhere.json"],
        [["--policy-pack", "/tmp"], "/tmp is no policy pack: it has no PulumiPolicy.yaml"],
        [["--format", "sarif", "--no-policies"], "leave --no-policies out"],
    ])("explains the mistake in %j with status 2", (args, message) => {
        const { status, stderr } = report("aws-dev", ...args);
        expect(stderr).toContain(message);
        expect(status).toBe(2);
    });

    it("explains a pack's file that is no YAML with status 2", () => {
        const pack = path.join(folder, "no-yaml");
        mkdirSync(pack);
        writeFileSync(path.join(pack, "PulumiPolicy.yaml"), "runtime: [nodejs\n");
        const { status, stderr } = report("aws-dev", "--policy-pack", pack);
        expect(stderr).toMatch(/^error: not well-formed YAML\n.*PulumiPolicy\.yaml: .* at line 2, column 1:/);
        expect(status).toBe(2);
    });

    const ownPack = (name: string, parameters: string) =>
        `new (require("@pulumi/policy").PolicyPack)("own", { policies: [{ ${name}, description: "Networks carry a cost centre", enforcementLevel: "mandatory",
             validateResource: (${parameters}) => type === "aws:ec2/vpc:Vpc" && !props.tags.costCentre && report("no costCentre") }] });`;
    const plain = ownPack('name: "tagged"', "{ type, props }, report");
    const compilerless = "runtime: { name: nodejs, options: { typescript: false } }";
    it.each([
        ["in JavaScript", "runtime: nodejs", "index.js", plain],
        ["in JavaScript that needs no compiler", compilerless, "index.js", plain],
        [
            "in JavaScript that exports a function and leaves an error to nobody",
            compilerless,
            "index.js",
            `module.exports = async () => { Promise.reject(new Error("nobody waits")); ${plain} };`,
        ],
        [
            "in TypeScript",
            "runtime: nodejs",
            "index.ts",
            `const name: string = "tagged"; ${ownPack("name", "{ type, props }: any, report: any")}`,
        ],
    ])("runs another pack %s beside the checklist's", (what, runtime, main, program) => {
        const pack = path.join(folder, what.replaceAll(" ", "-"));
        mkdirSync(pack);
        writeFileSync(path.join(pack, "PulumiPolicy.yaml"), `${runtime}\n`);
        writeFileSync(path.join(pack, "package.json"), `{ "name": "own", "version": "1.0.0", "main": "${main}" }`);
        symlinkSync(path.join(repository, "node_modules"), path.join(pack, "node_modules"));
        writeFileSync(path.join(pack, main), program);
        const { status, stdout } = report("aws-dev", "--policy-pack", path.join(repository, "policy"), pack);
        expect(stdout).toContain("tagged (own, mandatory) minusnow-dev-net: Networks carry a cost centre");
        expect(status).toBe(1);
    });

    it("tells what a pack printed that ends in the middle", () => {
        const pack = path.join(folder, "ending");
        mkdirSync(pack);
        writeFileSync(path.join(pack, "PulumiPolicy.yaml"), `${compilerless}\n`);
        writeFileSync(path.join(pack, "package.json"), '{ "name": "ending", "version": "1.0.0", "main": "index.js" }');
        symlinkSync(path.join(repository, "node_modules"), path.join(pack, "node_modules"));
        writeFileSync(
            path.join(pack, "index.js"),
            `new (require("@pulumi/policy").PolicyPack)("ending", { policies: [{ name: "ends", description: "Ends", enforcementLevel: "mandatory",
                 validateStack: () => { console.error("out of cheese"); process.exit(7); } }] });`,
        );
        const { status, stderr } = report("aws-dev", "--policy-pack", pack);
        expect(stderr).toContain("failed: it ended with status 7");
        expect(stderr).toContain("out of cheese");
        expect(status).toBe(2);
    });
});

describe("reports", () => {
    it("json carries the checklist with status, rules and resources", () => {
        const { checklist } = JSON.parse(report(...broken, "--format", "json").stdout) as {
            checklist: {
                id: string;
                section: string;
                title: string;
                status: string;
                rules: unknown[];
                resources: string[];
            }[];
        };
        expect(checklist.map(({ id, section, title }) => ({ id, section, title }))).toEqual(guide);
        expect(new Set(checklist.map(({ status }) => status))).toEqual(new Set(["pass", "fail"]));
        expect(checklist.every(({ rules }) => rules.length > 0)).toBe(true);
    });

    it("sarif fits its schema and points at the stack file's line and the component", () => {
        const log = JSON.parse(report(...broken, "--format", "sarif").stdout) as Log;
        const schema = path.join(
            path.dirname(createRequire(import.meta.url).resolve("@microsoft/jest-sarif/package.json")),
            "lib/schemas/sarif-2.1.0-rtm.5.json",
        );
        const definition = JSON.parse(readFileSync(schema, "utf8")) as { $schema?: string; id?: string };
        // The schema is written in draft 04, which names these otherwise.
        delete definition.$schema;
        delete definition.id;
        const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(definition);
        expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
        const [run] = log.runs;
        const standby = run!.results!.find(({ ruleId }) => ruleId === "database-standby")!;
        expect(standby.level).toBe("error");
        const [location] = standby.locations!;
        expect(location!.physicalLocation!.artifactLocation!.uri).toBe("stacks/Pulumi.aws-dev.yaml");
        expect(location!.logicalLocations![0]!.fullyQualifiedName).toBe(
            "minusnow-aws-dev/minusnow-dev/minusnow-dev-db/minusnow-dev-db-primary",
        );
        const ids = new Set(run!.tool.driver.rules!.map(({ id }) => id));
        expect(run!.results!.every(({ ruleId }) => ids.has(ruleId!))).toBe(true);
        const prod = JSON.parse(report("aws-prod", "--format", "sarif").stdout) as Log;
        const example = prod.runs[0]!.results!.find(({ message }) => message.text!.includes("example"))!;
        const line = example.locations![0]!.physicalLocation!.region!.startLine!;
        const file = readFileSync(path.join(repository, "stacks/Pulumi.aws-prod.yaml"), "utf8");
        expect(file.split("\n")[line - 1]).toBe("  minusnow:readiness:");
    });

    it("junit is well formed, with a failure for each broken mandatory rule", () => {
        const { stdout } = report(...broken, "--format", "junit");
        const { testsuites } = new XMLParser({
            ignoreAttributes: false,
            isArray: (name) => ["testsuite", "testcase"].includes(name),
        }).parse(stdout) as {
            testsuites: { testsuite: { "@_name": string; testcase: { "@_name": string; failure?: unknown }[] }[] };
        };
        expect(testsuites.testsuite.map((suite) => suite["@_name"])).toEqual(
            ["infrastructure", "security", "operational", "licensing"].map((section) => `aws-dev ${section}`),
        );
        const cases = testsuites.testsuite.flatMap(({ testcase }) => testcase);
        expect(cases.length).toBeGreaterThan(60);
        expect(cases.filter((test) => test["@_name"].includes("synchronous standby"))[0]).toHaveProperty("failure");
    });

    it.skipIf(chromium === undefined)("html is one page that a browser shows and prints", async () => {
        const file = path.join(folder, "report.html");
        const { stdout } = report(...broken, "--format", "html");
        writeFileSync(file, stdout);
        expect(stdout).not.toMatch(/(src|href)=/);
        const browser = await driver.launch({ executablePath: chromium!, args: ["--no-sandbox"] });
        try {
            const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
            const requests: string[] = [];
            const errors: string[] = [];
            page.on("request", (request) => requests.push(request.url()));
            page.on("pageerror", (error) => errors.push(error.message));
            await page.goto(`file://${file}`);
            expect(await page.locator("tr").count()).toBe(22);
            expect(await page.locator("td.fail").count()).toBe(11);
            expect(await page.locator("h1").innerText()).toBe("Pre-production checklist of aws-dev");
            await page.setViewportSize({ width: 320, height: 700 });
            expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
            const pdf = await page.pdf({ format: "A4" });
            expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
            expect(requests).toEqual([`file://${file}`]);
            expect(errors).toEqual([]);
        } finally {
            await browser.close();
        }
    });
});
