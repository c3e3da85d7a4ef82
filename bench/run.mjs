// Measures plans as ratios, side by side in one run: `npm run bench`. Options: --runs N (default 5), --quick.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
    options: { runs: { type: "string", default: "5" }, quick: { type: "boolean", default: false } },
});
const runs = Number(options.runs);
const root = path.resolve(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "minusnow-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A Pulumi project in a folder of its own, with this repository's packages. */
function project(name, main, typescript, stacks) {
    const place = path.join(folder, name);
    mkdirSync(place);
    writeFileSync(
        path.join(place, "Pulumi.yaml"),
        `name: minusnow\nruntime:\n  name: nodejs\n  options:\n    typescript: ${typescript}\nmain: ${main}\n`,
    );
    writeFileSync(path.join(place, "package.json"), "{}");
    writeFileSync(path.join(place, "tsconfig.json"), JSON.stringify({ extends: path.join(root, "tsconfig.json") }));
    symlinkSync(path.join(root, "node_modules"), path.join(place, "node_modules"));
    for (const [stack, text] of Object.entries(stacks)) {
        writeFileSync(path.join(place, `Pulumi.${stack}.yaml`), text);
    }
    return place;
}

const stackFile = (stack) => readFileSync(path.join(root, "stacks", `Pulumi.${stack}.yaml`), "utf8");
const withServers = (count) => `${stackFile("aws-prod")}  minusnow:appPair:\n    count: ${count}\n`;

const floorProgram = path.join(folder, "empty.js");
symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
writeFileSync(path.join(folder, "package.json"), "{}");
writeFileSync(floorProgram, 'exports.stack = require("@pulumi/pulumi").getStack();\n');

const clouds = ["aws", "azure"];
const names = clouds.flatMap((cloud) => ["dev", "staging", "prod"].map((environment) => `${cloud}-${environment}`));
const stacks = Object.fromEntries(names.map((name) => [name, stackFile(name)]));
const counts = options.quick ? [2, 50] : [2, 50, 100, 150, 200];
const sizes = Object.fromEntries(counts.map((count) => [`servers-${count}`, withServers(count)]));
const floor = { place: project("floor", floorProgram, false, { floor: "config: {}\n" }), stack: "floor" };
const compiled = project("compiled", path.join(root, "dist/stacks/index.js"), false, { ...stacks, ...sizes });
const tsNode = project("ts-node", sourceWithoutFastStart(), true, stacks);

/** The program as TypeScript, started as Pulumi starts one that does nothing for its start. */
function sourceWithoutFastStart() {
    const place = path.join(folder, "source");
    for (const part of ["components", "stacks", "tsconfig.json"]) {
        cpSync(path.join(root, part), path.join(place, part), { recursive: true });
    }
    symlinkSync(path.join(root, "node_modules"), path.join(place, "node_modules"));
    // The programs that Azure's operations machine carries are bundles.
    const bundles = ["database/bootstrap", "load-balancer/issue", "release"].map(
        (at) => `components/${at}/machine.cjs`,
    );
    for (const bundle of bundles) {
        cpSync(path.join(root, "dist", bundle), path.join(place, bundle));
    }
    const program = path.join(place, "stacks", "index.ts");
    writeFileSync(program, readFileSync(program, "utf8").replace('import "./fast-start";\n', ""));
    return program;
}

/** Wall time in seconds of one plan, and the peak memory of its program in MiB. */
function measure({ place, stack, more = ["--no-policies"] }) {
    const usage = path.join(folder, "usage");
    const env = {
        ...process.env,
        NODE_OPTIONS: `--require ${path.join(root, "bench/usage.cjs")}`,
        MINUSNOW_BENCH_USAGE: usage,
    };
    const started = process.hrtime.bigint();
    const command = [path.join(root, "dist/plan/cli.js"), "plan", stack, "-C", place, ...more];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
        env,
        encoding: "utf8",
        maxBuffer: 2 ** 27,
    });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (status !== 0) {
        throw new Error(`plan of ${stack} in ${place} ended with ${status}\n${stdout}${stderr}`);
    }
    return { seconds, mebibytes: Number(readFileSync(usage, "utf8")) / 1024 };
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/** Medians of two commands run in turn, and the median of their ratios pair by pair. */
function compare(one, other, rounds = runs) {
    measure(one);
    measure(other);
    const pairs = Array.from({ length: rounds }, () => [measure(one), measure(other)]);
    const of = (key) => ({
        one: median(pairs.map(([a]) => a[key])),
        other: median(pairs.map(([, b]) => b[key])),
        ratio: median(pairs.map(([a, b]) => a[key] / b[key])),
    });
    return { seconds: of("seconds"), mebibytes: of("mebibytes") };
}

/** Forgets cached file contents, as on a machine that has just been made; false where that is not allowed. */
function forgetFiles() {
    spawnSync("sync");
    try {
        writeFileSync("/proc/sys/vm/drop_caches", "3");
        return true;
    } catch {
        return false;
    }
}

const row = (...cells) =>
    console.log(cells.map((cell, place) => (place === 0 ? cell.padEnd(44) : cell.padStart(12))).join(""));
const number = (value) => value.toFixed(2);

/** What was aimed at, and what came of it; printed at the end. */
const aims = [];
const aim = (what, found, isMet) => aims.push({ what, found, isMet });

