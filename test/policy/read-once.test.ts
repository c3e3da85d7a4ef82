import { createRequire } from "node:module";
import path from "node:path";
import { expect, it } from "vitest";
import type * as ReadOnce from "../../policy/read-once";
import { repository } from "../support/plans";

const fromSdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/policy/package.json"));
type Analyzer = typeof import("@pulumi/pulumi/proto/analyzer_pb");
const proto = fromSdk("@pulumi/pulumi/proto/analyzer_pb") as Analyzer;
const { Struct } = fromSdk(
    "google-protobuf/google/protobuf/struct_pb",
) as typeof import("google-protobuf/google/protobuf/struct_pb");

type Request = InstanceType<Analyzer["AnalyzeStackRequest"]>;
type Answer = (error: Error | undefined, response: object | undefined) => void;
interface Server {
    makeAnalyzeStackRpcFun: (...pack: unknown[]) => (call: { request: Request }, answer: Answer) => void;
}
interface Args {
    resources: Parameters<(typeof ReadOnce)["wholeStack"]>[0];
}

const { readOnce, wholeStack } = createRequire(import.meta.url)(
    path.join(repository, "dist/policy/read-once.js"),
) as typeof ReadOnce;

function requestOf(stack: string, names: string[]): Request {
    const request = new proto.AnalyzeStackRequest();
    for (const name of names) {
        const resource = new proto.AnalyzerResource();
        resource.setType("aws:ec2/vpc:Vpc");
        resource.setUrn(`urn:${stack}::${name}`);
        resource.setName(name);
        resource.setProperties(Struct.fromJavaScript({ of: stack }));
        resource.setOptions(new proto.AnalyzerResourceOptions());
        request.addResources(resource);
    }
    return request;
}

it("hands all resources to the first policy, and to the others what they know them by", async () => {
    const seen: string[] = [];
    const look = (policy: string) => async (args: Args) => {
        const { resources } = wholeStack(args.resources);
        seen.push(`${policy}: ${args.resources.length} handed over, ${resources.map(({ urn }) => urn).join(" ")}`);
        // Another request goes on meanwhile.
        await new Promise((resolve) => setImmediate(resolve));
    };
    const policies = ["one", "two", "three"].map((name) => ({
        name,
        description: name,
        enforcementLevel: "mandatory",
        validateStack: look(name),
    }));
    readOnce();
    const { makeAnalyzeStackRpcFun } = fromSdk("./server.js") as Server;
    const analyze = makeAnalyzeStackRpcFun("pack", "1.0.0", "mandatory", policies);
    const ask = (request: Request) =>
        new Promise((resolve, reject) =>
            analyze({ request }, (error, response) => (error ? reject(error) : resolve(response))),
        );
    const first = requestOf("a", ["x", "y", "z"]);
    await Promise.all([ask(first), ask(requestOf("b", ["x", "y"])), ask(requestOf("c", []))]);
    const a = "urn:a::x urn:a::y urn:a::z";
    const b = "urn:b::x urn:b::y";
    expect(seen.filter((line) => line.includes("urn:a"))).toEqual([
        `one: 3 handed over, ${a}`,
        `two: 1 handed over, ${a}`,
        `three: 1 handed over, ${a}`,
    ]);
    expect(seen.filter((line) => line.includes("urn:b"))).toEqual([
        `one: 2 handed over, ${b}`,
        `two: 1 handed over, ${b}`,
        `three: 1 handed over, ${b}`,
    ]);
    expect(seen.filter((line) => line.endsWith("handed over, "))).toEqual(
        ["one", "two", "three"].map((name) => `${name}: 0 handed over, `),
    );
    // Whoever asks for the list otherwise gets all of it.
    expect(first.toObject().resourcesList).toHaveLength(3);
    expect(proto.AnalyzeStackRequest.deserializeBinary(first.serializeBinary()).getResourcesList()).toHaveLength(3);
});
