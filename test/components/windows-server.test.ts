import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    readlinkSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load } from "js-yaml";
import { ec2Launch, renderWindowsServer } from "../../components/app-pair/host/windows-server";
import { awsCloud, azureCloud } from "../../components/host/cloud-host";
import { type HostFile, userDataLimit } from "../../components/host/cloud-init";
import { renderPowerShell } from "../../components/host/powershell";
import { sharedDirectories } from "../../components/reference";
import { whenBootedOnWindows } from "../../components/release/release-member";
import { startHealthyApp } from "../support/host";
import { parsePowerShell } from "../support/powershell";

const VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets";
const cloud = azureCloud("client", `${VAULT}/app`, 22);
const mounts = sharedDirectories.map((directory) => ({
    directory,
    source: `\\\\files.file.core.windows.net\\${directory}`,
    type: "smb",
    options: "RequirePrivacy",
}));
const script = renderWindowsServer({ cloud, mounts, storageSecretId: `${VAULT}/files` });

/** Files that the script writes, by name. */
function filesOf(text: string): Map<string, string> {
    const plain = [...text.matchAll(/^Write-Text '[^']*\\([^'\\]+)' @'\n([\s\S]*?)\n'@$/gm)];
    const [, bundle] = /^Write-Bundle '([^']+)'$/m.exec(text)!;
    const packed = JSON.parse(gunzipSync(Buffer.from(bundle!, "base64")).toString()) as HostFile[];
    return new Map([
        ...plain.map(([, name, content]) => [name!, `${content!}\n`] as const),
        ...packed.map(({ path: file, content }) => [file.split("\\").at(-1)!, content] as const),
    ]);
}

const files = filesOf(script);

/** What Windows PowerShell 5.1 knows of the commands that first boot and start use, by Microsoft's reference. */
const known: Record<string, string[]> = {
    "Add-DnsClientNrptRule": ["Namespace", "NameServers"],
    "ConvertFrom-Json": [],
    "ConvertTo-SecureString": ["String", "AsPlainText", "Force"],
    "Copy-Item": [],
    "Get-AuthenticodeSignature": [],
    "Get-Item": ["Path", "Force", "ErrorAction"],
    "Get-Content": [],
    "Get-DnsClientNrptRule": [],
    "Get-NetFirewallRule": ["Name", "ErrorAction"],
    "Get-Service": ["ErrorAction"],
    "Get-SmbGlobalMapping": ["RemotePath", "ErrorAction"],
    "Invoke-WebRequest": ["UseBasicParsing", "Uri", "OutFile"],
    "New-Item": ["ItemType", "Path", "Target", "Force"],
    "New-NetFirewallRule": [
        ...["Name", "DisplayName", "Direction", "Action", "Protocol"],
        ...["LocalPort", "RemoteAddress", "LocalUser"],
    ],
    "New-Object": ["TypeName", "ArgumentList"],
    "New-ScheduledTaskAction": ["Execute", "Argument"],
    "New-ScheduledTaskPrincipal": ["UserId", "LogonType", "RunLevel"],
    "New-ScheduledTaskSettingsSet": ["ExecutionTimeLimit"],
    "New-ScheduledTaskTrigger": ["AtStartup"],
    "New-SmbGlobalMapping": ["RemotePath", "Credential", "RequirePrivacy"],
    "Out-Host": [],
    "Out-Null": [],
    "Register-ScheduledTask": ["TaskName", "Action", "Trigger", "Principal", "Settings", "Force"],
    "Remove-DnsClientNrptRule": ["Force"],
    "Remove-Item": ["ErrorAction"],
    "Remove-NetFirewallRule": [],
    "Remove-SmbGlobalMapping": ["RemotePath", "Force"],
    "Select-Object": ["First", "Last"],
    "Set-Service": ["StartupType"],
    "Sort-Object": ["Property"],
    "Start-Process": ["FilePath", "ArgumentList", "NoNewWindow", "PassThru", "Wait"],
    "Start-Service": [],
    "Start-Sleep": ["Seconds"],
    "Stop-Service": ["Force"],
    "Test-Path": ["ErrorAction"],
    "Where-Object": [],
    "Write-Output": [],
    "Write-Warning": [],
    "icacls.exe": [],
    "sc.exe": [],
    "taskkill.exe": [],
};

