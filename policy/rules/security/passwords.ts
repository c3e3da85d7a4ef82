import { sessionSecretLength } from "../../../components/reference";
import { managedPrimaries } from "../../model/databases";
import { exposures } from "../../model/secrets";
import {
    expectEqual,
    expectNumber,
    expectSet,
    expectValue,
    fail,
    type Finding,
    type ItemRules,
    pass,
    shown,
    waits,
} from "../../rule";
import { aws, azure, random } from "../../types";
import { type Resource, type Stack, UNKNOWN } from "../../stack";

/** Shortest password of a service that nobody types. */
const SHORTEST_PASSWORD = 16;
const classes = ["Lower", "Upper", "Numeric", "Special"] as const;
const classForms: Record<(typeof classes)[number], RegExp> = {
    Lower: /[a-z]/,
    Upper: /[A-Z]/,
    Numeric: /\d/,
    Special: /[^A-Za-z0-9]/,
};

function generated(stack: Stack): Finding[] {
    return stack
        .of(random.password)
        .flatMap((password) => [
            expectNumber(
                password,
                "length",
                password.name.includes("session") ? sessionSecretLength : SHORTEST_PASSWORD,
            ),
            ...classes.flatMap((kind) => [
                expectNumber(password, `min${kind}`, 1),
                expectValue(password, kind.toLowerCase(), (value) => value !== false, "true"),
            ]),
        ]);
}

/** Services that take a password, with the property that holds it. */
function services(stack: Stack): { resource: Resource; property: string }[] {
    return [
        ...managedPrimaries(stack).map((resource) => ({
            resource,
            property:
                resource.type === azure.database
                    ? "administratorLoginPassword"
                    : resource.keys.includes("passwordWo")
                      ? "passwordWo"
                      : "password",
        })),
        ...stack.of(aws.cache).map((resource) => ({ resource, property: "authToken" })),
    ];
}

/** A password that is written down by hand is judged by what it is; one that the cloud keeps itself needs none. */
function strongAtServices(stack: Stack): Finding[] {
    return services(stack).map(({ resource, property }) => {
        if (stack.of(random.password).some((password) => resource.sourcesOf(property).includes(password.urn))) {
            return pass(resource, `${property} is generated`);
        }
        const value = resource.get(property);
        if (value === undefined || value === null) {
            return resource.type === aws.cache &&
                resource.list("userGroupIds").length === 0 &&
                !resource.isUnknown("userGroupIds")
                ? fail(resource, `${property}: found nothing, allowed: a password`)
                : pass(resource, `${property} is kept by the cloud`);
        }
        if (value === UNKNOWN) {
            return waits(resource, `${property} is not known before the update`);
        }
        const text = shown(value);
        const missing = classes.filter((kind) => !classForms[kind].test(text));
        return text.length >= SHORTEST_PASSWORD && missing.length === 0
            ? pass(resource, `${property} is long and mixed`)
            : fail(
                  resource,
                  `${property}: found ${text.length} characters${missing.length > 0 ? ` without ${missing.join(", ").toLowerCase()}` : ""}, ` +
                      `allowed: ${SHORTEST_PASSWORD} or more of all four classes`,
              );
    });
}

function notInClear(stack: Stack): Finding[] {
    const found = exposures(stack);
    return found.length === 0
        ? [pass(undefined, "no secret stands in an input, user data, tag or output")]
        : found.map(({ resource, property, what }) => fail(resource, `${property} holds ${what} in clear`));
}

function inStore(stack: Stack): Finding[] {
    return [
        ...stack
            .of(aws.secret)
            .flatMap((secret) => [
                expectSet(secret, "kmsKeyId", "a customer key"),
                expectValue(
                    secret,
                    "recoveryWindowInDays",
                    (value) => value === undefined || value === null || Number(value) >= 7,
                    "7 or more",
                ),
            ]),
        ...stack
            .of(azure.keyVault)
            .flatMap((vault) => [
                expectValue(vault, "properties.enablePurgeProtection", (value) => value === true, "true"),
                expectValue(vault, "properties.enableRbacAuthorization", (value) => value === true, "true"),
                expectValue(vault, "properties.publicNetworkAccess", (value) => value === "Disabled", "Disabled"),
            ]),
    ];
}

