// Loaded into a planned program before anything else: leaves out what only `pulumi up` shows.
const Module = require("node:module");
const path = require("node:path");
const { followAtLessExpense } = require("../../stacks/lean-promises.cjs");

const fromProgram = Module.createRequire(path.join(process.cwd(), "package.json"));
// Several messages for each resource, one after the other, that only `pulumi up --debug` ever shows.
fromProgram("@pulumi/pulumi/log").debug = () => Promise.resolve();
// From the first promise on; stacks/fast-start.ts does so later, under `pulumi up` as well.
followAtLessExpense(Module.createRequire(fromProgram.resolve("@pulumi/pulumi/package.json")));
// The source line of each resource, which is kept in the state.
fromProgram("@pulumi/pulumi/resource").Resource.callsites = () => [];
// A debugger from the start, which the source of functions that become resources is read with. It attaches when one does.
fromProgram("@pulumi/pulumi/runtime/closure/v8Hooks").isInitializedAsync = () => Promise.resolve();
// Exporters of what `pulumi up --tracing` tells; without them spans record nothing.
const tracing = fromProgram.resolve("@pulumi/pulumi/cmd/run/tracing");
const { trace } = Module.createRequire(tracing)("@opentelemetry/api");
require.cache[tracing] = Object.assign(new Module(tracing), {
    loaded: true,
    exports: { newSpan: (name) => trace.getTracer("plan").startSpan(name) },
});
