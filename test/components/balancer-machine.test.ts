import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { awsHost } from "../../components/host/cloud-host";
import { userDataLimit } from "../../components/host/cloud-init";
import { OperatingSystem } from "../../components/host/operating-system";
import { renderBalancerMachine, renderConfiguration } from "../../components/load-balancer/host/machine";
import { createHost, type Host } from "../support/host";

const kinds = ["haproxy", "nginx"] as const;
const systems = [OperatingSystem.AmazonLinux2023, OperatingSystem.Ubuntu2404, OperatingSystem.Debian13];
const hostname = "minusnow.example.com";

let host: Host;
beforeEach(() => (host = createHost()));
afterEach(() => host.remove());

describe.each(kinds)("user data of a balancer with %s", (kind) => {
    const render = (os: OperatingSystem) => renderBalancerMachine({ cloud: awsHost(os, "us-east-1", "/lb"), kind });

    it.each(systems)("fits on %s, and its scripts parse", (os) => {
        const userData = render(os);
        expect(Buffer.byteLength(userData)).toBeLessThan(userDataLimit);
        for (const { path: file } of host.boot(userData).write_files) {
            const own = path.join(host.folder, file);
            if (/\.mjs$/.test(file)) {
                expect(execFileSync(process.execPath, ["--check", own], { encoding: "utf8" }), file).toBe("");
            } else if (file.startsWith("/usr/local/lib/minusnow/")) {
                expect(execFileSync("bash", ["-n", own], { encoding: "utf8" }), file).toBe("");
            }
        }
    });

    it("installs the program and the firewall of its system's family (guide, step 1)", () => {
        const packages = (os: OperatingSystem) => /PACKAGES="([^"]*)"/.exec(render(os))![1]!.split(" ");
        expect(packages(OperatingSystem.AmazonLinux2023)).toEqual([kind, "firewalld"]);
        expect(packages(OperatingSystem.Debian13)).toEqual([kind, "ufw"]);
    });

    it("holds no secret and nothing that may change while it runs", () => {
        const text = render(OperatingSystem.Debian13);
        expect(text).not.toMatch(/PRIVATE KEY|10\.0\.1\.10/);
        const members = [{ name: "app1", address: "10.0.1.10" }];
        const own = { hostname, members, mode: "active-active", rateLimitPerMinute: 2000 } as const;
        const document = renderConfiguration(kind, OperatingSystem.Debian13, own);
        expect(JSON.parse(document)).toMatchObject({ members: { app1: "10.0.1.10" } });
    });

    const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
    it.skipIf(!hasSystemd)("has no unit with a setting that systemd does not know", () => {
        const units = host
            .boot(render(OperatingSystem.Debian13))
            .write_files.map(({ path: file }) => file)
            .filter((file) => /^\/etc\/systemd\/system\/[^/]+\.(service|timer)$/.test(file))
            .map((file) => path.join(host.folder, file));
        const env = { ...process.env, SYSTEMD_UNIT_PATH: `${path.join(host.folder, "etc/systemd/system")}:` };
        const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8", env });
        const complaints = stderr
            .split("\n")
            .filter((line) => /minusnow/.test(line) && !/is not executable/.test(line));
        expect(complaints).toEqual([]);
    });
});
