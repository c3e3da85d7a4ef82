#!/usr/bin/env node
// Takes up the balancer's configuration when it is another one; with --local, what this machine has changed itself.
import { execFileSync } from "node:child_process";
import { certificateWanted, documentFile, serve } from "./balancer-files.mjs";
import { readSetting } from "./cloud.mjs";
import { installed } from "./files.mjs";

if (process.argv[2] !== "--local") {
    const before = JSON.stringify(certificateWanted());
    const certificate = readSetting("certificate");
    installed(documentFile, JSON.stringify({ ...readSetting(`configuration-${process.env.PROGRAM}`), certificate }));
    if (before !== undefined && before !== JSON.stringify(certificateWanted())) {
        execFileSync("systemctl", ["--no-block", "start", "minusnow-certificate.service"]);
    }
}
serve();
