import { describe } from "vitest";
import { missingForMachines } from "./image";

/** Tests on booted machines; where none can be booted they are skipped, with the reason in their name. */
export function describeMachines(title: string, tests: () => void): void {
    const missing = missingForMachines();
    describe.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (${missing})`, tests);
}