function keysRotate(stack: Stack): Finding[] {
    return [...awsKeysRotate(stack), ...stack.of(azure.key).map(rotatesItself)];
}

function rotatesItself(key: Resource): Finding {
    return expectValue(
        key,
        "properties.rotationPolicy.lifetimeActions",
        (value) => Array.isArray(value) && JSON.stringify(value).toLowerCase().includes('"type":"rotate"'),
        "an action that rotates it",
    );
}

function awsKeysRotate(stack: Stack): Finding[] {
    return stack
        .of(aws.key)
        .filter(
            (key) =>
                !key.keys.includes("customerMasterKeySpec") || key.get("customerMasterKeySpec") === "SYMMETRIC_DEFAULT",
        )
        .map((key) => expectValue(key, "enableKeyRotation", (value) => value === true, "true"));
}

function sessionStore(stack: Stack): Finding[] {
    return [
        ...stack
            .of(aws.cache)
            .flatMap((cache) => [
                expectValue(cache, "transitEncryptionEnabled", (value) => value === true, "true"),
                expectValue(cache, "transitEncryptionMode", (value) => value !== "preferred", "required"),
                expectValue(cache, "atRestEncryptionEnabled", (value) => value === true, "true"),
            ]),
        ...stack
            .of(azure.cacheDatabase)
            .map((cache) => expectValue(cache, "clientProtocol", (value) => value === "Encrypted", "Encrypted")),
        ...stack
            .of(azure.cache)
            .flatMap((cache) => [
                expectEqual(cache, "minimumTlsVersion", "1.2"),
                expectEqual(cache, "publicNetworkAccess", "Disabled"),
            ]),
    ];
}

/** All passwords meet complexity requirements. */
export const passwords: ItemRules = {
    item: "passwords",
    rules: [
        {
            id: "passwords-complexity",
            title: "Generated passwords are long and hold all four classes of characters",
            severity: "high",
            risk: "A password can be guessed.",
            fix: `Generate ${SHORTEST_PASSWORD} characters or more, ${sessionSecretLength} for the session secret, with minLower, minUpper, minNumeric and minSpecial of 1 or more.`,
            step: "Step 6",
            controls: ["CIS AWS 5.0 1.7", "AWS Well-Architected SEC02-BP01", "MCSB IM-6"],
            check: generated,
        },
        {
            id: "passwords-services",
            title: "Database and session store have a strong password",
            severity: "critical",
            risk: "Whoever reaches the port reads and writes all data.",
            fix: "Generate the password and pass it as a secret.",
            step: "Steps 3 and 6",
            controls: ["AWS Well-Architected SEC02-BP01", "MCSB IM-6"],
            check: strongAtServices,
        },
        {
            id: "passwords-not-in-clear",
            title: "No secret stands in clear",
            severity: "critical",
            risk: "Everyone who may read the stack, a console or a tag has the password.",
            fix: "Keep it in the secret store and let the machine read it when it starts.",
            step: "Step 6",
            controls: ["AWS Well-Architected SEC02-BP03", "MCSB IM-8"],
            check: notInClear,
        },
        {
            id: "passwords-store",
            title: "The secret store encrypts with a customer key and forgives a deletion",
            severity: "high",
            risk: "Secrets can be read by more people than need them, or lost for good.",
            fix: "Set the key and a recovery window of 7 days or more; on Azure purge protection, role-based access and no public access.",
            step: "Step 6",
            controls: ["AWS Well-Architected SEC02-BP03", "MCSB DP-8"],
            check: inStore,
        },
        {
            id: "passwords-key-rotation",
            title: "Encryption keys are rotated",
            severity: "medium",
            risk: "A key that leaked stays useful for ever.",
            fix: "Turn on key rotation; on Azure give the key a rotation policy.",
            step: "Step 6",
            controls: ["AWS Well-Architected SEC08-BP01"],
            check: keysRotate,
        },
        {
            id: "passwords-session-store",
            title: "Sessions are encrypted in transit and at rest",
            severity: "high",
            risk: "A session that is read is a login that is stolen.",
            fix: "Turn on encryption in transit, required, and at rest.",
            step: "Step 8",
            controls: ["Security Hub ElastiCache.4", "Security Hub ElastiCache.5", "MCSB DP-3", "MCSB DP-4"],
            check: sessionStore,
        },
    ],
};
