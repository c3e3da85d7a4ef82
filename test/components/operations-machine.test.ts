import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { azureUserDataLimit } from "../../components/host/cloud-init";
import type * as operations from "../../components/operations/host/operations-machine";
import { azureHost } from "../../components/host/cloud-host";
import { sharedDirectories } from "../../components/reference";
import { createHost, type Host } from "../support/host";
import { repository } from "../support/plans";

// As it is built: the machine carries a bundle.
const { renderOperationsMachine } = createRequire(import.meta.url)(
    path.join(repository, "dist/components/operations/host/operations-machine.js"),
) as typeof operations;

const userData = renderOperationsMachine({
    cloud: azureHost("ubuntu-24.04", "identity", undefined, 24),
    postgresMajor: "17",
    mounts: sharedDirectories.map((directory) => ({
        directory,
        source: `files.file.core.windows.net:/files/${directory}`,
        type: "aznfs",
        options: "_netdev,nofail,vers=4",
    })),
});

let host: Host;
beforeEach(() => {
    host = createHost();
    host.boot(userData);
});
afterEach(() => host.remove());

const inHost = (...parts: string[]) => path.join(host.folder, ...parts);

describe("user data of the operations machine", () => {
    it("fits, parses and mounts the shared directories read-only", () => {
        expect(Buffer.byteLength(userData)).toBeLessThan(azureUserDataLimit);
        const library = inHost("usr/local/lib/minusnow");
        for (const file of readdirSync(library)) {
            const check = file.endsWith("js") ? [process.execPath, "--check"] : ["bash", "-n"];
            execFileSync(check[0]!, [check[1]!, path.join(library, file)], { stdio: "pipe" });
        }
        const table = readFileSync(inHost("etc/minusnow/fstab"), "utf8").trim().split("\n");
        expect(table).toHaveLength(5);
        expect(table[0]).toBe(
            "files.file.core.windows.net:/files/data /srv/minusnow/data aznfs ro,_netdev,nofail,vers=4 0 0",
        );
    });

    it("leaves the owner of the directories alone, which it may only read", () => {
        host.fakeCommand("mountpoint", "exit 0");
        host.fakeCommand("chown", `touch ${host.folder}/chowned`);
        const script = readFileSync(inHost("usr/local/lib/minusnow/mount-storage"), "utf8");
        writeFileSync(
            inHost("usr/local/lib/minusnow/mount-storage"),
            script.replaceAll("/etc/minusnow", inHost("etc/minusnow")),
        );
        expect(host.run("mount-storage", {})).toMatchObject({ status: 0, stderr: "" });
        expect(existsSync(inHost("chowned"))).toBe(false);
    });
});

describe("names that follow a promotion", () => {
    const lookUp = (name: string, records: Record<string, string[]>) => {
        const dns = `data:text/javascript,${encodeURIComponent(
            `export const resolveCname = async (name) => { const found = ${JSON.stringify(records)}[name]; if (!found) throw new Error("ENOTFOUND " + name); return found; };`,
        )}`;
        const cloud = readFileSync(inHost("usr/local/lib/minusnow/cloud.mjs"), "utf8");
        const file = inHost("cloud.mjs");
        writeFileSync(file, cloud.replace("node:dns/promises", dns));
        const program = `const { databaseHost } = await import(${JSON.stringify(file)}); console.log(await databaseHost(${JSON.stringify(name)}));`;
        return spawnSync(process.execPath, ["--input-type=module", "-e", program], {
            encoding: "utf8",
            env: { PAUSE_MS: "1" },
        });
    };
    const writer = "minusnow.writer.postgres.database.azure.com";

    it("are read as the server behind them, whose own name its certificate bears", () => {
        const records = { [writer]: ["minusnow-primary.privatelink.postgres.database.azure.com"] };
        expect(lookUp(writer, records).stdout.trim()).toBe("minusnow-primary.postgres.database.azure.com");
    });

    it("are no server's own name, which stays", () => {
        const name = "minusnow-primary.postgres.database.azure.com";
        expect(lookUp(name, {}).stdout.trim()).toBe(name);
    });

    it("stop the start where they do not resolve", () => {
        const { status, stderr } = lookUp(writer, {});
        expect(status).not.toBe(0);
        expect(stderr).toContain(`ENOTFOUND ${writer}`);
    });
});

