import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { acme } from "./acme.mjs";
import { alone } from "./alone";
import type { Command, Outcome, World } from "./aws-api.mjs";
import type { AzureWorld } from "./azure-api.mjs";
import { type Authority, createAuthority } from "./certificates";
import { buildImage, MICROSOFT_PACKAGE } from "./image";
import type { Front } from "./front.mjs";
import { Machine, removeMachines } from "./machine";
import type { System } from "./rhel-family";
import type { CommandLine } from "./watch-processes.mjs";

/** Addresses of the lab outside the guide's network 10.0.0.0/16. */
export const outside = {
    gateway: "10.0.0.1",
    metadata: "169.254.169.254",
    aws: "203.0.113.10",
    /** As many as it takes for each to stay below the rate limit. */
    users: Array.from({ length: 20 }, (_, place) => `203.0.113.${21 + place}`),
    flooder: "203.0.113.100",
} as const;

/** What the account of the lab has; the rest of {@link World} is the lab's own. */
export type Account = Pick<
    World,
    "tags" | "addresses" | "accountArn" | "parameters" | "secrets" | "certificates" | "objects" | "roles"
>;

/** The same on Azure. */
export type AzureAccount = Pick<AzureWorld, "machines" | "secrets" | "blobs" | "containers">;

/** What every cloud's interfaces are told of the lab. */
type Own = Pick<World, "metadataAddress" | "address" | "tls" | "authority" | "signingKey">;

/** A network that reaches nothing else, the cloud's interfaces, and the machines in it. */
export interface Lab {
    folder: string;
    authority: Authority;
    /** Makes a machine; it is not started. */
    machine: (
        name: string,
        address: string,
        userData: string,
        devices?: Record<string, string>,
        system?: System,
    ) => Machine;
    /** Makes an empty disk and gives its device. */
    disk: (mib: number) => string;
    /** Machines by instance id, to which Systems Manager brings commands. */
    machinesById: Record<string, Machine>;
    /** Names in place of DNS, for machines that are made later. */
    hosts: Record<string, string>;
    /** Starts the cloud's interfaces with this content, or changes it. */
    account: (account: Account) => Promise<void>;
    azure: (account: AzureAccount) => Promise<void>;
    /** Starts what stands before the database's machines. */
    front: (front: Front) => Promise<void>;
    /** Starts Let's Encrypt's part and the DNS that it asks. */
    acme: () => Promise<void>;
    /** Runs a program outside, as a user on the Internet. */
    outside: (command: string, args: string[]) => ChildProcess;
    /** Runs a program of the image outside and gives what it printed, errors too. */
    look: (command: string, ...args: string[]) => Promise<string>;
    /** What happens between the order to stop a machine, at the cloud, and the moment that it is off. Default nothing. */
    beforeStop: (machine: string) => Promise<void>;
    close: () => void;
}

const BRIDGE = "br0";
/** Of a lab's folder, before the id of its process. */
const FOLDER = "minusnow-lab-";
/** Of a disk in it, before its number. */
const DISK = "disk-";
const REGION = "us-east-1";
const services = ["ssm", "secretsmanager", "acm", "s3", "sts", "ec2", "monitoring"].map(
    (name) => `${name}.${REGION}.amazonaws.com`,
);
const pages = [
    ...["truststore.pki.rds.amazonaws.com", "deb.nodesource.com", "www.postgresql.org", "packages.microsoft.com"],
    ...["management.azure.com", acme.name],
];

