#!/usr/bin/env node
// Who may use the session store: the application by its password, and root of this machine. Passwords are kept as digests.
// A new password is valid beside the former one, which servers use until they restart.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { readSecret } from "./cloud.mjs";

const { SECRET_ID: secretId, DATA_DIRECTORY: data, SERVER_CLI: cli } = process.env;
const { SESSIONS_FOLDER: folder = "/etc/minusnow/sessions" } = process.env;
const [users, operator, bind] = ["users.acl", "operator", "bind.conf"].map((name) => `${folder}/${name}`);
const digest = (text) => createHash("sha256").update(text).digest("hex");
const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

mkdirSync(folder, { recursive: true, mode: 0o750 });
const { gid } = statSync(data);
chownSync(folder, 0, gid);

/** Writes a file in one step; false when it is there already. */
function installed(file, content, mode) {
    if (read(file) === content) {
        return false;
    }
    writeFileSync(`${file}.new`, content, { mode });
    chownSync(`${file}.new`, 0, gid);
    renameSync(`${file}.new`, file);
    return true;
}

if (!existsSync(operator)) {
    installed(operator, randomBytes(32).toString("hex"), 0o600);
}
const password = digest(readSecret(secretId));
const former = [...read(users).matchAll(/#([0-9a-f]{64})/g)].map(([, known]) => known);
const kept = [password, ...former.slice(0, 2).filter((known) => known !== password)].slice(0, 2);
const rights = "~* &* +@all -@admin -@dangerous +info";
const isNew = installed(
    users,
    `user default on ${kept.map((known) => `#${known}`).join(" ")} ${rights}\n` +
        `user operator on #${digest(read(operator))} ~* &* +@all\n`,
    0o640,
);

const addresses = Object.values(networkInterfaces()).flat();
const [own] = addresses.filter(({ family, internal }) => family === "IPv4" && !internal);
installed(bind, `bind 127.0.0.1 ${own.address}\n`, 0o644);

if (isNew && spawnSync("systemctl", ["is-active", "--quiet", "minusnow-sessions.service"]).status === 0) {
    const env = { ...process.env, REDISCLI_AUTH: read(operator) };
    execFileSync(cli, ["--user", "operator", "--no-auth-warning", "ACL", "LOAD"], { env, stdio: "inherit" });
}
