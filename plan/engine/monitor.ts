import * as grpc from "@grpc/grpc-js";
import * as engineServices from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import type * as providerMessages from "@pulumi/pulumi/proto/provider_pb";
import * as resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { stripVTControlCharacters } from "node:util";
import { putAtLessExpense } from "../../stacks/lean-messages.cjs";
import { inPackage } from "../../stacks/package-internals.cjs";
import type { Loopback } from "./loopback";
import type { Cloud, LogMessage, Resource, ResourceOptions } from "./resource";
import { decodeObject, encodeObject, mergeValues, revealObject, Secret, type Value, type Values } from "./values";

inPackage("@pulumi/pulumi", putAtLessExpense);

const { ResourceMonitorFeature: Feature } = proto;
/** Protocol features that the stand-in engine has, by the names that older SDKs ask for one by one. */
const FEATURES: Record<string, proto.ResourceMonitorFeature> = {
    secrets: Feature.RESOURCE_MONITOR_FEATURE_SECRETS,
    resourceReferences: Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    outputValues: Feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    aliasSpecs: Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    deletedWith: Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    parameterization: Feature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
};

/** The class that the service serializes; its type declaration names the provider's message of the same fields. */
const { responseType: InvokeResponse } = resourceServices.ResourceMonitorService
    .invoke as typeof resourceServices.ResourceMonitorService.invoke & {
    responseType: typeof providerMessages.InvokeResponse;
};

const SEVERITIES: LogMessage["severity"][] = ["debug", "info", "warning", "error"];

/** What one run of a program told its engine. */
export interface Recording {
    resources: Resource[];
    outputs: Values;
    logs: LogMessage[];
    /** Why the program cannot have succeeded although it kept running, one line each. */
    errors: string[];
}

/** The stand-in for Pulumi's engine: it records what a program registers and answers from a {@link Cloud}. */
export interface Monitor {
    /** Where the program reaches it, as `127.0.0.1:PORT`. */
    address: string;
    recording: Recording;
    /** When the program says that it has registered all it has. */
    finished: Promise<void>;
    close(): void;
}

interface Context {
    project: string;
    stack: string;
    cloud: () => Cloud;
    recording: Recording;
    onResource: (resource: Resource) => void;
    byUrn: Map<string, Resource>;
    rootUrn: string;
    finish: () => void;
}

/** Serves Pulumi's ResourceMonitor and Engine services on a loopback port; tells of each resource at once. */
export function serveMonitor(
    { address, accept, close }: Loopback,
    project: string,
    stack: string,
    cloud: () => Cloud,
    onResource: (resource: Resource) => void = () => undefined,
): Monitor {
    const recording: Recording = { resources: [], outputs: {}, logs: [], errors: [] };
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const context: Context = { project, stack, cloud, recording, onResource, byUrn: new Map(), rootUrn: "", finish };
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(resourceServices.ResourceMonitorService, resourceMonitor(context));
    server.addService(engineServices.EngineService, engineService(context));
    const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    accept((socket) => injector.injectConnection(socket));
    return {
        address,
        recording,
        finished,
        close: () => {
            close();
            injector.destroy();
            server.forceShutdown();
        },
    };
}

/** Wraps a handler so that what it throws becomes the call's error instead of ending the process. */
function unary<Request, Response>(handle: (request: Request) => Response): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        try {
            callback(null, handle(call.request));
        } catch (error) {
            callback({ code: grpc.status.UNKNOWN, message: error instanceof Error ? error.message : String(error) });
        }
    };
}

function resourceMonitor(context: Context): grpc.UntypedServiceImplementation {
    const unsupported = (what: string) =>
        unary(() => {
            throw new Error(`${what} are not supported in a plan; run pulumi preview instead`);
        });
    return {
        supportsFeature: unary((request: proto.SupportsFeatureRequest) => {
            const response = new proto.SupportsFeatureResponse();
            response.setHassupport(Object.hasOwn(FEATURES, request.getId()));
            return response;
        }),
        getDeploymentInfo: unary(() => {
            const response = new proto.DeploymentInfo();
            response.setProject(context.project);
            response.setStack(context.stack);
            response.setDryrun(true);
            response.setSupportedfeaturesList(Object.values(FEATURES));
            return response;
        }),
        registerResource: unary((request: proto.RegisterResourceRequest) => registerResource(context, request)),
        registerResourceOutputs: unary((request: proto.RegisterResourceOutputsRequest) => {
            const outputs = decodeObject(request.getOutputs()?.toJavaScript() ?? {});
            const resource = context.byUrn.get(request.getUrn());
            if (resource) {
                resource.outputs = outputs;
            }
            if (request.getUrn() === context.rootUrn) {
                context.recording.outputs = outputs;
            }
            return new Empty();
        }),
        readResource: unary((request: proto.ReadResourceRequest) => readResource(context, request)),
        invoke: unary((request: proto.ResourceInvokeRequest) => {
            const args = decodeObject(request.getArgs()?.toJavaScript() ?? {});
            const response = new InvokeResponse();
            response.setReturn(
                struct(context.cloud().invoke(request.getTok(), revealObject(args), request.getProvider())),
            );
            return response;
        }),
        call: unary((request: proto.ResourceCallRequest) => {
            throw new Error(`the simulated cloud does not know the method ${request.getTok()}`);
        }),
        registerPackage: unary((request: proto.RegisterPackageRequest) => {
            const response = new proto.RegisterPackageResponse();
            response.setRef(`${request.getName()}@${request.getVersion()}`);
            return response;
        }),
        registerStackTransform: unsupported("stack transforms"),
        registerStackInvokeTransform: unsupported("invoke transforms"),
        registerResourceHook: unsupported("resource hooks"),
        registerErrorHook: unsupported("error hooks"),
        signalAndWaitForShutdown: unary(() => {
            context.finish();
            return new Empty();
        }),
    };
}

