#!/usr/bin/env node
// Takes up the balancer's configuration when it is another one; one that the program refuses is set aside.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { check, installed, serve } from "./balancer-files.mjs";
import { readSetting } from "./cloud.mjs";

const { CONFIGURATION_FILE: file } = process.env;
const before = existsSync(file) ? readFileSync(file) : undefined;
if (installed(file, readSetting("configuration").text, 0o644)) {
    try {
        check();
    } catch (error) {
        renameSync(file, `${file}.refused`);
        if (before) {
            writeFileSync(file, before);
        }
        throw error;
    }
}
serve();
