#!/usr/bin/env node
// Who may use the session store: the application by its password, and root of this machine. Passwords are kept as digests.
// A new password is valid beside the former one, which servers use until they restart.
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { readSecret } from "./cloud.mjs";
import { digest, installed, read } from "./files.mjs";

const { SECRET_ID: secretId, DATA_DIRECTORY: data, SERVER_CLI: cli } = process.env;
const folder = "/etc/minusnow/sessions";
const [users, operator, bind] = ["users.acl", "operator", "bind.conf"].map((name) => `${folder}/${name}`);

mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o750);
const { gid } = statSync(data);
chownSync(folder, 0, gid);

if (!existsSync(operator)) {
    installed(operator, randomBytes(32).toString("hex"), { mode: 0o600 });
}
const password = digest(readSecret(secretId));
const former = [...read(users).matchAll(/#([0-9a-f]{64})/g)].map(([, known]) => known);
const kept = [password, ...former.slice(0, 2).filter((known) => known !== password)].slice(0, 2);
const rights = "~* &* +@all -@admin -@dangerous +info";
const isNew = installed(
    users,
    `user default on ${kept.map((known) => `#${known}`).join(" ")} ${rights}\n` +
        `user operator on #${digest(read(operator))} ~* &* +@all\n`,
    { mode: 0o640, gid },
);

const addresses = Object.values(networkInterfaces()).flat();
const [own] = addresses.filter(({ family, internal }) => family === "IPv4" && !internal);
installed(bind, `bind 127.0.0.1 ${own.address}\n`);

if (isNew && spawnSync("systemctl", ["is-active", "--quiet", "minusnow-sessions.service"]).status === 0) {
    const env = { ...process.env, REDISCLI_AUTH: read(operator) };
    execFileSync(cli, ["--user", "operator", "--no-auth-warning", "ACL", "LOAD"], { env, stdio: "inherit" });
}
