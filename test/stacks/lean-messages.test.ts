import fc from "fast-check";
import { createRequire } from "node:module";
import path from "node:path";
import { expect, it } from "vitest";
import type { Message } from "google-protobuf";
import { repository } from "../support/plans";

const fromHere = createRequire(import.meta.url);
type Structs = typeof import("google-protobuf/google/protobuf/struct_pb");
type Analyzer = typeof import("@pulumi/pulumi/proto/analyzer_pb");
const { Struct } = fromHere("google-protobuf/google/protobuf/struct_pb") as Structs;
const proto = fromHere("@pulumi/pulumi/proto/analyzer_pb") as Analyzer;

type Fields = Parameters<typeof Struct.fromJavaScript>[0];

/** A message with lists, maps and messages in each other, as a pack is asked. */
function request(properties: Fields[]): InstanceType<Analyzer["AnalyzeStackRequest"]> {
    const message = new proto.AnalyzeStackRequest();
    for (const [place, one] of properties.entries()) {
        const resource = message.addResources(new proto.AnalyzerResource());
        resource.setName(`resource-${place}`);
        resource.setProperties(Struct.fromJavaScript(one));
        const dependencies = new proto.AnalyzerPropertyDependencies();
        // After it was put into the other: its array is not up to date then.
        resource.getPropertydependenciesMap().set("first", dependencies);
        dependencies.addUrns("urn:one");
    }
    return message;
}

/** All that can be read of a message. */
function readings(message: Message): unknown {
    const bytes = message.serializeBinary();
    return {
        bytes: Buffer.from(bytes).toString("hex"),
        array: JSON.stringify(message.toArray()),
        object: message.toObject(),
        clone: Buffer.from(message.cloneMessage().serializeBinary()).toString("hex"),
        again: JSON.stringify(
            (message.constructor as Analyzer["AnalyzeStackRequest"]).deserializeBinary(bytes).toArray(),
        ),
    };
}

it("reads messages that were put together at less expense as all others", () => {
    const texts = fc.string({ unit: "grapheme", maxLength: 8 });
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
        value: fc.oneof(
            { depthSize: "small" },
            texts,
            fc.double({ noNaN: true }),
            fc.boolean(),
            fc.constant(null),
            fc.array(tie("value"), { maxLength: 4 }),
            fc.dictionary(texts, tie("value"), { maxKeys: 4 }),
        ),
    }));
    const samples = fc.sample(fc.array(fc.dictionary(texts, value), { maxLength: 4 }), 200) as Fields[][];
    const before = samples.map((sample) => readings(request(sample)));
    const entries = () =>
        Struct.fromJavaScript({ a: { b: [1] } })
            .getFieldsMap()
            .getEntryList();
    const entriesBefore = JSON.stringify(entries());

    const { putAtLessExpense } = fromHere(path.join(repository, "dist/stacks/lean-messages.cjs")) as {
        putAtLessExpense: (from: NodeJS.Require) => void;
    };
    const protobuf = fromHere("google-protobuf") as { Message: { setWrapperField: unknown } };
    const { setWrapperField } = protobuf.Message;
    putAtLessExpense(fromHere);
    expect(protobuf.Message.setWrapperField).not.toBe(setWrapperField);

    expect(samples.map((sample) => readings(request(sample)))).toEqual(before);
    expect(JSON.stringify(entries())).toBe(entriesBefore);
});
