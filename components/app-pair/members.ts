import * as pulumi from "@pulumi/pulumi";
import { appServerCount } from "../reference";
import type { ReleaseArtifact, SecretVariable } from "./contract";

/** What every cloud's pair is told of its members and of what they run. */
export interface PairArgs {
    count?: number;
    renew?: string[];
    privateAddresses?: string[];
    environment: { [name: string]: pulumi.Input<string> };
    secrets: SecretVariable[];
    databaseHost: pulumi.Input<string>;
    databasePort: pulumi.Input<number>;
    databaseName: pulumi.Input<string>;
    databaseSecretId: pulumi.Input<string>;
    sessionHost?: pulumi.Input<string>;
    sessionPort?: pulumi.Input<number>;
    sessionSecretId?: pulumi.Input<string>;
    sessionTls?: boolean;
    release: ReleaseArtifact;
}

/** app1, app2, … */
export function memberNames({ count = appServerCount }: PairArgs): string[] {
    return Array.from({ length: count }, (_, place) => `app${place + 1}`);
}

/** What contradicts itself in a pair's arguments. */
export function pairProblems(args: PairArgs): string[] {
    const { count = appServerCount, renew = [], privateAddresses, sessionHost, sessionPort, sessionSecretId } = args;
    const names = memberNames(args);
    const problems = [];
    if (!Number.isInteger(count) || count < 1) {
        problems.push(`count: found ${count}, allowed is a whole number of at least 1`);
    }
    for (const name of renew.filter((unknown) => !names.includes(unknown))) {
        problems.push(`renew: found '${name}', allowed are ${names.join(", ")}`);
    }
    if (privateAddresses && privateAddresses.length !== count) {
        problems.push(
            `privateAddresses: found ${privateAddresses.length}, allowed is one for each of ${count} servers`,
        );
    }
    if (new Set([sessionHost, sessionPort, sessionSecretId].map((value) => value === undefined)).size > 1) {
        problems.push("sessionHost, sessionPort and sessionSecretId: allowed are all three or none");
    }
    return problems;
}

/** Documents that servers read, by file name; they name secrets and hold none. */
export interface PairDocuments {
    settings: pulumi.Output<string>;
    release: pulumi.Output<string>;
}

/**
 * What servers are told when their service starts, and what they install. The certificate that the database is known by is
 * named as its cloud finds it.
 */
export function pairDocuments(args: PairArgs, certificate: pulumi.Input<string> | undefined): PairDocuments {
    const { databaseHost: host, databasePort: port, databaseName, databaseSecretId, sessionHost } = args;
    const scheme = (args.sessionTls ?? true) ? "rediss" : "redis";
    const session = { scheme, host: sessionHost, port: args.sessionPort, secretId: args.sessionSecretId };
    const { version, artifact, sha256 } = args.release;
    return {
        settings: pulumi.jsonStringify({
            environment: args.environment,
            secrets: Object.fromEntries(args.secrets.map((secret) => [secret.name, secret.secretId])),
            database: {
                host,
                port,
                name: databaseName,
                secretId: databaseSecretId,
                ...(certificate && { certificate }),
            },
            ...(sessionHost !== undefined && { sessionStore: session }),
        }),
        release: pulumi.jsonStringify({ version, artifact, sha256 }),
    };
}
