#!/usr/bin/env node
// Assembles the application's environment file from settings and secrets; runs before each start of the service.
import { chmodSync, writeFileSync } from "node:fs";
import { databaseAuthorities, environmentLine, move, protect } from "./system.mjs";
import * as cloud from "./cloud.mjs";

const { databaseHost, readSecret, readSetting } = cloud;
const file = process.env.ENVIRONMENT_FILE;
const { environment, secrets, database, sessionStore } = readSetting("settings");

const variables = { ...environment };
for (const [name, id] of Object.entries(secrets)) {
    variables[name] = readSecret(id);
}
const { username, password } = JSON.parse(readSecret(database.secretId));
const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
const host = await databaseHost(database.host);
variables.DATABASE_URL = `postgres://${login}@${host}:${database.port}/${database.name}?sslmode=verify-full`;
if (database.certificate) {
    const certificate = cloud.readParameter(database.certificate);
    if (!certificate.startsWith("-----BEGIN")) {
        throw new Error("the database has no certificate yet: its primary is not made");
    }
    // Not into what may be there: on some systems it is a link to the system's own authorities.
    writeFileSync(`${databaseAuthorities}.new`, certificate);
    chmodSync(`${databaseAuthorities}.new`, 0o644);
    move(`${databaseAuthorities}.new`, databaseAuthorities);
}
if (sessionStore) {
    const { scheme, port, secretId } = sessionStore;
    variables.REDIS_URL = `${scheme}://:${encodeURIComponent(readSecret(secretId))}@${sessionStore.host}:${port}`;
}

const lines = Object.entries(variables).map(([name, value]) => `${environmentLine(name, value)}\n`);
writeFileSync(`${file}.new`, "", { mode: 0o600 });
protect(`${file}.new`);
writeFileSync(`${file}.new`, lines.join(""));
move(`${file}.new`, file);
