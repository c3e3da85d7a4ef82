import "../../stacks/fast-start";
import * as pulumi from "@pulumi/pulumi";
import { createSimulatedCloud, type SimulatedCloud } from "../../plan/simulated-cloud";
import { mergeValues, type Values } from "../../plan/engine/values";
import { shortType } from "./plans";

/** A resource as the mock engine saw it. */
export interface Registered {
    type: string;
    name: string;
    inputs: Values;
    provider: string;
}

/** What a component registered and looked up. */
export interface Recorded {
    resources: Registered[];
    calls: { token: string; provider: string }[];
    cloud: SimulatedCloud;
    /** The inputs of the only resource of a type such as `rds.Instance` whose name ends so. */
    one: (type: string, nameEnd?: string) => Values;
    all: (type: string) => Registered[];
}

/**
 * Builds a component under Pulumi's mocks, with the simulated cloud's answers but for those that are given by token, and
 * waits until it is done.
 */
export async function build(construct: () => pulumi.Resource, answers: Record<string, Values> = {}): Promise<Recorded> {
    const cloud = createSimulatedCloud({ unknowns: false, defaultRegion: "us-east-1" });
    const resources: Registered[] = [];
    const calls: Recorded["calls"] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs, provider = "", custom }) => {
                resources.push({ type, name, inputs: inputs as Values, provider });
                if (!custom) {
                    return { id: undefined, state: inputs as Values };
                }
                const { id, outputs } = cloud.create({
                    urn: `${type}::${name}`,
                    type,
                    name,
                    provider: "",
                    inputs: inputs as Values,
                });
                return { id, state: mergeValues(outputs, inputs as Values) as Values };
            },
            call: ({ token, inputs, provider = "" }) => {
                calls.push({ token, provider });
                return answers[token] ?? cloud.invoke(token, inputs as Values, "");
            },
        },
        "minusnow",
        "test",
        false,
    );
    let component: pulumi.Resource | undefined;
    try {
        component = construct();
    } finally {
        await settle(component);
    }
    const all = (type: string) => resources.filter((resource) => shortType(resource.type) === type);
    const one = (type: string, nameEnd = "") => {
        const found = all(type).filter(({ name }) => name.endsWith(nameEnd));
        if (found.length !== 1) {
            throw new Error(`${found.length} resources of type ${type} end in '${nameEnd}'`);
        }
        return found[0]!.inputs;
    };
    return { resources, calls, cloud, one, all };
}

/** The value of an output; the SDK's types hide the method that gives it. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
    return (output as unknown as { promise: () => Promise<T> }).promise();
}

/** Waits for the component's outputs and for everything it registered. */
async function settle(component: pulumi.Resource | undefined): Promise<void> {
    await Promise.all(
        Object.values(component ?? {})
            .filter((value) => pulumi.Output.isInstance(value))
            .map(valueOf),
    );
    const { runtime } = pulumi as unknown as { runtime: { disconnect: () => Promise<void> } };
    await runtime.disconnect();
}
