#!/usr/bin/env node
// Writes the login of the shared directories where mount.cifs reads it.
import { renameSync, writeFileSync } from "node:fs";
import { readSecret } from "./cloud.mjs";

const { STORAGE_SECRET_ID: id, SHARE_LOGIN: file } = process.env;
const { username, password } = JSON.parse(readSecret(id));
// Windows names the place of an account before it, Linux does not.
const account = username.split("\\").at(-1);
writeFileSync(`${file}.new`, `username=${account}\npassword=${password}\n`, { mode: 0o600 });
renameSync(`${file}.new`, file);