export function createLab(): Lab {
    const image = buildImage();
    alone(removeLeftovers);
    allowWatching();
    const folder = mkdtempSync(path.join(tmpdir(), `${FOLDER}${process.pid}-`));
    const namespace = `mnow${process.pid}`;
    keepInMemory(folder);
    const shared = path.join(folder, "shared");
    mkdirSync(shared);
    createNetwork(namespace);
    const authority = createAuthority(folder);
    const machines: Machine[] = [];
    const machinesById: Record<string, Machine> = {};
    const programs: ChildProcess[] = [];
    const disks: string[] = [];
    let api: Api | undefined;
    const start = (command: string, args: string[], stdio: "inherit" | "pipe" = "pipe") => {
        const all = [`--net=/run/netns/${namespace}`, command, ...args];
        const child = spawn("nsenter", all, { stdio: ["pipe", "pipe", stdio] });
        programs.push(child);
        return child;
    };
    function watchProcesses(): void {
        const watcher = start(
            process.execPath,
            [path.join(import.meta.dirname, "watch-processes.mts"), namespace],
            "inherit",
        );
        createInterface({ input: watcher.stdout! }).on("line", (text) => {
            const { machine, line } = JSON.parse(text) as CommandLine;
            machines.find(({ name }) => name === machine)?.commandLines.add(line);
        });
    }
    const hosts = Object.fromEntries([...services, ...pages].map((name) => [name, outside.aws as string]));
    watchProcesses();
    const answer = async ({ id, instanceId, script, isStart }: Command, program_: ChildProcess) => {
        const machine = machinesById[instanceId]!;
        const turned = async () => {
            if (isStart) {
                machine.start();
            } else {
                await lab.beforeStop(machine.name);
                await machine.kill();
            }
            return { status: 0, stdout: "", stderr: "" };
        };
        const outcome: Outcome = { id, ...(await (script === undefined ? turned() : machine.exec(script))) };
        program_.stdin!.write(`${JSON.stringify(outcome)}\n`);
    };
    const startCloud = async (program: string, content: object) => {
        const file = path.join(folder, "world.json");
        const names = Object.keys(hosts).filter((name) => hosts[name] === outside.aws);
        const tls = api?.tls ?? authority.issue(outside.aws, ...names);
        const key = ["--enarmor", "--output", "-", "/usr/share/keyrings/debian-archive-keyring.gpg"];
        const own: Own = {
            metadataAddress: outside.metadata,
            address: outside.aws,
            tls,
            authority: authority.certificate,
            signingKey: execFileSync("chroot", [image, "gpg", ...key], { encoding: "utf8", stdio: "pipe" }),
        };
        writeFileSync(file, JSON.stringify({ ...content, ...own, packageFile: path.join(image, MICROSOFT_PACKAGE) }));
        if (api) {
            api.process.kill("SIGHUP");
            return;
        }
        api = { tls, process: start(process.execPath, [path.join(import.meta.dirname, program), file], "inherit") };
        const { process: program_ } = api;
        const lines = createInterface({ input: program_.stdout! });
        lines.on("line", (line) => line === "ready" || void answer(JSON.parse(line) as Command, program_));
        await new Promise((resolve, reject) => {
            lines.once("line", resolve);
            program_.once("exit", (code) => reject(new Error(`the cloud's interfaces ended with ${code}`)));
        });
    };
    const close = once(() => {
        machines.forEach((machine) => machine.remove());
        programs.forEach((program) => program.kill("SIGKILL"));
        disks.forEach((device) => execFileSync("losetup", ["--detach", device]));
        execFileSync("ip", ["netns", "delete", namespace]);
        removeFolder(folder);
    });
    process.once("exit", close);
    const lab: Lab = {
        beforeStop: () => Promise.resolve(),
        folder,
        authority,
        hosts,
        machinesById,
        disk: (mib) => {
            const file = path.join(folder, `${DISK}${disks.length}`);
            writeFileSync(file, "");
            truncateSync(file, mib * 1024 * 1024);
            const device = execFileSync("losetup", ["--find", "--show", file], { encoding: "utf8" }).trim();
            disks.push(device);
            return device;
        },
        machine: (name, address, userData, devices, system = "debian") => {
            const args = { name, address, userData, hosts, authority: authority.certificate, devices, system };
            const onStart = () => {
                const [started] = Object.entries(machinesById).find(([, one]) => one.name === name) ?? [];
                if (started !== undefined) {
                    api?.process.stdin!.write(`${JSON.stringify({ started })}\n`);
                }
            };
            const place = { image, folder, namespace, bridge: BRIDGE, gateway: outside.gateway, shared, onStart };
            const made = new Machine(args, place);
            machines.push(made);
            return made;
        },
        account: (account) => {
            const buckets = Object.keys(account.objects).map(
                (name) => `${name.split("/")[0]!}.s3.${REGION}.amazonaws.com`,
            );
            buckets.forEach((name) => (hosts[name] = outside.aws));
            return startCloud("aws-api.mts", account);
        },
        azure: (account) => {
            const vaults = Object.keys(account.secrets).map(
                (id) => `${/\/vaults\/([^/]+)\//i.exec(id)![1]!}.vault.azure.net`,
            );
            const stores = [...Object.keys(account.blobs), ...Object.keys(account.containers)].map(
                (url) => new URL(url).hostname,
            );
            [...vaults, ...stores].forEach((name) => (hosts[name] = outside.aws));
            return startCloud("azure-api.mts", account);
        },
        front: async (front) => {
            const asking = front.health.from === undefined ? [] : [front.health.from];
            for (const address of [front.address, ...Object.values(front.sources), ...asking]) {
                execFileSync("ip", ["-n", namespace, "address", "replace", `${address}/32`, "dev", BRIDGE]);
            }
            const file = path.join(folder, `front-${front.address}.json`);
            writeFileSync(file, JSON.stringify(front));
            const child = start(process.execPath, [path.join(import.meta.dirname, "front.mts"), file], "inherit");
            await new Promise((resolve) => child.stdout!.once("data", resolve));
        },
        acme: () => {
            const { certificate, key } = authority.issue(acme.address.host);
            writeFileSync(path.join(folder, "acme.pem"), certificate);
            writeFileSync(path.join(folder, "acme.key"), key);
            writeFileSync(path.join(folder, "acme.json"), JSON.stringify(acme.configuration));
            // Both are programs of the image, to which the lab's folder is shown alone.
            const inImage = (command: string) =>
                start("unshare", [
                    ...["--mount", "bash", "-c"],
                    `mount --bind ${folder} ${image}/mnt && exec chroot ${image} ${command}`,
                ]);
            const dns = inImage(`pebble-challtestsrv ${acme.dnsOptions(outside.aws)}`);
            const server = inImage(
                `env PEBBLE_VA_NOSLEEP=1 pebble -config /mnt/acme.json -dnsserver ${outside.aws}:53`,
            );
            return Promise.all([dns, server].map(hasSpoken)).then(() => undefined);
        },
        outside: (command, args) => start(command, args),
        look: (command, ...args) => {
            const child = start("chroot", [image, command, ...args]);
            const chunks: Buffer[] = [];
            child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
            child.stderr!.on("data", (chunk: Buffer) => chunks.push(chunk));
            child.stdin!.end();
            return new Promise((resolve) => child.once("close", () => resolve(Buffer.concat(chunks).toString())));
        },
        close,
    };
    return lab;
}

