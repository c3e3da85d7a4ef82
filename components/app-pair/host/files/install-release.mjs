#!/usr/bin/env node
// Installs the release that the settings name, and makes it current. Does nothing twice.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { download, readSetting } from "./cloud.mjs";

const { APP_DIRECTORY: app, APP_USER: user, ENVIRONMENT_FILE: environmentFile } = process.env;
const { version, artifact, sha256 } = readSetting("release");
const target = `${app}/releases/${version}`;
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
/** The machine's credentials are not those of packages that a release brings. */
const metadata = "169.254.169.254";
const asUnit = (directory, ...options) => {
    const own = [`--property=User=${user}`, `--property=IPAddressDeny=${metadata}`, `--working-directory=${directory}`];
    return ["--wait", "--pipe", "--quiet", ...own, ...options, "--"];
};

if (!existsSync(target)) {
    const partial = `${target}.partial`;
    const archive = `${partial}/artifact.tar.gz`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    download(artifact, archive);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) {
        throw new Error(`${artifact}: found SHA-256 ${found}, allowed is ${sha256}`);
    }
    run("tar", "-xzf", archive, "-C", partial, "--no-same-owner");
    rmSync(archive);
    const asUser = (...command) => run("systemd-run", ...asUnit(partial, `--setenv=HOME=${partial}`), ...command);
    if (!existsSync(`${partial}/node_modules`)) {
        run("chown", "-R", user, partial);
        asUser("npm", "install", ...(existsSync(`${partial}/dist`) ? ["--omit=dev"] : []));
    }
    if (!existsSync(`${partial}/dist`)) {
        run("chown", "-R", user, partial);
        asUser("npm", "run", "build");
    }
    run("chown", "-R", "root:root", partial);
    chmodSync(partial, 0o755);
    renameSync(partial, target);
}

const link = (to, path) => {
    rmSync(`${path}.new`, { force: true });
    symlinkSync(to, `${path}.new`);
    renameSync(`${path}.new`, path);
};
link(target, `${app}/current`);
for (const entry of ["dist", "node_modules", "package.json"]) {
    link(`current/${entry}`, `${app}/${entry}`);
}

const certificates = "--setenv=NODE_EXTRA_CA_CERTS=/etc/minusnow/database-ca.pem";
const unit = [`--property=EnvironmentFile=${environmentFile}`, certificates];
run("flock", `${app}/data/.schema.lock`, "systemd-run", ...asUnit(target, ...unit), "npm", "run", "db:push");