describe("PowerShell of an application server on Windows, by its grammar", () => {
    const scripts = [
        ["first boot", script],
        ["setup.ps1", files.get("setup.ps1")!],
        ["start.ps1", files.get("start.ps1")!],
        ["a release", whenBootedOnWindows("release.mjs", ["install", "1.0.0", "https://it's"], 60)],
    ] as const;

    it.each(scripts)("%s can be read", async (_, text) => {
        expect((await parsePowerShell(text)).errors).toEqual([]);
    });

    it("notices what cannot be read", async () => {
        const broken = files.get("setup.ps1")!.replace("$settings = @{}", "$settings = @{");
        expect(broken).not.toBe(files.get("setup.ps1"));
        expect((await parsePowerShell(broken)).errors).not.toEqual([]);
        expect((await parsePowerShell("if ($a) {")).errors).not.toEqual([]);
    });

    it.each(scripts)("%s runs commands and parameters that there are", async (_, text) => {
        const { commands, functions } = await parsePowerShell(text);
        const named = commands.filter(({ name }) => name !== "" && !functions.includes(name));
        for (const { name, parameters } of named.filter(({ name: one }) => !/^Write-(Text|Bundle)$/.test(one))) {
            expect(known, name).toHaveProperty([name]);
            const given = parameters.map((parameter) => parameter.replace(/^-/, ""));
            expect(
                given.filter((parameter) => !known[name]!.includes(parameter)),
                name,
            ).toEqual([]);
        }
    });

    it("is plain ASCII, which every version of PowerShell reads alike", () => {
        expect(script).toMatch(/^[\n\x20-\x7e]+$/);
        expect(files.get("setup.ps1")).toMatch(/^[\n\x20-\x7e]+$/);
        expect(files.get("start.ps1")).toMatch(/^[\n\x20-\x7e]+$/);
    });

    it("refuses a text that would end its own quotation, and more than a cloud accepts", () => {
        const boot = (content: string) => ({
            folder: "C:\\a",
            files: [{ path: "C:\\a\\b", permissions: "0600", content }],
            command: "C:\\a\\b",
        });
        expect(() => renderPowerShell(boot("one\n'@\n"), 10_000)).toThrow("a line begins with '@");
        expect(() => renderPowerShell(boot("x".repeat(10_000)), 10_000)).toThrow("allowed are 10000");
    });
});

describe("user data of a server with Windows on EC2", () => {
    const onAws = ec2Launch(
        renderWindowsServer({
            cloud: awsCloud("us-east-1", "/app", 22),
            commandLine: { package: "Amazon.AWSCLI", folder: "C:\\Program Files\\Amazon\\AWSCLIV2" },
            names: { domain: "minusnow.internal", servers: ["10.0.3.10", "10.0.19.10"] },
            databaseCaUrl: "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
            mounts: mounts.map((mount) => ({
                ...mount,
                source: `\\\\fs.minusnow.internal\\share\\${mount.directory}`,
            })),
            storageSecretId: "arn:aws:secretsmanager:us-east-1:111122223333:secret:files",
        }),
    );

    it("fits, and runs the script once as the system's own account, once Systems Manager can reach it", () => {
        expect(Buffer.byteLength(onAws)).toBeLessThan(userDataLimit);
        const { version, tasks } = load(onAws) as { version: number; tasks: { task: string; inputs: object[] }[] };
        expect(version).toBe(1.1);
        expect(tasks).toMatchObject([
            { task: "startSsm" },
            {
                task: "executeScript",
                inputs: [{ frequency: "once", type: "powershell", runAs: "localSystem" }],
            },
        ]);
    });

    it("brings the cloud's command line and knows the directory's names", async () => {
        const { tasks } = load(onAws) as { tasks: { inputs: { content: string }[] }[] };
        const { content } = tasks[1]!.inputs[0]!;
        expect((await parsePowerShell(content)).errors).toEqual([]);
        const variables = parseEnv(filesOf(content).get("host.env")!);
        expect(variables).toMatchObject({
            CLI_PACKAGE: "Amazon.AWSCLI",
            CLI_FOLDER: "C:\\Program Files\\Amazon\\AWSCLIV2",
            NAMES_DOMAIN: "minusnow.internal",
            NAMES_SERVERS: "10.0.3.10,10.0.19.10",
            REGION: "us-east-1",
        });
    });

    it("is refused when it is larger than EC2 accepts", () => {
        expect(() => ec2Launch("#".repeat(userDataLimit))).toThrow("allowed are 16384");
    });
});

