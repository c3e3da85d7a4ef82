import { execFileSync } from "node:child_process";

/** Compiles the package once before any test, since plans run the compiled program. */
export default function build(): void {
    execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
