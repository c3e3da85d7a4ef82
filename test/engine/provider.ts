import * as grpc from "@grpc/grpc-js";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as services from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import {
    containsUnknown,
    decodeObject,
    encodeObject,
    mergeValues,
    revealObject,
    type Values,
} from "../../plan/engine/values";
import { createSimulatedCloud, type SimulatedCloud } from "../../plan/simulated-cloud";

/** Inputs whose change makes the real provider replace a resource, where the tests change them. */
const replacing: Record<string, string[]> = {
    "aws:lambda/invocation:Invocation": ["input", "functionName", "triggers"],
    "aws:ec2/instance:Instance": ["ami", "userData", "privateIp", "subnetId"],
    "aws:ec2/subnet:Subnet": ["cidrBlock", "availabilityZone"],
    "aws:rds/instance:Instance": ["availabilityZone", "kmsKeyId"],
    "aws:lb/targetGroup:TargetGroup": ["port", "protocol", "vpcId"],
};

/** What the provider was asked to do, in order. */
export interface Operation {
    kind: "create" | "update" | "delete" | "read";
    type: string;
    name: string;
}

/** The simulated cloud as a Pulumi resource provider. */
export interface ServedCloud {
    port: number;
    operations: Operation[];
    /** Answers that replace the simulated cloud's, by function token. */
    answers: Record<string, (args: Values) => Values>;
    /** When set, the next creation of this type fails with the message; `isMade` leaves what was made, as Azure does with a command. */
    failNext: { type: string; message: string; isMade?: boolean } | undefined;
    close: () => void;
}

/** Serves the simulated cloud on a free loopback port, for every package that a stack uses. */
export async function serveCloud(defaultRegion: string): Promise<ServedCloud> {
    const cloud = createSimulatedCloud({ unknowns: false, defaultRegion });
    const server = new grpc.Server();
    const served: ServedCloud = {
        port: 0,
        operations: [],
        answers: {},
        failNext: undefined,
        close: () => server.forceShutdown(),
    };
    server.addService(services.ResourceProviderService, provider(cloud, served, defaultRegion));
    served.port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
            error ? reject(error) : resolve(port),
        ),
    );
    return served;
}

function unary<Request, Response>(handle: (request: Request) => Response): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        try {
            callback(null, handle(call.request));
        } catch (error) {
            const { message } = error as Error;
            const details = error instanceof MadeAndFailed ? { metadata: error.metadata() } : {};
            callback({ code: grpc.status.UNKNOWN, message, ...details });
        }
    };
}

/** A resource that is there and does not work, as a provider tells the engine. */
class MadeAndFailed extends Error {
    constructor(
        message: string,
        private readonly made: { id: string; outputs: Values; inputs: Values },
    ) {
        super(message);
    }

    metadata(): grpc.Metadata {
        const { id, outputs, inputs } = this.made;
        const detail = new proto.ErrorResourceInitFailed();
        detail.setId(id);
        detail.setProperties(write(mergeValues(outputs, inputs) as Values));
        detail.setInputs(write(inputs));
        detail.setReasonsList([this.message]);
        const packed = new Any();
        packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
        const status = new Status();
        status.setCode(grpc.status.UNKNOWN);
        status.setMessage(this.message);
        status.addDetails(packed);
        const metadata = new grpc.Metadata();
        metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
        return metadata;
    }
}

const read = (wire: Struct | undefined): Values => decodeObject(wire?.toJavaScript() ?? {});
const write = (values: Values): Struct =>
    Struct.fromJavaScript(encodeObject(values) as Parameters<typeof Struct.fromJavaScript>[0]);
const typeOf = (urn: string) => urn.split("::")[2]!.split("$").at(-1)!;
const nameOf = (urn: string) => urn.split("::")[3]!;

