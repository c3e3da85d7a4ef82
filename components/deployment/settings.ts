import { databaseMachines, WITNESS } from "../database/host/settings";
import { isLinux, OperatingSystem } from "../host/operating-system";
import { hostAddress, planAddresses } from "../network/addresses";
import { addressSpace, appServerCount, firstHostNumber, ports, type SubnetRole } from "../reference";
import { asSecret } from "../secrets/as-secret";
import type { DeploymentArgs, MailSettings } from "./contract";

/** System of machines that are no application servers: theirs, where it is Linux. Default the tier's. */
export const otherSystem = ({ appPair }: DeploymentArgs) =>
    appPair?.os !== undefined && isLinux(appPair.os) ? appPair.os : undefined;

/** Whether application servers run Windows; every other machine runs Linux. */
export const runsWindows = ({ appPair }: DeploymentArgs) => appPair?.os === OperatingSystem.WindowsServer2025;

/** A component records its arguments, so a password must be marked before it is one of them. */
export function withoutClearPassword(mail: MailSettings): MailSettings {
    return { ...mail, password: asSecret(mail.password) };
}

/** app1 is host 10 of its zone's subnet, app2 host 11 (guide, step 7); in an existing network the cloud chooses. */
export function privateAddresses(args: DeploymentArgs): string[] | undefined {
    const subnets = appSubnets(args);
    const count = args.appPair?.count ?? appServerCount;
    return (
        subnets &&
        Array.from({ length: count }, (_, place) =>
            hostAddress(subnets[place % subnets.length]!, firstHostNumber + place),
        )
    );
}

/** The number before app1's in its subnet: a cloud that chooses could give away a server's address. */
export function operationsAddress(args: DeploymentArgs): string | undefined {
    const [first] = appSubnets(args) ?? [];
    return first && hostAddress(first, firstHostNumber - 1);
}

function appSubnets({ network }: DeploymentArgs): string[] | undefined {
    return network?.networkId === undefined
        ? planAddresses(network?.addressSpace ?? addressSpace, network?.zoneCount ?? 2).app
        : undefined;
}

/** Networks of the application subnets; in an existing network nobody but its owner knows them. */
export function appNetworks(args: DeploymentArgs): string[] {
    return appSubnets(args) ?? ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
}

/**
 * The session store and the file server are host 10 of their first subnet (guide, steps 5 and 6: 10.0.4.10, 10.0.3.10); in
 * an existing network the cloud chooses.
 */
export function firstAddress({ network }: DeploymentArgs, role: SubnetRole): string | undefined {
    const [first] =
        network?.networkId === undefined
            ? planAddresses(network?.addressSpace ?? addressSpace, network?.zoneCount ?? 2)[role]
            : [];
    return first && hostAddress(first, firstHostNumber);
}

/**
 * Address of the file server.
 *
 * @throws Error in an existing network: servers remember it, and a machine that is renewed would get another one.
 */
export function fileServerAddress(args: DeploymentArgs): string {
    const address = firstAddress(args, "storage");
    if (address === undefined) {
        throw new Error("sharedStorage.kind: found nfs in an existing network, allowed is managed there");
    }
    return address;
}

/**
 * db1 and db2 are hosts 10 and 11 (guide, step 7), each in its zone's subnet; the witness, where there is one, is host 12 of
 * the third.
 *
 * @throws Error in an existing network: each machine is told the other's address before they are made.
 */
export function databasePlaces({ network, database }: DeploymentArgs): { networks: string[]; addresses: string[] } {
    if (network?.networkId !== undefined) {
        throw new Error("database.kind: found vm in an existing network, allowed is managed there");
    }
    const networks = planAddresses(network?.addressSpace ?? addressSpace, network?.zoneCount ?? 2).database;
    const voters = [...databaseMachines, ...(database?.automaticFailover ? [WITNESS] : [])].slice(0, networks.length);
    const addresses = voters.map((_, place) => hostAddress(networks[place]!, firstHostNumber + place));
    return { networks, addresses };
}

/**
 * On Azure a subnet spans zones: db1 and db2 are hosts 10 and 11 (guide, step 7) of one, what stands before them, for writes
 * and for reads, hosts 12 and 13, and the witness, where there is one, host 14.
 *
 * @throws Error in an existing network: each machine is told the other's address before they are made.
 */
export function databaseAddresses(args: DeploymentArgs) {
    const [subnet] = databasePlaces(args).networks;
    const host = (place: number) => hostAddress(subnet!, firstHostNumber + place);
    return {
        privateAddresses: [host(0), host(1), ...(args.database?.automaticFailover ? [host(4)] : [])],
        writerAddress: host(2),
        readerAddress: host(3),
    };
}

/** The environment file's variables that are no secret (guide, steps 6 and 8). */
export function environment(args: DeploymentArgs, sharedSessions: boolean): { [name: string]: string } {
    return {
        NODE_ENV: "production",
        PORT: String(ports.app),
        APP_BASE_URL: `https://${args.hostname}`,
        SMTP_HOST: args.mail.host,
        SMTP_PORT: String(args.mail.port ?? ports.smtp),
        SMTP_USER: args.mail.user,
        SUPPORT_EMAIL: args.supportEmail,
        ...(sharedSessions && { SESSION_STORE: "redis" }),
    };
}
