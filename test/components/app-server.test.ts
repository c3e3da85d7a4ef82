import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load } from "js-yaml";
import { renderAppServer } from "../../components/app-pair/host/app-server";
import { applicationUnit } from "../../components/app-pair/host/units";
import { awsHost } from "../../components/host/cloud-host";
import { OperatingSystem } from "../../components/host/operating-system";
import { renderCloudConfig, userDataLimit } from "../../components/host/cloud-init";
import { sharedDirectories } from "../../components/reference";
import { type CloudConfig, createHost, type Host, startHealthyApp } from "../support/host";

const mounts = sharedDirectories.map((directory) => ({
    directory,
    source: "fs-0123456789abcdef0:/",
    type: "efs",
    options: "_netdev,tls,iam",
}));

function render(os: OperatingSystem = OperatingSystem.AmazonLinux2023): string {
    const cloud = awsHost(os, "us-east-1", "/app");
    return renderAppServer({ cloud, postgresMajor: "17", databaseCaUrl: "https://example.com/ca.pem", mounts });
}

let host: Host;
let folder: string;
beforeEach(() => {
    host = createHost();
    ({ folder } = host);
});
afterEach(() => host.remove());

describe("user data of an application server", () => {
    it.each([OperatingSystem.AmazonLinux2023, OperatingSystem.Debian13])(
        "with %s is a cloud-config that AWS accepts, with scripts that parse",
        (os) => {
            const text = render(os);
            expect(text.startsWith("#cloud-config\n")).toBe(true);
            expect(Buffer.byteLength(text)).toBeLessThan(userDataLimit);
            const { write_files: files, runcmd } = load(text) as CloudConfig;
            expect(runcmd).toEqual([["bash", "-c", "until /usr/local/lib/minusnow/setup; do sleep 30; done"]]);
            for (const { path: file, content } of files.filter(({ content: text_ }) =>
                text_.startsWith("#!/bin/bash"),
            )) {
                expect(execFileSync("bash", ["-n"], { input: content, encoding: "utf8" }), file).toBe("");
            }
            for (const { path: file, permissions } of files.filter(({ path: name }) =>
                name.startsWith("/usr/local/lib/minusnow/"),
            )) {
                expect(permissions, file).toBe("0755");
            }
        },
    );

    it("refuses to grow beyond what clouds accept", () => {
        const file = { path: "/big", permissions: "0644", content: "x".repeat(userDataLimit) };
        expect(() => renderCloudConfig({ files: [file], commands: [] })).toThrow("allowed are 16384");
    });

    it("turns password logins off (checklist, SSH key-based authentication only)", () => {
        const { write_files: files } = load(render()) as CloudConfig;
        const sshd = files.find(({ path: file }) => file === "/etc/ssh/sshd_config.d/10-minusnow.conf")!;
        expect(sshd.content.split("\n")).toEqual(
            expect.arrayContaining([
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "PermitRootLogin no",
            ]),
        );
    });
});

