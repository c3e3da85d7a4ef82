import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import type { AwsMachineDatabaseArgs } from "./aws-machines";
import { databaseMachines, WITNESS } from "./host/settings";
import { renderWitness } from "./host/witness";

/** The third voter of a database on machines. */
export interface Witness {
    id: pulumi.Output<string>;
    /** Value of its tag `minusnow-servers`. */
    tag: string;
    roleName: pulumi.Output<string>;
}

/** 1 GiB: it runs one small program. */
const SIZE = "t3.micro";
const DISK_GIB = 16;

/**
 * A machine that looks at both database machines from a third zone, where there is an address for it; its role lets it do
 * nothing but be looked after.
 */
export function createWitness(
    database: string,
    args: AwsMachineDatabaseArgs,
    child: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Witness | undefined {
    const { os = OperatingSystem.Debian13, renew = [], deletionProtection = true, firewallGroupId, keyId, tags } = args;
    const place = databaseMachines.length;
    const privateAddress = args.privateAddresses[place];
    if (privateAddress === undefined) {
        return undefined;
    }
    const name = `${database}-${WITNESS}`;
    const own = { parent: child.parent };
    const policy = pulumi.jsonStringify({ Version: "2012-10-17", Statement: [allow(systemsManagerActions, ["*"])] });
    const profile = createProfile(name, policy, tags, own);
    const watched = args.privateAddresses.slice(0, place);
    const userData = getRegionOutput({}, own).region.apply((region) =>
        renderWitness({ cloud: awsHost(os, region, ""), address: privateAddress, watched }),
    );
    const machine = createMachine(
        name,
        {
            image: newestImage(os, own),
            size: SIZE,
            subnetId: args.subnetIds[place]!,
            privateAddress,
            firewallGroupId,
            profile,
            userData,
            diskGib: DISK_GIB,
            keyId,
            deletionProtection,
            renew: renew.includes(WITNESS),
            tags: { ...tags, [SERVERS_TAG]: name, "minusnow-role": `database-${WITNESS}` },
        },
        child,
    );
    return { id: machine.id, tag: name, roleName: profile.role.apply((role) => role!) };
}
