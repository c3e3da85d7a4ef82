import { nodeMajor } from "../reference";
import { azureUserDataLimit, userDataLimit } from "./cloud-init";
import {
    awsSystems,
    azureSystems,
    linuxSystem,
    type OperatingSystem,
    osFamily,
    type OsFamily,
} from "./operating-system";

/** Where a machine runs and with which system: packages are named and installed by it. */
export type Platform = "amazon-linux" | "debian-aws" | "ubuntu-azure" | "rhel-azure";

export const platformFamily: { [platform in Platform]: OsFamily } = {
    "amazon-linux": "rhel",
    "debian-aws": "debian",
    "ubuntu-azure": "debian",
    "rhel-azure": "rhel",
};

/** What a machine is told of its cloud. */
export interface CloudHost {
    platform: Platform;
    /** Module that reads settings, secrets, certificates and artifacts, from `components/host/files`. */
    cloudModule: string;
    /** What the module and the script that installs packages need to know. */
    variables: Record<string, string>;
    /** Largest user data that the cloud takes, in bytes. */
    limit: number;
}

/** What every machine on AWS is told; settings are SSM parameters under a path. */
export function awsCloud(region: string, settings: string, node = nodeMajor) {
    return {
        cloudModule: "cloud-aws.mjs",
        variables: { REGION: region, SETTINGS: settings, NODE_MAJOR: String(node) },
        limit: userDataLimit,
    };
}

/** A machine with Linux on AWS. */
export function awsHost(os: OperatingSystem, region: string, settings: string, node = nodeMajor): CloudHost {
    const platform = osFamily[linuxSystem(os, awsSystems)] === "debian" ? "debian-aws" : "amazon-linux";
    return { platform, ...awsCloud(region, settings, node) };
}

/** What every machine on Azure is told; settings are secrets of a key vault whose names start so. */
export function azureCloud(clientId: string, settings = "", node = nodeMajor) {
    return {
        cloudModule: "cloud-azure.mjs",
        variables: { IDENTITY: clientId, SETTINGS: settings, NODE_MAJOR: String(node) },
        limit: azureUserDataLimit,
    };
}

/** A machine with Linux on Azure. */
export function azureHost(os: OperatingSystem, clientId: string, settings = "", node = nodeMajor): CloudHost {
    const platform = osFamily[linuxSystem(os, azureSystems)] === "debian" ? "ubuntu-azure" : "rhel-azure";
    return { platform, ...azureCloud(clientId, settings, node) };
}