function engineService(context: Context): grpc.UntypedServiceImplementation {
    return {
        log: unary((request: engine.LogRequest) => {
            const severity = SEVERITIES[request.getSeverity()] ?? "error";
            if (!request.getEphemeral()) {
                context.recording.logs.push({
                    severity,
                    message: stripVTControlCharacters(request.getMessage()),
                    urn: request.getUrn(),
                });
            }
            return new Empty();
        }),
        getRootResource: unary(() => {
            const response = new engine.GetRootResourceResponse();
            response.setUrn(context.rootUrn);
            return response;
        }),
        setRootResource: unary((request: engine.SetRootResourceRequest) => {
            context.rootUrn = request.getUrn();
            return new engine.SetRootResourceResponse();
        }),
    };
}

function registerResource(context: Context, request: proto.RegisterResourceRequest): proto.RegisterResourceResponse {
    const resource = describe(context, request);
    if (context.byUrn.has(resource.urn)) {
        context.recording.errors.push(`Duplicate resource URN '${resource.urn}'; try giving it a unique name`);
    }
    context.byUrn.set(resource.urn, resource);
    context.recording.resources.push(resource);
    context.onResource(resource);
    if (resource.custom) {
        const { urn, type, name, provider } = resource;
        const created = context.cloud().create({ urn, type, name, provider, inputs: revealObject(resource.inputs) });
        resource.id = created.id;
        const outputs = mergeValues(created.outputs, resource.inputs) as Values;
        resource.outputs = keepSecret(outputs, created.outputs, resource.options);
    }
    const response = new proto.RegisterResourceResponse();
    response.setUrn(resource.urn);
    response.setId(resource.id);
    response.setObject(struct(resource.outputs));
    return response;
}

/** Outputs that the program asked to keep secret are; a write-only input never comes back. */
function keepSecret(outputs: Values, computed: Values, options: ResourceOptions): Values {
    const result: Values = {};
    for (const [key, value] of Object.entries(outputs)) {
        const secret = options.additionalSecretOutputs?.includes(key) && !(value instanceof Secret);
        result[key] = secret ? new Secret(value) : isBlank(value) && key in computed ? computed[key] : value;
    }
    return result;
}

function isBlank(value: Value): boolean {
    return value === undefined || value === null;
}

function readResource(context: Context, request: proto.ReadResourceRequest): proto.ReadResourceResponse {
    const urn = urnOf(context, request.getParent(), request.getType(), request.getName());
    const response = new proto.ReadResourceResponse();
    response.setUrn(urn);
    response.setProperties(struct(context.cloud().read(request.getType(), request.getId(), request.getName())));
    return response;
}

function describe(context: Context, request: proto.RegisterResourceRequest): Resource {
    const type = request.getType();
    const propertyDependencies: Record<string, string[]> = {};
    request
        .getPropertydependenciesMap()
        .forEach((dependencies, key) => (propertyDependencies[key] = dependencies.getUrnsList()));
    return {
        urn: urnOf(context, request.getParent(), type, request.getName()),
        type,
        name: request.getName(),
        custom: request.getCustom(),
        parent: request.getParent(),
        provider:
            request.getCustom() && !type.startsWith("pulumi:")
                ? request.getProvider() || defaultProvider(context, request)
                : "",
        dependencies: request.getDependenciesList(),
        propertyDependencies,
        options: optionsOf(request),
        inputs: decodeObject(request.getObject()?.toJavaScript() ?? {}),
        id: "",
        outputs: {},
    };
}

/** The reference that the engine gives to a resource whose program names no provider. */
function defaultProvider(context: Context, request: proto.RegisterResourceRequest): string {
    const name = request.getType().split(":")[0];
    const version = request.getVersion().replaceAll(".", "_");
    return `urn:pulumi:${context.stack}::${context.project}::pulumi:providers:${name}::default${version && `_${version}`}::default`;
}

function urnOf(context: Context, parent: string, type: string, name: string): string {
    const parentType = parent.split("::")[2];
    const qualified = parentType && parentType !== "pulumi:pulumi:Stack" ? `${parentType}$${type}` : type;
    return `urn:pulumi:${context.stack}::${context.project}::${qualified}::${name}`;
}

function optionsOf(request: proto.RegisterResourceRequest): ResourceOptions {
    const timeouts = request.getCustomtimeouts()?.toObject();
    const all: ResourceOptions = {
        protect: request.getProtect() || undefined,
        ignoreChanges: filled(request.getIgnorechangesList()),
        replaceOnChanges: filled(request.getReplaceonchangesList()),
        deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
        retainOnDelete: request.getRetainondelete() || undefined,
        deletedWith: request.getDeletedwith() || undefined,
        additionalSecretOutputs: filled(request.getAdditionalsecretoutputsList()),
        aliases: filled(request.getAliasesList().map((alias) => alias.getUrn() || alias.getSpec()?.getName() || "")),
        import: request.getImportid() || undefined,
        version: request.getVersion() || undefined,
        customTimeouts: timeouts && (timeouts.create || timeouts.update || timeouts.pb_delete) ? timeouts : undefined,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function filled<T>(list: T[]): T[] | undefined {
    return list.length > 0 ? list : undefined;
}

function struct(values: Values): Struct {
    return Struct.fromJavaScript(encodeObject(values) as Parameters<typeof Struct.fromJavaScript>[0]);
}
