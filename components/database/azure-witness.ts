import type * as pulumi from "@pulumi/pulumi";
import { createIdentity } from "../azure-roles";
import { createMachine } from "../host/azure-machine";
import { azureHost } from "../host/cloud-host";
import { WITNESS } from "./host/settings";
import { renderWitness } from "./host/witness";

/** What a witness is made of. */
interface WitnessArgs {
    resourceGroupName: pulumi.Input<string>;
    zone: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    privateAddress: string;
    firewallGroupId: pulumi.Input<string>;
    /** Addresses of the database machines. */
    watched: string[];
    diskEncryptionSetId: pulumi.Input<string>;
    sshPublicKey: pulumi.Input<string>;
    renew: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** The third voter of a database on machines. */
export interface Witness {
    id: pulumi.Output<string>;
    name: pulumi.Output<string>;
    identityId: pulumi.Output<string>;
}

/** The smallest that encrypts at its host; it runs one small program. */
const SIZE = "Standard_B2s_v2";
const DISK_GIB = 30;

/** A machine that looks at both database machines from a third zone; its identity has no role. */
export function createWitness(
    name: string,
    args: WitnessArgs,
    child: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Witness {
    const { watched, tags, ...place } = args;
    const identity = createIdentity(name, args, { parent: child.parent });
    const { machine } = createMachine(
        name,
        {
            ...place,
            size: SIZE,
            diskGib: DISK_GIB,
            identityId: identity.id,
            userData: identity.clientId.apply((clientId) =>
                renderWitness({ cloud: azureHost(clientId), address: args.privateAddress, watched }),
            ),
            tags: { ...tags, "minusnow-servers": name, "minusnow-role": `database-${WITNESS}` },
        },
        child,
    );
    return { id: machine.id, name: machine.name, identityId: identity.id };
}