const MONDAY = "2026-03-02T01:15:00Z";
const TUESDAY = "2026-03-03T01:15:00Z";
const SUNDAY = "2026-03-08T01:15:00Z";
const ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/files";
const SECRET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets";

describe("backup jobs of the operations machine (guide, Backup Strategy)", () => {
    const blob = (name: string) => inHost("store", name);
    const blobs = (container: string) => {
        const folder = blob(container);
        return existsSync(folder)
            ? readdirSync(folder, { recursive: true, withFileTypes: true })
                  .filter((entry) => entry.isFile())
                  .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
                  .sort()
            : [];
    };
    const asked = () => (existsSync(inHost("asked")) ? readFileSync(inHost("asked"), "utf8").trim().split("\n") : []);
    const isWhole = (name: string) => {
        const [sum] = readFileSync(blob(`${name}.sha256`), "utf8").split("  ");
        return (
            sum ===
            createHash("sha256")
                .update(readFileSync(blob(name)))
                .digest("hex")
        );
    };

    beforeEach(() => {
        host.fakeCommand(
            "azcopy",
            `target=${host.folder}/store/\${2#https://store/}
             mkdir -p "$(dirname "$target")"
             cat >"$target"
             echo "$@" >>${host.folder}/azcopy
             [ ! -e ${host.folder}/azcopy-fails ]`,
        );
        host.fakeCommand(
            "curl",
            `headers=$(cat)
             method=GET
             for ((i = 1; i <= $#; i++)); do [ "\${!i}" = -X ] && { j=$((i + 1)); method=\${!j}; }; done
             url=\${!#}
             echo "$method $url $(grep -o 'x-ms-snapshot: [^"]*' <<<"$headers")" >>${host.folder}/asked
             [ "$url" = "$(cat ${host.folder}/refused-url 2>/dev/null)" ] && { echo refused >&2; exit 22; }
             case $url in
             *169.254.169.254*) echo '{"access_token":"token"}' ;;
             *secrets/login*) echo '{"value":"{\\"username\\":\\"minusnow\\",\\"password\\":\\"p~w\\"}"}' ;;
             *secrets/settings*) cat ${host.folder}/settings-answer ;;
             *'$expand=snapshots&page=2'*) cat ${host.folder}/page-2 ;;
             *shares?*'$expand=snapshots') cat ${host.folder}/page-1 ;;
             *) echo '{}' ;;
             esac`,
        );
        const snapshots = (name: string, ...times: string[]) =>
            times.map((snapshotTime) => ({ name, properties: { snapshotTime } }));
        const pages = [
            {
                value: [{ name: "data", properties: {} }, ...snapshots("data", "2026-01-01T00:00:00.0000000Z")],
                nextLink: `https://management.azure.com${ACCOUNT}/fileServices/default/shares?api-version=2024-01-01&$expand=snapshots&page=2`,
            },
            {
                value: [
                    ...snapshots("uploads", "2026-01-02T00:00:00.0000000Z", "2026-03-01T00:00:00.0000000Z"),
                    ...snapshots("somebody-else", "2025-01-01T00:00:00.0000000Z"),
                ],
            },
        ];
        pages.forEach((page, place) => writeFileSync(inHost(`page-${place + 1}`), JSON.stringify(page)));
        for (const directory of ["data", "uploads", "audit-logs"]) {
            mkdirSync(inHost("srv", directory), { recursive: true });
            writeFileSync(inHost("srv", directory, "first"), `first of ${directory}`);
        }
        writeFileSync(
            inHost("clock.mjs"),
            `const Real = Date; const fixed = Real.parse(process.env.NOW);
             globalThis.Date = class extends Real { constructor(...a) { a.length ? super(...a) : super(fixed); } };`,
        );
    });

    const backup = (job: string, plan: object, now = MONDAY, variables: Record<string, string> = {}) => {
        writeFileSync(inHost("plan.json"), JSON.stringify({ store: "https://store", ...plan }));
        const env = {
            PLAN: inHost("plan.json"),
            STATE: inHost("state"),
            MOUNT_PATH: inHost("srv"),
            IDENTITY: "identity",
            NOW: now,
            NODE_OPTIONS: `--import=${inHost("clock.mjs")}`,
            ...variables,
        };
        return host.run("backup.mjs", env, job);
    };
    const filesPlan = { filesAccountId: ACCOUNT, directories: ["data", "uploads"], retentionDays: 30 };

    it("dumps the database by the login in the vault, over verified TLS, and tells when it is complete", () => {
        host.fakeCommand("pg_dump", 'echo "dump $* of $PGHOST:$PGPORT as $PGUSER with $PGPASSWORD by $PGSSLMODE"');
        const database = {
            host: "db.postgres.database.azure.com",
            port: 5432,
            name: "minusnow_db",
            secretId: `${SECRET}/login`,
        };
        const { status, stdout, stderr } = backup("database", { database });
        expect(stderr).toBe("");
        expect(status).toBe(0);
        expect(stdout).toContain("backup of database is complete");
        const name = "database/minusnow_db_20260302T011500Z.dump";
        expect(readFileSync(blob(name), "utf8")).toBe(
            "dump -Fc minusnow_db of db.postgres.database.azure.com:5432 as minusnow with p~w by verify-full\n",
        );
        expect(isWhole(name)).toBe(true);
        expect(existsSync(inHost("state/database.completed"))).toBe(true);
        expect(asked()[1]).toContain("https://store/database?restype=container");
    });

    it("leaves a dump that broke off without a checksum, and fails", () => {
        host.fakeCommand("pg_dump", "echo half; exit 1");
        const database = { host: "db", port: 5432, name: "minusnow_db", secretId: `${SECRET}/login` };
        const { status, stderr } = backup("database", { database });
        expect(status).not.toBe(0);
        expect(stderr).toContain("pg_dump ended with 1");
        expect(blobs("database")).toEqual(["minusnow_db_20260302T011500Z.dump"]);
        expect(existsSync(inHost("state/database.completed"))).toBe(false);
    });

    it("copies files whole at first, changes on other days, whole again on Sunday", () => {
        expect(backup("files", filesPlan)).toMatchObject({ status: 0 });
        writeFileSync(inHost("srv/data/second"), "second");
        expect(backup("files", filesPlan, TUESDAY)).toMatchObject({ status: 0 });
        expect(backup("files", filesPlan, SUNDAY)).toMatchObject({ status: 0 });
        const archives = blobs("files").filter((name) => name.includes("/data.") && !name.endsWith(".sha256"));
        expect(archives).toEqual([
            "20260302T011500Z/data.whole.tar.zst",
            "20260303T011500Z/data.changes.tar.zst",
            "20260308T011500Z/data.whole.tar.zst",
        ]);
        expect(archives.every((name) => isWhole(`files/${name}`))).toBe(true);
        const listed = (name: string) =>
            execFileSync("tar", ["--zstd", "-tf", blob(`files/${name}`)], { encoding: "utf8" });
        expect(listed(archives[0]!)).toContain("data/first");
        expect(listed(archives[1]!)).not.toContain("data/first");
        expect(listed(archives[1]!)).toContain("data/second");
        expect(listed(archives[2]!)).toContain("data/first");
    });

    it("restores a directory from the whole and the changes after it", () => {
        backup("files", filesPlan);
        writeFileSync(inHost("srv/data/second"), "second");
        backup("files", filesPlan, TUESDAY);
        const target = inHost("restored");
        mkdirSync(target);
        for (const name of ["20260302T011500Z/data.whole", "20260303T011500Z/data.changes"]) {
            const args = ["--extract", "--zstd", "--listed-incremental=/dev/null", "-C", target];
            execFileSync("tar", [...args, "-f", blob(`files/${name}.tar.zst`)]);
        }
        expect(readdirSync(path.join(target, "data")).sort()).toEqual(["first", "second"]);
    });

    it("repeats what a copy that failed should have held", () => {
        backup("files", filesPlan);
        writeFileSync(inHost("srv/data/second"), "second");
        writeFileSync(inHost("azcopy-fails"), "");
        expect(backup("files", filesPlan, TUESDAY).status).not.toBe(0);
        execFileSync("rm", [inHost("azcopy-fails")]);
        expect(backup("files", filesPlan, "2026-03-04T01:15:00Z")).toMatchObject({ status: 0 });
        const held = execFileSync("tar", ["--zstd", "-tf", blob("files/20260304T011500Z/data.changes.tar.zst")], {
            encoding: "utf8",
        });
        expect(held).toContain("data/second");
    });

    it("snapshots every share and removes its own expired snapshots, on every page", () => {
        expect(backup("files", filesPlan)).toMatchObject({ status: 0 });
        const shares = `https://management.azure.com${ACCOUNT}/fileServices/default/shares`;
        const of = (method: string) =>
            asked()
                .filter((line) => line.startsWith(method))
                .map((line) => line.trim());
        expect(of("PUT")).toEqual(
            ["data", "uploads"].map((share) => `PUT ${shares}/${share}?api-version=2024-01-01&$expand=snapshots`),
        );
        expect(of("DELETE")).toEqual([
            `DELETE ${shares}/data?api-version=2024-01-01 x-ms-snapshot: 2026-01-01T00:00:00.0000000Z`,
            `DELETE ${shares}/uploads?api-version=2024-01-01 x-ms-snapshot: 2026-01-02T00:00:00.0000000Z`,
        ]);
    });

    it("copies the other directories when a snapshot fails, and fails at the end", () => {
        const refused = `https://management.azure.com${ACCOUNT}/fileServices/default/shares/data?api-version=2024-01-01&$expand=snapshots`;
        writeFileSync(inHost("refused-url"), refused);
        expect(backup("files", filesPlan).status).not.toBe(0);
        expect(blobs("files").filter((name) => name.endsWith(".zst"))).toEqual([
            "20260302T011500Z/data.whole.tar.zst",
            "20260302T011500Z/uploads.whole.tar.zst",
        ]);
    });

    it("archives the audit logs to the archive tier", () => {
        expect(backup("audit-logs", {}, MONDAY, { TIER: "Archive" })).toMatchObject({ status: 0 });
        const sent = readFileSync(inHost("azcopy"), "utf8").trim().split("\n");
        expect(sent.at(-2)).toMatch(/audit-logs\/\d{8}T\d{6}Z\.tar\.zst .*--block-blob-tier=Archive$/);
        expect(sent.at(-1)).not.toContain("Archive");
    });

    it("keeps each version of a document once", () => {
        const configuration = { "settings.json": `${SECRET}/settings` };
        const answer = (text: string) => writeFileSync(inHost("settings-answer"), JSON.stringify({ value: text }));
        answer("one");
        backup("configuration", { configuration }, "2026-03-02T01:00:00Z");
        backup("configuration", { configuration }, "2026-03-02T02:00:00Z");
        answer("two");
        backup("configuration", { configuration }, "2026-03-02T03:00:00Z");
        expect(blobs("configuration")).toEqual([
            "settings.json/20260302T010000Z.json",
            "settings.json/20260302T030000Z.json",
        ]);
        expect(readFileSync(blob("configuration/settings.json/20260302T030000Z.json"), "utf8")).toBe("two");
    });

    it("names the jobs there are when asked for another", () => {
        const { status, stderr } = backup("everything", {});
        expect(status).toBe(2);
        expect(stderr).toBe("found 'everything', allowed: database, files, audit-logs, configuration\n");
    });
});
