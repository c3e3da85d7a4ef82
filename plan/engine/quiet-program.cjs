// Loaded into a planned program before anything else. Pulumi's SDK sends several debug messages for each resource, one
// after the other, which only `pulumi up --debug` ever shows; a plan does not show them, so they are not sent.
const { createRequire } = require("node:module");
const path = require("node:path");

const log = createRequire(path.join(process.cwd(), "package.json"))("@pulumi/pulumi/log");
log.debug = () => Promise.resolve();
