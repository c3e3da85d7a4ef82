import { availableParallelism } from "node:os";
import { BaseSequencer } from "vitest/node";
import { defineConfig } from "vitest/config";

/** Labs wait most of the time, the longest first: begun before all others, they end while those compute. */
const labs = ["database", "azure", "takeover", "sessions", "amazon-linux"].map(
    (name) => `/test/machines/${name}.test.ts`,
);

class LabsFirst extends BaseSequencer {
    async sort(files) {
        const place = ({ moduleId }) => {
            const lab = labs.findIndex((name) => moduleId.endsWith(name));
            return lab === -1 ? labs.length : lab;
        };
        return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
    }
}

/** They measure what users meet under load: nothing else runs beside these two. */
const measured = "test/machines/measured-*.test.ts";
const machines = "test/machines/*.test.ts";
// One more for each lab than a small machine has processors.
const maxWorkers = Math.max(availableParallelism(), 2) + labs.length;

export default defineConfig({
    test: {
        testTimeout: 300_000,
        hookTimeout: 900_000,
        globalSetup: ["test/build.ts"],
        reporters: ["default", "./test/closing-line.ts"],
        sequence: { sequencer: LabsFirst },
        projects: [
            {
                extends: true,
                test: { name: "measured", include: [measured], maxWorkers: 2, sequence: { groupOrder: 0 } },
            },
            {
                extends: true,
                test: {
                    name: "machines",
                    include: [machines],
                    exclude: [measured],
                    maxWorkers,
                    sequence: { groupOrder: 1 },
                },
            },
            {
                extends: true,
                test: {
                    name: "program",
                    include: ["test/**/*.test.ts"],
                    exclude: [machines],
                    setupFiles: ["test/support/yield-to-labs.ts"],
                    maxWorkers,
                    sequence: { groupOrder: 1 },
                },
            },
        ],
    },
});
