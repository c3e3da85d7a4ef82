import { availableParallelism } from "node:os";
import { BaseSequencer } from "vitest/node";
import { defineConfig } from "vitest/config";

/** Labs wait most of the time: begun first, they end while the others compute. */
class LabsFirst extends BaseSequencer {
    async sort(files) {
        const isLab = ({ moduleId }) => moduleId.includes("/test/machines/");
        const sorted = await super.sort(files);
        return [...sorted.filter(isLab), ...sorted.filter((file) => !isLab(file))];
    }
}

/** They measure: nothing else runs beside them. */
const measuring = [
    ...["balancing", "balancer-loss", "release", "azure"].map((name) => `test/machines/${name}.test.ts`),
    "test/components/balancers.test.ts",
];

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
                test: {
                    name: "measuring",
                    include: measuring,
                    testTimeout: 600_000,
                    maxWorkers: 1,
                    fileParallelism: false,
                    sequence: { groupOrder: 1 },
                },
            },
            {
                extends: true,
                test: {
                    name: "program",
                    include: ["test/**/*.test.ts"],
                    exclude: measuring,
                    // Two more than a small machine has processors, for labs that wait.
                    maxWorkers: Math.max(availableParallelism(), 2) + 2,
                    sequence: { groupOrder: 0 },
                },
            },
        ],
    },
});
