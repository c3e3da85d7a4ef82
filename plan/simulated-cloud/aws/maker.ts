import type { NewResource } from "../../engine/resource";
import type { Values } from "../../engine/values";
import { textAt, type World } from "../world";

/** Where a resource is made. */
export interface Place {
    region: string;
    partition: string;
    account: string;
}

/** What a provider adds to the inputs of a new resource. */
export interface Created {
    id: string;
    outputs: Values;
}

/** What a maker is told of a new resource. */
export interface Request extends Place {
    resource: NewResource;
    inputs: Values;
    world: World;
    /** `prefix-0123456789abcdef0`, the form of most identifiers. */
    identifier: (prefix: string) => string;
    arn: (service: string, path: string, options?: { region?: string; account?: string }) => string;
    /** The given name, or the one that Pulumi makes up. */
    name: string;
}

/** Makes a resource of one type. */
export type Maker = (request: Request) => Created;

/** An identifier and an ARN that ends in it. */
export const ec2 =
    (prefix: string, kind: string, more: (request: Request) => Values = () => ({})): Maker =>
    (request) => {
        const id = request.identifier(prefix);
        return { id, outputs: { arn: request.arn("ec2", `${kind}/${id}`), ...more(request) } };
    };

/** A resource that is nothing but its identifier. */
export const plain =
    (prefix: string): Maker =>
    ({ identifier }) => ({ id: identifier(prefix), outputs: {} });

/** A resource that is known by another's identifier. */
export const sameIdAs =
    (property: string): Maker =>
    ({ inputs }) => ({ id: textAt(inputs, property) ?? "", outputs: {} });

/** A resource that is known by its name. */
export const named =
    (arn: (request: Request) => string, more: (request: Request) => Values = () => ({})): Maker =>
    (request) => ({ id: request.name, outputs: { name: request.name, arn: arn(request), ...more(request) } });
