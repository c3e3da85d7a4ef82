import * as pulumi from "@pulumi/pulumi";
import { createIdentity } from "../azure-roles";
import { createMachine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { OperatingSystem } from "../host/operating-system";
import type { AzureMachineDatabaseArgs } from "./azure-machines";
import { databaseMachines, WITNESS } from "./host/settings";
import { renderWitness } from "./host/witness";
import { THIRD_VOTER } from "./machines";

/** The third voter of a database on machines. */
export interface Witness {
    id: pulumi.Output<string>;
    name: pulumi.Output<string>;
    identityId: pulumi.Output<string>;
}

/** The smallest kind that the other machines have; it runs one small program. */
const SIZE = "Standard_B2s_v2";
const DISK_GIB = 30;

/** Why a third voter cannot be where there is no third zone. */
export const tooFewZones = (zones: string[]) => `zones: found ${zones.join(", ")}, allowed are three: ${THIRD_VOTER}`;

/**
 * A machine that looks at both database machines from a third zone, where there is an address for it; its identity has no
 * role.
 *
 * @throws Error where there is no third zone.
 */
export function createWitness(
    database: string,
    args: AzureMachineDatabaseArgs,
    child: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Witness | undefined {
    const { resourceGroupName, subnetId, firewallGroupId, diskEncryptionSetId, sshPublicKey, renew = [], tags } = args;
    const { os = OperatingSystem.Ubuntu2404 } = args;
    const place = databaseMachines.length;
    const privateAddress = args.privateAddresses[place];
    if (privateAddress === undefined) {
        return undefined;
    }
    const zone = pulumi.output(args.zones).apply((zones) => {
        const third = zones[place];
        if (third === undefined) {
            throw new Error(`AzureMachineDatabase: ${tooFewZones(zones)}`);
        }
        return third;
    });
    const name = `${database}-${WITNESS}`;
    const identity = createIdentity(name, args, { parent: child.parent });
    const watched = args.privateAddresses.slice(0, place);
    const userData = identity.clientId.apply((clientId) =>
        renderWitness({ cloud: azureHost(os, clientId), address: privateAddress, watched }),
    );
    const { machine } = createMachine(
        name,
        {
            resourceGroupName,
            zone,
            subnetId,
            privateAddress,
            firewallGroupId,
            size: SIZE,
            os,
            diskGib: DISK_GIB,
            diskEncryptionSetId,
            identityId: identity.id,
            sshPublicKey,
            userData,
            renew: renew.includes(WITNESS),
            tags: { ...tags, "minusnow-servers": name, "minusnow-role": `database-${WITNESS}` },
        },
        child,
    );
    return { id: machine.id, name: machine.name, identityId: identity.id };
}
