// Serves a policy pack as Pulumi's own start script does, without the TypeScript compiler, which that loads first.
const Module = require("node:module");
const path = require("node:path");

const [folder] = process.argv.splice(2);
const fromPack = Module.createRequire(path.join(folder, "package.json"));

// A pack that serves goes on after an error that nobody waits for.
const tell = (error) => {
    console.error(error);
    process.exitCode = 1;
};
process.on("uncaughtException", tell).on("unhandledRejection", tell);

Module.createRequire(fromPack.resolve("@pulumi/pulumi/package.json"))("source-map-support/register");
const pack = fromPack(folder);
if (typeof pack === "function") {
    pack();
}
