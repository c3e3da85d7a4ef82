import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_TAG } from "../app-pair/contract";
import { allow } from "../aws-account";
import { createMachine, createProfile, newestImage, systemsManagerActions } from "../host/aws-machine";
import { awsHost } from "../host/cloud-host";
import type { OperatingSystem } from "../host/operating-system";
import { WITNESS } from "./host/settings";
import { renderWitness } from "./host/witness";

/** What a witness is made of. */
interface WitnessArgs {
    os: OperatingSystem;
    subnetId: pulumi.Input<string>;
    privateAddress: string;
    firewallGroupId: pulumi.Input<string>;
    /** Addresses of the database machines. */
    watched: string[];
    keyId: pulumi.Input<string>;
    deletionProtection: boolean;
    renew: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

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

/** A machine that looks at both database machines from a third zone; its role lets it do nothing but be looked after. */
export function createWitness(
    name: string,
    args: WitnessArgs,
    child: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Witness {
    const policy = pulumi.jsonStringify({ Version: "2012-10-17", Statement: [allow(systemsManagerActions, ["*"])] });
    const profile = createProfile(name, policy, args.tags, { parent: child.parent });
    const { region } = getRegionOutput({}, { parent: child.parent });
    const machine = createMachine(
        name,
        {
            image: newestImage(args.os, { parent: child.parent }),
            size: SIZE,
            subnetId: args.subnetId,
            privateAddress: args.privateAddress,
            firewallGroupId: args.firewallGroupId,
            profile,
            userData: pulumi.output(region).apply((here) =>
                renderWitness({
                    cloud: awsHost(args.os, here, ""),
                    address: args.privateAddress,
                    watched: args.watched,
                }),
            ),
            diskGib: DISK_GIB,
            keyId: args.keyId,
            deletionProtection: args.deletionProtection,
            renew: args.renew,
            tags: { ...args.tags, [SERVERS_TAG]: name, "minusnow-role": `database-${WITNESS}` },
        },
        child,
    );
    return { id: machine.id, tag: name, roleName: profile.role.apply((role) => role!) };
}
