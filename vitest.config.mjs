import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        testTimeout: 120_000,
        hookTimeout: 300_000,
        globalSetup: ["test/build.ts"],
        reporters: ["default", "./test/closing-line.ts"],
        projects: [
            {
                extends: true,
                test: {
                    name: "program",
                    include: ["test/**/*.test.ts"],
                    exclude: ["test/machines/**"],
                    sequence: { groupOrder: 0 },
                },
            },
            {
                extends: true,
                test: {
                    name: "machines",
                    include: ["test/machines/**/*.test.ts"],
                    testTimeout: 600_000,
                    hookTimeout: 900_000,
                    // They measure: nothing else runs beside them.
                    maxWorkers: 1,
                    fileParallelism: false,
                    sequence: { groupOrder: 1 },
                },
            },
        ],
    },
});
