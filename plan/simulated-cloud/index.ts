import type { Cloud, NewResource } from "../engine/resource";
import { mergeValues, Unknown, unknownBeyond, type Values } from "../engine/values";
import { answerAwsFunction } from "./aws/functions";
import { nameOf } from "./aws/names";
import type { Place } from "./aws/maker";
import { createAwsResource } from "./aws/outputs";
import { awsTraps } from "./aws/traps";
import { answerAzureFunction, createAzureResource } from "./azure/outputs";
import { azureTraps } from "./azure/traps";
import type { Trap } from "./trap";
import { digits, textAt, uuid, World } from "./world";

/** Something that the real cloud would refuse when the resource is created. */
export interface Refusal {
    urn: string;
    /** Identifier of the entry in the catalogue. */
    trap: string;
    /** The cloud's own words, as near as they are known. */
    message: string;
    /** Where the rule is documented. */
    source: string;
}

/** A cloud that exists only in memory: it answers as the real one does and refuses what the real one refuses. */
export interface SimulatedCloud extends Cloud {
    refusals: Refusal[];
    /** Types that it does not know; their computed outputs stay unknown. */
    unknownTypes: Set<string>;
    /** Deletes a resource, so that its name and addresses are free again. */
    remove: (type: string, id: string) => void;
}

/** How the simulation behaves. */
export interface SimulationOptions {
    /** Leave what only the provider knows unknown, as the first preview of a stack does. */
    unknowns: boolean;
    /** Region of the default provider. */
    defaultRegion: string;
}

/** The account that AWS's own documentation uses in examples. */
const ACCOUNT = "111122223333";

/** What any of the clouds refuses, by type. */
const traps = new Map<string, Trap[]>();
for (const trap of [...awsTraps, ...azureTraps]) {
    traps.set(trap.type, [...(traps.get(trap.type) ?? []), trap]);
}

export function createSimulatedCloud(options: SimulationOptions): SimulatedCloud {
    const world = new World();
    const refusals: Refusal[] = [];
    const unknownTypes = new Set<string>();
    const regions = new Map<string, string>();
    const regionOf = (provider: string) => regions.get(provider) ?? options.defaultRegion;
    const placeOf = (provider: string, own?: string): Place => {
        const region = own ?? regionOf(provider);
        return { region, account: ACCOUNT, partition: partitionOf(region) };
    };

    function create(resource: NewResource): { id: string; outputs: Values } {
        const { urn, type } = resource;
        if (type.startsWith("pulumi:providers:")) {
            const id = digits(urn, 32);
            const { inputs } = resource;
            regions.set(
                `${urn}::${id}`,
                textAt(inputs, "region") ?? textAt(inputs, "location") ?? options.defaultRegion,
            );
            return { id, outputs: {} };
        }
        if (type.startsWith("azure-native:")) {
            return createOnAzure(resource);
        }
        const { name, refusal, property } = nameOf(resource);
        const generated = property === undefined || refusal ? {} : { [property]: name };
        const place = placeOf(resource.provider, textAt(resource.inputs, "region"));
        refuseTraps({ ...resource, inputs: { region: place.region, ...resource.inputs, ...generated } });
        if (refusal) {
            refusals.push({ urn, trap: "name-length", message: refusal, source: "the provider's own name limits" });
        }
        const created = createAwsResource(resource, name, place, world) ?? randomResource(resource);
        if (!created) {
            unknownTypes.add(type);
        }
        const { id, outputs } = created ?? { id: digits(urn, 20), outputs: {} };
        world.add({ urn, type, id, values: { ...outputs, ...definedOnly(resource.inputs) } });
        return options.unknowns ? { id: "", outputs: {} } : { id, outputs };
    }

    /** Azure's provider tells in a preview which parts of a property are not known yet; that of AWS tells nothing. */
    function createOnAzure(resource: NewResource): { id: string; outputs: Values } {
        const { urn, type, inputs } = resource;
        const created = createAzureResource(resource, regionOf(resource.provider), world);
        if (!created) {
            unknownTypes.add(type);
            return { id: options.unknowns ? "" : digits(urn, 20), outputs: {} };
        }
        const { id, outputs, naming } = created;
        refuseTraps({
            ...resource,
            inputs: {
                ...inputs,
                [naming.property]: inputs[naming.property] ?? naming.name,
                location: outputs["location"],
            },
        });
        world.add({ urn, type, id, values: mergeValues(outputs, definedOnly(inputs)) as Values });
        return options.unknowns
            ? { id: "", outputs: unknownBeyond(inputs, outputs) as Values }
            : { id, outputs: mergeValues(outputs, inputs) as Values };
    }

    function refuseTraps(resource: NewResource): void {
        for (const trap of traps.get(resource.type) ?? []) {
            const message = trap.check(resource.inputs, world);
            if (message !== undefined) {
                refusals.push({ urn: resource.urn, trap: trap.id, message, source: trap.source });
            }
        }
    }

    function invoke(token: string, args: Values, provider: string): Values {
        const answer =
            answerAwsFunction(token, args, placeOf(provider), world) ??
            answerAzureFunction(token, args, regionOf(provider), world);
        if (!answer) {
            throw new Error(`the simulated cloud does not know the function ${token}; run pulumi preview instead`);
        }
        return answer;
    }

    function read(type: string, id: string): Values {
        const existing = world.find(type, id);
        return existing?.values ?? { id };
    }

    const remove = (type: string, id: string) => world.remove(type, id);
    return { create, invoke, read, remove, refusals, unknownTypes };
}

function definedOnly(values: Values): Values {
    return Object.fromEntries(
        Object.entries(values).filter(
            ([, value]) => value !== undefined && value !== null && !(value instanceof Unknown),
        ),
    );
}

function partitionOf(region: string): string {
    return region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** The random provider runs on the planning machine, but its values are not needed there: any of the right form will do. */
function randomResource({ type, urn, inputs }: NewResource): { id: string; outputs: Values } | undefined {
    if (type === "random:index/randomId:RandomId") {
        const hex = digits(urn, 2 * Number(inputs["byteLength"]));
        return { id: hex, outputs: { hex, dec: "0", b64Std: hex, b64Url: hex } };
    }
    if (type === "random:index/randomUuid:RandomUuid") {
        return { id: uuid(urn), outputs: { result: uuid(urn) } };
    }
    if (type === "random:index/randomPassword:RandomPassword") {
        const length = Number(inputs["length"]);
        const result = `Aa1-${digits(urn, 60)}${digits(`${urn}.`, 60)}`.slice(0, length);
        return { id: "none", outputs: { result, bcryptHash: "" } };
    }
    return undefined;
}
