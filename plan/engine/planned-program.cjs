// Loaded into a planned program before anything else: leaves out what only `pulumi up` shows. Where a version of Pulumi's
// SDK is laid out otherwise, it is shown to nobody.
const Module = require("node:module");
const path = require("node:path");
const { putAtLessExpense } = require("../../stacks/lean-messages.cjs");
const { followAtLessExpense } = require("../../stacks/lean-promises.cjs");
const { loadLater } = require("../../stacks/package-internals.cjs");

const fromProgram = Module.createRequire(path.join(process.cwd(), "package.json"));
const fromPulumi = () => Module.createRequire(fromProgram.resolve("@pulumi/pulumi/package.json"));

const steps = [
    // Versions are compared where a package is in the program twice, or asks for a version of Node.js.
    () => loadLater("semver", fromPulumi()),
    // Several messages for each resource, one after the other, that only `pulumi up --debug` ever shows.
    () => (fromProgram("@pulumi/pulumi/log").debug = () => Promise.resolve()),
    // From the first promise and message on; stacks/fast-start.ts does so later, under `pulumi up` as well.
    () => followAtLessExpense(fromPulumi()),
    () => putAtLessExpense(fromPulumi()),
    // The source line of each resource, which is kept in the state.
    () => (fromProgram("@pulumi/pulumi/resource").Resource.callsites = () => []),
    attachDebuggerLater,
    leaveOutSpans,
];
for (const step of steps) {
    try {
        step();
    } catch {
        continue;
    }
}

/** The debugger that the source of functions which become resources is read with attaches when one does. */
function attachDebuggerLater() {
    const hooks = fromProgram("@pulumi/pulumi/runtime/closure/v8Hooks");
    const { getSessionAsync } = hooks;
    let isTold = false;
    hooks.isInitializedAsync = () => Promise.resolve();
    hooks.getSessionAsync = async () => {
        const session = await getSessionAsync();
        if (!isTold) {
            isTold = true;
            // Tells of the scripts that were loaded before anybody listened.
            session.post("Debugger.disable");
            session.post("Debugger.enable");
        }
        return session;
    };
}

/** Exporters of what `pulumi up --tracing` tells; without them spans record nothing. */
function leaveOutSpans() {
    const tracing = fromProgram.resolve("@pulumi/pulumi/cmd/run/tracing");
    const { trace } = Module.createRequire(tracing)("@opentelemetry/api");
    require.cache[tracing] = Object.assign(new Module(tracing), {
        loaded: true,
        exports: { newSpan: (name) => trace.getTracer("plan").startSpan(name) },
    });
}
