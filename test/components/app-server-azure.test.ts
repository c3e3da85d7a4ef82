import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderAppServer } from "../../components/app-pair/host/app-server";
import { azureHost } from "../../components/host/cloud-host";
import { sharedDirectories } from "../../components/reference";
import { createHost, type Host, startHealthyApp } from "../support/host";

const vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";
const settingsId = `${vault}/secrets/minusnow-app`;

const userData = renderAppServer({
    mounts: sharedDirectories.map((directory) => ({
        directory,
        source: `files.file.core.windows.net:/files/${directory}`,
        type: "aznfs",
        options: "_netdev,nofail,vers=4",
    })),
    cloud: azureHost("ubuntu-24.04", "identity", settingsId),
    postgresMajor: "17",
});

let host: Host;
beforeEach(() => {
    host = createHost();
    host.boot(userData);
});
afterEach(() => host.remove());

/** Answers as the metadata service, the key vault and the release's account do; arguments and headers are written down. */
function fakeAzure(secrets: Record<string, unknown>, archive = ""): void {
    const answers = Object.entries(secrets).map(([name, value], place) => {
        const file = path.join(host.folder, `answer-${place}`);
        const text = typeof value === "string" ? value : JSON.stringify(value);
        writeFileSync(file, JSON.stringify({ value: text }));
        return `*//v.vault.azure.net/secrets/${name}\\?*) [[ $headers == *"Bearer token-https://vault.azure.net"* ]] && cat ${file} || exit 22 ;;`;
    });
    host.fakeCommand(
        "curl",
        `headers=$(cat)
         echo "$*" >>${host.folder}/arguments
         url=\${!#}
         case $url in
         *169.254.169.254*client_id=identity*vault*) [[ $headers == *"Metadata: true"* ]] && echo '{"access_token":"token-https://vault.azure.net"}' ;;
         *169.254.169.254*client_id=identity*storage*) echo '{"access_token":"token-storage"}' ;;
         ${answers.join("\n")}
         https://releases.blob.core.windows.net/*) [[ $headers == *"Bearer token-storage"* ]] && cp ${archive} "\${@: -2:1}" ;;
         *) echo "404 $url" >&2; exit 22 ;;
         esac`,
    );
}

const settings = {
    environment: { NODE_ENV: "production" },
    secrets: { SESSION_SECRET: `${vault}/secrets/session` },
    database: {
        host: "minusnow-primary.postgres.database.azure.com",
        port: 5432,
        name: "minusnow_db",
        secretId: `${vault}/secrets/db-app`,
    },
    sessionStore: {
        scheme: "rediss",
        host: "minusnow.eastus2.redis.azure.net",
        port: 10000,
        secretId: `${vault}/secrets/redis`,
    },
};

describe("the environment file on Azure (guide, step 6)", () => {
    it("is assembled by the machine's identity, readable by root alone, and no secret is an argument", () => {
        fakeAzure({
            "minusnow-app-settings": settings,
            session: "s3cr3t-s3ss10n",
            "db-app": { username: "minusnow", password: "p@ss/w:rd#1" },
            redis: "to+ken=",
        });
        const file = path.join(host.folder, ".env");
        const result = host.run("environment.mjs", {
            IDENTITY: "identity",
            SETTINGS: settingsId,
            ENVIRONMENT_FILE: file,
        });
        expect(result).toMatchObject({ status: 0, stderr: "", stdout: "" });
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(parseEnv(readFileSync(file, "utf8"))).toEqual({
            NODE_ENV: "production",
            SESSION_SECRET: "s3cr3t-s3ss10n",
            DATABASE_URL:
                "postgres://minusnow:p%40ss%2Fw%3Ard%231@minusnow-primary.postgres.database.azure.com:5432/minusnow_db?sslmode=verify-full",
            REDIS_URL: "rediss://:to%2Bken%3D@minusnow.eastus2.redis.azure.net:10000",
        });
        const given = readFileSync(path.join(host.folder, "arguments"), "utf8");
        expect(given).toContain("--retry-all-errors");
        expect(given).not.toMatch(/token-|Bearer/);
    });

    it("is left as it was when a secret cannot be read", () => {
        fakeAzure({ "minusnow-app-settings": settings });
        const file = path.join(host.folder, ".env");
        writeFileSync(file, "OLD=1\n");
        const env = { IDENTITY: "identity", SETTINGS: settingsId, ENVIRONMENT_FILE: file };
        const { status, stderr } = host.run("environment.mjs", env);
        expect(status).not.toBe(0);
        expect(stderr).toContain("404 https://v.vault.azure.net/secrets/session?api-version=7.4");
        expect(readFileSync(file, "utf8")).toBe("OLD=1\n");
    });
});

describe("the release script on Azure (guide, step 2)", () => {
    it("takes the archive from the account by identity, checks it and keeps packages from the machine's credentials", async () => {
        const healthy = await startHealthyApp();
        const app = path.join(host.folder, "app");
        const content = path.join(host.folder, "content");
        mkdirSync(path.join(app, "data"), { recursive: true });
        mkdirSync(content);
        writeFileSync(path.join(content, "package.json"), "{}");
        const archive = path.join(host.folder, "artifact.tar.gz");
        execFileSync("tar", ["-czf", archive, "-C", content, "."]);
        const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
        fakeAzure(
            {
                "minusnow-app-release": {
                    version: "1.2.3",
                    artifact: "https://releases.blob.core.windows.net/minusnow/1.2.3.tar.gz",
                    sha256,
                },
            },
            archive,
        );
        host.fakeCommand("chown", "exit 0");
        host.fakeCommand("flock", 'shift; exec "$@"');
        host.fakeCommand("systemd-run", `echo "$*" >>${host.folder}/units`);
        const env = {
            IDENTITY: "identity",
            SETTINGS: settingsId,
            APP_DIRECTORY: app,
            APP_USER: "nobody",
            APP_PORT: healthy.port,
            RELEASE_LOG: path.join(host.folder, "release.log"),
            RELEASE_LOCK: path.join(host.folder, "release.lock"),
            ENVIRONMENT_FILE: path.join(app, ".env"),
        };
        host.fakeCommand("systemctl", "exit 0");
        const done = host.run("release.mjs", env, "first");
        healthy.stop();
        expect(done).toMatchObject({ status: 0, stderr: "" });
        expect(readlinkSync(path.join(app, "current"))).toBe(path.join(app, `releases/1.2.3-${sha256.slice(0, 12)}`));
        expect(existsSync(path.join(app, `releases/1.2.3-${sha256.slice(0, 12)}/package.json`))).toBe(true);
        const units = readFileSync(path.join(host.folder, "units"), "utf8").trim().split("\n");
        const ran = units.map((line) => line.replace(/^.*? -- /, ""));
        expect(ran.slice(0, 2)).toEqual(["npm install", "npm run build"]);
        expect(ran.slice(2)).toEqual([expect.stringContaining("npm run db:push")]);
        for (const line of units) {
            expect(line).toContain("--property=User=nobody --property=IPAddressDeny=169.254.169.254");
        }
    });
});
