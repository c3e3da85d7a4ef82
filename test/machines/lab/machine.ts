import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import {
    appendFileSync,
    existsSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { become, type System } from "./rhel-family";
import { setTimeout as wait } from "node:timers/promises";

/** What a machine starts with. */
export interface MachineArgs {
    name: string;
    address: string;
    userData: string;
    /** Addresses by name, in place of DNS. */
    hosts: Record<string, string>;
    /** PEM of an authority that the machine trusts. */
    authority: string;
    /** Block devices by the path that they have inside. */
    devices?: Record<string, string>;
    /** True for one that has the names and places of Amazon Linux, and not Debian's. */
    system: System;
}

/** Where a machine runs. */
export interface Place {
    image: string;
    folder: string;
    namespace: string;
    bridge: string;
    gateway: string;
    /** Directory of the file server that stands for EFS. */
    shared: string;
    /** Is told when the machine starts. */
    onStart: () => void;
}

export interface Result {
    status: number;
    stdout: string;
    stderr: string;
}

/** Labs boot side by side, a dozen machines on two processors. */
const BOOT_SECONDS = 480;
const HIERARCHIES = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup"];

/** A machine under systemd and cloud-init, on a file system of its own, in a network namespace of its own. */
export class Machine {
    public readonly name: string;
    public readonly address: string;
    /** Of every process that it ever had; not of what tests run on it. */
    public readonly commandLines = new Set<string>();
    readonly #args: MachineArgs;
    readonly #place: Place;
    readonly #root: string;
    readonly #folder: string;
    #process: ChildProcess | undefined;

    constructor(args: MachineArgs, place: Place) {
        this.name = args.name;
        this.address = args.address;
        this.#args = args;
        this.#place = place;
        this.#folder = path.join(place.folder, args.name);
        this.#root = path.join(this.#folder, "root");
        this.#prepare();
    }

    #prepare(): void {
        for (const part of ["upper", "work", "root"]) {
            mkdirSync(path.join(this.#folder, part), { recursive: true });
        }
        const layers = `lowerdir=${this.#place.image},upperdir=${this.#folder}/upper,workdir=${this.#folder}/work`;
        execFileSync("mount", ["-t", "overlay", "overlay", "-o", layers, this.#root]);
        const { name, address, userData, hosts, authority, system } = this.#args;
        if (system !== "debian") {
            become(system, this.#root);
        }
        const seed = path.join(this.#root, "var/lib/cloud/seed/nocloud");
        mkdirSync(seed, { recursive: true });
        writeFileSync(path.join(seed, "meta-data"), `instance-id: i-${name}\nlocal-hostname: ${name}\n`);
        writeFileSync(path.join(seed, "user-data"), userData);
        const routes = `      routes: [{ to: default, via: ${this.#place.gateway} }]\n`;
        const network = `version: 2\nethernets:\n    host0:\n      addresses: [${address}/16]\n${routes}`;
        writeFileSync(path.join(seed, "network-config"), network);
        const names = Object.entries({ localhost: "127.0.0.1", [name]: "127.0.1.1", ...hosts });
        const lines = names.map(([host, at]) => `${at} ${host}\n`);
        writeFileSync(path.join(this.#root, "etc/hosts"), lines.join(""));
        appendFileSync(path.join(this.#root, "etc/ssl/certs/ca-certificates.crt"), authority);
    }

    /** Starts it; resolves at once. */
    start(): void {
        this.#place.onStart();
        const own = path.join(this.#place.folder, this.name, "console");
        const log = openSync(own, "a");
        const { namespace, bridge, shared } = this.#place;
        const groups = this.#groups();
        groups.forEach((group) => mkdirSync(group, { recursive: true }));
        if (existsSync(this.#freezer())) {
            // It may have been killed while it was frozen.
            this.freeze(false);
        }
        const link = ["-n", namespace, "link", "delete", `vb-${this.name}`];
        // The kernel takes its time over the network of a machine that was killed.
        spawnSync("ip", link, { stdio: "ignore" });
        const enter = groups.map((group) => `echo $$ >${group}/cgroup.procs;`).join(" ");
        const nspawn = [
            "systemd-nspawn --quiet --register=no --keep-unit --boot --console=pipe --kill-signal=SIGRTMIN+4",
            `--directory=${this.#root} --machine=${this.name} --network-bridge=${bridge} --bind=${shared}:/srv/shared`,
            // As on a machine: systemd enforces the addresses that a unit may not reach.
            "--capability=CAP_BPF,CAP_PERFMON --system-call-filter=bpf",
            ...Object.entries(this.#args.devices ?? {}).map(([inside, device]) => `--bind=${device}:${inside}`),
        ].join(" ");
        const command = `${enter} exec nsenter --net=/run/netns/${namespace} ${nspawn}`;
        const env = { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" };
        this.#process = spawn("bash", ["-c", command], { stdio: ["ignore", log, log], env, detached: true });
    }

    #groups(): string[] {
        return hierarchies().map((root) => path.join(root, `${this.#place.namespace}-${this.name}`));
    }

    /** Waits until first boot, or a later one, has ended. */
    async booted(seconds = BOOT_SECONDS): Promise<void> {
        const end = Date.now() + seconds * 1000;
        for (;;) {
            const { stdout } = await this.exec("cloud-init status; systemctl is-system-running");
            if (/^status: done\n(running|degraded)$/m.test(stdout.trim())) {
                return;
            }
            if (/status: error/.test(stdout) || Date.now() > end || this.#process?.exitCode !== null) {
                const { stdout: log } = await this.exec(
                    "tail -n 60 /var/log/cloud-init-output.log; systemctl list-jobs",
                );
                const console_ = readFileSync(path.join(this.#folder, "console"), "utf8").slice(-2000);
                throw new Error(`${this.name} did not boot: ${stdout}\n${log}\n${console_}`);
            }
            await wait(250);
        }
    }

    /** Process that is 1 inside. */
    #leader(): number | undefined {
        const parent = this.#process?.pid;
        if (parent === undefined || this.#process?.exitCode !== null) {
            return undefined;
        }
        try {
            const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
            return child ? Number(child) : undefined;
        } catch {
            return undefined;
        }
    }

    /** Runs a script as root inside. */
    exec(script: string, input = ""): Promise<Result> {
        const leader = this.#leader();
        if (leader === undefined) {
            return Promise.resolve({ status: -1, stdout: "", stderr: `${this.name} is off` });
        }
        const args = ["-t", String(leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"];
        const path_ = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        return new Promise((resolve) => {
            const child = execFile(
                "nsenter",
                [...args, "env", "-i", path_, "HOME=/root", "LANG=C.UTF-8", "bash", "-c", script],
                { maxBuffer: 64 * 1024 * 1024, encoding: "utf8" },
                (error, stdout, stderr) => {
                    const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
                    resolve({ status, stdout, stderr });
                },
            );
            child.stdin!.on("error", () => undefined);
            child.stdin!.end(input);
        });
    }

    /** Output of a script that has to succeed. */
    async ok(script: string, input = ""): Promise<string> {
        const { status, stdout, stderr } = await this.exec(script, input);
        if (status !== 0) {
            throw new Error(`${this.name}: '${script}' ended with ${status}\n${stdout}\n${stderr}`);
        }
        return stdout;
    }

    /** Starts a program as root inside that ends with its standard input, and gives each line that it prints. */
    spawn(command: string, args: string[], onLine: (line: string) => void): { stop: () => Promise<void> } {
        const enter = ["-t", String(this.#leader()), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"];
        const child = spawn("nsenter", [...enter, command, ...args], { stdio: ["pipe", "pipe", "inherit"] });
        createInterface({ input: child.stdout }).on("line", onLine);
        const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
        return {
            stop: () => {
                child.stdin.end();
                return ended;
            },
        };
    }

    /** Ends every process of it at once. */
    async kill(): Promise<void> {
        if (this.#process?.exitCode !== null || this.#process.signalCode !== null) {
            return;
        }
        const ended = new Promise((resolve) => this.#process!.once("exit", resolve));
        this.#killNow();
        await ended;
    }

    #killNow(): void {
        const leader = this.#leader();
        if (leader !== undefined) {
            process.kill(leader, "SIGKILL");
        }
        this.#process?.kill("SIGKILL");
    }

    /** Stops every process of it; its kernel goes on and accepts connections. */
    freeze(frozen: boolean): void {
        writeFileSync(this.#freezer(), frozen ? "1" : "0");
    }

    #freezer(): string {
        return path.join(this.#groups()[0]!, "cgroup.freeze");
    }

    /** Pulls its network cable, or puts it back. */
    plug(plugged: boolean): void {
        const { namespace } = this.#place;
        execFileSync("ip", ["-n", namespace, "link", "set", `vb-${this.name}`, plugged ? "up" : "down"]);
    }

    /** Restarts it in an orderly way, and waits. */
    async reboot(): Promise<void> {
        const ended = new Promise((resolve) => this.#process!.once("exit", resolve));
        await this.exec("systemctl reboot");
        await ended;
        this.start();
        await this.booted();
    }

    /** Ends it and leaves nothing of it. */
    remove(): void {
        this.#process?.kill("SIGKILL");
        this.#groups().forEach(removeGroup);
        retried(() => execFileSync("umount", [this.#root], { stdio: "ignore" }));
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

/** Control groups, first that of version 2, by which a machine is frozen and killed as a whole. */
function hierarchies(): string[] {
    const [unified, named, only] = HIERARCHIES as [string, string, string];
    return existsSync(path.join(unified, "cgroup.procs")) ? [unified, named] : [only];
}

/** Ends what runs in a group, and removes it. */
function removeGroup(group: string): void {
    if (existsSync(path.join(group, "cgroup.kill"))) {
        writeFileSync(path.join(group, "cgroup.kill"), "1");
    }
    const remove = [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"];
    retried(() => execFileSync("find", remove, { stdio: "ignore" }));
}

/** Ends all machines of a lab. */
export function removeMachines(namespace: string): void {
    for (const root of hierarchies()) {
        readdirSync(root)
            .filter((name) => name.startsWith(`${namespace}-`))
            .forEach((name) => removeGroup(path.join(root, name)));
    }
}

/** Processes that were killed are gone a little later. */
function retried(action: () => void): void {
    for (let attempt = 1; ; attempt++) {
        try {
            action();
            return;
        } catch (error) {
            if (attempt === 50) {
                throw error;
            }
            execFileSync("sleep", ["0.1"]);
        }
    }
}
