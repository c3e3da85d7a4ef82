import { describe } from "vitest";
import { missingForMachines } from "./image";

const TIMEOUT_MS = 600_000;

/** Tests on booted machines; where none can be booted they are skipped, with the reason in their name. */
export function describeMachines(title: string, tests: () => void): void {
    const missing = missingForMachines();
    const named = missing === undefined ? title : `${title} (${missing})`;
    describe.skipIf(missing !== undefined)(named, { timeout: TIMEOUT_MS }, tests);
}
