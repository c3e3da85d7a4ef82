import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as services from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { UsageError } from "../usage-error";
import type { PolicyLevel, PolicySettings } from "./policy-config";
import type { Configuration } from "./project";
import type { Resource } from "./resource";
import { encodeObject, Unknown, type Values } from "./values";

/** What a policy found. */
export interface Violation {
    policy: string;
    pack: string;
    message: string;
    level: PolicyLevel;
    severity: string;
    /** The resource it is about; empty for the stack as a whole. */
    urn: string;
}

/** A policy as its pack describes it. */
export interface PolicyInfo {
    name: string;
    description: string;
    level: PolicyLevel;
    severity: string;
    remediation: string;
    tags: string[];
    /** JSON Schema of its properties. */
    schema: { properties: Record<string, { default?: unknown }>; required: string[] };
}

/** A running pack, spoken to as the engine does. */
export interface Analyzer {
    name: string;
    version: string;
    policies: PolicyInfo[];
    configure: (settings: Map<string, PolicySettings>) => Promise<void>;
    /** Checks one resource by its inputs, as the engine does when it is registered. */
    analyzeResource: (resource: Resource) => Promise<Violation[]>;
    /** Checks all resources together by their outputs, as the engine does at the end. */
    analyzeStack: (resources: Resource[]) => Promise<Violation[]>;
    stop: () => void;
}

/** What a pack is told of the stack. */
export interface AnalyzerOptions {
    folder: string;
    project: string;
    stack: string;
    organization?: string;
    /** True for a preview, false for an update or an existing state. */
    dryRun: boolean;
    configuration: Configuration;
    /** Where the pack may log to. */
    engine: string;
}

const LEVELS: PolicyLevel[] = ["advisory", "mandatory", "disabled", "remediate"];
const protocolLevels: Record<PolicyLevel, proto.EnforcementLevel> = {
    advisory: proto.EnforcementLevel.ADVISORY,
    mandatory: proto.EnforcementLevel.MANDATORY,
    disabled: proto.EnforcementLevel.DISABLED,
    remediate: proto.EnforcementLevel.REMEDIATE,
};
const SEVERITIES = ["unspecified", "low", "medium", "high", "critical"];
const START_TIMEOUT_MS = 30_000;

/** Starts a policy pack in a process of its own and makes the engine's calls up to its configuration. */
export async function startAnalyzer(options: AnalyzerOptions): Promise<Analyzer> {
    const { folder } = options;
    const pack = startProcess(options);
    try {
        const client = new services.AnalyzerClient(`127.0.0.1:${await pack.port}`, grpc.credentials.createInsecure(), {
            "grpc.max_receive_message_length": -1,
            "grpc.max_send_message_length": -1,
        });
        await greet(client, options);
        const byUrn = new Map<string, Resource>();
        const info = await call<Empty, proto.AnalyzerInfo>(client.getAnalyzerInfo.bind(client), new Empty());
        return {
            name: info.getName(),
            version: info.getVersion(),
            policies: info.getPoliciesList().map(describePolicy),
            configure: (settings) => configure(client, settings),
            analyzeResource: (resource) => {
                byUrn.set(resource.urn, resource);
                return analyzeResource(client, resource, byUrn);
            },
            analyzeStack: (resources) => analyzeStack(client, resources),
            stop: () => {
                client.close();
                pack.stop();
            },
        };
    } catch (error) {
        pack.stop();
        throw new UsageError(`the policy pack ${folder} did not start: ${(error as Error).message}`);
    }
}