describe("first boot on Windows (guide, step 2)", () => {
    const setup = files.get("setup.ps1")!;

    it("installs the guide's Node.js by winget, in the version of choice", () => {
        expect(files.get("host.env")).toContain("NODE_MAJOR=22\n");
        expect(setup).toContain("$package = \"OpenJS.NodeJS.$($settings['NODE_MAJOR'])\"");
        expect(setup).toContain("@('install', '--id', $Package)");
    });

    it("runs the application as a service without rights, always restarted after ten seconds", () => {
        expect(setup).toContain("$account = 'obj=', \"NT SERVICE\\$Name\"");
        expect(setup).toContain("--restart --restart-delay 10000");
        expect(setup).toContain("dist/index.cjs");
    });

    it("maps every shared directory, encrypted on its way", () => {
        const lines = sharedDirectories.map(
            (directory) =>
                `\\\\files.file.core.windows.net\\${directory} C:/MinusNow/${directory} smb RequirePrivacy\n`,
        );
        expect(files.get("mounts")).toBe(lines.join(""));
        expect(files.get("start.ps1")).toContain("-RequirePrivacy $true");
    });

    it("holds no secret: machines read theirs when they start", () => {
        expect(files.get("host.env")).toContain(`STORAGE_SECRET_ID=${VAULT}/files\n`);
        expect([...files.keys()].sort()).toEqual([
            ...["cloud.mjs", "environment.mjs", "host.env", "mounts", "release.mjs"],
            ...["setup.ps1", "start.ps1", "storage.mjs", "system.mjs", "work.mjs"],
        ]);
    });
});

let folder: string;
const own = (...names: string[]) => path.join(folder, "ProgramData", ...names);
const app = (...names: string[]) => path.join(folder, "MinusNow", ...names);
const bin = (...names: string[]) => path.join(folder, "bin", ...names);

