import Module, { createRequire } from "node:module";

/**
 * Makes a Pulumi program start faster, under `pulumi up` as well; import it before anything else. What it spares is
 * work whose result is rarely looked at; whatever does look at it gets it, later.
 */

type Format = (error: Error, frames: NodeJS.CallSite[]) => unknown;

/**
 * Pulumi keeps a stack trace for every pending operation, for its leak report, and source maps make each of them
 * expensive. All other stack traces stay as they are, and so do these when PULUMI_DEBUG_PROMISE_LEAKS asks for them.
 */
function skipLeakTraces(): void {
    const { prepareStackTrace: format } = Error as { prepareStackTrace?: Format };
    if (format && !process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) {
        Error.prepareStackTrace = (error, frames): unknown =>
            error.message === "" && frames[0]?.getFunctionName() === "debuggablePromise" ? "" : format(error, frames);
    }
}

/** The TypeScript compiler and npm's dependency resolver serve only programs that turn functions into resources. */
const rarelyUsed = ["./typescript-shim.js", "@npmcli/arborist"];

/** Puts a stand-in into the module cache that loads the module itself when a property is first read. */
function loadLater(request: string, requireFromPulumi: NodeJS.Require): void {
    const file = requireFromPulumi.resolve(request);
    if (require.cache[file]) {
        return;
    }
    let loaded: object | undefined;
    const load = () => {
        if (!loaded) {
            // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the cache is keyed by file name
            delete require.cache[file];
            loaded = requireFromPulumi(file) as object;
        }
        return loaded;
    };
    const placeholder = new Module(file);
    placeholder.loaded = true;
    placeholder.exports = new Proxy(
        {},
        {
            // Compiled imports ask for this first; "true" lets them keep the stand-in instead of copying it.
            get: (_, key): unknown => (key === "__esModule" ? true : Reflect.get(load(), key)),
            has: (_, key) => Reflect.has(load(), key),
            ownKeys: () => Reflect.ownKeys(load()),
        },
    );
    require.cache[file] = placeholder;
}

skipLeakTraces();
try {
    const requireFromPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));
    rarelyUsed.forEach((request) => loadLater(request, requireFromPulumi));
} catch {
    // A version of Pulumi that is laid out otherwise starts as it always does.
}