interface Api {
    tls: World["tls"];
    process: ChildProcess;
}

/** Resolves when a program has printed something, which it does when it listens. */
const hasSpoken = (child: ChildProcess) =>
    new Promise((resolve, reject) => {
        child.stdout!.once("data", resolve).resume();
        child.stderr!.once("data", resolve).resume();
        child.once("exit", (code) => reject(new Error(`${child.spawnargs.join(" ")} ended with ${code}`)));
    });

/** Ends what labs have left behind whose process was killed: they could not do it themselves. */
function removeLeftovers(): void {
    const isOver = (pid: string) => !existsSync(`/proc/${pid}`);
    const namespaces = execFileSync("ip", ["-o", "netns", "list"], { encoding: "utf8" }).match(/^mnow\d+/gm) ?? [];
    for (const namespace of namespaces.filter((name) => isOver(name.slice("mnow".length)))) {
        removeMachines(namespace);
        execFileSync("ip", ["netns", "delete", namespace]);
    }
    const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(FOLDER));
    for (const name of folders.filter((one) => isOver(one.slice(FOLDER.length).split("-")[0]!))) {
        removeFolder(path.join(tmpdir(), name));
    }
}

/** With the file systems and disks of machines that are in it. */
function removeFolder(folder: string): void {
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    const places = mounts.map((line) => line.split(" ")[1] ?? "");
    places.filter((place) => place.startsWith(`${folder}/`)).forEach((place) => execFileSync("umount", [place]));
    for (const file of readdirSync(folder).filter((name) => name.startsWith(DISK))) {
        const used = execFileSync("losetup", ["--noheadings", "--output", "NAME", "--associated", `${folder}/${file}`]);
        const devices = used.toString().split("\n").filter(Boolean);
        devices.forEach((device) => execFileSync("losetup", ["--detach", device]));
    }
    if (places.includes(folder)) {
        // What was killed a moment ago may still have a file open.
        execFileSync("umount", ["--lazy", folder]);
    }
    rmSync(folder, { recursive: true, force: true });
}

const WATCHERS = "/proc/sys/fs/inotify/max_user_instances";
const MOST_WATCHERS = 1024;

/** Every machine's systemd watches files, all as one user of the host: without room for it units fail, and none says why. */
function allowWatching(): void {
    if (Number(readFileSync(WATCHERS, "utf8")) < MOST_WATCHERS) {
        writeFileSync(WATCHERS, String(MOST_WATCHERS));
    }
}

const PLENTY_BYTES = 12 * 1024 ** 3;

/** Where there is plenty of it: a disk that other tests are busy with holds up databases, and whoever writes a log. */
function keepInMemory(folder: string): void {
    const [, kibibytes] = /^MemAvailable: +(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))!;
    if (Number(kibibytes) * 1024 > PLENTY_BYTES) {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=25%,mode=0700", "minusnow-lab", folder]);
    }
}

function createNetwork(namespace: string): void {
    const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
    ip("netns", "add", namespace);
    const inside = (...args: string[]) => ip("-n", namespace, ...args);
    // Else it has the least address of its machines, and another one when that machine is killed: all others lose their way.
    inside("link", "add", BRIDGE, "address", "02:6d:6e:6f:77:01", "type", "bridge");
    for (const address of [`${outside.gateway}/16`, outside.metadata, outside.aws, outside.flooder, ...outside.users]) {
        inside("address", "add", address, "dev", BRIDGE);
    }
    inside("link", "set", BRIDGE, "up");
    inside("link", "set", "lo", "up");
}

function once(action: () => void): () => void {
    let isDone = false;
    return () => {
        if (!isDone) {
            isDone = true;
            action();
        }
    };
}