describe("the application's unit (guide, step 2)", () => {
    it.each([
        "Type=simple",
        "User=minusnow",
        "Group=minusnow",
        "WorkingDirectory=/opt/minusnow",
        "ExecStart=/usr/bin/node dist/index.cjs",
        "Restart=always",
        "RestartSec=10",
        "LimitNOFILE=65535",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "EnvironmentFile=/opt/minusnow/.env",
        "WantedBy=multi-user.target",
    ])("has %s", (line) => {
        expect(applicationUnit.split("\n")).toContain(line);
    });

    it("may write to all five shared directories and waits for their mounts", () => {
        const paths = sharedDirectories.map((directory) => `/opt/minusnow/${directory}`).join(" ");
        expect(applicationUnit).toContain(`\nReadWritePaths=${paths}\n`);
        expect(applicationUnit).toContain(`\nRequiresMountsFor=${paths}\n`);
    });
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe.skipIf(!hasSystemd)("the units, as systemd reads them", () => {
    beforeEach(() => {
        host.boot(render());
    });
    const unit = (name: string) => path.join(folder, "etc/systemd/system", name);

    it("have no setting that systemd does not know", () => {
        const units = ["minusnow.service", "minusnow-storage.service", "minusnow-environment.service"].map(unit);
        const env = { ...process.env, SYSTEMD_UNIT_PATH: `${path.join(folder, "etc/systemd/system")}:` };
        const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8", env });
        const complaints = stderr
            .split("\n")
            .filter((line) => /minusnow/.test(line) && !/is not executable/.test(line));
        expect(complaints).toEqual([]);
    });

    it("expose the application to 3.0 or less of 10", () => {
        const args = ["security", "--offline=true", "--threshold=30", "--no-pager", unit("minusnow.service")];
        const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
        expect(status, stdout.split("\n").slice(-3).join("\n")).toBe(0);
    });
});

describe("the environment file (guide, step 6)", () => {
    const settings = {
        environment: { NODE_ENV: "production", SMTP_USER: 'no"reply\\$x`' },
        secrets: { SESSION_SECRET: "arn:session" },
        database: { host: "db.example.com", port: 5432, name: "minusnow_db", secretId: "arn:db" },
        sessionStore: { scheme: "rediss", host: "cache.example.com", port: 6379, secretId: "arn:cache" },
    };

    it("is assembled from settings and secrets, escaped, readable by root alone", () => {
        host.boot(render());
        host.fakeCommand(
            "aws",
            `case "$*" in
            *"/app/settings"*) echo '${JSON.stringify(settings)}' ;;
            *arn:session*) echo 's3cr3t-s3ss10n' ;;
            *arn:db*) echo '{"username":"minusnow","password":"p@ss/w:rd#1"}' ;;
            *arn:cache*) echo 'to!ken-&1' ;;
            *) exit 9 ;;
            esac`,
        );
        const file = path.join(folder, ".env");
        const { status, stderr, stdout } = host.run("environment.mjs", {
            REGION: "us-east-1",
            SETTINGS: "/app",
            ENVIRONMENT_FILE: file,
        });
        expect(stderr).toBe("");
        expect(status).toBe(0);
        expect(stdout).toBe("");
        expect(statSync(file).mode & 0o777).toBe(0o600);
        const text = readFileSync(file, "utf8");
        expect(parseEnv(text.replace(/^SMTP_USER.*$/m, ""))).toMatchObject({
            NODE_ENV: "production",
            SESSION_SECRET: "s3cr3t-s3ss10n",
            DATABASE_URL: "postgres://minusnow:p%40ss%2Fw%3Ard%231@db.example.com:5432/minusnow_db?sslmode=verify-full",
            REDIS_URL: "rediss://:to!ken-%261@cache.example.com:6379",
        });
        expect(text).toContain('SMTP_USER="no\\"reply\\\\\\$x\\`"');
    });

    it("is left as it was when a secret cannot be read", () => {
        host.boot(render());
        host.fakeCommand(
            "aws",
            `case "$*" in *settings*) echo '${JSON.stringify(settings)}' ;; *) echo denied >&2; exit 255 ;; esac`,
        );
        const file = path.join(folder, ".env");
        writeFileSync(file, "OLD=1\n");
        expect(
            host.run("environment.mjs", { REGION: "us-east-1", SETTINGS: "/app", ENVIRONMENT_FILE: file }).status,
        ).not.toBe(0);
        expect(readFileSync(file, "utf8")).toBe("OLD=1\n");
    });
});

describe("the release script (guide, step 2)", () => {
    let env: Record<string, string>;
    let archive: string;
    let healthy: Awaited<ReturnType<typeof startHealthyApp>>;
    afterEach(() => healthy.stop());

    beforeEach(async () => {
        healthy = await startHealthyApp();
        host.boot(render());
        const app = path.join(folder, "app");
        mkdirSync(path.join(app, "data"), { recursive: true });
        env = {
            REGION: "us-east-1",
            SETTINGS: "/app",
            APP_DIRECTORY: app,
            APP_USER: "nobody",
            APP_PORT: healthy.port,
            RELEASE_LOG: path.join(folder, "release.log"),
            RELEASE_LOCK: path.join(folder, "release.lock"),
            ENVIRONMENT_FILE: path.join(app, ".env"),
        };
        const content = path.join(folder, "content");
        mkdirSync(path.join(content, "dist"), { recursive: true });
        mkdirSync(path.join(content, "node_modules"));
        writeFileSync(path.join(content, "dist/index.cjs"), "");
        writeFileSync(path.join(content, "package.json"), "{}");
        archive = path.join(folder, "artifact.tar.gz");
        execFileSync("tar", ["-czf", archive, "-C", content, "."]);
        host.fakeCommand("chown", "exit 0");
        host.fakeCommand("systemctl", `echo "$@" >>${folder}/restarts`);
        host.fakeCommand("flock", `echo "$@" >>${folder}/flock; shift; exec "$@"`);
        host.fakeCommand(
            "systemd-run",
            `echo "$@" >>${folder}/units; while [ "$1" != -- ]; do shift; done; shift; exec "$@"`,
        );
        host.fakeCommand("npm", `echo "$@" >>${folder}/migrations`);
    });

    function publish(sha256: string): void {
        const release = { version: "1.2.3", artifact: "s3://releases/1.2.3.tar.gz", sha256 };
        host.fakeCommand(
            "aws",
            `case "$*" in "s3 cp"*) echo download >>${folder}/downloads; cp ${archive} "$5" ;; *"/app/release "*) echo '${JSON.stringify(release)}' ;; *) exit 9 ;; esac`,
        );
    }

    it("installs what the settings name, makes it current and migrates the schema under a lock", () => {
        const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
        publish(sha256);
        const { status, stderr } = host.run("release.mjs", env, "first");
        expect(stderr).toBe("");
        expect(status).toBe(0);
        const app = env["APP_DIRECTORY"]!;
        expect(readlinkSync(path.join(app, "current"))).toBe(path.join(app, `releases/1.2.3-${sha256.slice(0, 12)}`));
        expect(readlinkSync(path.join(app, "verified"))).toBe(path.join(app, `releases/1.2.3-${sha256.slice(0, 12)}`));
        expect(existsSync(path.join(app, "dist/index.cjs"))).toBe(true);
        expect(readFileSync(path.join(folder, "restarts"), "utf8")).toBe("restart minusnow.service\n");
        // As the application's user, who alone has rights in the shared directories.
        expect(readFileSync(path.join(folder, "units"), "utf8")).toContain("--property=User=nobody ");
        expect(readFileSync(path.join(folder, "migrations"), "utf8")).toBe("run db:push\n");
        expect(existsSync(path.join(app, `data/.schema-1.2.3-${sha256.slice(0, 12)}`))).toBe(true);
        expect(existsSync(path.join(app, "data/.schema.lock"))).toBe(true);

        expect(host.run("release.mjs", env, "first").status).toBe(0);
        expect(readFileSync(path.join(folder, "downloads"), "utf8")).toBe("download\n");
    });

    it("refuses an archive with another checksum and leaves nothing behind that could run", () => {
        publish("0".repeat(64));
        const { status, stdout } = host.run("release.mjs", env, "first");
        expect(status).not.toBe(0);
        expect(stdout).toMatch(/^REASON: /);
        expect(stdout).toContain(`allowed is ${"0".repeat(64)}`);
        expect(existsSync(path.join(env["APP_DIRECTORY"]!, "current"))).toBe(false);
        expect(existsSync(path.join(env["APP_DIRECTORY"]!, `releases/1.2.3-${"0".repeat(12)}`))).toBe(false);
    });

    describe("watches a release", () => {
        let sha256: string;
        const watch = (settings: Record<string, string>) =>
            host.run("release.mjs", { ...env, WATCH_MS: "20", ...settings }, "watch", "1.2.3", sha256, "0.2");

        beforeEach(() => {
            sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
            publish(sha256);
            expect(host.run("release.mjs", env, "first").status).toBe(0);
        });

        it("that stays healthy", () => {
            const { status, stdout } = watch({});
            expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
        });

        it("that is ill twice and well again", async () => {
            const app = await startHealthyApp(2);
            const { status, stdout } = watch({ APP_PORT: app.port });
            app.stop();
            expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
        });

        it("that is ill three times in a row", async () => {
            const app = await startHealthyApp(3);
            const { status, stdout } = watch({ APP_PORT: app.port });
            app.stop();
            expect(status).toBe(3);
            expect(stdout).toMatch(/^REASON: it fell ill after \d s: \/health answers 503/);
        });

        it("whose server runs another one by now", () => {
            sha256 = "0".repeat(64);
            const { status, stdout } = watch({});
            expect(status).toBe(3);
            expect(stdout).toContain("it runs 1.2.3-");
        });
    });
});
