import { existsSync } from "node:fs";
import path from "node:path";
import { EXAMPLES_POLICY, type ItemResult, REPORT_POLICY } from "../policy/report";
import type { PolicyInfo, Violation } from "./engine/analyzer";
import { packFolder, type PackOptions, startPack } from "./engine/pack";
import { type PolicyConfigFile, type PolicyLevel, readPolicyConfig } from "./engine/policy-config";
import type { Configuration } from "./engine/project";
import type { Resource } from "./engine/resource";

/** Which packs to run, and how. */
export interface PolicyRequest {
    /** Folders of packs. Default the checklist of this package. */
    packs?: string[];
    /** Configuration file for the first pack. Default that of the stack's environment. */
    configFile?: string;
    /** True for a preview; false for what is or will really be deployed. */
    dryRun: boolean;
}

/** What the packs found. */
export interface PolicyOutcome {
    packs: { name: string; version: string; policies: (PolicyInfo & { effective: PolicyLevel })[] }[];
    violations: Violation[];
    /** The 22 items as they stand; absent when the checklist's own pack did not run. */
    checklist?: ItemResult[];
    /** Where the levels come from. */
    levels: string;
}

/** What a pack is told of the stack. */
export interface PolicyContext {
    project: string;
    stack: string;
    organization?: string;
    configuration: Configuration;
    engine: string;
}

/** Packs that are starting or running. */
export interface RunningPacks {
    /** Hands over a resource as it is registered; the packs look at it while the program goes on. */
    see: (resource: Resource) => void;
    /** Waits for what was seen, and checks all of it together. */
    check: (resources: Resource[]) => Promise<PolicyOutcome>;
    stop: () => void;
}

/** The folder of this package. */
const PARENT = path.dirname(__dirname);
const PACKAGE = path.basename(PARENT) === "dist" ? path.dirname(PARENT) : PARENT;
const CHECKLIST_PACK = path.join(PACKAGE, "policy");

/** Starts the packs at once, so that they are ready when there is something to check. */
export function startPacks(request: PolicyRequest, context: PolicyContext): RunningPacks {
    const folders = request.packs?.map(packFolder) ?? [CHECKLIST_PACK];
    const levels = levelsFor(request, context);
    const packs = folders.map((folder, place) =>
        openPack({ ...context, folder, dryRun: request.dryRun }, place === 0 ? levels : { config: {}, source: folder }),
    );
    return {
        see: (resource) => packs.forEach((pack) => pack.see(resource)),
        check: async (resources) => {
            const results = await Promise.all(packs.map((pack) => pack.check(resources)));
            const checklist = results.find((result) => result.checklist)?.checklist;
            return {
                packs: results.map(({ pack }) => pack),
                violations: results.flatMap(({ violations }) => violations),
                levels: levels.source,
                ...(checklist && { checklist }),
            };
        },
        stop: () => packs.forEach((pack) => pack.stop()),
    };
}

interface Levels {
    config: PolicyConfigFile;
    source: string;
}

interface PackResult {
    pack: PolicyOutcome["packs"][number];
    violations: Violation[];
    checklist?: ItemResult[];
}

/** One pack: configured as soon as it answers, and asked of each resource as it is registered. */
function openPack(options: PackOptions, levels: Levels) {
    const pack = startPack(options);
    const connect = async () => {
        // While the pack starts.
        const { connectAnalyzer } = await import("./engine/analyzer.js");
        const { policySettings } = await import("./engine/policy-settings.js");
        const analyzer = await connectAnalyzer(pack, options);
        const settings = policySettings(analyzer.policies, levels.config, levels.source);
        const report = settings.get(REPORT_POLICY);
        if (report) {
            report.level = "advisory";
            report.properties["format"] = "json";
        }
        await analyzer.configure(settings);
        const speaks = ({ name }: PolicyInfo) =>
            settings.get(name)!.level !== "disabled" && !(options.dryRun && name === EXAMPLES_POLICY);
        const looksAtResources = analyzer.policies.some((policy) => policy.isForResources && speaks(policy));
        return { analyzer, settings, looksAtResources };
    };
    const configured = connect();
    // A pack that fails is told of when it is asked for its result.
    configured.catch(() => undefined);
    const seen: Promise<Violation[]>[] = [];
    return {
        see: (resource: Resource) => {
            const violations = configured.then(({ analyzer, looksAtResources }) =>
                looksAtResources ? analyzer.analyzeResource(resource) : [],
            );
            violations.catch(() => undefined);
            seen.push(violations);
            if (resource.custom) {
                // Its outputs are there then, and the program has its answer.
                setImmediate(
                    () => void configured.then(({ analyzer }) => analyzer.prepare(resource)).catch(() => undefined),
                );
            }
        },
        check: async (resources: Resource[]): Promise<PackResult> => {
            const single = (await Promise.all(seen)).flat();
            const { analyzer, settings } = await configured;
            const together = await analyzer.analyzeStack(resources);
            const report = together.find(({ policy }) => policy === REPORT_POLICY);
            const policies = analyzer.policies.filter((policy) => policy.name !== REPORT_POLICY);
            return {
                pack: {
                    name: analyzer.name,
                    version: analyzer.version,
                    policies: policies.map((policy) => ({ ...policy, effective: settings.get(policy.name)!.level })),
                },
                violations: [...single, ...together.filter((violation) => violation !== report)],
                ...(report && { checklist: JSON.parse(report.message) as ItemResult[] }),
            };
        },
        stop: () => {
            pack.stop();
            configured.then(
                ({ analyzer }) => analyzer.stop(),
                () => undefined,
            );
        },
    };
}

/** The stack's environment chooses the levels; a program that names none is told everything and blocked by nothing. */
function levelsFor({ configFile }: PolicyRequest, { configuration }: PolicyContext): Levels {
    if (configFile !== undefined) {
        return { config: readPolicyConfig(path.resolve(configFile)), source: configFile };
    }
    const environment = configuration.values["minusnow:environment"] ?? "dev";
    const file = path.join(CHECKLIST_PACK, "levels", `${path.basename(environment)}.json`);
    return existsSync(file)
        ? { config: readPolicyConfig(file), source: `policy/levels/${environment}.json` }
        : { config: {}, source: "the pack's own levels" };
}

/** True when something blocks. */
export function isBroken({ violations }: PolicyOutcome): boolean {
    return violations.some(({ level }) => level === "mandatory");
}