function startProcess({ folder, engine, ...stack }: AnalyzerOptions): { port: Promise<number>; stop: () => void } {
    const child = spawn(process.execPath, [packRunner(folder), engine, folder], {
        cwd: folder,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
            ...process.env,
            PULUMI_NODEJS_TYPESCRIPT: "false",
            PULUMI_NODEJS_PROJECT: stack.project,
            PULUMI_NODEJS_STACK: stack.stack,
            PULUMI_NODEJS_ORGANIZATION: stack.organization ?? "organization",
            PULUMI_NODEJS_DRY_RUN: String(stack.dryRun),
            PULUMI_CONFIG: JSON.stringify(stack.configuration.values),
        },
    });
    let printed = "";
    const port = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`it did not answer in 30 s\n${printed}`)), START_TIMEOUT_MS);
        const settle = (act: () => void) => {
            clearTimeout(timer);
            act();
        };
        child.stdout.on("data", (data: Buffer) => {
            printed += data.toString();
            const [, line] = /^(\d+)\r?\n/.exec(printed) ?? [];
            if (line !== undefined) {
                settle(() => resolve(Number(line)));
            }
        });
        child.stderr.on("data", (data: Buffer) => (printed += data.toString()));
        child.on("error", (error) => settle(() => reject(error)));
        child.on("exit", (status) => settle(() => reject(new Error(`it ended with status ${status}\n${printed}`))));
    });
    const stop = () => {
        try {
            process.kill(-child.pid!, "SIGKILL");
        } catch {
            // It ended by itself.
        }
    };
    return { port, stop };
}

