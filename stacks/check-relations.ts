import { hostAddress, networksOverlap, parseNetwork, planAddresses } from "../components/network/addresses";
import { addressSpace, appServerCount, firstHostNumber } from "../components/reference";
import { checkCloud } from "./check-cloud";
import { type Check, type Checked, kindChecks } from "./check-kinds";
import { checkSizes } from "./check-sizes";
import type { StackConfig } from "./config";
import type { ConfigurationProblem } from "./configuration-error";
import { problem, set } from "./problem";

/** What no single key shows: keys that need, exclude or contradict each other. */
export function checkRelations(config: Checked, isSecret: (key: string) => boolean): ConfigurationProblem[] {
    return checks.flatMap((check) => check(config, isSecret));
}

const checkMode: Check = ({ loadBalancer }) =>
    loadBalancer?.mode === "active-passive" && (loadBalancer.kind ?? "managed") === "managed"
        ? [
              problem(
                  "loadBalancer.mode",
                  "active-passive with kind managed",
                  "active-active; a managed balancer has no backup servers, only HAProxy and Nginx do",
                  set("loadBalancer.mode", "active-active"),
              ),
          ]
        : [];

const checkAddresses: Check = ({ network, appPair }) => {
    const space = network?.addressSpace ?? addressSpace;
    try {
        const { subnetMask } = parseNetwork(space);
        if (subnetMask < 16) {
            throw new Error(`address space ${space} is larger than a VPC can be; use a /16 or smaller`);
        }
        const subnet = planAddresses(space, network?.zoneCount ?? 2).app[0]!;
        return checkServerAddresses(subnet, appPair?.count ?? appServerCount).concat(
            (network?.reservedNetworks ?? []).flatMap((reserved, place) => checkReserved(space, reserved, place)),
        );
    } catch (error) {
        return [
            problem(
                "network.addressSpace",
                space,
                (error as Error).message,
                set("network.addressSpace", "10.0.0.0/16"),
            ),
        ];
    }
};

function checkServerAddresses(subnet: string, count: number): ConfigurationProblem[] {
    try {
        hostAddress(subnet, firstHostNumber + count - 1);
        return [];
    } catch (error) {
        const found = `${count} servers, but ${(error as Error).message}`;
        return [
            problem(
                "appPair.count",
                found,
                "as many as an application subnet has numbers for",
                set("appPair.count", "2"),
            ),
        ];
    }
}

function checkReserved(space: string, reserved: string, place: number): ConfigurationProblem[] {
    const path = `network.reservedNetworks[${place}]`;
    try {
        return networksOverlap(space, reserved)
            ? [
                  problem(
                      "network.addressSpace",
                      `${space}, which overlaps the reserved network ${reserved}`,
                      "an address space apart from every reserved network",
                      set("network.addressSpace", "10.200.0.0/16"),
                  ),
              ]
            : [];
    } catch (error) {
        return [problem(path, reserved, (error as Error).message, set(path, "10.1.0.0/16"))];
    }
}

const checkExistingNetwork: Check = ({ cloud, network }) => {
    if (network === undefined || (network.networkId === undefined) === (network.subnetIds === undefined)) {
        return network?.subnetIds ? checkSubnetLists(cloud ?? "aws", network.subnetIds) : [];
    }
    return network.networkId === undefined
        ? [
              problem(
                  "network.networkId",
                  "nothing beside subnetIds",
                  "the id of the network that holds the subnets",
                  set("network.networkId", "vpc-0a1b2c3d4e5f60718"),
              ),
          ]
        : [
              problem(
                  "network.subnetIds",
                  "nothing beside networkId",
                  "subnet ids for edge, app, database, storage and cache",
                  set("network.subnetIds.app[0]", "subnet-0a1b2c3d"),
              ),
          ];
};

/** A subnet is in one zone on AWS and spans all of them on Azure. */
function checkSubnetLists(
    cloud: StackConfig["cloud"],
    subnetIds: NonNullable<NonNullable<Checked["network"]>["subnetIds"]>,
): ConfigurationProblem[] {
    if (cloud === "azure") {
        return [];
    }
    const short = Object.entries(subnetIds).filter(([, ids]) => ids.length < 2);
    if (short.length > 0) {
        return short.map(([role, ids]) =>
            problem(
                `network.subnetIds.${role}`,
                JSON.stringify(ids),
                "two or more subnet ids",
                set(`network.subnetIds.${role}[${ids.length}]`, "subnet-4e5f6a7b"),
            ),
        );
    }
    const lengths = Object.entries(subnetIds).map(([role, ids]) => ({ role, length: ids.length }));
    const uneven = lengths.filter(({ length }) => length !== lengths[0]!.length);
    return uneven.map(({ role, length }) =>
        problem(
            `network.subnetIds.${role}`,
            `${length} subnets`,
            `${lengths[0]!.length}, one per zone as in network.subnetIds.${lengths[0]!.role}`,
            "give every role one subnet in each zone, in the same order",
        ),
    );
}

