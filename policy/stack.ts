/**
 * A stack as policies see it, read so that nothing throws: Pulumi's policy SDK raises an error where a value is unknown
 * during a preview, and one such error would silence the whole policy.
 */

/** Stands for a value that only the cloud can supply. */
export const UNKNOWN = Symbol("unknown");

/** A resource as the policy SDK hands it over. */
export interface PolicyResource {
    urn: string;
    type: string;
    name: string;
    props: Record<string, unknown>;
    parent?: { urn: string };
    dependencies: { urn: string }[];
    propertyDependencies: Record<string, { urn: string }[]>;
}

/** Yes, no, or not known before the update. */
export type Answer = boolean | typeof UNKNOWN;

/** One resource with safe access to its properties. */
export class Resource {
    public readonly urn: string;
    /** Type token without an API version and without former module names. */
    public readonly type: string;
    public readonly name: string;
    private readonly known = new Map<string, unknown>();
    private called?: readonly string[];

    constructor(private readonly source: PolicyResource) {
        this.urn = source.urn;
        this.type = canonicalType(source.type);
        this.name = source.name;
    }

    /** Names of the properties that are set, known or not. */
    public get keys(): string[] {
        return Object.keys(this.source.props);
    }

    /** The value at a path such as `healthCheck.interval` or `rules[0].schedule`; {@link UNKNOWN} where it is not known. */
    public get(path: string): unknown {
        const [first, ...rest] = keysOf(path);
        if (!this.known.has(first)) {
            this.known.set(first, plain(readKey(this.source.props, first)));
        }
        return rest.reduce<unknown>((value, key) => {
            if (value === UNKNOWN || typeof value !== "object" || value === null) {
                return value === UNKNOWN ? UNKNOWN : undefined;
            }
            return (value as Record<string, unknown>)[key];
        }, this.known.get(first));
    }

    /** {@link get}, when it is a list; otherwise an empty one. */
    public list(path: string): unknown[] {
        const value = this.get(path);
        return Array.isArray(value) ? value : [];
    }

    /** The objects of a {@link list}; anything else in it is left out. */
    public objects(path: string): Record<string, unknown>[] {
        return this.list(path).filter(isObject);
    }

    /** {@link get}, when it is text. */
    public text(path: string): string | undefined {
        const value = this.get(path);
        return typeof value === "string" ? value : undefined;
    }

    /** {@link get}, when it is a number. */
    public number(path: string): number | undefined {
        const value = this.get(path);
        return typeof value === "number" ? value : undefined;
    }

    /** True when the value at the path holds something that is not known. */
    public isUnknown(path: string): boolean {
        return holdsUnknown(this.get(path));
    }

    /** URNs of the resources whose outputs a property was made from. */
    public sourcesOf(property: string): string[] {
        return (this.source.propertyDependencies[property] ?? []).map(({ urn }) => urn);
    }

    /** What other resources call this one: its id, ARN and names, as far as they are known. */
    public get identifiers(): readonly string[] {
        return (this.called ??= ["id", "arn", "arnSuffix", "name", "identifier", "bucket", "keyId", "dashboardName"]
            .map((property) => this.get(property))
            .filter((value): value is string => typeof value === "string" && value !== ""));
    }

    /** Whether a property refers to another resource: by its value, or by what it was made from while that is unknown. */
    public refersTo(path: string, target: Resource): Answer {
        const property = path.split(/[.[]/)[0]!;
        const value = this.get(path);
        if (texts(value).some((text) => mentions(text, target.identifiers))) {
            return true;
        }
        // Azure keeps the id beside a resource's outputs: such a target cannot be told by value.
        if (!holdsUnknown(value) && ["id", "arn"].some((name) => typeof target.get(name) === "string")) {
            return false;
        }
        if (this.sourcesOf(property).includes(target.urn)) {
            return true;
        }
        return holdsUnknown(value) && this.sourcesOf(property).length === 0 ? UNKNOWN : false;
    }
}

/** All resources of a stack, with what the rules need to know besides. */
export class Stack {
    private readonly derived = new Map<unknown, unknown>();

