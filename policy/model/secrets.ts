import { isObject, type Resource, type Stack } from "../stack";
import { aws, azure, pulumi, random } from "../types";
import { fromBase64 } from "./first-boot";

/** Properties that exist to hold a secret, by type: the value may stand there. */
const sinks: Record<string, readonly string[]> = {
    [random.password]: ["result", "bcryptHash"],
    [aws.secretVersion]: ["secretString", "secretStringWo", "secretBinary"],
    [aws.cache]: ["authToken"],
    [azure.secret]: ["properties"],
    "random:index/randomBytes:RandomBytes": ["base64", "hex"],
};

/** Properties whose very name says that they hold a secret of the resource; providers keep them secret. */
const SINK_NAME =
    /^(password|passwords|passwordWo|masterPassword|masterUserPassword|administratorLoginPassword|adminPassword|privateKey|privateKeyPem|privateKeyOpenssh|privateKeyPemPkcs8|authToken|valueWo)$/;

/** The same inside a property that holds other texts too. */
const innerSinks: Record<string, readonly string[]> = { [azure.machine]: ["adminPassword"] };

/** Values that are secret beyond doubt, by form. */
const secretForms = [
    { form: /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/, what: "a private key" },
    { form: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/, what: "an AWS access key" },
    {
        form: /\b(?:postgres(?:ql)?|mysql|rediss?|amqps?|mongodb(?:\+srv)?|https?|ftp):\/\/[^\s:/@$"'{}<]{0,64}:[^\s@/$"'{}<]{3,128}@/i,
        what: "a connection address with a password",
    },
    { form: /\bAccountKey=[A-Za-z0-9+/=]{20,}/, what: "a storage key" },
];

const SECRET_NAME = "(?:passw(?:or)?d|passwd|pwd|secret|api[_-]?key|auth[_-]?token|access[_-]?key)";
/** A name that promises a secret, followed by what it is set to. */
const NAMED_SECRET = new RegExp(`${SECRET_NAME}["']?\\s{0,4}[:=]\\s{0,4}["']?([A-Za-z0-9+/_!@#%^&*.~-]{8,128})`, "gi");
/** A key that promises a secret as its value. */
const SECRET_KEY = new RegExp(`${SECRET_NAME}$`, "i");
/** What follows such a name without being a secret: references, and names of files, parameters or secrets. */
const REFERENCE =
    /^(arn[:-]|(ConvertTo|ConvertFrom|Get|New|Read|Import)-[A-Z]|\$|\/|https?:|true$|false$|null$|undefined$|process\.|await|read|get|String|JSON|settings|secretsmanager|ssm)|\//i;
/** An ARN names a secret without holding it. */
const ARN = /\barn:[\w-]+:[^\s"',]*/g;

/** Where people and machines write small texts: a name that promises a secret counts there. */
const freeTexts: Record<string, readonly string[]> = {
    [aws.instance]: ["userData", "userDataBase64", "tags"],
    [aws.launchTemplate]: ["userData", "tags"],
    [aws.lambda]: ["environment", "tags"],
    [aws.parameter]: ["value", "insecureValue", "tags"],
    [aws.bucketObject]: ["content", "tags"],
    [aws.document]: ["content", "tags"],
    "aws:ecs/taskDefinition:TaskDefinition": ["containerDefinitions", "tags"],
    [azure.machine]: ["osProfile", "userData", "tags"],
};

/** A secret that stands where it can be read. */
export interface Exposure {
    resource: Resource;
    property: string;
    what: string;
}

/** A text with the key that it stands under. */
interface Text {
    key: string;
    text: string;
}

interface Generated {
    name: string;
    value: string;
}

const SHORTEST_VALUE = 8;

/** Every place where a secret stands in clear. */
export function exposures(stack: Stack): Exposure[] {
    const generated = stack
        .of(random.password)
        .map((password) => ({ name: password.name, value: password.text("result") ?? "" }))
        .filter(({ value }) => value.length >= SHORTEST_VALUE);
    return stack.resources
        .filter(({ type }) => !type.startsWith("pulumi:providers:"))
        .flatMap((resource) => resource.keys.flatMap((property) => exposuresIn(resource, property, generated)));
}

function exposuresIn(resource: Resource, property: string, generated: Generated[]): Exposure[] {
    const { type } = resource;
    const isSecureParameter = type === aws.parameter && resource.get("type") === "SecureString" && property === "value";
    if (
        (sinks[type] ?? []).includes(property) ||
        (SINK_NAME.test(property) && type !== pulumi.stack) ||
        isSecureParameter
    ) {
        return [];
    }
    const isFree = type === pulumi.stack || (freeTexts[type] ?? ["tags"]).includes(property);
    // What a parameter holds is told by its own name.
    const key = type === aws.parameter ? (resource.text("name") ?? property) : property;
    const found = textsOf(resource.get(property), key)
        .filter((text) => !(innerSinks[type] ?? []).includes(text.key))
        .filter((text) => !SINK_NAME.test(text.key) || isFree)
        .flatMap((text) => secretsIn(decoded(text), generated, isFree));
    return [...new Set(found)].map((what) => ({ resource, property, what }));
}

function secretsIn({ key, text }: Text, generated: Generated[], isFree: boolean): string[] {
    return [
        ...generated.filter(({ value }) => text.includes(value)).map(({ name }) => `the value of ${name}`),
        ...secretForms.filter(({ form }) => form.test(text)).map(({ what }) => what),
        ...(isFree && holdsNamedSecret({ key, text }) ? ["a value named as a secret"] : []),
    ];
}

function holdsNamedSecret({ key, text }: Text): boolean {
    const plain = text.replace(ARN, "");
    const inside = [...plain.matchAll(NAMED_SECRET)].some(([, value = ""]) => looksSecret(value));
    return inside || (SECRET_KEY.test(key) && !/\s/.test(plain) && looksSecret(plain));
}

/** Mixed characters as a password has them, and no name of something else. */
function looksSecret(value: string): boolean {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
    return value.length >= SHORTEST_VALUE && kinds >= 3 && !REFERENCE.test(value);
}

/** Every text inside a value, with its key; of a pair of `name` and `value`, the name is the key. */
function textsOf(value: unknown, key: string): Text[] {
    if (typeof value === "string") {
        return [{ key, text: value }];
    }
    if (Array.isArray(value)) {
        return value.flatMap((item) => textsOf(item, key));
    }
    if (!isObject(value)) {
        return [];
    }
    const { name } = value;
    return Object.entries(value).flatMap(([own, item]) =>
        textsOf(item, own === "value" && typeof name === "string" ? name : own),
    );
}

/** A text with what it says behind base64, if that is what it is. */
function decoded({ key, text }: Text): Text {
    if (text.length <= 40 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
        return { key, text };
    }
    try {
        return { key, text: `${text}\n${fromBase64(text)}` };
    } catch {
        return { key, text };
    }
}
