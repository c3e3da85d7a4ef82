import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import type { Values } from "../../plan/engine/values";
import { planned, repository } from "../support/plans";
import { writeState } from "../support/states";
import { changed, find } from "../policy/change";

const cli = path.join(repository, "dist/plan/cli.js");
const folder = mkdtempSync(path.join(tmpdir(), "minusnow-check-"));
const state = path.join(folder, "state.json");

function minusnow(...args: string[]) {
    return spawnSync(process.execPath, [cli, "check", ...args], { encoding: "utf8", maxBuffer: 2 ** 26 });
}

/** The same resources with real attestations. */
function attested(resources: Resource[]): Resource[] {
    const readiness = find(resources, "index.Readiness");
    const today = new Date().toISOString().slice(0, 10);
    const inAYear = new Date(Date.now() + 360 * 86_400_000).toISOString().slice(0, 10);
    const real = (list: string) =>
        (readiness.outputs[list] as Values[]).map((entry) => ({
            ...entry,
            example: false,
            date: today,
            expires: inAYear,
            ...(list === "licences" && { renewal: inAYear }),
        }));
    return resources.map((resource) =>
        resource === readiness
            ? changed(changed(resource, "attestations", real("attestations")), "licences", real("licences"))
            : resource,
    );
}

describe("minusnow check", () => {
    let resources: Resource[];
    beforeAll(async () => {
        resources = (await planned("aws-prod")).plan.resources;
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it("passes a deployed stack whose people have attested, with status 0", () => {
        writeState(state, attested(resources));
        const { status, stdout, stderr } = minusnow("--state", state);
        expect(stderr).toBe("");
        expect(stdout).toContain("Checklist: 22 of 22 pass.");
        expect(status).toBe(0);
    });

    it("refuses examples in what is deployed, with status 1", () => {
        writeState(state, resources);
        const { status, stdout } = minusnow("--state", state);
        expect(stdout).toContain("Checklist: 18 of 22 pass, 4 fail.");
        expect(stdout).toContain("runbooks is an example; allowed: a real one");
        expect(status).toBe(1);
    });

    it("judges by the levels of an environment that is named", () => {
        writeState(state, resources);
        expect(minusnow("--state", state, "--environment", "dev").status).toBe(0);
    });

    it("writes the same forms as a plan", () => {
        writeState(state, attested(resources));
        const json = JSON.parse(minusnow("--state", state, "--format", "json").stdout) as {
            stack: string;
            checklist: unknown[];
        };
        expect(json).toMatchObject({ stack: "aws-prod" });
        expect(json.checklist).toHaveLength(22);
        expect(minusnow("--state", state, "--format", "html").stdout).toContain("22 of 22 pass");
    });

    it.each([
        ["nothing there", undefined, "cannot read the state"],
        ["no JSON", "{", "cannot read the state"],
        ["no state", "{}", "is no exported state: deployment.resources is missing"],
        ["an empty state", '{"deployment":{"resources":[]}}', "holds no stack"],
        ["what is no resource", '{"deployment":{"resources":[null]}}', "deployment.resources[0] is no resource"],
        ["a list", "[1]", "is no exported state"],
        ["null", "null", "is no exported state"],
    ])("explains a state file with %s, with status 2", (_, content, message) => {
        const file = path.join(folder, `bad-${message.length}-${String(content).length}.json`);
        if (content !== undefined) {
            writeFileSync(file, content);
        }
        const { status, stderr } = minusnow("--state", file);
        expect(stderr).toContain(message);
        expect(status).toBe(2);
    });
});
