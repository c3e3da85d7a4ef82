import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planned, type PlannedStack } from "../support/plans";

interface Command {
    source: { script: string };
    parameters: { name: string; value: string }[];
}

const jobs = ["database", "files", "audit-logs", "configuration"];
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("what azure-prod schedules on its operations machine (guide, Backup Strategy)", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "minusnow-schedule-"));
    afterAll(() => rmSync(folder, { recursive: true }));
    const inFolder = (...parts: string[]) => path.join(folder, ...parts);
    const unit = (job: string, kind: string) => inFolder("etc/systemd/system", `minusnow-backup-${job}.${kind}`);

    let at: PlannedStack;
    const commandOf = (job: string): Command => {
        const { inputs } = at.one("compute.VirtualMachineRunCommandByVirtualMachine", `-backup-${job}`);
        const { source, parameters } = inputs;
        return { source: source as Command["source"], parameters: parameters as Command["parameters"] };
    };
    const parameter = (job: string, name: string) =>
        commandOf(job).parameters.find((each) => each.name === name)?.value;

    /** Runs a command's script as the machine's agent does, in a folder that stands for `/`. */
    const apply = (job: string) => {
        const { source, parameters } = commandOf(job);
        const script = source.script.replaceAll(/(?<![\w.])\/(etc|var)\//g, `${folder}/$1/`);
        const variables = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
        return spawnSync("bash", ["--norc", "-c", script], {
            encoding: "utf8",
            env: { PATH: `${inFolder("bin")}:${process.env["PATH"]}`, ...variables },
        });
    };

    beforeAll(async () => {
        at = await planned("azure-prod");
        for (const place of ["bin", "etc/minusnow", "etc/systemd/system", "var/lib/minusnow-backup"]) {
            mkdirSync(inFolder(place), { recursive: true });
        }
        const record = (name: string) =>
            writeFileSync(inFolder("bin", name), `#!/bin/bash\necho "${name} $*" >>${inFolder("calls")}\n`, {
                mode: 0o755,
            });
        ["systemctl", "cloud-init"].forEach(record);
        for (const job of jobs) {
            expect(apply(job), job).toMatchObject({ status: 0, stderr: "" });
        }
    });

    it("waits for the first boot, starts each timer, and does once what was never done", () => {
        const calls = readFileSync(inFolder("calls"), "utf8").trim().split("\n");
        for (const job of jobs) {
            expect(calls).toContain(`systemctl enable --now minusnow-backup-${job}.timer`);
        }
        expect(calls).toContain("systemctl start --no-block minusnow-backup-database.service");
        expect(calls).toContain("systemctl start minusnow-backup-configuration.service");
        expect(calls[0]).toBe("cloud-init status --wait");
    });

    it("does not repeat a job that was done, when it is scheduled again", () => {
        writeFileSync(inFolder("var/lib/minusnow-backup/database.completed"), "");
        writeFileSync(inFolder("calls"), "");
        expect(apply("database")).toMatchObject({ status: 0 });
        expect(readFileSync(inFolder("calls"), "utf8")).not.toContain("systemctl start");
    });

    it("gives each job a plan that names secrets and holds none", () => {
        for (const job of jobs) {
            const text = readFileSync(inFolder(`etc/minusnow/backup-${job}.json`), "utf8");
            expect(JSON.parse(text)).toMatchObject({
                store: expect.stringMatching(/^https:\/\/\w+\.blob\.core\.windows\.net$/) as unknown,
            });
            expect(text.trim()).toBe(parameter(job, "PLAN"));
        }
        const { database } = JSON.parse(parameter("database", "PLAN")!) as { database: Record<string, unknown> };
        expect(Object.keys(database).sort()).toEqual(["host", "name", "port", "secretId"]);
    });

    it("is scheduled anew when the machine is another one, and the configuration when it changes", () => {
        for (const job of jobs) {
            expect(parameter(job, "MACHINE"), job).toBeTruthy();
        }
        expect(parameter("configuration", "CONTENT")).toMatch(/^[0-9a-f]{64}$/);
    });

    it("waits for the shared directories where a job reads them, and for nothing else", () => {
        for (const job of jobs) {
            const needsFiles = ["files", "audit-logs"].includes(job);
            expect(
                readFileSync(unit(job, "service"), "utf8").includes("\nRequires=minusnow-storage.service\n"),
                job,
            ).toBe(needsFiles);
        }
        expect(readFileSync(unit("audit-logs", "service"), "utf8")).toContain("\nEnvironment=TIER=Archive\n");
    });

    describe.skipIf(!hasSystemd)("as systemd reads it", () => {
        it("has no setting that systemd does not know", () => {
            writeFileSync(
                inFolder("etc/systemd/system/minusnow-storage.service"),
                "[Service]\nType=oneshot\nExecStart=/bin/true\n",
            );
            const units = jobs.flatMap((job) => [unit(job, "service"), unit(job, "timer")]);
            expect(units.every((file) => existsSync(file))).toBe(true);
            const env = { ...process.env, SYSTEMD_UNIT_PATH: `${inFolder("etc/systemd/system")}:` };
            const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], {
                encoding: "utf8",
                env,
            });
            const complaints = stderr
                .split("\n")
                .filter((line) => /minusnow-backup/.test(line) && !/is not executable/.test(line));
            expect(complaints).toEqual([]);
        });

        it.each([
            ["database", 6 * 3600],
            ["files", 24 * 3600],
            ["audit-logs", 7 * 24 * 3600],
            ["configuration", 3600],
        ])("runs %s every %d seconds", (job, seconds) => {
            const calendar = /^OnCalendar=(.*)$/m.exec(readFileSync(unit(job, "timer"), "utf8"))![1]!;
            const { stdout } = spawnSync("systemd-analyze", ["calendar", "--iterations=5", calendar], {
                encoding: "utf8",
                env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
            });
            const times = [...stdout.matchAll(/(?:Next elapse|Iteration #\d+|Iter\. #\d+): (.*)$/gm)].map(([, time]) =>
                Date.parse(time!.replace(/^\w+ /, "").replace(" UTC", "Z").replace(" ", "T")),
            );
            expect(times).toHaveLength(5);
            const gaps = times.slice(1).map((time, place) => (time - times[place]!) / 1000);
            expect(new Set(gaps)).toEqual(new Set([seconds]));
        });
    });
});