    public readonly resources: Resource[];
    private readonly byType = new Map<string, Resource[]>();

    constructor(
        sources: readonly PolicyResource[],
        /** True in a preview: what is not known yet will be checked by the update. */
        public readonly isPreview: boolean,
        /** The day that counts as today, as `2026-11-25`. */
        public readonly today: string,
    ) {
        this.resources = sources.map((source) => new Resource(source));
        for (const resource of this.resources) {
            const known = this.byType.get(resource.type);
            if (known) {
                known.push(resource);
            } else {
                this.byType.set(resource.type, [resource]);
            }
        }
    }

    /** The resources of any of these types. */
    public of(...types: readonly string[]): Resource[] {
        return types.flatMap((type) => this.byType.get(type) ?? []);
    }

    /** The first of these resources that a property refers to. */
    public referred(from: Resource, path: string, targets: Resource[]): Resource | undefined {
        return targets.find((target) => from.refersTo(path, target) === true);
    }

    /** What is computed from the whole stack, once for all rules that ask for it. */
    public once<T>(compute: (stack: Stack) => T): T {
        if (!this.derived.has(compute)) {
            this.derived.set(compute, compute(this));
        }
        return this.derived.get(compute) as T;
    }
}

/**
 * `aws:alb/…` is the former name of `aws:lb/…`; Azure Native puts an API version into the module or the package. Modules
 * that Azure Native renamed in version 3 get their new name.
 */
function canonicalType(type: string): string {
    const azure = /^azure-native(?:_[a-z0-9]+_v\d{8}[a-z]*)?:([a-z0-9]+)(?:\/v\d{8}[a-z]*)?:(\w+)$/.exec(type);
    if (azure) {
        const [, module = "", name = ""] = azure;
        return `azure-native:${renamedModules[module] ?? module}:${name}`;
    }
    return type.replace(/^aws:(alb|elasticloadbalancingv2|applicationloadbalancing)\//, "aws:lb/");
}

const renamedModules: Record<string, string | undefined> = { insights: "monitor", cache: "redisenterprise" };

const pathKeys = new Map<string, readonly [string, ...string[]]>();

/** The keys of a path: rules ask for the same few of every resource. */
function keysOf(path: string): readonly [string, ...string[]] {
    const known = pathKeys.get(path);
    if (known) {
        return known;
    }
    const [first = "", ...rest] = path.split(/[.[\]]+/).filter(Boolean);
    pathKeys.set(path, [first, ...rest]);
    return [first, ...rest];
}

/** True for a mapping of keys to values. */
export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readKey(object: object, key: string): unknown {
    try {
        return (object as Record<string, unknown>)[key];
    } catch {
        return UNKNOWN;
    }
}

function plain(value: unknown): unknown {
    if (Array.isArray(value)) {
        return Array.from({ length: value.length }, (_, place) => plain(readKey(value, String(place))));
    }
    if (typeof value === "object" && value !== null) {
        return Object.fromEntries(Object.keys(value).map((key) => [key, plain(readKey(value, key))]));
    }
    return typeof value === "function" ? undefined : value;
}

function holdsUnknown(value: unknown): boolean {
    if (value === UNKNOWN) {
        return true;
    }
    return typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown);
}

/** Every text inside a value. */
export function texts(value: unknown): string[] {
    if (typeof value === "string") {
        return [value];
    }
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

/** Shorter names are too common to count when they stand inside a longer text. */
const SHORTEST_MENTION = 12;

/** Whether a text is one of the names or speaks of it as a whole: `vpc-1` is not mentioned by `vpc-12`. */
export function mentions(text: string, names: readonly string[]): boolean {
    const lower = text.toLowerCase();
    return names.some((name) => {
        const wanted = name.toLowerCase();
        if (lower === wanted) {
            return true;
        }
        const place = wanted.length < SHORTEST_MENTION ? -1 : lower.indexOf(wanted);
        return (
            place !== -1 && !/[\w-]/.test(lower[place + wanted.length] ?? "") && !/[\w-]/.test(lower[place - 1] ?? "")
        );
    });
}
