// Loaded into each program that is measured: writes its peak memory when it ends.
const { writeFileSync } = require("node:fs");
const file = process.env.MINUSNOW_BENCH_USAGE;
if (file && process.argv[1]?.includes("cmd/run")) {
    process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
}
