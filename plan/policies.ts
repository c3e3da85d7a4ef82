import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EXAMPLES_POLICY, type ItemResult, REPORT_POLICY } from "../policy/report";
import type { Analyzer, PolicyInfo, Violation } from "./engine/analyzer";
import { packFolder, type PackOptions, startPack } from "./engine/pack";
import { type PolicyConfigFile, type PolicyLevel, type PolicySettings, readPolicyConfig } from "./engine/policy-config";
import type { Configuration } from "./engine/project";
import type { Resource } from "./engine/resource";
import { UsageError } from "./usage-error";

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

/** Code of a call that nobody answers any more. */
const UNAVAILABLE = 14;
/** How long a pack may take to end that does not answer any more. */
const END_MS = 1000;

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
        try {
            const settings = policySettings(analyzer.policies, levels.config, levels.source);
            const report = settings.get(REPORT_POLICY);
            if (report) {
                report.level = "advisory";
                report.properties["format"] = "json";
            }
            await analyzer.configure(settings);
            return { analyzer, settings, looksAtResources: asksOfResources(analyzer.policies, settings, options) };
        } catch (error) {
            analyzer.stop();
            throw error;
        }
    };
    const configured = connect();
    // A pack that fails is told of when it is asked for its result.
    configured.catch(() => undefined);
    let seen = Promise.resolve<Violation[]>([]);
    /** A pack that ended in the middle is told of by what it printed. */
    const findings = async (analyzer: Analyzer, resources: Resource[]) => {
        try {
            return [await seen, await analyzer.analyzeStack(resources)] as const;
        } catch (error) {
            if ((error as { code?: number }).code !== UNAVAILABLE) {
                throw error;
            }
            const stopped = wait(END_MS, undefined, { ref: false }).then(() => {
                pack.stop();
                return pack.end;
            });
            throw new UsageError(
                `the policy pack ${options.folder} failed: ${await Promise.race([pack.end, stopped])}`,
            );
        }
    };
    return {
        see: (resource: Resource) => {
            // One after the other, as the engine asks.
            seen = seen.then(async (violations) => {
                const { analyzer, looksAtResources } = await configured;
                return looksAtResources ? [...violations, ...(await analyzer.analyzeResource(resource))] : violations;
            });
            seen.catch(() => undefined);
            if (resource.custom) {
                // Its outputs are there then, and the program has its answer.
                setImmediate(
                    () => void configured.then(({ analyzer }) => analyzer.prepare(resource)).catch(() => undefined),
                );
            }
        },
        check: async (resources: Resource[]): Promise<PackResult> => {
            const { analyzer, settings } = await configured;
            const [single, together] = await findings(analyzer, resources);
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

/** False where no policy would say anything of a single resource: the one on examples speaks in updates only. */
function asksOfResources(policies: PolicyInfo[], settings: Map<string, PolicySettings>, options: PackOptions): boolean {
    const isSilent = ({ name }: PolicyInfo) =>
        options.dryRun && options.folder === CHECKLIST_PACK && name === EXAMPLES_POLICY;
    return policies.some(
        (policy) => policy.isForResources && settings.get(policy.name)!.level !== "disabled" && !isSilent(policy),
    );
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