function provider(
    cloud: SimulatedCloud,
    served: ServedCloud,
    defaultRegion: string,
): grpc.UntypedServiceImplementation {
    const record = (kind: Operation["kind"], urn: string) =>
        served.operations.push({ kind, type: typeOf(urn), name: nameOf(urn) });
    const createOne = (urn: string, inputs: Values) => {
        const type = typeOf(urn);
        const failure = served.failNext;
        if (failure?.type === type) {
            served.failNext = undefined;
            if (failure.isMade !== true) {
                throw new Error(failure.message);
            }
        }
        const before = cloud.refusals.length;
        const created = cloud.create({
            urn: `${urn}#${served.operations.length}`,
            type,
            name: nameOf(urn),
            provider: "",
            inputs: revealObject(inputs),
        });
        const refusal = cloud.refusals[before];
        if (refusal) {
            throw new Error(refusal.message);
        }
        if (failure?.type === type) {
            record("create", urn);
            throw new MadeAndFailed(failure.message, { ...created, inputs });
        }
        return created;
    };
    return {
        getPluginInfo: unary(() => {
            const info = new plugin.PluginInfo();
            info.setVersion("1.0.0");
            return info;
        }),
        attach: unary(() => new Empty()),
        checkConfig: unary((request: proto.CheckRequest) => checked(request)),
        diffConfig: unary(() => new proto.DiffResponse()),
        configure: unary(() => {
            const response = new proto.ConfigureResponse();
            response.setAcceptsecrets(true);
            response.setSupportspreview(true);
            response.setAcceptresources(true);
            response.setAcceptoutputs(false);
            return response;
        }),
        check: unary((request: proto.CheckRequest) => checked(request)),
        diff: unary((request: proto.DiffRequest) => {
            const [olds, news] = [revealObject(read(request.getOldInputs())), revealObject(read(request.getNews()))];
            const ignored = request.getIgnorechangesList();
            const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
                (key) => !ignored.includes(key),
            );
            const changed = keys.filter(
                (key) =>
                    JSON.stringify(sorted(olds[key])) !== JSON.stringify(sorted(news[key])) ||
                    containsUnknown(news[key]),
            );
            const replaces = changed.filter((key) => replacing[typeOf(request.getUrn())]?.includes(key));
            const response = new proto.DiffResponse();
            response.setChanges(
                changed.length > 0
                    ? proto.DiffResponse.DiffChanges.DIFF_SOME
                    : proto.DiffResponse.DiffChanges.DIFF_NONE,
            );
            response.setDiffsList(changed);
            response.setReplacesList(replaces);
            return response;
        }),
        create: unary((request: proto.CreateRequest) => {
            const inputs = read(request.getProperties());
            const response = new proto.CreateResponse();
            if (request.getPreview()) {
                response.setProperties(write(previewed(request.getUrn(), inputs, defaultRegion)));
                return response;
            }
            const { id, outputs } = createOne(request.getUrn(), inputs);
            record("create", request.getUrn());
            response.setId(id);
            response.setProperties(write(mergeValues(outputs, inputs) as Values));
            return response;
        }),
        read: unary((request: proto.ReadRequest) => {
            record("read", request.getUrn());
            const response = new proto.ReadResponse();
            response.setId(request.getId());
            response.setInputs(request.getInputs());
            response.setProperties(request.getProperties());
            return response;
        }),
        update: unary((request: proto.UpdateRequest) => {
            const response = new proto.UpdateResponse();
            if (!request.getPreview()) {
                refuseUpdate(typeOf(request.getUrn()), revealObject(read(request.getNews())));
                record("update", request.getUrn());
            }
            response.setProperties(write(mergeValues(read(request.getOlds()), read(request.getNews())) as Values));
            return response;
        }),
        delete: unary((request: proto.DeleteRequest) => {
            refuseDeletion(typeOf(request.getUrn()));
            record("delete", request.getUrn());
            cloud.remove(typeOf(request.getUrn()), request.getId());
            return new Empty();
        }),
        invoke: unary((request: proto.InvokeRequest) => {
            const args = revealObject(read(request.getArgs()));
            const token = request.getTok();
            const response = new proto.InvokeResponse();
            response.setReturn(write(served.answers[token]?.(args) ?? cloud.invoke(token, args, "")));
            return response;
        }),
        cancel: unary(() => new Empty()),
    };
}

/** What Azure refuses of a resource that exists. */
function refuseUpdate(type: string, news: Values): void {
    if (type === "azure-native:dbforpostgresql:Server" && news["createMode"] === "Replica") {
        throw new Error("ReadReplicaAlreadyExistWithGivenName: a read replica with the given name exists already");
    }
}

/** Deleting a policy needs its entity tag, which the provider does not send; a container with locked blobs stays. */
function refuseDeletion(type: string): void {
    if (/^azure-native:storage:BlobContainer/.test(type)) {
        throw new Error("PreconditionFailed: the condition that If-Match gives is not met");
    }
}

/** What a provider shows of a resource before it exists. */
function previewed(urn: string, inputs: Values, defaultRegion: string): Values {
    const cloud = createSimulatedCloud({ unknowns: true, defaultRegion });
    const resource = { urn, type: typeOf(urn), name: nameOf(urn), provider: "", inputs: revealObject(inputs) };
    return mergeValues(cloud.create(resource).outputs, inputs) as Values;
}

function checked(request: proto.CheckRequest): proto.CheckResponse {
    const response = new proto.CheckResponse();
    response.setInputs(request.getNews());
    return response;
}

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(sorted);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
    return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)).map(([key, item]) => [key, sorted(item)]));
}
