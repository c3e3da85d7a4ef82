import { readFileSync } from "node:fs";
import path from "node:path";
import type { CloudHost } from "../../host/cloud-host";
import { type HostFile, userDataLimit } from "../../host/cloud-init";
import { sharedFiles } from "../../host/machine-files";
import { renderPowerShell } from "../../host/powershell";
import { renderYaml } from "../../host/yaml";
import { ports, windowsApplication } from "../../reference";
import type { Mount } from "../../shared-storage/contract";

/** What an application server on Windows is to become. */
export interface WindowsServerHost {
    cloud: Pick<CloudHost, "cloudModule" | "variables" | "limit">;
    /** Package of winget with the cloud's command line, and the folder that it is in. Default: none is needed. */
    commandLine?: { package: string; folder: string };
    /** Servers that know names below a domain. Default: those of the network know all. */
    names?: { domain: string; servers: string[] };
    /** Where the authorities that sign the database's certificate are published. Default: those of Node.js. */
    databaseCaUrl?: string;
    /** Shares, whose login is in the secret below. */
    mounts: Mount[];
    /** Id of the secret with the user name and password for the shares. */
    storageSecretId: string;
}

/** Programs that travel compressed, with the file of this library that each is. */
const programs: { [name: string]: string } = {
    "system.mjs": "system-windows.mjs",
    "environment.mjs": "environment.mjs",
    "release.mjs": "release.mjs",
    "storage.mjs": "storage.mjs",
    "work.mjs": "work.mjs",
};

/**
 * First-boot script of an application server on Windows Server 2025, with the steps of other systems (guide, steps 2, 5 and
 * 6): Node.js by winget, the application as a service, shares of SMB. It names secrets and holds none.
 */
export function renderWindowsServer(host: WindowsServerHost): string {
    const { cloud, mounts } = host;
    const own = path.join(__dirname, "files");
    const { folder } = windowsApplication;
    const file = (name: string, content: string, compressed = false): HostFile => ({
        path: `${folder}\\${name}`,
        permissions: "0600",
        content,
        compressed,
    });
    const source = (from: string, name: string) => withoutComments(readFileSync(path.join(from, name), "utf8"));
    return renderPowerShell(
        {
            folder,
            files: [
                file("host.env", hostVariables(host)),
                file("mounts", mountTable(mounts)),
                file("setup.ps1", source(own, "setup.ps1"), true),
                file("start.ps1", source(own, "start.ps1"), true),
                file("cloud.mjs", source(sharedFiles, cloud.cloudModule), true),
                ...Object.entries(programs).map(([name, from]) => file(name, source(own, from), true)),
            ],
            command: `${folder}\\setup.ps1`,
        },
        cloud.limit,
    );
}

/** User data of EC2 has no room for what only readers of this library need. */
function withoutComments(program: string): string {
    return program.replace(/^[ \t]*(\/\*\*[\s\S]*?\*\/|\/\/.*|#.*)\n/gm, "");
}

/**
 * The script as EC2 runs it at first boot, as the system's own account. Whoever waits for the machine reaches it meanwhile:
 * EC2Launch starts the agent of Systems Manager after all else, unless it is told to before.
 *
 * @throws Error when it is larger than EC2 accepts.
 */
export function ec2Launch(script: string): string {
    const input = { frequency: "once", type: "powershell", runAs: "localSystem", content: script };
    const document = { version: 1.1, tasks: [{ task: "startSsm" }, { task: "executeScript", inputs: [input] }] };
    const text = renderYaml(document);
    if (Buffer.byteLength(text) > userDataLimit) {
        throw new Error(`user data has ${Buffer.byteLength(text)} bytes, allowed are ${userDataLimit}`);
    }
    return text;
}

function hostVariables(host: WindowsServerHost): string {
    const { cloud, commandLine, names, databaseCaUrl = "", storageSecretId } = host;
    const { directory, environmentFile } = windowsApplication;
    const variables = {
        APP_DIRECTORY: directory,
        APP_PORT: String(ports.app),
        ENVIRONMENT_FILE: environmentFile,
        DATABASE_CA_URL: databaseCaUrl,
        STORAGE_SECRET_ID: storageSecretId,
        ...(commandLine && { CLI_PACKAGE: commandLine.package, CLI_FOLDER: commandLine.folder }),
        ...(names && { NAMES_DOMAIN: names.domain, NAMES_SERVERS: names.servers.join(",") }),
        ...cloud.variables,
    };
    return Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("");
}

/** A share, the folder that shows it, its type and options: the form of fstab(5). */
function mountTable(mounts: Mount[]): string {
    return mounts
        .map(
            ({ directory, source, type, options }) =>
                `${source} ${windowsApplication.directory}/${directory} ${type} ${options}\n`,
        )
        .join("");
}
