/** Runs the release function as Lambda does. Usage: node run-handler.mts <bundle> <input as JSON> */
import { createRequire } from "node:module";

interface Bundle {
    handler: (input: unknown, context: { getRemainingTimeInMillis: () => number }) => Promise<unknown>;
}

const { handler } = createRequire(import.meta.url)(process.argv[2]!) as Bundle;
const ends = Date.now() + 900_000;
const context = { getRemainingTimeInMillis: () => ends - Date.now() };
try {
    console.log(JSON.stringify(await handler(JSON.parse(process.argv[3]!), context)));
} catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
}