/** A folder with the server's programs, and Windows's own commands played by scripts. */
beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "minusnow-windows-"));
    [own("node", "node_modules", "npm", "bin"), app("data"), bin()].forEach((place) =>
        mkdirSync(place, { recursive: true }),
    );
    for (const [name, content] of files) {
        writeFileSync(own(name), content);
    }
    const variables = files.get("host.env")!.replaceAll("C:/MinusNow", app());
    writeFileSync(own("host.env"), variables);
    symlinkSync(process.execPath, own("node", "node.exe"));
    const npm = `const fs = require("fs");
fs.appendFileSync(${JSON.stringify(app("npm.log"))}, process.argv.slice(2).join(" ") + " in " + process.cwd().split("/").at(-1) + " " + (process.env.DATABASE_URL ?? "-") + "\\n");
if (process.argv[2] === "install") { fs.mkdirSync("node_modules"); }
if (process.argv[3] === "build") { fs.mkdirSync("dist"); fs.writeFileSync("dist/index.cjs", ""); }`;
    writeFileSync(own("node", "node_modules", "npm", "bin", "npm-cli.js"), npm);
    fake("sc.exe", `[ "$1" = query ] && echo "STATE : 1 STOPPED" || "${own("node", "node.exe")}" "${own("work.mjs")}"`);
    ["work.json", "result.json"].forEach((name) => writeFileSync(own(name), ""));
    const folders = `from=$(tr '\\\\' / <<<"$1") to=$(tr '\\\\' / <<<"$2")`;
    fake("robocopy.exe", `${folders}; mkdir "$to" && cp -r "$from/." "$to" && exit 1`);
    fake("icacls.exe", `echo "$@" >>"${app("icacls.log")}"`);
    fake("powershell.exe", `echo "$@" >>"${app("powershell.log")}"`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fake(name: string, commands: string): void {
    writeFileSync(bin(name), `#!/bin/bash\n${commands}\n`, { mode: 0o755 });
}

/** Azure's interfaces, as curl finds them. */
function fakeAzure(secrets: Record<string, unknown>, archive = ""): void {
    const cases = Object.entries(secrets).map(
        ([name, value]) => `*/secrets/${name}\\?*) cat <<'EOF'\n${JSON.stringify({ value })}\nEOF\n;;`,
    );
    fake(
        "curl",
        `cat >/dev/null
file=""; for ((i = 1; i <= $#; i++)); do [ "\${!i}" = -o ] && { next=$((i + 1)); file="\${!next}"; }; done
case "$*" in
*identity/oauth2/token*) echo '{"access_token":"t"}' ;;
${cases.join("\n")}
*) [ -n "$file" ] && cp "${archive}" "$file" || exit 22 ;;
esac`,
    );
}

const run = (program: string, args: string[] = [], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [own(program), ...args], {
        encoding: "utf8",
        env: { ...env, PATH: `${bin()}:${process.env["PATH"]!}` },
    });

const settings = {
    environment: { NODE_ENV: "production", SMTP_USER: 'no"reply\\n$x' },
    secrets: { SESSION_SECRET: `${VAULT}/session` },
    database: { host: "db.example.com", port: 5432, name: "minusnow_db", secretId: `${VAULT}/db` },
};
const login = { username: "minusnow", password: "p@ss/word" };
const URL_ = "postgres://minusnow:p%40ss%2Fword@db.example.com:5432/minusnow_db?sslmode=verify-full";

describe("the environment file on Windows (guide, step 6)", () => {
    it("is read by Node.js as it was meant", () => {
        fakeAzure({ "app-settings": JSON.stringify(settings), session: "it's `secret`", db: JSON.stringify(login) });
        const { status, stderr } = run("environment.mjs");
        expect(status, stderr).toBe(0);
        expect(parseEnv(readFileSync(app(".env"), "utf8"))).toEqual({
            NODE_ENV: "production",
            SMTP_USER: 'no"reply\\n$x',
            SESSION_SECRET: "it's `secret`",
            DATABASE_URL: URL_,
        });
    });

    it("is refused where no quotation can hold a value, and the former one stays", () => {
        fakeAzure({ "app-settings": JSON.stringify(settings), session: `'"\``, db: JSON.stringify(login) });
        writeFileSync(app(".env"), "former");
        const { status, stderr } = run("environment.mjs");
        expect(status).not.toBe(0);
        expect(stderr).toContain("SESSION_SECRET: a value with all of ', \" and ` cannot be written");
        expect(readFileSync(app(".env"), "utf8")).toBe("former");
    });
});

describe("a release on Windows, its system's commands played", () => {
    function pack(): { archive: string; sha256: string } {
        const archive = path.join(folder, "release.tar.gz");
        writeFileSync(path.join(folder, "package.json"), "{}");
        execFileSync("tar", ["--mtime=@0", "-czf", archive, "-C", folder, "package.json"]);
        return { archive, sha256: createHash("sha256").update(readFileSync(archive)).digest("hex") };
    }

    async function install(version: string): Promise<{ status: number | null; stdout: string; name: string }> {
        const { archive, sha256 } = pack();
        const release = { version, artifact: "https://files/release.tar.gz", sha256 };
        fakeAzure({ "app-release": JSON.stringify(release) }, archive);
        writeFileSync(app(".env"), `DATABASE_URL='${URL_}'\n`);
        const healthy = await startHealthyApp();
        try {
            const { status, stdout, stderr } = run("release.mjs", ["first"], { APP_PORT: healthy.port });
            return { status, stdout: stdout + stderr, name: `${version}-${sha256.slice(0, 12)}` };
        } finally {
            healthy.stop();
        }
    }

    it("is built and migrated by the worker, sealed, made current and started", async () => {
        writeFileSync(own("environment.mjs"), "");
        const { status, stdout, name } = await install("1.0.0");
        expect(
            status,
            `${stdout}\n${existsSync(own("release.log")) ? readFileSync(own("release.log"), "utf8") : ""}`,
        ).toBe(0);
        expect(readFileSync(app("npm.log"), "utf8").split("\n")).toEqual([
            `install in ${name}.partial -`,
            `run build in ${name}.partial -`,
            `run db:push in ${name} ${URL_}`,
            "",
        ]);
        // The worker gets the folder once, before anything of it ran; what is used is a copy that it never could write.
        const granted = readFileSync(app("icacls.log"), "utf8").trim().split("\n");
        expect(granted).toEqual([
            expect.stringMatching(
                /\\1\.0\.0-[0-9a-f]{12}\.partial \/grant NT SERVICE\\minusnow-work:\(OI\)\(CI\)M \/Q$/,
            ),
        ]);
        expect(readdirSync(app("releases"))).toEqual([name]);
        expect(readFileSync(own("work.json"), "utf8")).toBe("");
        expect(readlinkSync(app("current"))).toBe(app("releases", name));
        expect(readlinkSync(app("verified"))).toBe(app("releases", name));
        expect(existsSync(app("dist", "index.cjs"))).toBe(true);
        expect(readFileSync(app("powershell.log"), "utf8")).toContain("Restart-Service -Force minusnow");
    });

    it("is migrated once for all servers", async () => {
        writeFileSync(own("environment.mjs"), "");
        const { name } = await install("1.0.0");
        expect(existsSync(app("data", `.schema-${name}`))).toBe(true);
        rmSync(app("releases"), { recursive: true });
        ["current", "verified"].forEach((link) => rmSync(app(link)));
        expect((await install("1.0.0")).status).toBe(0);
        const commands = readFileSync(app("npm.log"), "utf8");
        expect(commands.match(/db:push/g)).toHaveLength(1);
        expect(commands.match(/install/g)).toHaveLength(2);
    });

    it("replaces a former release, which stays at hand", async () => {
        writeFileSync(own("environment.mjs"), "");
        const first = await install("1.0.0");
        const second = await install("2.0.0");
        expect(second.status, second.stdout).toBe(0);
        expect(readlinkSync(app("verified"))).toBe(app("releases", second.name));
        expect(readlinkSync(app("previous"))).toBe(app("releases", first.name));
    });

    it("fails with the reason when the worker does", async () => {
        writeFileSync(
            own("node", "node_modules", "npm", "bin", "npm-cli.js"),
            "console.log('no registry'); process.exit(7)",
        );
        const { status, stdout } = await install("1.0.0");
        expect(status).toBe(1);
        expect(stdout).toMatch(/^REASON: npm install ended with 7, see .*release\.log$/m);
        expect(readFileSync(own("release.log"), "utf8")).toContain("no registry");
    });
});

describe("a release that runs on Windows by a command", () => {
    it("waits for first boot, hands arguments on as one word each, and is ended in time", () => {
        const text = whenBootedOnWindows("release.mjs", ["install", "1.0", 'https://a/it\'s "b".tar.gz'], 60);
        expect(text).toContain("while (-not (Test-Path 'C:\\ProgramData\\MinusNow\\booted'))");
        expect(text).toContain("$end = [System.DateTime]::UtcNow.AddSeconds(60)");
        expect(text).toContain(
            `$words = '"C:\\ProgramData\\MinusNow\\release.mjs" "install" "1.0" "https://a/it''s \\"b\\".tar.gz"'`,
        );
        expect(text).toContain("WaitForExit([int] $left)");
    });
});
