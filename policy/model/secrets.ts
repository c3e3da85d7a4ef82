import { aws, azure, random } from "../types";
import { type Resource, type Stack, texts } from "../stack";

/** Properties that exist to hold a secret, by type: the value may stand there. */
const sinks: Record<string, readonly string[]> = {
    [random.password]: ["result", "bcryptHash"],
    [aws.secretVersion]: ["secretString", "secretStringWo", "secretBinary"],
    [aws.database]: ["password", "passwordWo"],
    [aws.cache]: ["authToken"],
    [azure.secret]: ["properties"],
    [azure.database]: ["administratorLoginPassword"],
    [azure.machine]: ["osProfile.adminPassword"],
    "random:index/randomBytes:RandomBytes": ["base64", "hex"],
    "tls:index/privateKey:PrivateKey": ["privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"],
};

/** Values that are secret beyond doubt, by form. */
const secretForms = [
    { form: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, what: "a private key" },
    { form: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/, what: "an AWS access key" },
    { form: /\b[a-z][a-z0-9+]*:\/\/[^\s:/@$"'{}<]*:[^\s@/$"'{}<]{6,}@/i, what: "a connection address with a password" },
    { form: /\bAccountKey=[A-Za-z0-9+/=]{20,}/, what: "a storage key" },
];

/** A name that promises a secret, followed by what looks like one. */
const NAMED_SECRET =
    /(?:passw(?:or)?d|passwd|pwd|secret|api[_-]?key|auth[_-]?token)["']?\s*[:=]\s*["']?([A-Za-z0-9+/_!@#%^&*.~-]{8,})/i;
/** What follows such a name without being a secret: references and names of files or parameters. */
const REFERENCE =
    /^(arn[:-]|\$|\/|https?:|true$|false$|null$|undefined$|process\.|await|await$|read|get|String|JSON|settings|secretsmanager|ssm)/i;

/** An ARN names a secret without holding it. */
const ARN = /\barn:[\w-]+:[^\s"',]*/g;

/** Where people and machines write small texts: a name that promises a secret counts there. */
const freeTexts: Record<string, readonly string[]> = {
    [aws.instance]: ["userData", "userDataBase64", "tags"],
    [aws.lambda]: ["environment", "tags"],
    [aws.parameter]: ["value", "tags"],
    [azure.machine]: ["osProfile", "userData", "tags"],
    "pulumi:pulumi:Stack": [],
};

/** A secret that stands where it can be read. */
export interface Exposure {
    resource: Resource;
    property: string;
    what: string;
}

const SHORTEST_VALUE = 8;

/** Values that this stack generates as secrets. */
export function generatedValues(stack: Stack): { name: string; value: string }[] {
    return stack
        .of(random.password)
        .map((password) => ({ name: password.name, value: password.text("result") ?? "" }))
        .filter(({ value }) => value.length >= SHORTEST_VALUE);
}

/** Every place where a secret stands in clear. */
export function exposures(stack: Stack): Exposure[] {
    const generated = generatedValues(stack);
    return stack.resources
        .filter(({ type }) => !type.startsWith("pulumi:providers:"))
        .flatMap((resource) => resource.keys.flatMap((property) => exposuresIn(resource, property, generated)));
}

function exposuresIn(resource: Resource, property: string, generated: { name: string; value: string }[]): Exposure[] {
    const known = sinks[resource.type] ?? [];
    if (known.includes(property)) {
        return [];
    }
    const nested = known
        .filter((path) => path.startsWith(`${property}.`))
        .map((path) => path.slice(property.length + 1));
    const value = without(resource.get(property), nested);
    const free = resource.type === "pulumi:pulumi:Stack" || (freeTexts[resource.type] ?? ["tags"]).includes(property);
    const open = resource.type === aws.parameter && resource.get("type") === "SecureString" && property === "value";
    return texts(value)
        .map(decoded)
        .flatMap((text) => (open ? [] : secretsIn(text, generated, free ? property : undefined)))
        .map((what) => ({ resource, property, what }));
}

function secretsIn(text: string, generated: { name: string; value: string }[], freeProperty?: string): string[] {
    const named = freeProperty === undefined ? undefined : NAMED_SECRET.exec(text.replace(ARN, ""))?.[1];
    return [
        ...generated.filter(({ value }) => text.includes(value)).map(({ name }) => `the value of ${name}`),
        ...secretForms.filter(({ form }) => form.test(text)).map(({ what }) => what),
        ...(named !== undefined && looksSecret(named) ? ["a value named as a secret"] : []),
    ];
}

/** Mixed characters as a password has them, and no name of something else. */
function looksSecret(value: string): boolean {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
    return kinds >= 3 && !REFERENCE.test(value);
}

function without(value: unknown, keys: string[]): unknown {
    return typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))
        : value;
}

/** User data may be written in base64. */
function decoded(text: string): string {
    return text.length > 40 && /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0
        ? `${text}\n${Buffer.from(text, "base64").toString()}`
        : text;
}