console.log(
    `Node.js ${process.version}, median of ${runs} paired runs after a warm-up; ratios are medians of pairs.\n`,
);
row("against the floor, an empty program", "seconds", "floor", "ratio", "MiB", "ratio");
for (const stack of Object.keys(stacks)) {
    const { seconds, mebibytes } = compare({ place: compiled, stack }, floor);
    row(
        stack,
        number(seconds.one),
        number(seconds.other),
        number(seconds.ratio),
        mebibytes.one.toFixed(0),
        number(mebibytes.ratio),
    );
    if (stack === "aws-prod") {
        aim("aws-prod within 2x of the floor", `${number(seconds.ratio)}x`, seconds.ratio <= 2);
    }
}

console.log("");
row("against ts-node, Pulumi's default start", "seconds", "ts-node", "faster by", "MiB", "ratio");
const rounds = Math.min(runs, 3);
const canForget = forgetFiles();
for (const stack of Object.keys(stacks)) {
    const warm = compare({ place: compiled, stack }, { place: tsNode, stack }, rounds);
    const faster = 1 / warm.seconds.ratio;
    row(
        `${stack}, files in memory`,
        number(warm.seconds.one),
        number(warm.seconds.other),
        `${number(faster)}x`,
        warm.mebibytes.one.toFixed(0),
        number(warm.mebibytes.ratio),
    );
    const isProduction = stack.endsWith("-prod");
    if (isProduction) {
        aim(`${stack} not slower than ts-node with files in memory`, `${number(faster)}x faster`, faster >= 1);
    }
    if (canForget && isProduction) {
        const cold = Array.from({ length: rounds }, () => {
            forgetFiles();
            const own = measure({ place: compiled, stack });
            forgetFiles();
            return { own, other: measure({ place: tsNode, stack }) };
        });
        const of = (pick) => median(cold.map(pick));
        const ratio = of(({ own, other }) => other.seconds / own.seconds);
        row(
            `${stack}, files not in memory`,
            number(of(({ own }) => own.seconds)),
            number(of(({ other }) => other.seconds)),
            `${number(ratio)}x`,
            of(({ own }) => own.mebibytes).toFixed(0),
            number(of(({ own, other }) => own.mebibytes / other.mebibytes)),
        );
        aim(`${stack} 5x faster than ts-node with files not in memory`, `${number(ratio)}x faster`, ratio >= 5);
    }
}
if (!canForget) {
    console.log("files not in memory: not measured, this machine does not let its file cache be emptied");
}

console.log("");
row("with the checklist's policies", "seconds", "without", "ratio", "peer", "ratio");
const bareRequire = [process.execPath, "-e", 'require("@pulumi/pulumi")'];
for (const stack of clouds.map((cloud) => `${cloud}-prod`)) {
    const [own, without] = [{ more: [] }, {}].map((more) => ({ place: compiled, stack, ...more }));
    measure(own);
    const trials = Array.from({ length: runs }, () => {
        const peer = 2 * timed(bareRequire) + 0.6;
        return { peer, own: measure(own).seconds, without: measure(without).seconds };
    });
    const of = (pick) => median(trials.map(pick));
    const ratio = of((round) => round.own / round.peer);
    const cells = [of((round) => round.own), of((round) => round.without), of((round) => round.own / round.without)];
    row(stack, ...cells.map(number), number(of(({ peer }) => peer)), number(ratio));
    // The peer is a CDK app with cdk-nag, which is for AWS; Azure is shown beside it.
    if (stack === "aws-prod") {
        aim("aws-prod with policies within its peer's time, bare require x2 + 0.6 s", `${number(ratio)}x`, ratio <= 1);
    }
}
const starts = Array.from({ length: runs }, () => packStart());
row("the pack alone, from its start to its port", number(median(starts)));

/** Wall time of a command in seconds. */
function timed([command, ...args]) {
    const started = process.hrtime.bigint();
    spawnSync(command, args, { cwd: root });
    return Number(process.hrtime.bigint() - started) / 1e9;
}

/** Seconds until the pack answers at a port, as a plan starts it; its process is ended then. */
function packStart() {
    const script = `
        const started = process.hrtime.bigint();
        const child = require("node:child_process").spawn(process.execPath, ${JSON.stringify([path.join(root, "dist/plan/engine/run-pack.cjs"), path.join(root, "policy")])}, { cwd: ${JSON.stringify(path.join(root, "policy"))} });
        child.stdout.once("data", () => { console.log(Number(process.hrtime.bigint() - started) / 1e9); child.kill("SIGKILL"); });`;
    return Number(spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stdout);
}

console.log("");
row("growth with application servers", "seconds", "per server", "to the first", "MiB");
let previous;
let first;
const steps = [];
for (const count of counts) {
    const samples = Array.from({ length: Math.min(runs, 3) }, () =>
        measure({ place: compiled, stack: `servers-${count}` }),
    );
    const seconds = median(samples.map((sample) => sample.seconds));
    const step = previous && ((seconds - previous.seconds) / (count - previous.count)) * 1000;
    first ??= step;
    const shown = step === undefined ? ["", ""] : [`${step.toFixed(1)} ms`, number(step / first)];
    row(`${count} servers`, number(seconds), ...shown, median(samples.map((sample) => sample.mebibytes)).toFixed(0));
    previous = { count, seconds };
    steps.push(...(step === undefined ? [] : [step]));
}
if (steps.length > 1) {
    const worst = Math.max(...steps) / first;
    aim("growth linear: no step costs half as much again as the first", `${number(worst)}x`, worst <= 1.5);
}

console.log("");
for (const { what, found, isMet } of aims) {
    row(what.padEnd(72), found, isMet ? "met" : "not met");
}