const checkMail: Check = ({ mail }, isSecret) => {
    if (mail === undefined) {
        return [];
    }
    const { password, passwordSecretId } = mail;
    const encrypted = set("mail.password", "", "--secret").trimEnd();
    if (password !== undefined && passwordSecretId !== undefined) {
        return [
            problem(
                "mail.password",
                "beside passwordSecretId",
                "exactly one of the two",
                "pulumi config rm --path minusnow:mail.password",
            ),
        ];
    }
    if (password === undefined && passwordSecretId === undefined) {
        return [
            problem(
                "mail.password",
                "nothing, nor passwordSecretId",
                "exactly one of the two",
                `${encrypted}, or ${set("mail.passwordSecretId", "minusnow/prod/smtp")}`,
            ),
        ];
    }
    return password !== undefined && !isSecret("minusnow:mail")
        ? [problem("mail.password", "a password in clear text", "an encrypted value", encrypted)]
        : [];
};

const checkCertificate: Check = ({ cloud, hostname, dnsZone, dnsResourceGroup, certificateId }) => {
    if (hostname === undefined) {
        return [];
    }
    if (cloud === "azure" && (dnsZone === undefined) !== (dnsResourceGroup === undefined)) {
        const missing = dnsZone === undefined ? "dnsZone" : "dnsResourceGroup";
        const example = dnsZone === undefined ? hostname.split(".").slice(1).join(".") : "dns";
        return [
            problem(
                missing,
                "nothing beside the other",
                "dnsZone and dnsResourceGroup, or none",
                set(missing, example, ""),
            ),
        ];
    }
    if (dnsZone === undefined && certificateId === undefined) {
        return [
            problem(
                "dnsZone",
                "nothing, nor certificateId",
                "the zone to issue a certificate in, or an issued certificate",
                set("dnsZone", hostname.split(".").slice(1).join("."), ""),
            ),
        ];
    }
    return dnsZone !== undefined && hostname !== dnsZone && !hostname.endsWith(`.${dnsZone}`)
        ? [
              problem(
                  "dnsZone",
                  dnsZone,
                  `a zone that holds ${hostname}`,
                  set("dnsZone", hostname.split(".").slice(1).join("."), ""),
              ),
          ]
        : [];
};

/** Only machines can read a certificate from a secret; an Application Load Balancer takes those of ACM. */
const checkCertificateSecret: Check = ({ cloud, certificateId, loadBalancer }) =>
    cloud === "aws" && (loadBalancer?.kind ?? "managed") === "managed" && certificateId?.includes(":secretsmanager:")
        ? [
              problem(
                  "certificateId",
                  certificateId,
                  "the ARN of a certificate in ACM with a managed balancer",
                  set("certificateId", "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", ""),
              ),
          ]
        : [];

const checkRenew: Check = ({ appPair }) => {
    const count = appPair?.count ?? appServerCount;
    return (appPair?.renew ?? []).flatMap((name, place) =>
        Number(name.slice(3)) >= 1 && Number(name.slice(3)) <= count
            ? []
            : [
                  problem(
                      `appPair.renew[${place}]`,
                      name,
                      `app1 to app${count}`,
                      set(`appPair.renew[${place}]`, `app${count}`),
                  ),
              ],
    );
};

const checkBackup: Check = ({ cloud, environment, region, backup }) => {
    const copyRegion = backup?.copyRegion;
    const everyHours = backup?.databaseEveryHours;
    const problems = [];
    if (cloud !== "azure" && environment === "prod" && copyRegion === undefined) {
        problems.push(
            problem(
                "backup.copyRegion",
                "nothing in prod",
                "a second region that backups are copied to",
                set("backup.copyRegion", region === "us-west-2" ? "us-east-1" : "us-west-2"),
            ),
        );
    }
    if (copyRegion !== undefined && copyRegion === region) {
        problems.push(
            problem(
                "backup.copyRegion",
                `${copyRegion}, the stack's own region`,
                "a second region",
                set("backup.copyRegion", region === "us-west-2" ? "us-east-1" : "us-west-2"),
            ),
        );
    }
    if (everyHours !== undefined && ![6, 8, 12, 24].includes(everyHours)) {
        problems.push(
            problem(
                "backup.databaseEveryHours",
                String(everyHours),
                "6, 8, 12 or 24",
                set("backup.databaseEveryHours", "6"),
            ),
        );
    }
    return problems;
};

const checks: Check[] = [
    ...kindChecks,
    checkSizes,
    checkMode,
    checkAddresses,
    checkExistingNetwork,
    checkMail,
    checkCertificate,
    checkCertificateSecret,
    checkRenew,
    checkCloud,
    checkBackup,
];
