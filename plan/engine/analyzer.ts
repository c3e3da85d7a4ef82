import * as grpc from "@grpc/grpc-js";
import * as services from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { putAtLessExpense } from "../../stacks/lean-messages.cjs";
import { inPackage } from "../../stacks/package-internals.cjs";
import { UsageError } from "../usage-error";
import type { PackOptions, PackProcess } from "./pack";
import type { PolicyLevel, PolicySettings } from "./policy-config";
import type { Resource } from "./resource";
import { encodeObject, Unknown, type Values } from "./values";

inPackage("@pulumi/pulumi", putAtLessExpense);

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
    /** True when it looks at single resources, false when it looks at the whole stack. */
    isForResources: boolean;
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
    /** Brings a resource that was made into the form that the check of all needs, while there is time. */
    prepare: (resource: Resource) => void;
    /** Checks all resources together by their outputs, as the engine does at the end. */
    analyzeStack: (resources: Resource[]) => Promise<Violation[]>;
    stop: () => void;
}

const LEVELS: PolicyLevel[] = ["advisory", "mandatory", "disabled", "remediate"];
const protocolLevels: Record<PolicyLevel, proto.EnforcementLevel> = {
    advisory: proto.EnforcementLevel.ADVISORY,
    mandatory: proto.EnforcementLevel.MANDATORY,
    disabled: proto.EnforcementLevel.DISABLED,
    remediate: proto.EnforcementLevel.REMEDIATE,
};
const SEVERITIES = ["unspecified", "low", "medium", "high", "critical"];

/** Makes the engine's calls to a pack that is starting, up to its configuration. */
export async function connectAnalyzer(pack: PackProcess, options: PackOptions): Promise<Analyzer> {
    const { folder } = options;
    try {
        const client = new services.AnalyzerClient(`127.0.0.1:${await pack.port}`, grpc.credentials.createInsecure(), {
            "grpc.max_receive_message_length": -1,
            "grpc.max_send_message_length": -1,
        });
        await greet(client, options);
        const byUrn = new Map<string, Resource>();
        const prepared = new Map<Resource, Struct>();
        let remediates = true;
        const info = await call<Empty, proto.AnalyzerInfo>(client.getAnalyzerInfo.bind(client), new Empty());
        return {
            name: info.getName(),
            version: info.getVersion(),
            policies: info.getPoliciesList().map(describePolicy),
            configure: (settings) => {
                remediates = [...settings.values()].some(({ level }) => level === "remediate");
                return configure(client, settings);
            },
            analyzeResource: (resource) => {
                byUrn.set(resource.urn, resource);
                return analyzeResource(client, resource, byUrn, remediates);
            },
            prepare: (resource) => prepared.set(resource, struct(outputsOf(resource))),
            analyzeStack: (resources) => analyzeStack(client, resources, prepared),
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

/** The Node.js SDK answers the first of these with "unimplemented", and so does an older pack the second. */
async function greet(client: services.AnalyzerClient, options: PackOptions): Promise<void> {
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
        isForResources: policy.getPolicyType() !== proto.PolicyType.POLICY_TYPE_STACK,
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
    remediates: boolean,
): Promise<Violation[]> {
    const request = analyzeRequest(resource, byUrn);
    // Costs as much as the analysis, and repairs nothing where no policy has this level.
    if (remediates) {
        await call(client.remediate.bind(client), request);
    }
    const response = await call<proto.AnalyzeRequest, proto.AnalyzeResponse>(client.analyze.bind(client), request);
    return found(response, resource.urn);
}

async function analyzeStack(
    client: services.AnalyzerClient,
    resources: Resource[],
    prepared: Map<Resource, Struct>,
): Promise<Violation[]> {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const request = new proto.AnalyzeStackRequest();
    request.setResourcesList(resources.map((resource) => stackResource(resource, byUrn, prepared.get(resource))));
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

function stackResource(
    resource: Resource,
    byUrn: Map<string, Resource>,
    prepared = struct(outputsOf(resource)),
): proto.AnalyzerResource {
    const message = new proto.AnalyzerResource();
    message.setType(resource.type);
    message.setUrn(resource.urn);
    message.setName(resource.name);
    message.setProperties(prepared);
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

/** Providers in the form of messages, which many resources share. */
const providerMessages = new WeakMap<Resource, proto.AnalyzerProviderResource>();

function providerOf({ provider }: Resource, byUrn: Map<string, Resource>): proto.AnalyzerProviderResource | undefined {
    const urn = provider.split("::").slice(0, -1).join("::");
    const resource = byUrn.get(urn);
    if (!resource) {
        return undefined;
    }
    const known = providerMessages.get(resource);
    if (known) {
        return known;
    }
    const message = new proto.AnalyzerProviderResource();
    message.setType(resource.type);
    message.setUrn(urn);
    message.setName(resource.name);
    message.setProperties(struct(resource.inputs));
    providerMessages.set(resource, message);
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
