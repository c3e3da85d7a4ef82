import { DatabaseKind } from "../database/contract";
import type { DeploymentArgs } from "../deployment/contract";
import { isLinux, type LinuxSystem, OperatingSystem } from "../host/operating-system";
import { LoadBalancerKind } from "../load-balancer/contract";
import { thirdPartyComponents } from "../reference";
import { SessionStoreKind } from "../session-store/contract";
import type { ComponentInUse } from "./contract";

/** Products by the domain of their mail servers. */
const mailProducts: { domain: string; product: string }[] = [
    { domain: "amazonaws.com", product: "AWS SES" },
    { domain: "azurecomm.net", product: "Azure Communication Services" },
    { domain: "sendgrid.net", product: "SendGrid" },
    { domain: "office365.com", product: "Office 365" },
    { domain: "outlook.com", product: "Office 365" },
];

const operatingSystems: { [os in OperatingSystem]: string } = {
    "amazon-linux-2023": "Amazon Linux 2023",
    "ubuntu-24.04": "Ubuntu 24.04 LTS",
    "debian-13": "Debian 13",
    "rhel-9": "RHEL",
    "windows-server-2025": "Windows Server",
};

/** What each system brings for kind redis. */
const ownStores: { [os in LinuxSystem]: string } = {
    "amazon-linux-2023": "Valkey",
    "ubuntu-24.04": "Redis OSS",
    "debian-13": "Redis OSS",
    "rhel-9": "Valkey",
};

const proxies: { [kind in LoadBalancerKind]: { component: string; product: string }[] } = {
    managed: [],
    haproxy: [{ component: "load-balancer", product: "HAProxy" }],
    nginx: [{ component: "load-balancer", product: "Nginx OSS" }],
};

/** Third-party products of a deployment on AWS, by the guide's table of open-source and licensed ones. */
export function productsOnAws(args: DeploymentArgs): ComponentInUse[] {
    const { appPair, certificateId, database, loadBalancer, mail, sessionStore } = args;
    const isOnMachines = database?.kind === DatabaseKind.Vm;
    const os = appPair?.os ?? OperatingSystem.AmazonLinux2023;
    const ofOthers = isLinux(os) ? os : OperatingSystem.AmazonLinux2023;
    const systems = new Set([os, ofOthers, ...(isOnMachines ? [database.os ?? OperatingSystem.Debian13] : [])]);
    const products = [
        { component: "postgresql", product: isOnMachines ? "PostgreSQL" : "AWS RDS PostgreSQL" },
        ...[...systems].map((system) => ({ component: "operating-system", product: operatingSystems[system] })),
        ...(isLinux(os) ? [] : [{ component: "directory", product: "Microsoft Active Directory" }]),
        { component: "certificates", product: certificateId ? "certificate brought along" : "AWS Certificate Manager" },
        { component: "smtp", product: mailProduct(mail.host) },
        { component: "monitoring", product: "AWS CloudWatch" },
        { component: "backup", product: "AWS Backup" },
        ...(isOnMachines ? [{ component: "backup", product: "pgBackRest" }] : []),
        { component: "load-balancer", product: "AWS ALB/NLB" },
        ...proxies[loadBalancer?.kind ?? LoadBalancerKind.Managed],
        ...(sessionStore?.kind === SessionStoreKind.None
            ? []
            : [
                  {
                      component: "redis",
                      product: sessionStore?.kind === SessionStoreKind.Redis ? ownStores[ofOthers] : "Valkey",
                  },
              ]),
    ];
    return products.map((used) => ({ ...used, licensed: !isOpenSource(used.component, used.product) }));
}

/** Third-party products of a deployment on Azure, by the guide's table of open-source and licensed ones. */
export function productsOnAzure(args: DeploymentArgs): ComponentInUse[] {
    const { appPair, certificateId, database, loadBalancer, mail, sessionStore } = args;
    const isOnMachines = database?.kind === DatabaseKind.Vm;
    const os = appPair?.os ?? OperatingSystem.Ubuntu2404;
    const ofOthers = isLinux(os) ? os : OperatingSystem.Ubuntu2404;
    // The operations machine is always Ubuntu.
    const systems = new Set([os, OperatingSystem.Ubuntu2404, ...(isOnMachines && database.os ? [database.os] : [])]);
    const products = [
        { component: "postgresql", product: isOnMachines ? "PostgreSQL" : "Azure Database for PostgreSQL" },
        ...[...systems].map((system) => ({ component: "operating-system", product: operatingSystems[system] })),
        { component: "certificates", product: certificateId ? "certificate brought along" : "Let's Encrypt" },
        { component: "smtp", product: mailProduct(mail.host) },
        { component: "monitoring", product: "Azure Monitor" },
        { component: "backup", product: "pg_dump" },
        ...(isOnMachines ? [{ component: "backup", product: "pgBackRest" }] : []),
        ...(proxies[loadBalancer?.kind ?? LoadBalancerKind.Managed].length > 0
            ? proxies[loadBalancer!.kind!]
            : [{ component: "load-balancer", product: "Azure Application Gateway" }]),
        ...(sessionStore?.kind === SessionStoreKind.None
            ? []
            : [
                  {
                      component: "redis",
                      product:
                          sessionStore?.kind === SessionStoreKind.Redis ? ownStores[ofOthers] : "Azure Managed Redis",
                  },
              ]),
    ];
    return products.map((used) => ({ ...used, licensed: !isOpenSource(used.component, used.product) }));
}

/** A mail server that nobody has named counts as licensed: its owner knows. */
function mailProduct(host: string): string {
    return mailProducts.find(({ domain }) => host.endsWith(`.${domain}`))?.product ?? `mail server ${host}`;
}

function isOpenSource(component: string, product: string): boolean {
    const { openSource } = thirdPartyComponents.find(({ id }) => id === component)!;
    return openSource.includes(product);
}
