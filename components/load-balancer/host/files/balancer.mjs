#!/usr/bin/env node
// Takes up the balancer's configuration when it is another one; with --local, what this machine has changed itself.
import { execFileSync } from "node:child_process";
import { certificateId, documentFile, installed, serve } from "./balancer-files.mjs";
import { readSetting } from "./cloud.mjs";

if (process.argv[2] !== "--local") {
    const before = certificateId();
    const { id } = readSetting("certificate");
    installed(documentFile, JSON.stringify({ ...readSetting("configuration"), certificateId: id }));
    if (before !== undefined && before !== certificateId()) {
        execFileSync("systemctl", ["--no-block", "start", "minusnow-certificate.service"]);
    }
}
serve();