function packRunner(folder: string): string {
    try {
        return createRequire(path.join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run-policy-pack");
    } catch {
        throw new UsageError(
            `@pulumi/pulumi is not installed for the policy pack ${folder}; run 'npm install' there first`,
        );
    }
}

/** The Node.js SDK answers the first of these with "unimplemented", and so does an older pack the second. */
async function greet(client: services.AnalyzerClient, options: AnalyzerOptions): Promise<void> {
    const handshake = new proto.AnalyzerHandshakeRequest();
    handshake.setEngineAddress(options.engine);
    handshake.setRootDirectory(options.folder);
    handshake.setProgramDirectory(options.folder);
    await call(client.handshake.bind(client), handshake).catch(ignoreUnimplemented);
    const stack = new proto.AnalyzerStackConfigureRequest();
    stack.setStack(options.stack);
    stack.setProject(options.project);
    stack.setOrganization(options.organization ?? "organization");
    stack.setDryRun(options.dryRun);
    stack.setConfigSecretKeysList(options.configuration.secretKeys);
    for (const [key, value] of Object.entries(options.configuration.values)) {
        stack.getConfigMap().set(key, value);
    }
    await call(client.configureStack.bind(client), stack).catch(ignoreUnimplemented);
    await call(client.getPluginInfo.bind(client), new Empty());
}

function ignoreUnimplemented(error: grpc.ServiceError): void {
    if (error.code !== grpc.status.UNIMPLEMENTED) {
        throw error;
    }
}

function describePolicy(policy: proto.PolicyInfo): PolicyInfo {
    const schema = policy.getConfigschema();
    return {
        name: policy.getName(),
        description: policy.getDescription(),
        level: LEVELS[policy.getEnforcementlevel()]!,
        severity: SEVERITIES[policy.getSeverity()] ?? "unspecified",
        remediation: policy.getRemediationSteps(),
        tags: policy.getTagsList(),
        schema: {
            properties: (schema?.getProperties()?.toJavaScript() ?? {}) as PolicyInfo["schema"]["properties"],
            required: schema?.getRequiredList() ?? [],
        },
    };
}

async function configure(client: services.AnalyzerClient, settings: Map<string, PolicySettings>): Promise<void> {
    const request = new proto.ConfigureAnalyzerRequest();
    for (const [name, { level, properties }] of settings) {
        const config = new proto.PolicyConfig();
        config.setEnforcementlevel(protocolLevels[level]);
        config.setProperties(struct(properties));
        request.getPolicyconfigMap().set(name, config);
    }
    await call(client.configure.bind(client), request);
}

async function analyzeResource(
    client: services.AnalyzerClient,
    resource: Resource,
    byUrn: Map<string, Resource>,
): Promise<Violation[]> {
    const request = analyzeRequest(resource, byUrn);
    await call(client.remediate.bind(client), request);
    const response = await call<proto.AnalyzeRequest, proto.AnalyzeResponse>(client.analyze.bind(client), request);
    return found(response, resource.urn);
}

async function analyzeStack(client: services.AnalyzerClient, resources: Resource[]): Promise<Violation[]> {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const request = new proto.AnalyzeStackRequest();
    request.setResourcesList(resources.map((resource) => stackResource(resource, byUrn)));
    return found(
        await call<proto.AnalyzeStackRequest, proto.AnalyzeResponse>(client.analyzeStack.bind(client), request),
    );
}

/** A policy on single resources need not say which one it is about. */
function found(response: proto.AnalyzeResponse, analyzed = ""): Violation[] {
    return response.getDiagnosticsList().map((diagnostic) => ({
        policy: diagnostic.getPolicyname(),
        pack: diagnostic.getPolicypackname(),
        message: diagnostic.getMessage(),
        level: LEVELS[diagnostic.getEnforcementlevel()]!,
        severity: SEVERITIES[diagnostic.getSeverity()] ?? "unspecified",
        urn: diagnostic.getUrn() || analyzed,
    }));
}

function analyzeRequest(resource: Resource, byUrn: Map<string, Resource>): proto.AnalyzeRequest {
    const request = new proto.AnalyzeRequest();
    request.setType(resource.type);
    request.setUrn(resource.urn);
    request.setName(resource.name);
    request.setProperties(struct(resource.inputs));
    request.setOptions(optionsOf(resource));
    request.setProvider(providerOf(resource, byUrn));
    return request;
}

function stackResource(resource: Resource, byUrn: Map<string, Resource>): proto.AnalyzerResource {
    const message = new proto.AnalyzerResource();
    message.setType(resource.type);
    message.setUrn(resource.urn);
    message.setName(resource.name);
    message.setProperties(struct(outputsOf(resource)));
    message.setOptions(optionsOf(resource));
    message.setProvider(providerOf(resource, byUrn));
    message.setParent(resource.parent);
    message.setDependenciesList(resource.dependencies);
    for (const [property, urns] of Object.entries(resource.propertyDependencies)) {
        if (urns.length > 0) {
            const dependencies = new proto.AnalyzerPropertyDependencies();
            dependencies.setUrnsList(urns);
            message.getPropertydependenciesMap().set(property, dependencies);
        }
    }
    return message;
}

/** What policies see of a resource: providers that are bridged from Terraform have the identifier among its outputs. */
export function outputsOf({ custom, type, id, outputs }: Resource): Values {
    const bridged = custom && !type.startsWith("azure-native") && !type.startsWith("pulumi:");
    return bridged && outputs["id"] === undefined ? { ...outputs, id: id === "" ? Unknown.value : id } : outputs;
}

function optionsOf({ options, parent }: Resource): proto.AnalyzerResourceOptions {
    const message = new proto.AnalyzerResourceOptions();
    message.setProtect(options.protect ?? false);
    message.setIgnorechangesList(options.ignoreChanges ?? []);
    message.setDeletebeforereplacedefined(options.deleteBeforeReplace !== undefined);
    message.setDeletebeforereplace(options.deleteBeforeReplace ?? false);
    message.setAdditionalsecretoutputsList(options.additionalSecretOutputs ?? []);
    message.setAliasesList(options.aliases ?? []);
    message.setParent(parent);
    return message;
}

function providerOf({ provider }: Resource, byUrn: Map<string, Resource>): proto.AnalyzerProviderResource | undefined {
    const urn = provider.split("::").slice(0, -1).join("::");
    const resource = byUrn.get(urn);
    if (!resource) {
        return undefined;
    }
    const message = new proto.AnalyzerProviderResource();
    message.setType(resource.type);
    message.setUrn(urn);
    message.setName(resource.name);
    message.setProperties(struct(resource.inputs));
    return message;
}

function struct(values: Values | Record<string, unknown>): Struct {
    return Struct.fromJavaScript(encodeObject(values as Values) as Parameters<typeof Struct.fromJavaScript>[0]);
}

type Callback<Response> = (error: grpc.ServiceError | null, response: Response) => void;

/** The generated client has several signatures for each call; this is the one without metadata. */
function call<Request, Response>(
    method: (request: Request, callback: Callback<Response>) => unknown,
    request: Request,
): Promise<Response> {
    return new Promise((resolve, reject) =>
        method(request, (error, response) => {
            if (error) {
                reject(error);
            } else {
                resolve(response);
            }
        }),
    );
}
