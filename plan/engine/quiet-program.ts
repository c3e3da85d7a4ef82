import { createRequire } from "node:module";
import path from "node:path";

/**
 * Loaded into a planned program before anything else. Pulumi's SDK sends several debug messages for each resource, one
 * after the other, which only `pulumi up --debug` ever shows; a plan does not show them, so they are not sent.
 */
const programRequire = createRequire(path.join(process.cwd(), "package.json"));
const log = programRequire("@pulumi/pulumi/log") as { debug: () => Promise<void> };
log.debug = () => Promise.resolve();
